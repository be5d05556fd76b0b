import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import AuditEvent
from projects import readers
from projects.models import CatalogEntry, Credential, Project, Repository, Role
from sync import names, pipeline
from sync.models import SyncJob
from sync.registration import RegistrationError, may_register, register, register_many, register_table

HOSTILE = [
    "",
    "   ",
    "ext::sh -c touch% /tmp/x",
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=touch /tmp/x",
    "file:///etc",
    "/etc",
    "https://169.254.169.254/latest/meta-data",
    "https://127.0.0.1/team/project.git",
    "https://2130706433/team/project.git",
    "https://[::1]/team/project.git",
    "https://[::ffff:127.0.0.1]/team/project.git",
    "https://exam\u0440le.com/team/project.git",
    "https://git.example/" + "a" * 10_000,
    "https://git.example/$HOME/x",
    "https://git.example/a\nb",
    "https://git.example/%0a",
    "git://git.example/team/project.git",
    "http://git.example/team/project.git",
    "not an address",
]


def refusal(*arguments, **options):
    with pytest.raises(RegistrationError) as caught:
        register(*arguments, **options)
    return caught.value


class TestRegister:
    def test_a_project_a_repository_a_job_and_an_audit_line(self, administrator, bare, team):
        project = register(str(bare), by=administrator, team=team, visibility="restricted")
        assert (project.slug, project.name, project.owner, project.visibility) == (
            "billing",
            "billing",
            team,
            "restricted",
        )
        job = SyncJob.objects.get(repository=project.repository)
        assert (job.state, job.reason, job.generation) == ("waiting", "registered", 1)
        assert AuditEvent.objects.get().action == "project.register"
        assert CatalogEntry.objects.filter(project_id=project.pk, restricted=True).exists()

    @pytest.mark.parametrize("address", HOSTILE)
    def test_hostile_addresses_are_refused_at_the_field(self, administrator, address):
        error = refusal(address, by=administrator)
        assert (error.field, bool(error.message)) == ("address", True)
        assert Repository.objects.count() == 0

    def test_an_embedded_password_moves_to_the_credential_store(self, administrator):
        project = register("https://ada:s3cr3t%40x@git.example/team/project.git", by=administrator)
        repository = project.repository
        assert repository.clone_url == "https://git.example/team/project.git"
        assert repository.credential.reveal().secret == "s3cr3t@x"
        assert repository.credential.reveal().username == "ada"
        stored = [
            *Repository.objects.values_list(),
            *AuditEvent.objects.values_list(),
            *Credential.objects.values_list(),
        ]
        assert "s3cr3t" not in str(stored)

    def test_the_same_secret_is_stored_once(self, administrator):
        for name in ("one", "two"):
            register(f"https://ada:s3cr3t@git.example/team/{name}.git", by=administrator)
        register("https://ada:other@git.example/team/three.git", by=administrator)
        assert Credential.objects.count() == 2

    def test_a_stored_secret_never_comes_to_serve_another_person_or_host(self, administrator, owner, settings):
        settings.REGISTER_OPEN = True
        ours = register("https://ada:s3cr3t@git.example.com/one.git", by=administrator).repository.credential
        shorter = register("https://ada:s3cr3t@git.example/one.git", by=administrator)
        port = register("https://ada:s3cr3t@git.example.com:8443/one.git", by=administrator)
        theirs = register("https://ada:s3cr3t@git.example.com/two.git", by=owner)
        assert ours.pk not in {project.repository.credential_id for project in (shorter, port, theirs)}

    @pytest.mark.parametrize(
        "other",
        [
            "https://GIT.example/team/project",
            "https://git.example:443/team/project.git/",
            "ssh://git@git.example/team/project.git",
            "git@git.example:team/project.git",
        ],
    )
    def test_the_same_address_in_another_spelling_is_known(self, administrator, other):
        project = register("https://git.example/team/project.git", by=administrator)
        error = refusal(other, by=administrator)
        assert error.project == project
        assert project.name in error.message

    def test_who_may_not_see_the_project_learns_nothing_of_it(self, administrator, stranger, settings):
        settings.REGISTER_OPEN = True
        register("https://git.example/team/hidden.git", by=administrator, visibility="restricted")
        for folder in ("", "src"):
            error = refusal("https://git.example/team/hidden.git", by=stranger, subdirectory=folder)
            assert error.project is None
            assert "hidden" not in f"{error.message}{error.hint}" and "already" not in error.message

    def test_a_taken_page_address_gets_a_number_and_a_wish_for_it_is_refused(self, administrator):
        assert register("https://git.example/a/tool.git", by=administrator).slug == "tool"
        assert register("https://git.example/b/tool.git", by=administrator).slug == "tool-2"
        assert refusal("https://git.example/c/tool.git", by=administrator, slug="tool").field == "slug"
        assert refusal("https://git.example/c/tool.git", by=administrator, slug="No Good").field == "slug"
        assert refusal("https://git.example/c/tool.git", by=administrator, slug="register").field == "slug"

    def test_a_wish_for_the_address_of_a_hidden_project_gets_a_number_without_a_word(
        self, administrator, stranger, settings
    ):
        settings.REGISTER_OPEN = True
        hidden = register("https://git.example/a/plan.git", by=administrator, visibility="restricted")
        hidden.rename_slug("plan-b")
        open_one = register("https://git.example/a/tool.git", by=administrator)
        assert register("https://git.example/b/x.git", by=stranger, slug="plan-b").slug == "plan-b-2"
        assert register("https://git.example/b/y.git", by=stranger, slug="plan").slug == "plan-2"
        assert refusal("https://git.example/b/z.git", by=stranger, slug=open_one.slug).field == "slug"
        assert refusal("https://git.example/b/z.git", by=administrator, slug="plan").field == "slug"

    def test_former_page_addresses_stay_taken(self, administrator):
        register("https://git.example/a/tool.git", by=administrator).rename_slug("hammer")
        assert register("https://git.example/b/tool.git", by=administrator).slug == "tool-2"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("branch", "--upload-pack=x"),
            ("branch", "a b"),
            ("branch", "a..b"),
            ("branch", "x" * 300),
            ("subdirectory", "../other"),
            ("subdirectory", "a/../../b"),
            ("subdirectory", "x" * 1001),
            ("visibility", "public"),
        ],
    )
    def test_every_other_field_is_checked_too(self, administrator, field, value):
        assert refusal("https://git.example/a/tool.git", by=administrator, **{field: value}).field == field


class TestPermission:
    def test_administrators_always_others_where_the_setting_allows(self, administrator, owner, settings):
        assert may_register(administrator) and not may_register(owner)
        assert refusal("https://git.example/a/tool.git", by=owner).field == "address"
        settings.REGISTER_OPEN = True
        assert may_register(owner)

    def test_who_registers_without_a_team_becomes_owner(self, owner, other_team, settings):
        settings.REGISTER_OPEN = True
        project = register("https://git.example/a/tool.git", by=owner)
        assert Role.objects.get(project=project).user == owner
        assert refusal("https://git.example/b/tool.git", by=owner, team=other_team).field == "team"

    def test_folders_of_the_server_are_for_administrators(self, owner, bare, settings):
        settings.REGISTER_OPEN = True
        refusal(str(bare), by=owner)
        assert Project.objects.count() == 0

    def test_a_folder_of_a_restricted_repository_is_restricted_too(self, administrator, owner, team, settings):
        settings.REGISTER_OPEN = True
        register("https://git.example/a/mono.git", by=administrator, team=team, visibility="restricted")
        part = register("https://git.example/a/mono.git", by=owner, team=team, subdirectory="part")
        assert part.visibility == "restricted"

    def test_a_further_folder_has_the_readers_of_the_repository(self, administrator, team, other_team):
        main = register("https://git.example/a/mono.git", by=administrator, team=team, visibility="restricted")
        readers.grant(main, other_team, None, administrator)
        part = register("https://git.example/a/mono.git", by=administrator, subdirectory="part")
        assert part.visibility == "restricted"
        assert [row.team for row in part.access.all()] == [other_team]

    def test_restricting_with_a_further_folder_restricts_the_repository(self, administrator, owner, team, settings):
        settings.REGISTER_OPEN = True
        main = register("https://git.example/a/mono.git", by=administrator, team=team)
        error = refusal("https://git.example/a/mono.git", by=owner, subdirectory="part", visibility="restricted")
        assert error.field == "visibility"
        register("https://git.example/a/mono.git", by=administrator, subdirectory="part", visibility="restricted")
        main.refresh_from_db()
        assert main.visibility == "restricted"

    def test_only_maintainers_add_a_folder(self, administrator, stranger, team, settings):
        settings.REGISTER_OPEN = True
        register("https://git.example/a/mono.git", by=administrator, team=team)
        assert "maintainers" in refusal("https://git.example/a/mono.git", by=stranger, subdirectory="part").message


@pytest.fixture
def name_server(monkeypatch):
    """Answers at once, but for names that begin with "silent"; returns the names it was asked for."""
    asked, end = [], threading.Event()

    def answer(host, *_args, **_options):
        asked.append(host)
        if host.startswith("silent"):
            end.wait(60)
            raise OSError("no answer")
        return [(2, 1, 6, "", ("10.0.0.1" if host.startswith("inside") else "93.184.215.14", 0))]

    monkeypatch.setattr(names.socket, "getaddrinfo", answer)
    monkeypatch.setattr(names, "SECONDS", 0.5)
    pool = ThreadPoolExecutor(4)
    monkeypatch.setattr(names, "_pool", pool)
    yield asked
    end.set()
    pool.shutdown()


class TestNames:
    def test_each_name_is_asked_for_once(self, administrator, name_server):
        lines = [f"https://git{n % 2}.example/{n}.git" for n in range(20)]
        assert all(result.project for result in register_many(lines, by=administrator))
        assert sorted(name_server) == ["git0.example", "git1.example"]

    def test_silent_name_servers_do_not_hold_the_page(self, administrator, name_server):
        lines = ["https://inside.example/a.git", "https://git.example/a.git"]
        lines += [f"https://silent{n}.example/a.git" for n in range(50)]
        results = register_many(lines, by=administrator)
        assert "private" in results[0].error.message
        assert all(result.project for result in results[1:])
        assert len(name_server) <= 2 + 4  # the others were given up, not queued for later

    def test_what_was_not_looked_up_is_checked_by_the_job(self, administrator, name_server, monkeypatch):
        (result,) = register_many(["https://silent.example/a.git"], by=administrator)
        private = lambda host, port, **_: [(2, 1, 6, "", ("127.0.0.1", port))]  # noqa: E731
        monkeypatch.setattr("gitstore.addresses.socket.getaddrinfo", private)
        outcome = pipeline.run_job(result.project.repository.sync_job.pk, from_waiting=True)
        assert (outcome.code, "private" in outcome.message) == ("refused", True)

    def test_a_forbidden_protocol_is_refused_whatever_the_name(self, administrator, name_server):
        (result,) = register_many(["http://silent.example/a.git"], by=administrator)
        assert "not allowed" in result.error.message


class TestRegisterMany:
    def test_good_lines_are_not_lost_to_bad_ones(self, administrator):
        lines = [
            "# ours",
            "",
            "https://git.example/a.git",
            "ext::sh",
            "https://x:pw@git.example/b.git",
            "https://git.example/a",
            "https://ada:p/w@q@git.example/c.git",
            "ada:p/w@q@git.example/c.git",
        ]
        results = register_many(lines, by=administrator)
        good = [(row.line, bool(row.project)) for row in results]
        assert good == [(3, True), (4, False), (5, True), (6, False), (7, False), (8, False)]
        assert results[3].error.project == results[0].project
        shown = str([row.address for row in results])
        assert not any(secret in shown for secret in ("pw", "p/w", "w@q", "q@"))

    def test_too_many_lines_are_refused_at_once(self, administrator):
        with pytest.raises(RegistrationError):
            register_many([f"https://git.example/{n}" for n in range(1001)], by=administrator)
        assert Project.objects.count() == 0


class TestRegisterTable:
    def test_columns_say_what_is_what(self, administrator, team):
        text = "\ufeffURL,team,visibility,slug,branch\r\nhttps://git.example/a.git,payments,restricted,alpha,main\r\n"
        (row,) = register_table(text, by=administrator)
        assert (row.project.slug, row.project.owner, row.project.visibility) == ("alpha", team, "restricted")
        assert row.project.repository.wanted_branch == "main"

    def test_a_bad_row_says_which_line(self, administrator):
        text = "url,team\nhttps://git.example/a.git,nobody\nhttps://git.example/b.git,\n"
        results = register_table(text, by=administrator)
        assert [(row.line, bool(row.project)) for row in results] == [(2, False), (3, True)]
        assert results[0].error.field == "team"

    @pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "url,password\nx,y\n", '"\x00', "url\n" + '"' + "x" * 200_000])
    def test_what_is_no_such_table_is_refused(self, administrator, text):
        with pytest.raises(RegistrationError) as caught:
            register_table(text, by=administrator)
        assert caught.value.field == "table"
