"""Files of teams: what they would change, what they do change, and what is wrong with them."""

import datetime as dt
import io

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import team_csv, team_exports, team_files, team_imports, team_verbs, teams
from accounts.models import AuditEvent, Membership, PastParent, Team
from accounts.team_files import UnreadableFile
from accounts.team_verbs import Member
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

FILE = """team,team_name,parent,login,email,name,start,end,primary
ops,Operations,,,,,,,
delivery,Delivery,ops,,,,,,
billing,Billing,ops,,,,,,
delivery,,,maya,,,2020-01-01,2024-01-01,
billing,,,maya,,,2024-01-01,,
delivery,,,,kim@x.example,Kim,2021-05-01,,
billing,,,lee,,Lee,,,no
"""


def file_of(text):
    return io.BytesIO(text if isinstance(text, bytes) else text.encode())


def look(text, name="teams.csv", **options):
    return team_imports.look(file_of(text), name, **options)


def load(text, name="teams.csv", **options):
    return team_imports.apply(file_of(text), name, None, **options)


def day(text):
    return dt.date.fromisoformat(text)


def problems(plan):
    return [(problem.line, problem.text) for problem in plan.problems]


def kinds(plan):
    return [(change.kind, change.what, change.subject) for change in plan.changes]


@pytest.fixture
def maya():
    return make_user("maya")


class TestImport:
    def test_looks_without_writing_and_then_writes(self, maya):
        plan = look(FILE)
        assert plan.counts() == {"added": 7, "changed": 0, "moved": 0, "ended": 0, "linked": 0}
        assert not Team.objects.exists()
        load(FILE)
        delivery, billing, ops = (Team.objects.get(slug=slug) for slug in ("delivery", "billing", "ops"))
        assert teams.tree().ancestors(billing.pk) == [ops.pk]
        timeline = teams.Timeline.load()
        assert timeline.team_at(day("2023-12-31"), user=maya.pk) == delivery.pk
        assert timeline.team_at(day("2024-01-01"), user=maya.pk) == billing.pk
        assert timeline.team_at(day("2024-01-01"), emails=["kim@x.example"]) == delivery.pk
        assert timeline.team_at(day("2024-01-01"), logins=["lee"]) is None
        assert AuditEvent.objects.filter(action__startswith="team.import_").count() == 7

    def test_a_second_time_there_is_nothing_to_change(self, maya):
        load(FILE)
        plan = look(FILE)
        assert (plan.changes, plan.problems, plan.untouched) == ([], [], 7)
        assert look(FILE, complete=True).changes == []

    def test_the_order_of_rows_is_no_matter(self, maya):
        lines = FILE.splitlines()
        plan = look("\n".join([lines[0], *reversed(lines[1:])]))
        assert plan.problems == []
        assert plan.counts()["added"] == 7

    def test_says_what_is_added_changed_moved_and_ended(self, maya):
        load(FILE)
        plan = load(
            "team,team_name,parent,login,email,start,end\n"
            "billing,Money,,,,,\n"
            "billing,,,maya,,2024-02-01,\n"
            "delivery,,,,kim@x.example,2021-05-01,2022-01-01\n"
        )
        assert kinds(plan) == [
            ("changed", "team", "Money"),
            ("moved", "team", "Money"),
            ("changed", "member", "maya"),
            ("ended", "member", "kim@x.example"),
        ]
        assert PastParent.objects.get().ended_on == timezone.localdate()
        assert maya.memberships.get(team__slug="billing").started_on == day("2024-02-01")

    def test_two_teams_may_change_places(self, maya):
        load("team,parent\na,\nb,a\n")
        assert look("team,parent\na,b\nb,\n").problems == []
        load("team,parent\na,b\nb,\n")
        assert Team.objects.get(slug="a").parent.slug == "b"

    def test_a_circle_is_left_out_and_the_rest_is_not(self):
        plan = load("team,parent\na,b\nb,c\nc,a\nd,\ne,d\nf,b\n")
        assert [line for line, _ in problems(plan)] == [2, 3, 4, 7]
        assert "circle" in problems(plan)[0][1]
        assert sorted(Team.objects.values_list("slug", flat=True)) == ["d", "e"]

    def test_bad_rows_are_named_and_good_ones_are_not_lost(self, maya):
        plan = load(
            "team,parent,login,email,start,end\n"
            "delivery,,,,,\n"
            "delivery,,maya,,2024-05-01,2024-01-01\n"
            "delivery,,kim,,31.12.2024,\n"
            "nowhere,,kim,,,\n"
            "Two words,,,,,\n"
            "delivery,,,not an address,,\n"
            ",,kim,,,\n"
            "delivery,,lee,,2024-01-01,\n"
            "delivery,,lee,,2023-01-01,2024-02-01\n"
            "import,,,,,\n"
            "delivery,,k\x00m,,,\n"
            "delivery,,one,,,,,too many\n"
            "sales,delivery,,,,\n"
        )
        told = dict(problems(plan))
        assert list(told) == [3, 4, 5, 6, 7, 8, 10, 11, 12, 13]
        for line, words in {
            3: "not after its start", 4: "2024-12-31", 5: "no team “nowhere”", 6: "two-words", 7: "not a mail address",
            8: "no team", 10: "line 9", 11: "the portal itself", 12: "NUL", 13: "cells",
        }.items():  # fmt: skip
            assert words in told[line], told[line]
        assert sorted(Team.objects.values_list("slug", flat=True)) == ["delivery", "sales"]
        assert [row.login for row in Membership.objects.all()] == ["lee"]

    def test_overlaps_with_what_is_stored_are_refused(self, maya):
        load(FILE)
        plan = look("team,login,start\nops,maya,2025-01-01\n")
        assert problems(plan)[0][0] == 2
        assert "main team is billing" in problems(plan)[0][1]
        assert look("team,login,start,primary\nops,maya,2025-01-01,no\n").counts()["added"] == 1

    def test_complete_ends_whom_the_file_does_not_name(self, maya):
        load(FILE)
        plan = load("team,login\ndelivery,sam\n", complete=True)
        assert kinds(plan) == [("ended", "member", "kim@x.example"), ("added", "member", "sam")]
        assert maya.memberships.current().get().team.slug == "billing"

    def test_nobody_is_ended_while_rows_are_bad(self, maya):
        load(FILE)
        plan = look("team,login,email\ndelivery,,kim@@x\n", complete=True)
        assert plan.changes == []
        assert "Nobody leaves" in plan.notes[0]

    def test_a_team_is_closed_with_its_memberships(self, maya):
        load(FILE)
        assert "below it" in problems(look("team,closed\nops,2024-01-01\n"))[0][1]
        assert "joined on 2024-01-01" in problems(look("team,closed\nbilling,2023-01-01\n"))[0][1]
        plan = load("team,closed\nbilling,2024-06-01\n")
        assert [change.kind for change in plan.changes] == ["ended"] * 3
        assert maya.team_ids() == []
        assert look("team,closed\nbilling,2024-06-01\n").changes == []

    def test_tells_when_teams_changed_in_between(self, maya):
        seen = look(FILE).digest()
        Team.objects.create(slug="ops", name="Ops")
        with pytest.raises(team_imports.TeamsChanged) as changed:
            load(FILE, expected=seen)
        assert Team.objects.count() == 1
        load(FILE, expected=changed.value.plan.digest())
        assert Team.objects.get(slug="ops").name == "Operations"


class TestPeople:
    def test_only_a_proven_address_means_an_account(self, maya):
        row = "team,email\ndelivery,maya@example.com\n"
        Team.objects.create(slug="delivery", name="Delivery")
        plan = load(row)
        assert maya.team_ids() == []
        assert "never proved" in plan.notes[0]
        EmailAddress.objects.create(user=maya, email="Maya@Example.com", verified=True, primary=True)
        assert [change.kind for change in load(row).changes] == ["linked"]
        assert maya.team_ids() == [Team.objects.get().pk]
        assert Membership.objects.get().email == ""

    def test_login_and_address_of_two_accounts_contradict(self, maya):
        sam = make_user("sam")
        EmailAddress.objects.create(user=sam, email="sam@example.com", verified=True, primary=True)
        plan = look("team,login,email\nd,,\nd,maya,sam@example.com\n")
        assert "belongs to the account sam" in problems(plan)[0][1]

    @pytest.mark.parametrize("email", ["kim@box.(none)", "kim@localhost", "kim@1f2e-33", "k+i_m@ünicode.example"])
    def test_addresses_are_taken_as_git_writes_them(self, email):
        load(f"team,email\nd,\nd,{email}\n")
        assert teams.Timeline.load().team_at(day("2024-01-01"), emails=[email]) == Team.objects.get().pk

    @pytest.mark.parametrize("email", ["kim@", "@x", "a b@x", "kim@@x", "kim@x;lee@x", "<kim@x>", "kim"])
    def test_what_is_no_address_is_refused(self, email):
        assert "not a mail address" in problems(look(f"team,email\nd,\nd,{email}\n"))[0][1]

    def test_a_row_that_joins_address_and_login_meets_the_memberships_of_both(self):
        load("team,email,login,end\nd,,,\ne,,,\nd,kim@x.example,kim,2024-01-01\n")
        assert "line 3" in problems(look("team,email,login\ne,kim@x.example,\nd,,kim\ne,kim@x.example,other\n"))[0][1]
        stored = "team,email,login,start\ne,,kim,2023-06-01\n"
        assert "main team is d" in problems(look(stored))[0][1]
        load("team,email,login\ne,kim@y.example,\n")
        assert look("team,email,login,start\nd,kim@y.example,kim,2025-01-01\n").problems != []


class TestFormats:
    @pytest.mark.parametrize(
        "content",
        [
            "\ufeff" + FILE,
            FILE.replace(",", ";"),
            FILE.replace(",", "\t"),
            FILE.replace("\n", "\r\n"),
            FILE.replace("\n", "\r"),
            "sep=;\n" + FILE.replace(",", ";"),
            FILE.encode("utf-16"),
            FILE.replace("team,", "Team ,").replace("email", "E-Mail"),
            FILE.replace("Operations", '"Operations\nand\nmore"'),
            "\n\n" + FILE,
        ],
        ids=["mark", "semicolons", "tabs", "crlf", "cr", "sep", "utf-16", "spelling", "quoted-lines", "empty-lines"],
    )
    def test_csv_in_all_its_spellings(self, content, maya):
        plan = look(content)
        assert (plan.counts()["added"], plan.problems) == (7, [])

    @pytest.mark.parametrize("names", ["From,To", "joined,left", "started_on,until"])
    def test_days_under_other_names(self, maya, names):
        load(FILE.replace("start,end", names))
        ended = Membership.objects.get(user=maya, team__slug="delivery")
        assert (ended.started_on, ended.ended_on) == (day("2020-01-01"), day("2024-01-01"))

    def test_latin_1_is_read_and_told(self):
        plan = load("team;team_name\nvertrieb;Vertrieb München\n".encode("latin-1"))
        assert Team.objects.get().name == "Vertrieb München"
        assert "Line 2 is not UTF-8" in plan.notes[0]

    def test_an_open_quote_costs_its_own_row_alone(self):
        plan = look('team,team_name\na,"open\nb,B\nc,"bad"x\nd,D\n')
        assert [change.team for change in plan.changes] == ["b", "d"]
        assert [line for line, _ in problems(plan)] == [2, 4]

    def test_lines_count_from_where_a_row_begins(self):
        plan = look('team,description\na,"one\ntwo\nthree"\n!!,x\n')
        assert problems(plan)[0][0] == 5

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("", "empty"),
            ("\n \n", "empty"),
            ("name,parent\nx,y\n", "Line 1: there is no column “team”"),
            ("\x00\x01\x02\x03" * 10, "no column"),
        ],
    )
    def test_a_file_that_is_no_table(self, content, words):
        with pytest.raises(UnreadableFile, match=words):
            look(content)

    def test_a_line_without_end_costs_itself_alone(self, monkeypatch):
        monkeypatch.setattr(team_csv, "_LONGEST", 40)
        plan = look("team,team_name\na,A\nb," + "x" * 500 + '\n"c\nd' + "y" * 90 + '"\nd,D\n')
        assert [change.team for change in plan.changes] == ["a", "d"]
        assert [line for line, _ in problems(plan)] == [3, 4, 5]
        assert "longer than 40" in problems(plan)[0][1]

    def test_many_broken_rows_do_not_hide_the_others(self):
        plan = look("team,team_name\n" + 'a,"x"y\n' * 150 + "b,B\n")
        assert ([change.team for change in plan.changes], len(plan.problems)) == (["b"], 150)

    def test_yaml_is_read_up_to_a_limit(self, monkeypatch):
        monkeypatch.setattr(team_files, "MAX_YAML_BYTES", len(YAML))
        assert look(YAML, "teams.yaml").problems == []
        with pytest.raises(UnreadableFile, match="Write it as CSV"):
            look(YAML + "\n", "teams.yaml")

    def test_random_bytes_never_break_it(self):
        import random

        rng = random.Random(4)
        for _ in range(300):
            content = bytearray(FILE.encode())
            for _ in range(rng.randint(1, 30)):
                content[rng.randrange(len(content))] = rng.choice(b'\x00\xff",;\n\r\t-')
            for name in ("x.csv", "x.yaml"):
                try:
                    look(bytes(content), name)
                except UnreadableFile as error:
                    assert str(error)


class TestParts:
    """A long file: all teams, and so many memberships at a time."""

    ROWS = (
        "team,parent,email,start\n"
        + "".join(f"d,,p{n}@x.example,2024-01-01\n" for n in range(5))
        + ('d,,p5@x.example,soon\nd,,"p6"@x.example,\nd,,p7@x.example,\nd,top,,\ntop,,,\n')
    )

    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch):
        monkeypatch.setattr(team_files, "PART_ROWS", 3)

    @pytest.mark.parametrize("letters", ["utf-8", "utf-16"])
    def test_part_by_part_nothing_is_lost(self, letters):
        content = self.ROWS.encode(letters)
        plans = [load(content, part=part) for part in (1, 2, 3)]
        assert [(plan.part, plan.parts, plan.lines) for plan in plans] == [
            (1, 3, (2, 4)), (2, 3, (5, 7)), (3, 3, (8, 9)),
        ]  # fmt: skip
        assert [problems(plan) != [] for plan in plans] == [False, True, True]
        assert [problems(plan)[0][0] for plan in plans[1:]] == [7, 8]
        assert [plan.counts()["added"] for plan in plans] == [5, 2, 1]
        assert sorted(Membership.objects.values_list("email", flat=True)) == [
            f"p{n}@x.example" for n in (0, 1, 2, 3, 4, 7)
        ]
        assert Team.objects.get(slug="d").parent.slug == "top"
        assert all(load(content, part=part).changes == [] for part in (1, 2, 3))

    def test_a_part_that_is_not_there_changes_nothing(self):
        load(self.ROWS)
        assert look(self.ROWS, part=9).changes == []

    def test_nobody_leaves_by_a_file_of_several_parts(self, maya):
        load("team,login\nd,\nd,maya\n")
        good = "team,email\n" + "".join(f"d,p{n}@x.example\n" for n in range(4))
        for part in (1, 2):
            plan = look(good, complete=True, part=part)
            assert "Nobody leaves" in plan.notes[0]
            assert "ended" not in {change.kind for change in plan.changes}
        assert look("\n".join(good.split("\n")[:4]), complete=True).counts()["ended"] == 1

    def test_overlaps_with_parts_before_are_refused(self):
        text = "team,email,start\nd,,\ne,,\n" + "".join(f"d,p{n}@x.example,\n" for n in range(3))
        text += "e,p0@x.example,2024-01-01\n"
        load(text)
        assert "main team is d" in problems(load(text, part=2))[0][1]

    def test_yaml_has_parts_too(self, maya):
        text = "teams:\n- slug: d\n  members: [a, b, c, d]\n- slug: e\n  members: [f]\n"
        assert [load(text, "t.yaml", part=part).counts()["added"] for part in (1, 2)] == [5, 2]

    def test_teams_past_the_limit_are_named(self, monkeypatch):
        monkeypatch.setattr(team_files, "MAX_TEAMS", 2)
        plan = load("team,email\na,\nb,\nc,\nd,\na,kim@x.example\nc,lee@x.example\n")
        assert [line for line, _ in problems(plan)] == [4, 7]
        assert "more than 2 teams" in problems(plan)[0][1]
        assert Membership.objects.get().email == "kim@x.example"


YAML = """
teams:
  - slug: ops
    name: "Operations"
    parent: null
  - slug: delivery
    parent: ops
    members:
      - login: maya
        start: 2020-01-01
        end: 2024-01-01
      - kim@x.example
  - slug: billing
    members: [{login: maya, start: 2024-01-01}]
"""


class TestYaml:
    def test_reads_teams_with_their_members(self, maya):
        plan = load(YAML, "teams.yml")
        assert (plan.counts()["added"], plan.problems) == (6, [])
        assert look(YAML, "teams.yml").changes == []
        assert Membership.objects.get(user=None).email == "kim@x.example"

    def test_bad_entries_have_their_line(self, maya):
        plan = look(YAML + "  - slug: x\n    colour: red\n  - 7\n  - slug: y\n    slug: z\n", "teams.yaml")
        assert [line for line, _ in problems(plan)] == [15, 17, 18]
        assert plan.counts()["added"] == 6

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a: &x [1]\nteams: *x\n", "Line 2: aliases"),
            ("a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "Line 2: aliases"),
            ("teams: " + "[" * 100_000, "Line 1: this is nested"),
            ("teams:\n  - slug: [\n", "line 3"),
            ("teams:\n - a\n\x00", "not valid YAML"),
            ("- 1\n", "begins with: teams"),
            ("a: b\n", "begins with: teams"),
            ("!!python/object/apply:os.system ['true']", "begins with: teams"),
        ],
    )
    def test_what_cannot_be_read_names_the_place(self, text, words):
        with pytest.raises(UnreadableFile, match=words):
            look(text, "teams.yaml")

    def test_reads_a_chart_of_managers(self):
        load('{"ann": {"manager": "bob"}, "cid": {"manager": "bob"}, "bob": {"manager": "zoe"}}', "org-data.json")
        bob, zoe = Team.objects.get(slug="bob"), Team.objects.get(slug="zoe")
        assert bob.parent == zoe
        assert sorted(bob.memberships.values_list("login", flat=True)) == ["ann", "cid"]
        assert list(zoe.memberships.values_list("login", flat=True)) == ["bob"]


class TestExport:
    @pytest.mark.parametrize(("write", "name"), [(team_exports.as_csv, "t.csv"), (team_exports.as_yaml, "t.yaml")])
    def test_reading_an_export_changes_nothing(self, maya, write, name):
        load(FILE)
        ops, delivery = Team.objects.get(slug="ops"), Team.objects.get(slug="delivery")
        Team.objects.create(slug="odd", name='A, "b"; c: {d} #e', description='first\nsecond, "third"\n- x: y\n')
        team_verbs.move_team(delivery, None, day("2024-03-01"), None)
        team_verbs.add_membership(Member(user=maya), ops, day("2021-01-01"), day("2022-01-01"), None, is_primary=False)
        team_verbs.add_membership(Member(user=maya), ops, day("2023-01-01"), None, None, is_primary=False)
        team_verbs.add_membership(Member(email="7@x.example", login="null", name="=No: one"), ops, None, None, None)
        team_verbs.close_team(Team.objects.get(slug="odd"), day("2024-05-05"), None)
        for complete in (False, True):
            plan = look(write(), name, complete=complete)
            assert (plan.changes, plan.problems) == ([], [])

    def test_an_export_fills_an_empty_portal(self, maya):
        load(FILE)
        text = team_exports.as_csv()
        Membership.objects.all().delete()
        Team.objects.update(parent=None)
        Team.objects.all().delete()
        load(text)
        assert team_exports.as_csv() == text


class TestGrowth:
    def test_queries_do_not_grow_with_the_file(self, maya):
        def rows(count):
            return "team,email\nd,\n" + "".join(f"d,p{number}@x.example\n" for number in range(count))

        counted = []
        for count in (2, 200):
            with CaptureQueriesContext(connection) as queries:
                look(rows(count))
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 8
