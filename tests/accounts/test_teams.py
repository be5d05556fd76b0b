"""Reading teams: the dated tree, and whose team somebody was in."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import team_verbs, teams
from accounts.models import Membership, Team
from accounts.team_verbs import Member
from projects.models import Project, Repository
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


@pytest.fixture
def company():
    """root > (a > (a1, a2), b); ids by slug."""
    made = {}
    for slug, parent in (("root", None), ("a", "root"), ("b", "root"), ("a1", "a"), ("a2", "a")):
        made[slug] = Team.objects.create(slug=slug, name=slug.upper(), parent=made.get(parent))
    return made


class TestTree:
    def test_says_who_is_above_and_below(self, company):
        tree = teams.tree()
        ids = {slug: team.pk for slug, team in company.items()}
        assert tree.ancestors(ids["a1"]) == [ids["a"], ids["root"]]
        assert tree.descendants(ids["root"]) == {ids[slug] for slug in ("a", "b", "a1", "a2")}
        assert tree.is_above_or_below(ids["a1"], ids["root"])
        assert tree.is_above_or_below(ids["root"], ids["a1"])
        assert not tree.is_above_or_below(ids["a1"], ids["a2"])
        assert not tree.is_above_or_below(ids["a"], ids["a"])
        assert tree.is_one_side(ids["a"], ids["a"])
        assert [(depth, node.slug) for depth, node in tree.walk()] == [
            (0, "root"), (1, "a"), (2, "a1"), (2, "a2"), (1, "b"),
        ]  # fmt: skip

    def test_a_move_changes_nothing_before_its_day(self, company):
        team_verbs.move_team(company["a1"], company["b"], day("2024-03-01"), None)
        team_verbs.move_team(company["a1"], None, day("2025-03-01"), None)
        tree, a1 = teams.tree(), company["a1"].pk
        spans = {"2024-02-29": "a", "2024-03-01": "b", "2025-02-28": "b", "2025-03-01": None}
        for text, parent in spans.items():
            assert tree.parent(a1, day(text)) == (company[parent].pk if parent else None), text
        assert tree.parent(a1) is None
        assert tree.is_above_or_below(a1, company["a"].pk, day("2024-02-29"))
        assert company["a"].pk not in tree.ancestors(a1, day("2024-03-01"))
        assert a1 in tree.descendants(company["a"].pk, day("2023-01-01"))

    def test_costs_the_same_for_two_and_for_fifty_teams(self, company):
        with CaptureQueriesContext(connection) as few:
            list(teams.tree().walk())
        for number in range(50):
            Team.objects.create(slug=f"t{number}", name=f"T{number}", parent=company["b"])
        with CaptureQueriesContext(connection) as many:
            list(teams.tree().walk())
        assert len(few) == len(many) == 2

    def test_broken_data_does_not_hang(self, company):
        Team.objects.filter(slug="root").update(parent=company["a1"])
        tree = teams.tree()
        assert len(tree.ancestors(company["a"].pk)) == 2
        assert len(tree.descendants(company["a"].pk)) == 4
        assert [node.slug for _, node in tree.walk()] == []


class TestTimeline:
    def test_answers_for_accounts_addresses_and_logins(self, company):
        maya = make_user("maya")
        Membership.objects.create(user=maya, team=company["a"], started_on="2020-01-01", ended_on="2022-01-01")
        Membership.objects.create(user=maya, team=company["b"], started_on="2022-01-01")
        Membership.objects.create(email="kim@old.example", team=company["a1"], ended_on="2021-06-01")
        Membership.objects.create(login="kim", team=company["a2"])
        timeline = teams.Timeline.load()
        a, b, a1, a2 = (company[slug].pk for slug in ("a", "b", "a1", "a2"))
        assert timeline.team_at(day("2019-12-31"), user=maya.pk) is None
        assert timeline.team_at(day("2020-01-01"), user=maya.pk) == a
        assert timeline.team_at(day("2021-12-31"), emails=["Maya@Example.com"]) == a
        assert timeline.team_at(day("2022-01-01"), user=maya.pk) == b
        assert timeline.team_at(day("1970-01-01"), emails=["nobody@x.example", "KIM@old.example"]) == a1
        assert timeline.team_at(day("2021-06-01"), emails=["kim@old.example"]) is None
        assert timeline.team_at(day("2021-06-01"), logins=["Kim"]) == a2
        assert timeline.team_at(day("2021-06-01"), user=maya.pk + 1000, emails=["x@y.example"]) is None

    def test_leaves_out_further_teams(self, company):
        maya = make_user("maya", company["a"])
        Membership.objects.create(user=maya, team=company["b"], is_primary=False)
        assert teams.Timeline.load().of(user=maya.pk).teams == (company["a"].pk,)
        assert sorted(maya.team_ids()) == sorted([company["a"].pk, company["b"].pk])

    def test_an_address_that_two_accounts_have_names_nobody(self, company):
        make_user("maya", company["a"])
        make_user("mary").__class__.objects.filter(username="mary").update(email="MAYA@example.com")
        assert teams.Timeline.load().team_at(day("2024-01-01"), emails=["maya@example.com"]) is None

    def test_names_change_nothing_and_moves_of_people_do(self, company):
        maya = make_user("maya", company["a"])
        before = teams.Timeline.load().digest()
        team_verbs.describe_team(company["a"], "Quite another name", "", None)
        assert teams.Timeline.load().digest() == before
        number = teams.generation()
        team_verbs.end_membership(maya.memberships.get(), day("2024-01-01"), None)
        assert teams.Timeline.load().digest() != before
        assert teams.generation() == number + 1

    def test_takes_two_queries_however_many_people(self, company):
        for number in range(20):
            make_user(f"p{number}", company["a"])
        with CaptureQueriesContext(connection) as queries:
            teams.Timeline.load()
        assert len(queries) == 2


class TestPermission:
    def test_a_membership_by_address_or_login_lets_nobody_in(self, company):
        """Not even the account that has this address: an administrator gives the membership to the account."""
        project = Project.objects.create(
            slug="secret", name="Secret", owner=company["a"], visibility="restricted",
            repository=Repository.objects.create(clone_url="https://git.example/s", address_key="git.example/s"),
        )  # fmt: skip
        maya = make_user("maya")
        team_verbs.add_membership(Member(email="maya@example.com", login="maya"), company["a"], None, None, None)
        assert project not in Project.objects.visible_to(maya)
        assert project not in Project.objects.maintainable_by(maya)
        assert maya.team_ids() == []
