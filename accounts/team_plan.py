"""What a file of teams would change: worked out over all its rows first, so that their order is no matter.

Rows that cannot be are left out with a reason, and everything else is worked out again without them.
"""

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Max
from django.utils import timezone

from accounts.models import Membership, Team
from accounts.team_files import PART_ROWS, Contents, MemberRow, Problem, TeamRow
from accounts.team_members import Spell, plan_members
from accounts.team_verbs import TeamError, check_no_circle, moved
from accounts.teams import Node, Tree, tree

Kind = Literal["added", "changed", "moved", "ended", "linked"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be different. `line` 0: it follows from other rows. `team`: slug, for the audit record."""

    kind: Kind
    what: Literal["team", "member"]
    line: int
    subject: str
    team: str
    before: str
    after: str


@dataclass(slots=True)
class TeamWork:
    """A team while the file is worked through. `id` is negative for a new one."""

    id: int
    slug: str
    name: str
    description: str
    closed_on: dt.date | None
    row: TeamRow | None = None
    stored: Team | None = None

    @property
    def is_new(self) -> bool:
        return self.stored is None


@dataclass(slots=True)
class Plan:
    """Everything that would change, and what stands in the way. `untouched` counts rows that say what is so already."""

    changes: list[Change] = field(default_factory=list)
    untouched: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    teams: dict[str, TeamWork] = field(default_factory=dict)
    tree: Tree = field(default_factory=lambda: Tree({}))
    moved_ids: list[int] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)
    part: int = 1
    parts: int = 1
    lines: tuple[int, int] = (0, 0)

    def counts(self) -> dict[str, int]:
        """Number of changes by kind, for every kind."""
        kinds: tuple[Kind, ...] = ("added", "changed", "moved", "ended", "linked")
        return {kind: sum(change.kind == kind for change in self.changes) for kind in kinds}

    def digest(self) -> str:
        """Equal for equal changes: what somebody looked at before applying."""
        return hashlib.blake2b(repr(self.changes).encode(), digest_size=16).hexdigest()


def plan_import(contents: Contents, *, complete: bool = False) -> Plan:
    """What applying these rows would do now. Writes nothing; the number of queries does not grow with the file.

    complete: people whom the file does not name leave the teams that it names, today. Nobody does while rows are left
    out, or where the file has several parts: whom the others name is not known here.
    """
    plan = Plan(problems=list(contents.problems), notes=list(contents.notes))
    plan.part, plan.parts, plan.lines = contents.part, contents.parts, contents.lines
    rows = _plan_teams(contents.teams, plan)
    _note_teams(plan, rows)
    usable = [row for row in contents.members if _has_team(row, plan)]
    if complete and plan.parts > 1:
        plan.notes.append(
            f"Nobody leaves a team: the file has more than {PART_ROWS:,} memberships, and only a whole file says whom "
            "it leaves out. Give the teams in several complete files."
        )
    elif complete and plan.problems:
        plan.notes.append("Nobody leaves a team while the file has rows that cannot be used.")
    leave = set()
    if complete and not plan.problems and plan.parts == 1:
        leave = {row.team for row in rows} | {row.team for row in usable}
    members = plan_members(usable, plan.teams, leave, timezone.localdate())
    plan.problems += members.problems
    plan.notes += members.notes
    plan.untouched += members.untouched
    plan.spells = members.spells
    for spell in members.spells:
        kind, before, after = spell.change()
        plan.changes.append(Change(kind, "member", spell.line, spell.label, spell.team, before, after))
    plan.problems.sort()
    plan.changes.sort(key=lambda change: (change.what == "member", change.line, change.subject))
    return plan


def _plan_teams(rows: Iterable[TeamRow], plan: Plan) -> list[TeamRow]:
    """Fill `plan.teams`, `plan.tree` and `plan.moved_ids`; the rows that hold."""
    stored = {team.slug: team for team in Team.objects.all()}
    start = tree()
    good = _with_parents(_once(rows, plan), set(stored), plan)
    while True:
        works = _works(good, stored)
        after, changed = _moved_all(start, good, works)
        bad = _bad_lines(after, changed, good, works)
        if not bad:
            break
        plan.problems += [Problem(line, text) for line, text in bad.items()]
        good = _with_parents([row for row in good if row.line not in bad], set(stored), plan)
    plan.teams, plan.tree, plan.moved_ids = works, after, changed
    return good


def _once(rows: Iterable[TeamRow], plan: Plan) -> list[TeamRow]:
    seen: dict[str, int] = {}
    kept = []
    for row in rows:
        if row.team in seen:
            plan.problems.append(Problem(row.line, f"{row.team} is described on line {seen[row.team]} already."))
        else:
            seen[row.team] = row.line
            kept.append(row)
    return kept


def _with_parents(rows: list[TeamRow], stored: set[str], plan: Plan) -> list[TeamRow]:
    """Without those that hang below a team which is neither stored nor made by a row that holds."""
    while True:
        known = stored | {row.team for row in rows}
        orphans = [row for row in rows if row.parent and row.parent not in known]
        if not orphans:
            return rows
        plan.problems += [Problem(row.line, f"There is no team “{row.parent}”.") for row in orphans]
        lines = {row.line for row in orphans}
        rows = [row for row in rows if row.line not in lines]


def _works(rows: list[TeamRow], stored: dict[str, Team]) -> dict[str, TeamWork]:
    works = {
        slug: TeamWork(team.pk, slug, team.name, team.description, team.closed_on, stored=team)
        for slug, team in stored.items()
    }
    for number, row in enumerate(rows, 1):
        work = works.get(row.team)
        if work is None:
            works[row.team] = work = TeamWork(-number, row.team, row.team, "", None)
        work.row = row
        work.name = _other(row.name, work.name)
        work.description = _other(row.description, work.description)
        work.closed_on = row.closed_on or work.closed_on
    return works


def _other(text: str | None, stored: str) -> str:
    """What the file says, unless it differs in spaces and composition of letters alone, which reading evens out."""
    folded = " ".join(unicodedata.normalize("NFC", stored).split())
    return text if text and " ".join(text.split()) != folded else stored


def _moved_all(start: Tree, rows: list[TeamRow], works: dict[str, TeamWork]) -> tuple[Tree, list[int]]:
    """The tree after all rows, and the ids of the teams that hang elsewhere."""
    after = Tree(dict(start.nodes), dict(start.past))
    for work in works.values():
        parent = after.nodes[work.id].parent if work.id in after.nodes else None
        after.nodes[work.id] = Node(work.id, work.slug, work.name, parent, work.closed_on)
    changed = []
    for row in rows:
        work = works[row.team]
        held, past = after.nodes[work.id].parent, after.past.get(work.id, [])
        parent = works[row.parent].id if row.parent else None
        if row.parent is None or (parent == held and row.since is None):
            continue
        since = None if work.is_new else row.since or timezone.localdate()
        one = moved(Tree({work.id: after.nodes[work.id]}, {work.id: past}), work.id, parent, since)
        if parent != held or one.past[work.id] != past:
            after.nodes[work.id], after.past[work.id] = one.nodes[work.id], one.past[work.id]
            changed.append(work.id)
    return after, changed


def _bad_lines(after: Tree, changed: list[int], rows: list[TeamRow], works: dict[str, TeamWork]) -> dict[int, str]:
    """Rows that make a circle, or close what cannot be closed, and why."""
    bad: dict[int, str] = {}
    by_id = {work.id: work for work in works.values()}
    for team in changed:
        row = by_id[team].row
        try:
            check_no_circle(after, team)
        except TeamError as error:
            if row is not None:
                bad[row.line] = str(error)
    below = {node.parent: node.name for node in after.nodes.values() if node.closed_on is None}
    latest = _latest_starts()
    for row in rows:
        work = works[row.team]
        if row.since and row.since > timezone.localdate():
            bad[row.line] = "A team can only be moved from today on, or from a day in the past."
        if row.closed_on and (work.stored is None or work.stored.closed_on != row.closed_on):
            reason = _why_open(row.closed_on, below.get(work.id), latest.get(work.id))
            if reason:
                bad[row.line] = f"{work.name} cannot be closed on {row.closed_on}: {reason}"
        elif row.parent and works[row.parent].closed_on and work.id in changed:
            bad[row.line] = f"{works[row.parent].name} is closed."
    return bad


def _latest_starts() -> dict[int, dt.date | None]:
    """The last day somebody joined, by id of the team."""
    rows = Membership.objects.order_by().values("team").annotate(latest=Max("started_on"))
    return dict(rows.values_list("team", "latest"))


def _why_open(closed_on: dt.date, below: str | None, latest: dt.date | None) -> str:
    """What keeps a team from being closed on that day, or nothing."""
    if below:
        return f"{below} is below it."
    if closed_on > timezone.localdate():
        return "that day is still to come."
    return f"somebody joined on {latest}." if latest and latest >= closed_on else ""


def _note_teams(plan: Plan, rows: list[TeamRow]) -> None:
    """Say in words what the rows change of teams."""
    moves = set(plan.moved_ids)
    for row in rows:
        work = plan.teams[row.team]
        count = len(plan.changes)
        if work.stored is None:
            parent = f"below {row.parent}" if row.parent else "at the top"
            plan.changes.append(Change("added", "team", row.line, work.name, work.slug, "", parent))
            continue
        if work.name != work.stored.name:
            words = f"name {work.stored.name}", f"name {work.name}"
            plan.changes.append(Change("changed", "team", row.line, work.name, work.slug, *words))
        if work.description != work.stored.description:
            words = "the stored description", "the description in the file"
            plan.changes.append(Change("changed", "team", row.line, work.name, work.slug, *words))
        if work.id in moves:
            plan.changes.append(Change("moved", "team", row.line, work.name, work.slug, *_move_words(plan, work, row)))
        if work.closed_on != work.stored.closed_on:
            closed = f"closed on {work.closed_on}"
            was = f"closed on {work.stored.closed_on}" if work.stored.closed_on else "open"
            plan.changes.append(Change("ended", "team", row.line, work.name, work.slug, was, closed))
        plan.untouched += len(plan.changes) == count


def _move_words(plan: Plan, work: TeamWork, row: TeamRow) -> tuple[str, str]:
    names = {one.id: one.slug for one in plan.teams.values()}
    stored = work.stored.parent_id if work.stored else None
    before = f"below {names[stored]}" if stored else "at the top"
    after = f"below {row.parent}" if row.parent else "at the top"
    return before, f"{after} from {row.since or timezone.localdate()}"


def _has_team(row: MemberRow, plan: Plan) -> bool:
    if row.team in plan.teams:
        return True
    plan.problems.append(Problem(row.line, f"There is no team “{row.team}”."))
    return False
