"""The catalog for other programs: JSON in the shape of the SAP InnerSource portal's `repos.json`, and CSV.

Both are streamed in batches and hold only what the viewer may see, in the order of the catalog.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from projects.catalog.score import ScoreTerms, activity_score
from projects.models import Project

BATCH = 250
CSV_COLUMNS = (
    *("slug", "name", "tagline", "team", "visibility", "lifecycle", "language", "licence", "topics"),
    *("contributions_welcome", "readiness", "stars", "commits_90d", "contributors_90d", "commits_total"),
    *("contributors_total", "first_commit_at", "last_commit_at", "score", "page", "clone_url"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_chunks(ids: Sequence[int], user: User | AnonymousUser, now: datetime | None = None) -> Iterator[str]:
    """One JSON array, piece by piece: valid as a whole."""
    now = now or timezone.now()
    separator = "[\n"
    for project in _projects(ids, user):
        yield separator + json.dumps(as_repository(project, now), ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def csv_chunks(ids: Sequence[int], user: User | AnonymousUser, now: datetime | None = None) -> Iterator[str]:
    """A heading line and one line for each project; cells that a spreadsheet would run are quoted."""
    now = now or timezone.now()
    yield _line(CSV_COLUMNS)
    for project in _projects(ids, user):
        yield _line([_harmless(cell) for cell in _cells(project, now)])


def as_repository(project: Project, now: datetime) -> dict[str, Any]:
    """One element of `repos.json`, with `_InnerSourceMetadata` and our own fields under `_portal`."""
    updated = project.last_commit_at or project.created_at
    created = project.first_commit_at or project.created_at
    owner = project.owner.slug if project.owner else ""
    return {
        "id": project.pk,
        "name": project.name,
        "full_name": f"{owner}/{project.slug}" if owner else project.slug,
        "html_url": _page(project),
        "description": project.tagline,
        "created_at": _z(created),
        "updated_at": _z(updated),
        "pushed_at": _z(updated),
        "stargazers_count": project.star_count,
        "watchers_count": _followers(project),
        "language": project.language or None,
        "forks_count": 0,
        "open_issues_count": 0,
        "license": {"spdx_id": project.licence, "name": project.licence} if project.licence else None,
        "default_branch": project.repository.default_branch,
        "owner": {"login": owner, "avatar_url": _avatar(owner)},
        "_InnerSourceMetadata": _metadata(project, now),
        "_portal": _ours(project),
    }


def _projects(ids: Sequence[int], user: User | AnonymousUser) -> Iterator[Project]:
    """Readable projects in the order of `ids`; permission is asked again for each batch."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        found = (
            Project.objects.visible_to(user)
            .filter(pk__in=batch)
            .select_related("owner", "repository")
            .prefetch_related("languages", "topics", "licences", "people_files")
            .annotate(follower_count=Count("follows"))
            .in_bulk()
        )
        yield from (found[pk] for pk in batch if pk in found)


def _metadata(project: Project, now: datetime) -> dict[str, Any]:
    guidelines = _guidelines(project)
    return {
        "title": project.name,
        "motivation": project.motivation,
        "docs": project.documentation,
        "language": project.language,
        "topics": _topics(project),
        "participation": _participation(project),
        "guidelines": guidelines,
        "score": _score(project, now),
    }


def _ours(project: Project) -> dict[str, Any]:
    return {
        "slug": project.slug,
        "team": project.owner.name if project.owner else None,
        "visibility": project.visibility,
        "lifecycle": project.lifecycle or None,
        "contributions_welcome": project.welcomes,
        "readiness": project.readiness,
        "languages": {language.name: round(language.share, 4) for language in project.languages.all()},
        "licences": list(dict.fromkeys(licence.spdx for licence in project.licences.all())),
        "subdirectory": project.subdirectory or None,
        "clone_url": project.repository.clone_url,
        "homepage": project.homepage or None,
        "commits_total": project.commits_total,
        "commits_90d": project.commits_90d,
        "contributors_total": project.contributors_total,
        "contributors_90d": project.contributors_90d,
        "last_commit_at": _z(project.last_commit_at) if project.last_commit_at else None,
    }


def _cells(project: Project, now: datetime) -> list[object]:
    return [
        *(project.slug, project.name, project.tagline, project.owner.name if project.owner else ""),
        *(project.visibility, project.lifecycle, project.language, project.licence, ", ".join(_topics(project))),
        *("yes" if project.welcomes else "no", project.readiness, project.star_count),
        *(project.commits_90d, project.contributors_90d, project.commits_total, project.contributors_total),
        *(_z(at) if at else "" for at in (project.first_commit_at, project.last_commit_at)),
        *(_score(project, now), _page(project), project.repository.clone_url),
    ]


def _score(project: Project, now: datetime) -> int:
    terms = ScoreTerms(
        updated_at=project.last_commit_at or project.created_at,
        created_at=project.first_commit_at or project.created_at,
        subscribers=_followers(project),
        stars=project.star_count,
        participation=_participation(project),
        description=project.tagline,
        motivation=project.motivation,
        guidelines=_guidelines(project) is not None,
    )
    return activity_score(terms, now)


def _participation(project: Project) -> list[int]:
    weeks = [int(week) for week in project.weeks][-52:]
    return [0] * (52 - len(weeks)) + weeks


def _topics(project: Project) -> list[str]:
    return [topic.name for topic in project.topics.all()]


def _guidelines(project: Project) -> str | None:
    return next((file.path for file in project.people_files.all() if file.kind.lower() == "contributing"), None)


def _followers(project: Project) -> int:
    return int(getattr(project, "follower_count", 0))


def _page(project: Project) -> str:
    return f"{settings.BASE_URL}{project.get_absolute_url()}"


def _avatar(owner: str) -> str:
    """A picture that needs no server: the first letter of the team."""
    letter = owner[:1].upper() or "?"
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 40'><rect width='40' height='40' fill='#0f6b66'/>"
        f"<text x='20' y='27' font-size='20' text-anchor='middle' fill='#fff'>{letter}</text></svg>"
    )
    return "data:image/svg+xml," + quote(svg)


def _z(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
