"""Open opportunities in memory: each process keeps the few values that the list works with, until one changes."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, Max, Sum, TextField
from django.db.models.functions import Cast

from contributions.models import Opportunity
from projects.models import Project, ProjectQuerySet

Pair = tuple[str, str]
NEVER = 10**9
_COLUMNS = ("pk", "project_id", "effort", "kind", "good_first", "mentor_id", "raw_languages", "raw_skills", "deadline")


@dataclass(frozen=True, slots=True)
class Row:
    """`pairs` are (facet, value), and ("project", id); `deadline` is the day's number, `NEVER` where there is none."""

    pk: int
    project_id: int
    effort: str
    languages: tuple[str, ...]
    good_first: bool
    mentored: bool
    deadline: int
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Visible:
    """Rows that one viewer may see, the newest first, and the team that owns each project, None for none."""

    rows: list[Row]
    owners: Mapping[int, int | None]


class _Kept:
    """All open rows as of a fingerprint, whoever may see them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.fingerprint: tuple[Any, ...] = ()
        self.rows: list[Row] = []

    def current(self) -> list[Row]:
        now = _fingerprint()
        with self.lock:
            if now != self.fingerprint:
                self.rows, self.fingerprint = _read(), now
            return self.rows


_KEPT = _Kept()


def visible_rows(projects: ProjectQuerySet) -> Visible:
    """Rows of these projects, which the viewer may see. Two queries, and a third one after a change."""
    kept = _KEPT.current()
    going_on = projects.exclude(lifecycle=Project.Lifecycle.ARCHIVED).order_by()
    with_tasks = Opportunity.objects.filter(state=Opportunity.State.OPEN).values("project_id")
    owners = dict(going_on.filter(pk__in=with_tasks).values_list("pk", "owner_id"))
    return Visible([row for row in kept if row.project_id in owners], owners)


def _fingerprint() -> tuple[Any, ...]:
    """Another one whenever an opportunity opens, closes or is edited: each edit gives another stamp.

    Clocks of several hosts may differ, so the latest stamp alone would not do.
    """
    stamps = Opportunity.objects.filter(state=Opportunity.State.OPEN).aggregate(
        number=Count("pk"), latest=Max("stamp"), total=Sum(F("stamp") % 1_000_003)
    )
    return tuple(stamps.values())


def _read() -> list[Row]:
    raw = Opportunity.objects.filter(state=Opportunity.State.OPEN).annotate(
        raw_languages=Cast("languages", TextField()), raw_skills=Cast("skills", TextField())
    )
    rows = []
    for pk, project, effort, kind, first, mentor, languages, skills, deadline in (
        raw.order_by("-pk").values_list(*_COLUMNS).iterator(chunk_size=2000)
    ):
        pairs = [("effort", effort), ("kind", kind), ("project", str(project))]
        pairs += [("language", language) for language in _words(languages)]
        pairs += [("skill", skill) for skill in _words(skills)]
        pairs += [("first", "yes")] if first else []
        pairs += [("mentor", str(mentor))] if mentor else []
        shared = tuple(_PAIRS.setdefault(pair, pair) for pair in pairs)
        day = deadline.toordinal() if deadline else NEVER
        rows.append(Row(pk, project, effort, _words(languages), first, mentor is not None, day, shared))
    return rows


_PAIRS: dict[Pair, Pair] = {}


@lru_cache(maxsize=10_000)
def _words(raw: str) -> tuple[str, ...]:
    """A list as the database keeps it; the same few occur again and again."""
    return tuple(json.loads(raw)) if raw else ()
