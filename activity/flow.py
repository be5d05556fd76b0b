"""Contributions by week, team and owner: kept in line with days, memberships, the tree, and owners of projects.

Whatever changes days (`activity.days`) empties the `inputs` of the project's `FlowState` in the same transaction; teams
and owners are compared by digest. So `refresh_flow` may be killed or left out at any time: the next one finds the rest.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.teams import Spells, Timeline, Tree, tree
from activity.bulk import lists
from activity.flow_people import people_spells
from activity.flow_standing import write_standings
from activity.models import FlowState, FlowWeek, Kind, PersonDay, TeamWeek
from projects.models import PastOwner, Project

RULES = 1
NOBODY = 0
Key = tuple[int, dt.date, int, int, int, int | None]  # person, week, team, owner, kind, precedence
Sums = dict[Key, tuple[int, int]]  # commits, co-authored
TeamKey = tuple[dt.date, int, int, int]


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


def refresh_flow(project_ids: Iterable[int] | None = None) -> set[int]:
    """Bring the weeks of these projects (None: of all) in line where something changed; ids of those with changes.

    Copies of a repository lose what another has first, so projects whose days changed are always among them.
    """
    teams = Teams.load()
    changed: set[int] = set()
    wanted = Q() if project_ids is None else Q(pk__in=list(project_ids)) | Q(flow_state__inputs="")
    rows = Project.objects.filter(wanted)
    today = utc_today()
    for part in lists(rows.order_by("pk").select_related("flow_state").defer("motivation", "weeks")):
        held = owners(part)
        for project in part:
            state = getattr(project, "flow_state", None)
            if state is None or state.inputs != _inputs(teams, held[project.pk], project, today):
                with transaction.atomic():
                    if _refresh(project.pk, teams, today):
                        changed.add(project.pk)
    return changed


def _inputs(teams: Teams, held: Spells, project: Project, today: dt.date) -> str:
    own = hashlib.blake2b(f"{held} {_is_counted(project)}".encode(), digest_size=12).hexdigest()
    return f"{teams.digest} {own} {monday(today)}"


def _is_counted(project: Project) -> bool:
    return project.removed_at is None and project.visibility == Project.Visibility.INTERNAL


def _refresh(project_id: int, teams: Teams, today: dt.date) -> bool:
    project = Project.objects.select_for_update().get(pk=project_id)
    held = owners([project])[project_id]
    state, _ = FlowState.objects.get_or_create(project=project)
    columns = ("person_id", "week", "team", "owner", "kind", "precedence_id", "pk", "commits", "coauthored")
    rows = FlowWeek.objects.filter(project=project).values_list(*columns)
    stored: dict[Key, tuple[int, int, int]] = {row[:6]: row[6:] for row in rows.iterator()}
    before: Sums = {key: (commits, shared) for key, (_, commits, shared) in stored.items()}
    after = _sums(project, teams, held, before)
    if before != after:
        _write_weeks(project_id, {key: row[0] for key, row in stored.items()}, before, after)
    counted = _is_counted(project)
    delta = _by_team(after if counted else {})
    delta.subtract(_by_team(before if state.counted else {}))
    _write_teams({key: number for key, number in delta.items() if number})
    write_standings(project_id, after, today)
    FlowState.objects.filter(pk=state.pk).update(inputs=_inputs(teams, held, project, today), counted=counted)
    return before != after


def _sums(project: Project, teams: Teams, held: Spells, before: Sums) -> Sums:
    """The weeks as days, teams and owners say. Of erased people the teams of weeks that are stored stay."""
    rows = PersonDay.objects.filter(Q(commits__gt=0) | Q(coauthored__gt=0), project=project)
    spells, erased = people_spells(rows.order_by().values("person_id").distinct(), teams.timeline)
    kept = {(key[0], key[1]): key[2] for key in before if key[0] in erased}
    found: Sums = {}
    columns = ("person_id", "person__is_bot", "day", "precedence_id", "commits", "coauthored")
    for person, bot, day, precedence, commits, shared in rows.values_list(*columns).iterator():
        week = monday(day)
        team = kept.get((person, week)) if person in erased else spells[person].at(day)
        owner = held.at(day) or NOBODY
        kind = Kind.BOT if bot else teams.kind(team or NOBODY, owner, day)
        key = (person, week, team or NOBODY, owner, int(kind), precedence)
        known = found.get(key, (0, 0))
        found[key] = (known[0] + commits, known[1] + shared)
    return found


def _write_weeks(project: int, ids: dict[Key, int], before: Sums, after: Sums) -> None:
    gone = [ids[key] for key in before if key not in after]
    for part in lists(gone):
        FlowWeek.objects.filter(pk__in=part).delete()
    moved = [
        FlowWeek(pk=ids[key], commits=commits, coauthored=shared)
        for key, (commits, shared) in after.items()
        if key in before and before[key] != (commits, shared)
    ]
    FlowWeek.objects.bulk_update(moved, ["commits", "coauthored"], batch_size=500)
    names = ("person_id", "week", "team", "owner", "kind", "precedence_id")
    fresh = (
        FlowWeek(project_id=project, commits=sums[0], coauthored=sums[1], **dict(zip(names, key, strict=True)))
        for key, sums in sorted(after.items(), key=str)
        if key not in before
    )
    FlowWeek.objects.bulk_create(fresh, batch_size=500)


def _by_team(sums: Sums) -> Counter[TeamKey]:
    found: Counter[TeamKey] = Counter()
    for (_, week, team, owner, kind, precedence), (commits, shared) in sums.items():
        if precedence is None:
            found[week, team, owner, kind] += commits + shared
    return found


def _write_teams(delta: dict[TeamKey, int]) -> None:
    """Add these numbers, in one order everywhere, so that two of these never wait for each other."""
    if not delta:
        return
    statement = """
        INSERT INTO activity_teamweek (week, team, owner, kind, contributions) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (week, team, owner, kind)
        DO UPDATE SET contributions = activity_teamweek.contributions + excluded.contributions
    """
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(*key, number) for key, number in sorted(delta.items())])
    for part in lists({key[0] for key in delta}):
        TeamWeek.objects.filter(contributions=0, week__in=part).delete()
