"""Figures that move with the calendar: commits and people of the last 90 days, commits of each of the last 52 weeks."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from activity.models import ActivityDay, Contributor
from projects import catalog
from projects.models import Project

WINDOW_DAYS = 90
WEEKS = 52
CHUNK = 500


@dataclass(slots=True)
class Figures:
    """What the days of one project add up to; `people` maps contributor ids to their commits in the window."""

    commits_90d: int = 0
    humans: set[int] = field(default_factory=set)
    people: dict[int, int] = field(default_factory=dict)
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)


def refresh_rollups(project_ids: Iterable[int] | None = None) -> set[int]:
    """Recompute the figures of these projects (None: of all that can have changed); the ids of those that did change.

    Days and weeks are UTC; weeks begin on Monday and the last one is the current week.
    """
    today = timezone.now().astimezone(dt.UTC).date()
    ids = sorted(_stale_ids(today) if project_ids is None else set(project_ids))
    changed: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        with transaction.atomic():
            figures = _figures(chunk, today)
            _write_people(chunk, figures)
            moved = _write_projects(chunk, figures)
            if moved:
                catalog.refresh(sorted(moved))
        changed |= moved
    return changed


def first_monday(today: dt.date) -> dt.date:
    """The Monday on which the first of the 52 weeks begins."""
    return today - dt.timedelta(days=today.weekday(), weeks=WEEKS - 1)


def _stale_ids(today: dt.date) -> list[int]:
    """Projects with a figure that time can change: one that is not zero, or days within the windows."""
    horizon = dt.datetime.combine(first_monday(today), dt.time(), dt.UTC)
    recent = Q(last_commit_at__gte=horizon) | Q(commits_90d__gt=0) | Q(contributors_90d__gt=0)
    rows = Project.objects.live().values_list("pk", "weeks")
    moving = set(Project.objects.live().filter(recent).values_list("pk", flat=True))
    return [pk for pk, weeks in rows.iterator() if pk in moving or any(weeks)]


def _figures(ids: list[int], today: dt.date) -> dict[int, Figures]:
    begin, window = first_monday(today), today - dt.timedelta(days=WINDOW_DAYS - 1)
    figures = {pk: Figures() for pk in ids}
    rows = ActivityDay.objects.filter(project__in=ids, day__gte=min(begin, window), day__lte=today)
    columns = ("project_id", "contributor_id", "contributor__is_bot", "day", "commits")
    for project, contributor, bot, day, commits in rows.values_list(*columns).iterator():
        known = figures[project]
        if day >= begin:
            known.weeks[(day - begin).days // 7] += commits
        if day >= window:
            known.commits_90d += commits
            known.people[contributor] = known.people.get(contributor, 0) + commits
            if not bot:
                known.humans.add(contributor)
    return figures


def _write_people(ids: list[int], figures: dict[int, Figures]) -> None:
    wanted = {pk: commits for known in figures.values() for pk, commits in known.people.items()}
    active = Contributor.objects.filter(project__in=ids, commits_90d__gt=0).values_list("pk", "commits_90d")
    current = dict(active)
    changed = [
        Contributor(pk=pk, commits_90d=wanted.get(pk, 0))
        for pk in wanted.keys() | current.keys()
        if wanted.get(pk, 0) != current.get(pk, 0)
    ]
    Contributor.objects.bulk_update(changed, ["commits_90d"], batch_size=CHUNK)


def _write_projects(ids: list[int], figures: dict[int, Figures]) -> set[int]:
    changed = []
    for project in Project.objects.filter(pk__in=ids).only("commits_90d", "contributors_90d", "weeks"):
        known = figures[project.pk]
        values = (known.commits_90d, len(known.humans), known.weeks)
        if (project.commits_90d, project.contributors_90d, project.weeks) != values:
            project.commits_90d, project.contributors_90d, project.weeks = values
            changed.append(project)
    Project.objects.bulk_update(changed, ["commits_90d", "contributors_90d", "weeks"], batch_size=CHUNK)
    return {project.pk for project in changed}
