"""Starter tasks: found in real code with the age that blame gives, proposed, dismissed for good, accepted once."""

import pytest
from django.urls import reverse

from accounts.models import Notification
from contributions import mining
from contributions.mining_rules import broken_commands, broken_paths, notes_in
from contributions.models import Opportunity, StarterScan, StarterTask
from projects.models import Project, Role
from tests.contributions.tasks import typed
from tests.projects.planting import grow, plant

README = b"""# Billing

See [the guide](docs/guide.md), [nothing](docs/missing.md#top), [outside](https://example.com/x) and ![a](img/a.png).

```sh
make test
make vanish
npm run build
npm run lost
./tools/run.sh
./tools/gone.sh --now
./configure
```

Run `make elsewhere` inline, that counts as prose.
"""
FILES = {
    "README.md": README,
    "docs/guide.md": b"# Guide\n",
    "img/a.png": b"\0png",
    "Makefile": b"VAR := 1\ntest: lint\n\ttrue\nlint:\n\ttrue\n",
    "package.json": b'{"scripts": {"build": "true"}}',
    "tools/run.sh": b"true\n",
    "src/app.py": b"import os\n\n# TODO: read the limit from the settings\n"
    b"x = 1  # FIXME(ada): rounds half cents away\ny = 'TODO'\n",
    "vendor/other.py": b"# TODO: not ours to mend at all\n",
}


class TestRules:
    def test_notes_are_comments_that_say_something(self):
        text = (
            "# TODO: handle empty input\n# TODO\nname = 'TODO later on'\n"
            "  // FIXME(bo) close the file /* \n<!-- TODO: write this part -->\n"
        )
        assert [(one.line, one.text) for one in notes_in("a.py", text)] == [
            (1, "TODO: handle empty input"),
            (4, "FIXME(bo): close the file /*"),
            (5, "TODO: write this part"),
        ]

    def test_a_key_follows_the_words_and_not_the_line(self):
        first, moved = (
            next(notes_in("a.py", text)) for text in ("# TODO: Say why it failed", "\n\n  # TODO:  say why it failed")
        )
        other = next(notes_in("b.py", "# TODO: say why it failed"))
        assert first.key == moved.key != other.key

    def test_paths(self):
        text = README.decode()
        found = list(broken_paths("README.md", text, {"docs/guide.md", "img/a.png"}.__contains__))
        assert [(one.line, one.text) for one in found] == [(3, "Links to docs/missing.md#top, which does not exist")]

    def test_links_of_a_document_below_are_seen_from_there(self):
        assert not list(
            broken_paths("docs/a.md", "[x](../README.md) [y](b.md)", {"README.md", "docs/b.md"}.__contains__)
        )
        assert not list(broken_paths("a.md", "[x](../../etc/passwd)", set().__contains__))

    def test_commands(self):
        files = {name: content.decode() for name, content in FILES.items() if b"\0" not in content}
        found = broken_commands("README.md", README.decode(), files.__contains__, files.get)
        assert [one.text.removeprefix("Says to run ").partition(",")[0] for one in found] == [
            "make vanish",
            "npm run lost",
            "./tools/gone.sh --now",
        ]

    @pytest.mark.parametrize("makefile", [None, "include other.mk\n", "%.o: %.c\n\tcc\n"])
    def test_targets_that_cannot_be_told_are_left_alone(self, makefile):
        assert not list(broken_commands("R", "```\nmake x\n```", lambda _: True, {"Makefile": makefile}.get))

    def test_broken_json_says_nothing(self):
        for content in ("{", "[]", '{"scripts": 1}', "[" * 100_000):
            assert not list(broken_commands("R", "```\nnpm run x\n```", lambda _: True, {"package.json": content}.get))


@pytest.fixture
def project(team, owner):
    planted = plant(files={name.encode(): content for name, content in FILES.items()}, owner=team)
    Role.objects.create(project=planted, user=owner, kind=Role.Kind.OWNER)
    return planted


@pytest.mark.django_db
class TestMine:
    def test_proposes_once_for_each_head(self, project, owner):
        assert mining.mine_due() == 1
        found = {(task.kind, task.path, task.line) for task in StarterTask.objects.all()}
        assert ("note", "src/app.py", 3) in found and ("note", "src/app.py", 4) in found
        assert {path for _, path, _ in found} == {"src/app.py", "README.md"} and len(found) == 6
        assert StarterTask.objects.filter(kind="note").first().written_at is not None
        assert Notification.objects.filter(user=owner, kind="task-proposed").count() == 1
        assert mining.mine_due() == 0
        assert not mining.mine(project) and StarterTask.objects.count() == 6

    def test_moved_notes_stay_what_they_are(self, project):
        mining.mine_due()
        moved = FILES["src/app.py"].replace(b"import os\n", b"import os\nimport sys\n")
        files = {name.encode(): content for name, content in FILES.items()}
        grow(project.repository, files | {b"src/app.py": moved})
        before = set(StarterTask.objects.values_list("key", flat=True))
        assert mining.mine_due() == 1
        assert StarterTask.objects.get(text__startswith="TODO: read").line == 4
        assert before <= set(StarterTask.objects.values_list("key", flat=True))

    def test_a_dismissal_is_remembered_when_the_code_goes_and_comes_back(self, client, project, owner):
        mining.mine_due()
        task = StarterTask.objects.get(text__startswith="TODO: read")
        client.force_login(owner)
        client.post(reverse("contributions:starter_task_dismiss", args=["billing", task.pk]))
        files = {name.encode(): content for name, content in FILES.items()}
        grow(project.repository, files | {b"src/app.py": b"pass\n"})
        mining.mine_due()
        task.refresh_from_db()
        assert task.gone_at is not None
        grow(project.repository, files | {b"src/app.py": FILES["src/app.py"] + b"pass\n"})
        mining.mine_due()
        task.refresh_from_db()
        assert (task.state, task.gone_at) == ("dismissed", None)
        assert task not in StarterTask.objects.waiting()

    def test_two_lookers_at_once(self, project, monkeypatch):
        looked = []

        def look(project, head, scan):
            looked.append(head)
            assert not mining.mine(project)
            return mining.Look({}, set(), frozenset())

        monkeypatch.setattr(mining, "_look", look)
        assert mining.mine(project) and len(looked) == 1

    def test_a_mirror_that_cannot_be_read_is_tried_again_later(self, project):
        project.repository.mirror_path.rename(project.repository.mirror_path.with_name("away.git"))
        assert mining.mine_due() == 0
        assert StarterScan.objects.get().commit == ""

    def test_a_large_tree_has_its_turn_part_by_part(self, client, owner, team, monkeypatch):
        monkeypatch.setattr(mining, "MAX_FILES", 2)
        names = [f"src/{name}.py" for name in "abcde"]
        files = {name.encode(): f"# TODO: mend what {name} forgets\n".encode() for name in names}
        project = plant("large", files=files, owner=team)
        Role.objects.create(project=project, user=owner, kind=Role.Kind.OWNER)

        def known():
            return sorted(StarterTask.objects.waiting().values_list("path", flat=True))

        assert mining.mine_due() == 1 and known() == names[:2]
        scan = StarterScan.objects.get()
        assert (scan.position, scan.files, scan.left) == (names[1], 5, 3)
        client.force_login(owner)
        page = reverse("contributions:starter_tasks", args=["large"])
        assert "3 of 5 source files were not looked at yet" in client.get(page).content.decode()
        del files[names[0].encode()]  # the head moves: the next look goes on all the same
        grow(project.repository, files)
        assert mining.mine_due() == 1 and known() == names[1:4]
        assert [mining.mine_due(), mining.mine_due()] == [1, 0] and known() == names[1:]
        assert StarterScan.objects.get().left == 0
        assert "not looked at" not in client.get(page).content.decode()

    def test_few_files_with_notes_are_blamed_at_a_time(self, team, monkeypatch):
        monkeypatch.setattr(mining, "MAX_BLAMED", 1)
        plant("large", files={b"a.py": b"# TODO: the first of them\n", b"b.py": b"# TODO: the second of them\n"})
        assert [mining.mine_due() for _ in range(3)] == [1, 1, 0]
        assert StarterTask.objects.count() == 2

    def test_archived_projects_are_left_alone(self, project):
        Project.objects.update(lifecycle="archived")
        assert mining.mine_due() == 0


@pytest.mark.django_db
class TestStarterTasks:
    @pytest.fixture
    def task(self, project):
        mining.mine_due()
        return StarterTask.objects.get(text__startswith="TODO: read")

    def test_is_for_maintainers(self, client, task, owner, stranger, settings):
        page = reverse("contributions:starter_tasks", args=["billing"])
        dismiss = reverse("contributions:starter_task_dismiss", args=["billing", task.pk])
        settings.ANONYMOUS_READ = True
        assert client.get(page).status_code in (302, 403) and client.post(dismiss).status_code in (302, 403)
        client.force_login(stranger)
        assert (client.get(page).status_code, client.post(dismiss).status_code) == (403, 403)
        Project.objects.update(visibility="restricted")
        assert (client.get(page).status_code, client.post(dismiss).status_code) == (404, 404)
        client.force_login(owner)
        assert "TODO: read the limit" in client.get(page).content.decode()
        assert StarterTask.objects.get(pk=task.pk).state == "proposed"

    def test_dismissing_and_bringing_back(self, client, task, owner):
        client.force_login(owner)
        dismiss = reverse("contributions:starter_task_dismiss", args=["billing", task.pk])
        assert "not proposed again" in client.post(dismiss, follow=True).content.decode()
        assert "Olga has dismissed it already" in client.post(dismiss, follow=True).content.decode()
        client.post(dismiss, {"back": "1"})
        task.refresh_from_db()
        assert (task.state, task.decided_by) == ("proposed", None)

    def test_becomes_an_opportunity_once(self, client, task, owner):
        client.force_login(owner)
        post = reverse("contributions:opportunity_post", args=["billing"])
        text = client.get(post, {"starter": task.pk}).content.decode()
        assert "Read the limit from the settings" in text and "Line 3 of" in text
        assert client.post(post, typed(starter=task.pk)).status_code == 302
        task.refresh_from_db()
        assert (task.state, task.opportunity) == ("accepted", Opportunity.objects.get())
        response = client.post(post, typed(starter=task.pk))
        assert response.status_code == 422 and "accepted it already" in response.content.decode()
        assert Opportunity.objects.count() == 1
        assert client.get(post, {"starter": "99999999999999999999"}).status_code == 404
        assert client.get(post, {"starter": "x"}).status_code == 404

    def test_empty_page_says_what_to_do(self, client, project, owner):
        client.force_login(owner)
        page = reverse("contributions:starter_tasks", args=["billing"])
        assert "Not looked at yet" in client.get(page).content.decode()
        StarterScan.objects.create(project=project, commit="a" * 40, scanned_at=project.created_at)
        assert "suggests nothing" in client.get(page).content.decode()
