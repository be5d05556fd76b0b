"""Managing teams on pages: who may, what is refused, and two windows at once."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import team_files
from accounts.models import AuditEvent, Membership, Team, TeamImport
from projects import catalog
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import Project, Repository
from projects.team_forms import TeamsUploadHandler
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

FILE = b"team,team_name,login,email,start\npayments,Money,,,\npayments,,,kim@x.example,2024-01-01\nnowhere,,kim,,\n"
READS = ("/teams/new/", "/teams/import/", "/teams/payments/edit/", "/teams/export.csv", "/teams/export.yaml")
WRITES = (
    "/teams/new/", "/teams/import/", "/teams/payments/edit/", "/teams/payments/edit/move/",
    "/teams/payments/edit/close/", "/teams/payments/edit/reopen/", "/teams/payments/edit/members/",
    "/teams/payments/edit/members/1/end/", "/teams/payments/edit/members/1/remove/", "/teams/import/1/apply/",
)  # fmt: skip


def upload(client, content=FILE, name="teams.csv", **fields):
    return client.post("/teams/import/", {"file": SimpleUploadedFile(name, content), **fields})


@pytest.fixture
def admin(client, administrator):
    client.force_login(administrator)
    return client


class TestWhoMay:
    @pytest.mark.parametrize("address", READS)
    def test_only_administrators_open_the_pages(self, client, administrator, owner, stranger, address):
        assert client.get(address).status_code == 302
        for person, status in ((owner, 403), (stranger, 403), (administrator, 200)):
            client.force_login(person)
            assert client.get(address).status_code == status, person

    @pytest.mark.parametrize("address", WRITES)
    def test_only_administrators_change(self, client, owner, stranger, team, address):
        assert client.post(address).status_code == 302
        before = (Team.objects.count(), Membership.objects.count())
        for person in (owner, stranger):
            client.force_login(person)
            assert client.post(address).status_code == 403, person
        assert (Team.objects.count(), Membership.objects.count()) == before

    def test_anonymous_readers_are_sent_away_even_where_they_may_read(self, client, settings, team):
        settings.ANONYMOUS_READ = True
        for address in READS:
            assert client.get(address).status_code == 403, address

    @pytest.mark.parametrize("address", [*READS, *WRITES])
    def test_wrong_verbs_and_missing_teams(self, admin, team, address):
        if address not in READS:
            assert admin.get(address).status_code == 405
        if address not in WRITES:
            assert admin.post(address).status_code == 405
        if "payments" in address:
            for missing in ("nobody", "a%00b"):
                assert admin.post(address.replace("payments", missing)).status_code == 404
        for huge in ("/teams/import/99999999999999999999/", "/teams/payments/edit/members/99999999999999999999/end/"):
            assert admin.post(huge).status_code in {404, 405}


class TestEdit:
    def test_makes_a_team(self, admin, team):
        form = {"name": "Tariffs", "slug": "tariffs", "parent": team.pk, "description": "What it costs."}
        assert admin.post("/teams/new/", form).headers["Location"] == "/teams/tariffs/edit/"
        assert Team.objects.get(slug="tariffs").parent == team

    @pytest.mark.parametrize("slug", ["payments", "import", "Two Words", "", "x\x00y", "a" * 101])
    def test_refuses_addresses_and_keeps_what_was_typed(self, admin, team, slug):
        response = admin.post("/teams/new/", {"name": "Kept words", "slug": slug})
        assert response.status_code == 422
        assert "Kept words" in response.content.decode()

    def test_a_new_name_reaches_the_lists_of_projects(self, admin, team):
        repository = Repository.objects.create(clone_url="https://git.example/a", address_key="git.example/a")
        project = Project.objects.create(slug="a", name="A", repository=repository, owner=team)
        catalog.refresh([project.pk])
        assert admin.post("/teams/payments/edit/", {"name": "Money", "description": ""}).status_code == 302
        assert select(CatalogQuery(text="money"), AnonymousUser()).ids == [project.pk]
        assert AuditEvent.objects.get(action="team.changed").actor.username == "root"

    def test_moves_and_refuses_a_circle(self, admin, team, other_team):
        form = {"parent": team.pk, "since": "2024-01-01"}
        assert admin.post("/teams/logistics/edit/move/", form).status_code == 302
        response = admin.post("/teams/payments/edit/move/", {"parent": other_team.pk, "since": "2024-01-01"})
        assert response.status_code == 422
        assert "would make a circle" in response.content.decode()
        for bad in ({"parent": "x"}, {"since": "yesterday"}, {"parent": ""}, {"since": "2199-01-01"}):
            assert admin.post("/teams/logistics/edit/move/", bad).status_code == 422, bad
        assert admin.post("/teams/logistics/edit/move/", {"parent": "", "always": "on"}).status_code == 302
        assert not other_team.past_parents.exists()

    def test_closes_and_opens_again(self, admin, team, owner):
        assert admin.post("/teams/payments/edit/close/", {"on": "soon"}).status_code == 422
        assert admin.post("/teams/payments/edit/close/", {"on": "2024-01-01"}).status_code == 302
        assert owner.team_ids() == []
        assert "Closed on 1 January 2024" in admin.get("/teams/payments/edit/").content.decode()
        assert admin.post("/teams/payments/edit/reopen/").status_code == 302
        team.refresh_from_db()
        assert team.closed_on is None


class TestMembers:
    ADD = "/teams/payments/edit/members/"

    def test_takes_accounts_addresses_and_logins(self, admin, team):
        maya = make_user("maya")
        for person in ("Maya", "Kim@X.example", "@lee"):
            assert admin.post(self.ADD, {"person": person, "started_on": "2024-01-01"}).status_code == 302
        rows = set(team.memberships.values_list("user__username", "email", "login"))
        assert rows == {("maya", "", ""), (None, "kim@x.example", ""), (None, "", "lee")}
        assert maya.team_ids() == [team.pk]

    def test_an_address_means_an_account_only_when_proven(self, admin, team):
        maya = make_user("maya")
        admin.post(self.ADD, {"person": maya.email})
        assert maya.team_ids() == []
        sam = make_user("sam")
        EmailAddress.objects.create(user=sam, email=sam.email, verified=True, primary=True)
        admin.post(self.ADD, {"person": sam.email})
        assert sam.team_ids() == [team.pk]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"person": ""}, "required"),
            ({"person": "two words"}, "no user name"),
            ({"person": "a@@b"}, "valid email"),
            ({"person": "kim", "started_on": "2024-01-01", "ended_on": "2024-01-01"}, "not after its start"),
            ({"person": "olga"}, "same team"),
            ({"person": "kim", "started_on": "x"}, "valid date"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, admin, owner, form, words):
        response = admin.post(self.ADD, form | {"name": "Kept words"})
        assert response.status_code == 422
        assert words in response.content.decode()
        assert "Kept words" in response.content.decode()

    def test_ends_and_removes(self, admin, owner, team):
        row = owner.memberships.get()
        bad = admin.post(f"{self.ADD}{row.pk}/end/", {"on": "2019-01-01"})
        assert bad.status_code == 422
        assert "not after its start" in bad.content.decode()
        today = timezone.localdate()
        assert admin.post(f"{self.ADD}{row.pk}/end/", {"on": today.isoformat()}).status_code == 302
        assert owner.team_ids() == []
        assert admin.post(f"/teams/logistics/edit/members/{row.pk}/remove/").status_code == 404
        assert admin.post(f"{self.ADD}{row.pk}/remove/").status_code == 302
        assert not Membership.objects.exists()

    def test_a_second_window_is_told(self, admin, owner):
        row = owner.memberships.get()
        assert admin.post(f"{self.ADD}{row.pk}/end/", {"on": "2024-01-01"}).status_code == 302
        late = admin.post(f"{self.ADD}{row.pk}/end/", {"on": "2024-02-01"})
        assert late.status_code == 422
        row.refresh_from_db()
        assert row.ended_on == dt.date(2024, 1, 1)

    def test_queries_do_not_grow_with_people(self, admin, team):
        counted = []
        for more in (2, 20):
            for number in range(more):
                make_user(f"p{more}-{number}", team)
            with CaptureQueriesContext(connection) as queries:
                admin.get("/teams/payments/edit/")
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestImport:
    def test_looks_then_applies(self, admin, team):
        response = upload(admin)
        page = admin.get(response.headers["Location"])
        text = page.content.decode()
        assert "name Money" in text and "kim@x.example" in text and "There is no team “nowhere”." in text
        assert not Membership.objects.exists()
        address = response.headers["Location"] + "apply/"
        digest = page.context["plan"].digest()
        assert admin.post(address, {"digest": digest}).headers["Location"] == "/teams/"
        assert Membership.objects.get().email == "kim@x.example"
        assert AuditEvent.objects.filter(action="team.import_changed", actor__username="root").count() == 1
        assert not TeamImport.objects.exists()
        assert admin.post(address, {"digest": digest}).status_code == 404

    def test_tells_when_teams_changed_since(self, admin, team):
        address = upload(admin).headers["Location"]
        digest = admin.get(address).context["plan"].digest()
        Membership.objects.create(team=team, email="kim@x.example", started_on="2024-01-01")
        for given in (digest, "", "x"):
            late = admin.post(f"{address}apply/", {"digest": given})
            assert late.status_code == 409
        assert "Teams changed since you looked" in late.content.decode()
        team.refresh_from_db()
        assert team.name == "Payments"
        assert admin.post(f"{address}apply/", {"digest": late.context["plan"].digest()}).status_code == 302

    def test_two_administrators_apply_once(self, admin, team):
        address = upload(admin).headers["Location"]
        digest = admin.get(address).context["plan"].digest()
        other = Client()
        other.force_login(make_user("second", is_superuser=True))
        assert other.get(address).status_code == 200
        assert [window.post(f"{address}apply/", {"digest": digest}).status_code for window in (admin, other)] == [
            302,
            404,
        ]
        assert Membership.objects.count() == 1

    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"", "t.csv", "empty"),
            (b"\xff\xfe\x00\x00", "t.csv", "no column “team”"),
            (b"x,y\n", "t.csv", "no column “team”"),
            (b"a: &a [1]\nteams: *a\n", "t.yaml", "Line 2: aliases"),
            (b"[" * 5000, "t.yaml", "nested"),
            (b"teams: [\n", "t.yml", "line 2"),
            (b"team\n" + b"a\n" * 50_000, "t.csv", "larger than"),
        ],
        ids=["empty", "binary", "columns", "alias", "deep", "broken", "large"],
    )
    def test_a_file_of_no_use_is_said_so(self, admin, team, settings, content, name, words):
        settings.TEAMS_MAX_BYTES = 20_000
        response = upload(admin, content, name)
        assert response.status_code == 422
        assert words in response.content.decode()
        assert not TeamImport.objects.exists()

    BAD = (
        "team;team_name;parent;email;start;end\nnörth;;;;;\na;A;b;;;\nb;B;a;;;\ngood;Vertrieb München;;;;\n"
        "payments;;;kim@x.example;2024-01-01;2023-01-01\npayments;;;lee@x.example;2024-13-01;\n"
        "payments;;;ann@x.example;2024-01-01;2025-01-01\ngood;;;ann@x.example;2024-06-01;\n"
        "payments;;;joe@x.example;2024-01-01;\npayments;;;no address;;\n"
    )
    BAD_YAML = (
        "teams:\n  - {slug: a, parent: b}\n  - {slug: b, parent: a}\n  - {slug: good, name: Vertrieb München}\n"
        "  - slug: [x]\n  - slug: payments\n    members:\n"
        "      - {email: kim@x.example, start: 2024-01-01, end: 2023-01-01}\n      - {email: 7, start: {}}\n"
        "      - {email: joe@x.example, start: 2024-01-01}\n      - [x]\n"
    )

    @pytest.mark.parametrize(
        ("content", "name", "lines"),
        [
            (BAD.encode("utf-8-sig"), "t.csv", {2, 3, 4, 6, 7, 9, 11}),
            (BAD.encode("latin-1"), "t.csv", {2, 3, 4, 6, 7, 9, 11}),
            (BAD.replace(";", ",").replace("\n", "\r\n").encode("utf-16"), "t.csv", {2, 3, 4, 6, 7, 9, 11}),
            (BAD_YAML.encode(), "t.yaml", {2, 3, 5, 8, 9, 11}),
        ],
        ids=["mark", "latin-1", "utf-16", "yaml"],
    )
    def test_bad_rows_are_named_with_their_line_and_good_ones_are_applied(self, admin, team, content, name, lines):
        address = upload(admin, content, name).headers["Location"]
        page = admin.get(address)
        text = page.content.decode()
        assert {problem.line for problem in page.context["plan"].problems} == lines
        for words in ("circle", "not after its start", "München"):
            assert words in text, words
        assert admin.post(f"{address}apply/", {"digest": page.context["plan"].digest()}).status_code == 302
        assert Team.objects.get(slug="good").name == "Vertrieb München"
        assert Membership.objects.filter(email="joe@x.example", team=team).exists()
        assert not Membership.objects.filter(email="kim@x.example").exists()

    def test_a_long_file_is_applied_part_by_part(self, admin, team, monkeypatch):
        monkeypatch.setattr(team_files, "PART_ROWS", 2)
        rows = "".join(f"payments,p{number}@x.example\n" for number in range(5))
        look = upload(admin, f"team,email\n{rows}".encode(), complete="on").headers["Location"]
        for part, words in ((1, "part 1 of 3"), (2, "lines 4 to 5"), (3, "the last one")):
            page = admin.get(look, {"part": part})
            assert words in page.content.decode()
            form = {"digest": page.context["plan"].digest(), "part": part}
            after = admin.post(f"{look.partition('?')[0]}apply/", form).headers["Location"]
            assert after == (f"{look}?part={part + 1}" if part < 3 else "/teams/")
            assert Membership.objects.filter(user=None).count() == min(5, 2 * part)
        assert not TeamImport.objects.exists()

    @pytest.mark.parametrize("part", ["0", "-1", "x", "", "99999999999", "\u0663", "9"])
    def test_a_part_that_is_none_is_no_error(self, admin, team, part):
        look = upload(admin).headers["Location"]
        assert admin.get(look, {"part": part}).status_code == 200

    def test_only_administrators_fill_the_disk_and_forms_need_their_token(self, administrator, stranger, monkeypatch):
        kept, keep = [], TeamsUploadHandler.new_file
        monkeypatch.setattr(
            TeamsUploadHandler, "new_file", lambda *args, **options: (kept.append(1), keep(*args, **options))
        )
        strict = Client(enforce_csrf_checks=True)
        for person, status in ((stranger, 403), (administrator, 403)):
            strict.force_login(person)
            assert upload(strict).status_code == status
            assert kept == [1] * person.is_superuser
        strict.get("/teams/import/")
        assert upload(strict, csrfmiddlewaretoken=strict.cookies["csrftoken"].value).status_code == 302

    def test_no_file_and_what_was_chosen_stays(self, admin):
        response = admin.post("/teams/import/", {"complete": "on"})
        assert response.status_code == 422
        assert "Choose a file" in response.content.decode()
        assert response.context["form"]["complete"].value()

    def test_complete_is_kept_from_look_to_apply(self, admin, owner):
        address = upload(admin, b"team,email\npayments,kim@x.example\n", complete="on").headers["Location"]
        page = admin.get(address)
        assert [change.kind for change in page.context["plan"].changes] == ["ended", "added"]
        admin.post(f"{address}apply/", {"digest": page.context["plan"].digest()})
        assert owner.team_ids() == []

    def test_an_upload_is_gone_after_a_day(self, admin, team):
        address = upload(admin).headers["Location"]
        TeamImport.objects.update(created_at=timezone.now() - dt.timedelta(days=2))
        assert admin.get(address).status_code == 404
        upload(admin)
        assert TeamImport.objects.count() == 1

    def test_an_export_says_nothing_to_change(self, admin, owner, stranger):
        for form in ("csv", "yaml"):
            content = admin.get(f"/teams/export.{form}").content
            page = admin.get(upload(admin, content, f"t.{form}").headers["Location"])
            assert page.context["plan"].changes == []
            assert "nothing to change" in page.content.decode()
