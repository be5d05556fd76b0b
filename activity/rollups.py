"""Figures of projects: totals, and those that move with the calendar (last 90 days, each of the last 52 weeks)."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from activity.days import WINDOW_DAYS, rebuild_sums, window
from activity.flow.refresh import refresh_flow
from activity.models import Commit, Identity, Participation, PersonDay, Trailer
from activity.people import refresh_people
from projects import catalog
from projects.models import Project

__all__ = ["WEEKS", "WINDOW_DAYS", "first_monday", "reattribute", "refresh_counters", "refresh_rollups"]

WEEKS = 52
CHUNK = 500


@dataclass(slots=True)
class Figures:
    """What the days of one project add up to; `people` maps people, bots too, to their commits in the window."""

    commits_90d: int = 0
    humans: set[int] = field(default_factory=set)
    people: dict[int, int] = field(default_factory=dict)
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)


def refresh_counters(projects: Iterable[Project]) -> None:
    """Bring totals, first and last commit, and the figures of the last days of these projects in line with the sums."""
    for project in projects:
        with transaction.atomic():
            changed = _write_counters(Project.objects.select_for_update().get(pk=project.pk))
            if project.pk not in refresh_rollups([project.pk]) and changed:
                catalog.refresh([project.pk])


def reattribute(people: Collection[int]) -> None:
    """Bring everything in line after identities moved between people: sums, names, bot marks, figures of projects.

    Give everybody concerned: who lost an identity, and who got one. Git is not read.
    """
    identities = list(Identity.objects.filter(person__in=people).values_list("pk", flat=True))
    repositories = set(Commit.objects.filter(author__in=identities).values_list("repository_id", flat=True).distinct())
    shared = Trailer.objects.filter(identity__in=identities, key=Trailer.Key.CO_AUTHORED_BY)
    repositories.update(shared.values_list("commit__repository_id", flat=True).distinct())
    present = Participation.objects.filter(person__in=people).values("project_id")
    projects = list(Project.objects.filter(Q(repository__in=repositories) | Q(pk__in=present)))
    for project in projects:
        rebuild_sums(project, people)
    refresh_people(people)
    refresh_counters(projects)
    refresh_flow([project.pk for project in projects])


def refresh_rollups(project_ids: Iterable[int] | None = None) -> set[int]:
    """Recompute the figures of these projects (None: of all that can have changed); the ids of those that did change.

    Days and weeks are UTC; weeks begin on Monday and the last one is the current week. Bots and merges do not count.
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
    begin, (window_first, _) = first_monday(today), window(today)
    figures = {pk: Figures() for pk in ids}
    rows = PersonDay.objects.filter(project__in=ids).between(min(begin, window_first), today)
    columns = ("project_id", "person_id", "person__is_bot", "day", "commits", "coauthored")
    for project, person, bot, day, commits, coauthored in rows.values_list(*columns).iterator():
        known = figures[project]
        if day >= window_first:
            known.people[person] = known.people.get(person, 0) + commits
            if not bot and commits + coauthored:
                known.humans.add(person)
        if bot:
            continue
        if day >= begin:
            known.weeks[(day - begin).days // 7] += commits
        if day >= window_first:
            known.commits_90d += commits
    return figures


def _write_people(ids: list[int], figures: dict[int, Figures]) -> None:
    rows = Participation.objects.filter(project__in=ids)
    active = {
        (project, person): (pk, commits)
        for project, person, pk, commits in rows.filter(commits_90d__gt=0).values_list(
            "project_id", "person_id", "pk", "commits_90d"
        )
    }
    wanted = {(project, person): n for project, known in figures.items() for person, n in known.people.items() if n}
    changed = [
        Participation(pk=pk, commits_90d=wanted.get(key, 0))
        for key, (pk, commits) in active.items()
        if wanted.get(key, 0) != commits
    ]
    missing = wanted.keys() - active.keys()
    if missing:
        sleeping = rows.filter(commits_90d=0, person__in={person for _, person in missing})
        for row in sleeping.only("project_id", "person_id"):
            if (row.project_id, row.person_id) in missing:
                row.commits_90d = wanted[(row.project_id, row.person_id)]
                changed.append(row)
    Participation.objects.bulk_update(changed, ["commits_90d"], batch_size=CHUNK)


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


def _write_counters(project: Project) -> bool:
    """Totals from the sums; commits dated in the future (a wrong clock) say nothing about the last change."""
    people = Q(person__is_bot=False) & (Q(commits__gt=0) | Q(coauthored__gt=0))
    sums = Participation.objects.filter(project=project).aggregate(
        total=Sum("commits", default=0), people=Count("pk", filter=people)
    )
    now = int(timezone.now().timestamp())
    times = Commit.objects.for_project(project).aggregate(
        first=Min("authored_at"), last=Max("committed_at", filter=Q(committed_at__lte=now)), any=Max("committed_at")
    )
    facts: dict[str, Any] = {
        "commits_total": sums["total"],
        "contributors_total": sums["people"],
        "first_commit_at": _past(times["first"], now),
        "last_commit_at": _past(times["any"] if times["last"] is None else times["last"], now),
    }
    if all(getattr(project, name) == value for name, value in facts.items()):
        return False
    for name, value in facts.items():
        setattr(project, name, value)
    project.save(update_fields=list(facts))
    return True


def _past(seconds: int | None, now: int) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(min(seconds, now), dt.UTC)
