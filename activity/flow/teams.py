"""Teams, the tree and owners as they were on any day, loaded once for a computation of flow."""

import datetime as dt
import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.teams import Spells, Timeline, Tree, tree
from activity.models import Kind
from projects.models import PastOwner, Project

RULES = 1
NOBODY = 0


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def utc_today() -> dt.date:
    return timezone.now().astimezone(dt.UTC).date()


@dataclass(slots=True)
class Teams:
    """Teams and people as they are, for one computation: four queries. `digest` changes with any answer."""

    tree: Tree
    timeline: Timeline
    digest: str
    turns: list[dt.date]
    _sides: dict[tuple[int, int, int], bool] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Teams":
        shape, timeline = tree(), Timeline.load()
        parents = sorted((node.id, node.parent or 0) for node in shape.nodes.values())
        text = f"{RULES} {timeline.digest()} {parents} {sorted(shape.past.items())}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return cls(shape, timeline, digest, shape.changes_of_parents())

    def kind(self, team: int, owner: int, day: dt.date) -> Kind:
        """Inside, outside or unmapped, by the tree of that day."""
        if not team or not owner:
            return Kind.UNMAPPED
        known = (team, owner, bisect_right(self.turns, day))
        if known not in self._sides:
            self._sides[known] = self.tree.is_one_side(team, owner, day)
        return Kind.INSIDE if self._sides[known] else Kind.OUTSIDE


def owners(projects: Iterable[Project]) -> dict[int, Spells]:
    """Who owned each of these projects when, by id."""
    found: dict[int, list[tuple[dt.date, dt.date | None, int]]] = {}
    begun: dict[int, dt.date] = {}
    known = {project.pk: project.owner_id for project in projects}
    past = PastOwner.objects.filter(project__in=known).order_by("ended_on")
    for project, team, ended in past.values_list("project_id", "team_id", "ended_on"):
        found.setdefault(project, []).append((begun.get(project, dt.date.min), ended, team or NOBODY))
        begun[project] = ended
    for pk, owner in known.items():
        found.setdefault(pk, []).append((begun.get(pk, dt.date.min), None, owner or NOBODY))
    return {pk: Spells(*(tuple(column) for column in zip(*rows, strict=True))) for pk, rows in found.items()}
