"""Figures of the last days decay with the calendar."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from activity.models import Participation
from activity.rollups import refresh_rollups
from projects.models import CatalogEntry
from tests.activity.histories import imported
from tests.projects.planting import ADA, BO, plant

pytestmark = pytest.mark.django_db
BOT = ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com")


def read(slug="billing", **fields):
    return imported(plant(slug, **fields))


class TestRefreshRollups:
    def test_time_alone_moves_the_figures_and_the_catalog(self):
        project = read(commits=[(BO, 80), (ADA, 2)])
        assert (project.commits_90d, project.contributors_90d) == (2, 2)
        with time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False):
            assert refresh_rollups() == {project.pk}
        project.refresh_from_db()
        assert (project.commits_90d, project.contributors_90d) == (1, 1)
        assert CatalogEntry.objects.get(pk=project.pk).commits_90d == 1
        active = Participation.objects.filter(commits_90d__gt=0)
        assert list(active.values_list("person__name", "commits_90d")) == [(ADA[0], 1)]

    def test_everything_fades_after_a_year(self):
        project = read(commits=[(BO, 2)])
        with time_machine.travel(timezone.now() + dt.timedelta(days=500), tick=False):
            refresh_rollups()
            assert refresh_rollups() == set()
        project.refresh_from_db()
        assert (project.commits_90d, sum(project.weeks)) == (0, 0)

    def test_nothing_changes_within_a_day(self):
        read(commits=[(BO, 2)])
        assert refresh_rollups() == set()

    def test_only_the_named_projects(self):
        one, two = read("one", commits=[(BO, 85)]), read("two", commits=[(BO, 85)])
        with time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False):
            assert refresh_rollups([one.pk]) == {one.pk}
        two.refresh_from_db()
        assert two.commits_90d == 1

    def test_bots_and_merges_do_not_count(self):
        project = read(commits=[(BOT, 4), (BO, 3)])
        assert (project.commits_90d, project.contributors_90d, sum(project.weeks)) == (1, 1, 1)
        assert (project.commits_total, project.contributors_total) == (3, 2)

    def test_a_clock_in_the_future_does_not_move_last_change_past_now(self):
        project = read(commits=[(BO, -3000)])
        assert project.last_commit_at <= timezone.now()
        assert project.commits_90d == 0

    def test_queries_do_not_grow_with_projects(self, django_assert_max_num_queries):
        for number in range(6):
            read(f"p{number}", commits=[(BO, 85)])
        later = time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False)
        with later, django_assert_max_num_queries(25):
            assert len(refresh_rollups()) == 6
