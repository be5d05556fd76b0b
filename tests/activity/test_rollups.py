"""Figures of the last days decay with the calendar."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from activity.importing import import_activity
from activity.models import Contributor
from activity.rollups import refresh_rollups
from projects.models import CatalogEntry
from tests.projects.planting import ADA, BO, plant

pytestmark = pytest.mark.django_db


def imported(slug="billing", **fields):
    project = plant(slug, **fields)
    import_activity(project, project.repository.mirror(), project.repository.head_commit)
    return project


class TestRefreshRollups:
    def test_time_alone_moves_the_figures_and_the_catalog(self):
        project = imported(commits=[(BO, 80), (ADA, 2)])
        assert (project.commits_90d, project.contributors_90d) == (2, 2)
        with time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False):
            assert refresh_rollups() == {project.pk}
        project.refresh_from_db()
        assert (project.commits_90d, project.contributors_90d) == (1, 1)
        assert CatalogEntry.objects.get(pk=project.pk).commits_90d == 1
        assert list(Contributor.objects.filter(commits_90d__gt=0).values_list("email", flat=True)) == [ADA[1]]

    def test_everything_fades_after_a_year(self):
        project = imported(commits=[(BO, 2)])
        with time_machine.travel(timezone.now() + dt.timedelta(days=500), tick=False):
            refresh_rollups()
            assert refresh_rollups() == set()
        project.refresh_from_db()
        assert (project.commits_90d, sum(project.weeks)) == (0, 0)

    def test_nothing_changes_within_a_day(self):
        imported(commits=[(BO, 2)])
        assert refresh_rollups() == set()

    def test_only_the_named_projects(self):
        one, two = imported("one", commits=[(BO, 85)]), imported("two", commits=[(BO, 85)])
        with time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False):
            assert refresh_rollups([one.pk]) == {one.pk}
        two.refresh_from_db()
        assert two.commits_90d == 1

    def test_queries_do_not_grow_with_projects(self, django_assert_max_num_queries):
        for number in range(6):
            imported(f"p{number}", commits=[(BO, 85)])
        later = time_machine.travel(timezone.now() + dt.timedelta(days=30), tick=False)
        with later, django_assert_max_num_queries(25):
            assert len(refresh_rollups()) == 6
