"""Changing teams: what the verbs refuse, and what they write down."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import team_verbs, teams
from accounts.models import AuditEvent, Membership, PastParent, Team
from accounts.team_verbs import Member, TeamError
from tests.patience import patiently


def day(text):
    return dt.date.fromisoformat(text)


def move_team_by_id(team, parent):
    team_verbs.move_team(Team.objects.get(pk=team), Team.objects.get(pk=parent), None, None)


@pytest.fixture
def abc(db):
    return [Team.objects.create(slug=slug, name=slug.upper()) for slug in "abc"]


class TestMove:
    def test_refuses_a_circle_and_names_it(self, abc, administrator):
        a, b, c = abc
        team_verbs.move_team(b, a, None, administrator)
        team_verbs.move_team(c, b, None, administrator)
        with pytest.raises(TeamError, match="circle: A below C below B below A"):
            team_verbs.move_team(a, c, None, administrator)
        with pytest.raises(TeamError, match="circle"):
            team_verbs.move_team(a, a, None, administrator)
        assert teams.tree().ancestors(c.pk) == [b.pk, a.pk]

    def test_refuses_a_circle_that_only_the_past_would_have(self, abc, administrator):
        a, b, _ = abc
        team_verbs.move_team(b, a, None, administrator)
        team_verbs.move_team(b, None, day("2024-01-01"), administrator)
        team_verbs.move_team(a, b, day("2024-01-01"), administrator)
        with pytest.raises(TeamError, match="circle on 2023-12-31"):
            team_verbs.move_team(a, b, day("2023-06-01"), administrator)

    def test_moving_again_from_an_earlier_day_replaces_what_came_after(self, abc):
        a, b, c = abc
        team_verbs.move_team(c, a, day("2024-01-01"), None)
        team_verbs.move_team(c, b, day("2024-06-01"), None)
        team_verbs.move_team(c, b, day("2023-01-01"), None)
        assert list(PastParent.objects.values_list("parent", "ended_on")) == [(None, day("2023-01-01"))]
        team_verbs.move_team(c, b, None, None)
        assert not PastParent.objects.exists()
        events = AuditEvent.objects.count()
        team_verbs.move_team(c, b, day("2024-01-01"), None)
        assert AuditEvent.objects.count() == events
        assert not PastParent.objects.exists()

    def test_refuses_days_to_come_and_closed_teams(self, abc):
        a, b, _ = abc
        with pytest.raises(TeamError, match="from today"):
            team_verbs.move_team(a, b, day("2199-01-01"), None)
        team_verbs.close_team(b, day("2024-01-01"), None)
        with pytest.raises(TeamError, match="closed"):
            team_verbs.move_team(a, b, None, None)

    @pytest.mark.django_db(transaction=True)
    def test_two_moves_at_once_never_close_a_circle(self):
        """A below B and B below A, in two processes' worth of connections: one of them is told."""
        a, b = (Team.objects.create(slug=slug, name=slug.upper()) for slug in "ab")
        barrier, refused = threading.Barrier(2), []

        def move(team, parent):
            try:
                barrier.wait(60)
                patiently(move_team_by_id, team, parent)
            except TeamError:
                refused.append(team)
            finally:
                connection.close()

        threads = [threading.Thread(target=move, args=pair) for pair in ((a.pk, b.pk), (b.pk, a.pk))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(refused) == 1
        assert Team.objects.exclude(parent=None).count() == 1


class TestClose:
    def test_ends_memberships_and_keeps_the_past(self, owner, team, administrator):
        team_verbs.close_team(team, day("2024-01-01"), administrator)
        assert owner.team_ids() == []
        assert teams.Timeline.load().team_at(day("2023-12-31"), user=owner.pk) == team.pk
        assert not Team.objects.open().filter(pk=team.pk).exists()
        with pytest.raises(TeamError, match="closed on 2024-01-01"):
            team_verbs.add_membership(Member(user=administrator), team, day("2024-02-01"), None, administrator)
        team_verbs.reopen_team(team, administrator)
        assert Team.objects.open().filter(pk=team.pk).exists()
        assert [event.action for event in AuditEvent.objects.all()] == ["team.reopened", "team.closed"]

    def test_refuses_while_teams_hang_below_or_somebody_joins_later(self, owner, team, other_team):
        team_verbs.move_team(other_team, team, None, None)
        with pytest.raises(TeamError, match="below it: Logistics"):
            team_verbs.close_team(team, day("2024-01-01"), None)
        team_verbs.move_team(other_team, None, None, None)
        with pytest.raises(TeamError, match="joined on 2020-01-01"):
            team_verbs.close_team(team, day("2019-01-01"), None)
        with pytest.raises(TeamError, match="not on one to come"):
            team_verbs.close_team(team, day("2199-01-01"), None)


class TestMemberships:
    def test_refuse_to_end_before_they_begin(self, abc, administrator):
        for end in ("2024-01-01", "2023-01-01"):
            with pytest.raises(TeamError, match="not after its start"):
                team_verbs.add_membership(Member(user=administrator), abc[0], day("2024-01-01"), day(end), None)
        with transaction.atomic(), pytest.raises(IntegrityError):
            Membership.objects.create(email="x@y", team=abc[0], started_on="2024-01-01", ended_on="2024-01-01")

    @pytest.mark.parametrize("member", ["user", "email", "login"])
    def test_refuse_to_overlap_in_one_team(self, abc, administrator, member):
        who = Member(user=administrator) if member == "user" else Member(**{member: "kim@x.example"})
        team_verbs.add_membership(who, abc[0], day("2024-01-01"), day("2024-03-01"), None)
        for start, end in ((None, None), (day("2024-02-29"), None), (None, day("2024-01-02"))):
            with pytest.raises(TeamError, match="same team"):
                team_verbs.add_membership(who, abc[0], start, end, None, is_primary=False)
        team_verbs.add_membership(who, abc[0], day("2024-03-01"), None, None)  # half-open: the day itself is free
        team_verbs.add_membership(who, abc[0], None, day("2024-01-01"), None)
        assert abc[0].memberships.count() == 3

    def test_one_main_team_at_a_time_and_further_ones_beside_it(self, abc, administrator):
        who = Member(user=administrator)
        team_verbs.add_membership(who, abc[0], day("2024-01-01"), None, None)
        with pytest.raises(TeamError, match="main team is A"):
            team_verbs.add_membership(who, abc[1], day("2024-06-01"), None, None)
        team_verbs.add_membership(who, abc[1], day("2024-06-01"), None, None, is_primary=False)
        assert sorted(administrator.team_ids()) == [abc[0].pk, abc[1].pk]

    def test_end_once_and_only_earlier(self, abc, administrator):
        made = team_verbs.add_membership(Member(user=administrator), abc[0], day("2024-01-01"), None, administrator)
        team_verbs.end_membership(made, day("2024-06-01"), administrator)
        with pytest.raises(TeamError, match="ended on 2024-06-01 already"):
            team_verbs.end_membership(made, day("2024-07-01"), administrator)
        team_verbs.end_membership(made, day("2024-05-01"), administrator)
        changes = [event.changes for event in AuditEvent.objects.filter(action="team.member_ended")]
        assert changes[0] == {"root": ["2024-01-01 to 2024-06-01", "2024-01-01 to 2024-05-01"]}
        team_verbs.remove_membership(made, administrator)
        assert not Membership.objects.exists()

    def test_an_account_with_a_history_is_not_deleted(self, owner):
        with pytest.raises(IntegrityError):
            owner.delete()

    def test_a_pseudonym_takes_the_place_of_an_address(self, abc):
        team_verbs.add_membership(Member(email="kim@x.example", name="Kim"), abc[0], None, None, None)
        assert team_verbs.replace_address("Kim@x.example", "erased-1@invalid") == 1
        assert teams.Timeline.load().team_at(day("2024-01-01"), emails=["erased-1@invalid"]) == abc[0].pk
        assert "kim" not in str(Membership.objects.values_list("email", "name", "login").get()).lower()


class TestCreate:
    def test_takes_no_address_twice(self, abc, administrator):
        with pytest.raises(TeamError, match="exists already"):
            team_verbs.create_team("a", "Another", "", None, administrator)
        made = team_verbs.create_team("d", "D", "", abc[0], administrator)
        assert made.parent == abc[0]
        assert AuditEvent.objects.get().action == "team.created"
