"""Contributions across team borders: who is inside on which day, and that the past stays."""

import datetime as dt
from collections import Counter

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.models import Membership, PastParent, Team, User
from activity.flow.figures import team_sums
from activity.flow.refresh import refresh_flow
from activity.flow.standing import WINDOWS, absence_factor, first_week
from activity.models import (
    FlowState,
    FlowWeek,
    Identity,
    Kind,
    KindWeek,
    PersonDay,
    Standing,
    StandingStart,
    TeamStanding,
    TeamWeek,
)
from activity.rollups import reattribute
from projects.models import Project
from tests.activity.histories import imported
from tests.projects.planting import ADA, BO, plant

pytestmark = pytest.mark.django_db
BOT = ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com")
CY = ("Cy Young", "cy@example.com")


def join(team, who, start=None, end=None):
    return Membership.objects.create(team=team, email=who[1], started_on=start, ended_on=end)


def read(slug="billing", **fields):
    return imported(plant(slug, **fields))


def days_ago(days):
    return timezone.now().astimezone(dt.UTC).date() - dt.timedelta(days=days)


def kinds(project=None):
    rows = FlowWeek.objects.with_contributions()
    rows = rows.filter(project=project) if project else rows
    found = Counter()
    for kind, number in rows.values_list("kind", "contributions"):
        found[Kind(kind).name] += number
    return dict(found)


def everything():
    """All rows, without row numbers."""
    return (
        sorted(
            FlowWeek.objects.values_list(
                "project__slug", "person__key", "week", "team", "owner", "kind", "commits", "coauthored"
            ),
            key=str,
        ),
        sorted(TeamWeek.objects.values_list("week", "team", "owner", "kind", "contributions")),
        sorted(
            Standing.objects.values_list(
                "project__slug", "window", "inside", "outside", "unmapped", "bots", "people", "absence"
            )
        ),
    )


def check_sums():
    """What the weeks add up to is what the days add up to, by project and by team."""
    for project in Project.objects.all():
        days = PersonDay.objects.filter(project=project).aggregate(
            a=Sum("commits", default=0), b=Sum("coauthored", default=0)
        )
        weeks = FlowWeek.objects.filter(project=project).aggregate(
            a=Sum("commits", default=0), b=Sum("coauthored", default=0)
        )
        assert days == weeks
    counted = Counter()
    rows = FlowWeek.objects.with_contributions().filter(project__flow_state__counted=True, precedence=None)
    for week, team, owner, kind, number in rows.values_list("week", "team", "owner", "kind", "contributions"):
        counted[week, team, owner, kind] += number
    assert dict(counted) == {
        tuple(row[:4]): row[4] for row in TeamWeek.objects.values_list("week", "team", "owner", "kind", "contributions")
    }
    classes, windows = Counter(), Counter()
    starts = dict(StandingStart.objects.values_list("window", "first"))
    assert starts == {window: first_week(window, days_ago(0)) or dt.date.min for window in WINDOWS}
    for (week, *teams), number in counted.items():
        classes[week, teams[-1]] += number
        for window, first in starts.items():
            windows[(window, *teams)] += number if week >= first else 0
    kept = KindWeek.objects.values_list("week", "kind", "contributions")
    assert dict(classes) == {tuple(key): number for *key, number in kept}
    kept = TeamStanding.objects.values_list("window", "team", "owner", "kind", "contributions")
    assert {key: number for key, number in windows.items() if number} == {tuple(key): number for *key, number in kept}


class TestRefreshFlow:
    def test_inside_outside_unmapped_and_bot(self, team, other_team):
        join(team, ADA), join(other_team, BO)
        project = read(commits=[(ADA, 3), (BO, 3), (BO, 2), (CY, 2), (BOT, 1)], owner=team)
        assert kinds() == {"INSIDE": 2, "OUTSIDE": 2, "UNMAPPED": 1, "BOT": 1}
        standing = Standing.objects.get(project=project, window=90)
        assert (standing.inside, standing.outside, standing.unmapped, standing.bots) == (1, 2, 1, 1)
        assert (standing.people, standing.absence) == (3, 1)
        check_sums()

    def test_teams_above_and_below_are_inside(self, team, other_team):
        above = Team.objects.create(slug="above", name="Above")
        Team.objects.filter(pk=team.pk).update(parent=above)
        below = Team.objects.create(slug="below", name="Below", parent=team)
        join(above, ADA), join(below, BO), join(other_team, CY)
        read(commits=[(ADA, 3), (BO, 3), (CY, 2)], owner=team)
        assert kinds() == {"INSIDE": 3, "OUTSIDE": 1}

    def test_the_team_of_the_day_decides(self, team, other_team):
        join(team, BO, end=days_ago(20)), join(other_team, BO, start=days_ago(20))
        read(commits=[(BO, 30), (BO, 5)], owner=team)
        assert kinds() == {"INSIDE": 1, "OUTSIDE": 1, "UNMAPPED": 1}

    def test_a_second_run_writes_nothing(self, team, django_assert_max_num_queries):
        join(team, ADA)
        read(commits=[(ADA, 3), (BO, 2)], owner=team)
        before = (
            list(FlowWeek.objects.order_by("pk").values_list()),
            list(TeamWeek.objects.order_by("pk").values_list()),
        )
        assert refresh_flow() == set()
        FlowState.objects.update(inputs="")
        assert refresh_flow() == set()
        assert before == (
            list(FlowWeek.objects.order_by("pk").values_list()),
            list(TeamWeek.objects.order_by("pk").values_list()),
        )

    def test_nothing_to_do_costs_the_same_for_many_projects(self, team, django_assert_max_num_queries):
        for number in range(5):
            read(f"p{number}", owner=team)
        with django_assert_max_num_queries(8):
            refresh_flow()

    def test_a_membership_counts_once_it_is_known(self, team, other_team):
        read(commits=[(BO, 5)], owner=team)
        assert kinds() == {"UNMAPPED": 2}
        join(other_team, BO)
        refresh_flow()
        assert kinds() == {"OUTSIDE": 1, "UNMAPPED": 1}
        check_sums()

    def test_a_reorganisation_from_today_changes_nothing_of_the_past(self, team, other_team):
        join(team, ADA), join(other_team, BO)
        project = read(commits=[(BO, 9), (ADA, 8)], owner=team)
        before = everything()
        PastParent.objects.create(team=team, parent=None, ended_on=days_ago(0))
        Team.objects.filter(pk=team.pk).update(parent=other_team, name="Cashiers")
        Membership.objects.filter(team=other_team).update(ended_on=days_ago(0))
        join(team, BO, start=days_ago(0))
        project.change_owner(other_team)
        refresh_flow()
        assert everything() == before

    def test_a_new_owner_counts_from_its_day_on(self, team, other_team):
        join(team, ADA), join(other_team, BO)
        project = read(commits=[(BO, 40), (BO, 5)], owner=team)
        project.change_owner(other_team)
        project.past_owners.update(ended_on=days_ago(20))
        refresh_flow()
        assert kinds() == {"INSIDE": 2, "OUTSIDE": 1}

    def test_the_first_owner_counts_for_all_time(self, team):
        join(team, BO)
        project = read(commits=[(BO, 40)])
        assert kinds() == {"UNMAPPED": 2}
        project.change_owner(team)
        refresh_flow()
        assert kinds() == {"INSIDE": 1, "UNMAPPED": 1}

    def test_merging_people_moves_their_weeks(self, team, other_team):
        join(other_team, BO)
        read(commits=[(BO, 5), (CY, 4)], owner=team)
        bo, cy = (Identity.objects.get(email=who[1]) for who in (BO, CY))
        lost = cy.person_id
        Identity.objects.filter(pk=cy.pk).update(person=bo.person_id)
        reattribute([lost, bo.person_id])
        assert kinds() == {"OUTSIDE": 2, "UNMAPPED": 1}
        check_sums()

    def test_restricting_or_removing_a_project_takes_it_from_the_sums_of_teams(self, team, other_team):
        join(other_team, BO)
        project = read(commits=[(BO, 5)], owner=team)
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        refresh_flow()
        assert not any(model.objects.exists() for model in (TeamWeek, KindWeek, TeamStanding))
        assert kinds() == {"OUTSIDE": 1, "UNMAPPED": 1}
        Project.objects.filter(pk=project.pk).update(visibility="internal")
        refresh_flow()
        check_sums()
        assert TeamWeek.objects.count() == 2

    def test_windows_move_on_with_the_week(self, team, other_team, monkeypatch):
        """Pages are right before the first refresh of a new week, and after it."""
        join(other_team, BO)
        read(commits=[(BO, 40), (BO, 5)], owner=team)
        read("secret", commits=[(BO, 20)], owner=team, visibility="restricted")
        viewer, later = User.objects.create(username="viewer"), timezone.now() + dt.timedelta(days=21)
        first = first_week(30, later.date())
        columns = ("team", "owner", "kind")
        assert sum(team_sums(viewer, columns, first_week(30, days_ago(0))).values()) == 1
        before = team_sums(viewer, columns, first)
        assert before == Counter({(other_team.pk, team.pk, Kind.OUTSIDE): 1})
        monkeypatch.setattr(timezone, "now", lambda: later)
        refresh_flow()
        check_sums()
        assert team_sums(viewer, columns, first) == before

    def test_the_order_of_reading_is_no_matter(self, team, other_team):
        join(team, ADA), join(other_team, BO)
        one, two = plant("one", commits=[(BO, 5)], owner=team), plant("two", commits=[(BO, 5)], owner=other_team)
        imported(two), imported(one)
        found = everything()
        for project in (one, two):
            FlowWeek.objects.filter(project=project).delete()
        for model in (TeamWeek, KindWeek, TeamStanding, StandingStart, Standing, FlowState):
            model.objects.all().delete()
        refresh_flow([one.pk]), refresh_flow([two.pk])
        assert everything() == found


class TestAbsenceFactor:
    def test_worked_case(self):
        assert absence_factor([1000, 202, 90, 33, 332, 343, 42, 433]) == 2

    @pytest.mark.parametrize(("counts", "people"), [([], 0), ([0, 0], 0), ([5], 1), ([1, 1], 1), ([1, 1, 1], 2)])
    def test_small_cases(self, counts, people):
        assert absence_factor(counts) == people
