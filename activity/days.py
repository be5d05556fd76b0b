"""Sums by person and day, by person, and by person and folder: rebuilt from the commits wherever something changed."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from activity.bulk import insert_missing
from activity.models import Commit, FlowState, FolderCommit, Identity, Participation, PersonArea, PersonDay
from activity.models.sums import EPOCH
from gitstore.lines import BETWEEN
from projects.models import Project

DAY_SECONDS = 86_400
WINDOW_DAYS = 90
MANY = 400  # more people than this: everybody is faster

_COMMITS = """
    SELECT i.person_id AS person, c.authored_at / 86400 AS number, {row}.precedence_id AS precedence,
        CASE WHEN c.parents > 1 THEN 0 ELSE 1 END AS commits, 0 AS coauthored,
        CASE WHEN c.parents > 1 THEN 1 ELSE 0 END AS merges,
        COALESCE({row}.added, 0) AS added, COALESCE({row}.removed, 0) AS removed
    FROM activity_commit c {join} JOIN activity_identity i ON i.id = c.author_id
    WHERE c.repository_id = {repository} {narrow}
"""
_SHARED = """
    SELECT person, number, precedence, 0, 1, 0, 0, 0 FROM (
        SELECT DISTINCT c.id, i.person_id AS person, c.authored_at / 86400 AS number, {row}.precedence_id AS precedence
        FROM activity_trailer t JOIN activity_commit c ON c.id = t.commit_id {join}
        JOIN activity_identity w ON w.id = c.author_id JOIN activity_identity i ON i.id = t.identity_id
        WHERE c.repository_id = {repository} AND c.coauthors > 0 AND c.parents < 2 AND t.key = 1
            AND w.person_id <> i.person_id {narrow}
    ) AS named
"""
_DAYS = """
    INSERT INTO activity_personday
        (project_id, person_id, day, precedence_id, commits, coauthored, merges, added, removed)
    SELECT {project}, person, {day}, precedence, SUM(commits), SUM(coauthored), SUM(merges), SUM(added), SUM(removed)
    FROM ({commits} UNION ALL {shared}) AS parts GROUP BY person, number, precedence
"""
_PARTICIPATIONS = """
    INSERT INTO activity_participation
        (project_id, person_id, commits, coauthored, merges, added, removed, commits_90d, first_day, last_day)
    SELECT project_id, person_id, SUM(commits), SUM(coauthored), SUM(merges), SUM(added), SUM(removed),
        SUM(CASE WHEN day BETWEEN %s AND %s THEN commits ELSE 0 END),
        MIN(CASE WHEN commits + coauthored > 0 THEN day END), MAX(CASE WHEN commits + coauthored > 0 THEN day END)
    FROM activity_personday WHERE project_id = {project} {narrow} GROUP BY project_id, person_id
"""


def window(today: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the last 90 days."""
    return today - dt.timedelta(days=WINDOW_DAYS - 1), today


def rebuild_sums(
    project: Project, people: Collection[int] | None = None, span: tuple[int, int] | None = None, *, lines: bool = False
) -> None:
    """Make the project's sums of these people (None: of all) what the commits say; in one transaction.

    `span`: nothing outside these author times (seconds since 1970) has changed. `lines`: nothing but lines and folders
    has, so weeks of flow stay as they are.
    """
    if people is not None and len(people) > MANY:
        people = None
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        _rebuild_days(project, people, span)
        if not lines:
            FlowState.objects.filter(project=project).update(inputs="")
        _rebuild_participations(project, people)
        _rebuild_areas(project, people)


def people_of(identities: Collection[int] | None) -> set[int] | None:
    """The people behind identities; None (everybody) for None or very many."""
    if identities is None or len(identities) > MANY:
        return None
    return set(Identity.objects.filter(pk__in=identities).values_list("person_id", flat=True))


def _in(column: str, people: Collection[int] | None) -> str:
    return "" if people is None else f" AND {column} IN ({', '.join(str(int(pk)) for pk in people) or 'NULL'})"


def _rebuild_days(project: Project, people: Collection[int] | None, span: tuple[int, int] | None) -> None:
    rows = PersonDay.objects.filter(project=project)
    narrow = _in("i.person_id", people)
    if people is not None:
        rows = rows.filter(person__in=people)
    if span is not None:
        first, last = span[0] // DAY_SECONDS, span[1] // DAY_SECONDS
        rows = rows.filter(day__range=(EPOCH + dt.timedelta(days=first), EPOCH + dt.timedelta(days=last)))
        narrow += f" AND c.authored_at >= {first * DAY_SECONDS} AND c.authored_at < {(last + 1) * DAY_SECONDS}"
    rows._raw_delete(rows.db)
    folder = f"JOIN activity_foldercommit f ON f.commit_id = c.id AND f.project_id = {project.pk}"
    parts: dict[str, Any] = {
        "repository": project.repository_id,
        "row": "f" if project.subdirectory else "c",
        "join": folder if project.subdirectory else "",
        "narrow": narrow,
    }
    postgres = connection.vendor == "postgresql"
    statement = _DAYS.format(
        project=project.pk,
        day="DATE '1970-01-01' + CAST(number AS integer)" if postgres else "date(number * 86400, 'unixepoch')",
        commits=_COMMITS.format(**parts),
        shared=_SHARED.format(**parts),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _rebuild_participations(project: Project, people: Collection[int] | None) -> None:
    rows = Participation.objects.filter(project=project)
    if people is not None:
        rows = rows.filter(person__in=people)
    rows._raw_delete(rows.db)
    first, last = window(timezone.now().astimezone(dt.UTC).date())
    with connection.cursor() as cursor:
        cursor.execute(
            _PARTICIPATIONS.format(project=project.pk, narrow=_in("person_id", people)),
            [first.isoformat(), last.isoformat()],
        )


def _rebuild_areas(project: Project, people: Collection[int] | None) -> None:
    rows = PersonArea.objects.filter(project=project)
    if people is not None:
        rows = rows.filter(person__in=people)
    rows._raw_delete(rows.db)
    sums: dict[tuple[int, str], list[int]] = {}
    for person, areas, authored_at in _area_rows(project, people):
        for path in areas.split(BETWEEN):
            known = sums.setdefault((person, path), [0, 0])
            known[0] += 1
            known[1] = max(known[1], authored_at)
    insert_missing(
        PersonArea,
        ("project_id", "person_id", "path", "commits", "last_day"),
        [
            (project.pk, person, path, commits, (EPOCH + dt.timedelta(seconds=last)).isoformat())
            for (person, path), (commits, last) in sums.items()
        ],
    )


def _area_rows(project: Project, people: Collection[int] | None) -> Iterable[tuple[int, str, int]]:
    if project.subdirectory:
        folder = FolderCommit.objects.filter(project=project).exclude(areas="")
        if people is not None:
            folder = folder.filter(commit__author__person__in=people)
        return folder.values_list("commit__author__person", "areas", "commit__authored_at").iterator()
    commits = Commit.objects.filter(repository=project.repository_id).exclude(areas="")
    if people is not None:
        commits = commits.filter(author__person__in=people)
    return commits.values_list("author__person", "areas", "authored_at").iterator()
