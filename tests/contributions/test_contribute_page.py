import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from activity.flow.refresh import refresh_flow
from activity.importing import import_history
from contributions import guides
from contributions.models import ChangeRequest, LandingFigures
from contributions.waits import percentile, refresh_figures
from projects.models import PeopleFile, Project
from tests.conftest import make_user
from tests.contributions.conftest import text

GUIDE = "# How to help\n\nRead [the rules](docs/rules.md), then run `make test`.\n\n<script>alert(1)</script>\n"


def address(project):
    return reverse("contributions:project_contribute", args=[project.slug])


@pytest.fixture
def guided(project, code):
    """A project whose CONTRIBUTING the sync has read."""

    def read(content=GUIDE):
        head = code.commit({"CONTRIBUTING.md": content})
        PeopleFile.objects.get_or_create(project=project, kind="contributing", path="CONTRIBUTING.md")
        project.repository.head_commit = head
        project.repository.save()
        return guides.follow(project.repository, project.repository.mirror(), head)

    return read


@pytest.fixture
def measured(project, code, team, other_team, settings):
    """Reads the history and measures, as the sync and its periodic tasks do."""

    def run():
        repository = project.repository
        repository.head_commit = code.oid("refs/heads/main")
        repository.save()
        import_history(repository, repository.mirror(), repository.head_commit)
        refresh_flow()
        refresh_figures()
        return LandingFigures.objects.get(project=project)

    return run


class TestGuide:
    def test_rendered_with_commands(self, client, guided, project, stranger):
        assert guided() == 1
        client.force_login(stranger)
        page = client.get(address(project)).content.decode()
        assert "How to help" in page
        assert "make test" in page
        assert 'href="/projects/widget/blob/main/docs/rules.md"' in page
        assert "<script>alert" not in page

    def test_read_once(self, guided, project):
        guided()
        repository = project.repository
        assert guides.follow(repository, repository.mirror(), repository.head_commit) == 0
        assert guided("# Other\n") == 1

    def test_none(self, client, project, owner):
        client.force_login(owner)
        assert "No CONTRIBUTING file" in client.get(address(project)).content.decode()


class TestGovernance:
    def test_told_by_what_is_known(self, client, project, owner, other_team):
        from projects.models import Role

        client.force_login(owner)

        def level():
            page = client.get(address(project)).content.decode()
            return page.split('class="levels"', 1)[1].split('aria-current="true">', 1)[1].split("<")[0]

        assert level() == "Bug reports welcome"
        Project.objects.update(welcomes=True)
        assert level() == "Contributions welcome"
        Role.objects.create(project=project, user=owner, kind=Role.Kind.TRUSTED_COMMITTER)
        assert level() == "Contributions welcome"
        Role.objects.create(project=project, user=make_user("x", other_team), kind=Role.Kind.TRUSTED_COMMITTER)
        assert level() == "Shared write access"
        assert "1 of its trusted committers belongs to another team." in client.get(address(project)).content.decode()
        Role.objects.create(project=project, user=make_user("y", other_team), kind=Role.Kind.OWNER)
        assert level() == "Shared ownership"

    def test_a_maintainer_sets_it(self, client, project, owner, trusted, stranger):
        url = reverse("contributions:project_governance", args=[project.slug])
        client.force_login(stranger)
        assert client.post(url, {"level": "4"}).status_code == 403
        client.force_login(trusted)
        assert client.post(url, {"level": "4"}).status_code == 302
        assert client.post(url, {"level": "9"}).status_code == 404
        page = client.get(address(project)).content.decode()
        assert 'aria-current="true">Shared ownership' in page
        assert "Set by Tess" in page
        assert AuditEvent.objects.get().action == "project.governance_set"
        client.post(url, {"level": ""})
        assert 'aria-current="true">Shared write access' in client.get(address(project)).content.decode()


class TestWait:
    def test_percentiles_by_nearest_rank(self):
        assert [percentile(range(1, 11), share) for share in (0.5, 0.9)] == [5, 9]
        assert percentile([7], 0.9) == 7
        assert percentile([], 0.5) is None

    def test_of_first_answers(self, client, project, author, stranger):
        now = timezone.now()
        for days, answered in ((10, 2), (20, 4), (30, 30), (400, 1), (3, None)):
            ChangeRequest.objects.create(
                project=project,
                author=author,
                title="t",
                why="w",
                created_at=now - dt.timedelta(days=days),
                answered_at=now - dt.timedelta(days=days - answered) if answered else None,
            )
        client.force_login(stranger)
        page = client.get(address(project)).content.decode()
        assert "<b>4 days</b>" in page
        assert "<b>30 days</b>" in page
        assert "3 requests of the last year" in page
        assert "the longest for 3 days" in page

    def test_proxy_of_author_date_to_landing(self, client, project, code, measured, owner, author, stranger):
        now = int(timezone.now().timestamp())
        day = 86_400
        outside, inside = "Erin <erin@example.com>", "Olga <olga@example.com>"
        head = code.oid("refs/heads/main")
        side = code.commit(
            {"src/a.py": text(l3="x")},
            branch="s",
            parents=[head],
            author=outside,
            committer=outside,
            when=now - 90 * day,
        )
        own = code.commit({"README.md": "1\n"}, author=inside, committer=inside, when=now - 80 * day)
        code.commit(
            {"src/a.py": text(l3="x")}, parents=[own, side], author=inside, committer=inside, when=now - 70 * day
        )
        code.commit({"src/b.py": "b\n"}, author=outside, committer=outside, when=now - 10 * day)
        figures = measured()
        assert (figures.outside, figures.outside_median, figures.outside_p90) == (2, 0, 20 * day)
        assert (figures.inside, figures.inside_median) == (1, 0)
        assert (figures.outsiders, figures.returned) == (1, 1)
        assert figures.last_outside_commit == code.oid("refs/heads/main")
        assert refresh_figures() == 0
        client.force_login(stranger)
        page = client.get(address(project)).content.decode()
        assert "A proxy" in page
        assert "<b>20 days</b>" in page
        assert "1 of 1 person from outside came back" in page

    def test_last_change_from_outside_may_be_old(self, code, measured, author, owner):
        old = code.commit({"src/b.py": "b\n"}, author="Erin <erin@example.com>", when=1_600_000_000)
        code.commit({"src/b.py": "c\n"}, author="Olga <olga@example.com>", when=1_600_090_000)
        figures = measured()
        assert (figures.outside, figures.outside_median, figures.last_outside_commit) == (0, None, old)


class TestWho:
    def test_restricted(self, client, project, stranger, owner):
        Project.objects.update(visibility="restricted")
        client.force_login(stranger)
        assert client.get(address(project)).status_code == 404
        client.force_login(owner)
        assert client.get(address(project)).status_code == 200

    def test_anonymous_sees_no_form(self, client, project, settings):
        settings.ANONYMOUS_READ = True
        response = client.get(address(project))
        assert response.status_code == 200
        assert "Offer a change" not in response.content.decode()
        assert client.get(reverse("contributions:request_new", args=[project.slug])).status_code == 403

    def test_former_address(self, client, project, stranger):
        project.rename_slug("gadget")
        client.force_login(stranger)
        response = client.get(reverse("contributions:project_contribute", args=["widget"]))
        assert (response.status_code, response["Location"]) == (301, "/projects/gadget/contribute/")

    def test_queries_do_not_grow(self, client, project, author, stranger, guided, django_assert_max_num_queries):
        guided()
        client.force_login(stranger)
        client.get(address(project))
        with django_assert_max_num_queries(12):
            client.get(address(project))
        for _ in range(20):
            ChangeRequest.objects.create(project=project, author=author, title="t", why="w")
        with django_assert_max_num_queries(12):
            client.get(address(project))
