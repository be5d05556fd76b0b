"""Reading teams: the tree at any day, and whose team somebody was in at any day, for figures in bulk.

Everything is keyed by team ids and days, so a new name changes no figure; the tree is dated, so a move changes none of
the past. Nothing here says who may read what: permission goes by `Membership.objects.current()` and accounts alone.
"""

import datetime as dt
import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from accounts.models import Membership, PastParent, Team, TeamsClock, User


@dataclass(frozen=True, slots=True)
class Node:
    """One team in the tree. `closed_on` is the first day without it."""

    id: int
    slug: str
    name: str
    parent: int | None
    closed_on: dt.date | None = None


@dataclass(slots=True)
class Tree:
    """All teams, closed ones too. `past`: where a team hung before, (first day elsewhere, parent) in order of days."""

    nodes: dict[int, Node]
    past: dict[int, list[tuple[dt.date, int | None]]] = field(default_factory=dict)

    def parent(self, team: int, on: dt.date | None = None) -> int | None:
        """The team above at that day; today if not given."""
        if on is not None:
            for ended_on, parent in self.past.get(team, ()):
                if on < ended_on:
                    return parent
        node = self.nodes.get(team)
        return node.parent if node else None

    def ancestors(self, team: int, on: dt.date | None = None) -> list[int]:
        """Ids above the team, the nearest first; ends where broken data would go round in a circle."""
        found: list[int] = []
        at = self.parent(team, on)
        while at is not None and at != team and at not in found:
            found.append(at)
            at = self.parent(at, on)
        return found

    def descendants(self, team: int, on: dt.date | None = None) -> set[int]:
        """Ids of all teams below, at any depth."""
        below: dict[int, list[int]] = defaultdict(list)
        for other in self.nodes:
            parent = self.parent(other, on)
            if parent is not None:
                below[parent].append(other)
        found: set[int] = set()
        queue = list(below[team])
        while queue:
            at = queue.pop()
            if at not in found and at != team:
                found.add(at)
                queue.extend(below[at])
        return found

    def is_above_or_below(self, a: int, b: int, on: dt.date | None = None) -> bool:
        """Whether one is above the other at that day. A team is neither above nor below itself."""
        return a in self.ancestors(b, on) or b in self.ancestors(a, on)

    def is_one_side(self, a: int, b: int, on: dt.date | None = None) -> bool:
        """Whether a contribution from `a` to `b` stays inside: the same team, or one above the other."""
        return a == b or self.is_above_or_below(a, b, on)

    def walk(self) -> Iterator[tuple[int, Node]]:
        """(depth, team) of today's tree, a parent right before its children, siblings by name."""
        below: dict[int | None, list[Node]] = defaultdict(list)
        for node in sorted(self.nodes.values(), key=lambda node: (node.name.casefold(), node.id), reverse=True):
            below[node.parent if node.parent in self.nodes else None].append(node)
        stack = [(0, node) for node in below[None]]
        while stack:
            depth, node = stack.pop()
            yield depth, node
            stack.extend((depth + 1, child) for child in below[node.id])

    def changes_of_parents(self) -> list[dt.date]:
        """The days at which the tree changed its shape."""
        return sorted({ended_on for spells in self.past.values() for ended_on, _ in spells})


def tree() -> Tree:
    """The tree as it is: two queries, so load it once for a page or a computation."""
    fields = ("id", "slug", "name", "parent_id", "closed_on")
    nodes = {row[0]: Node(*row) for row in Team.objects.order_by().values_list(*fields)}
    past: dict[int, list[tuple[dt.date, int | None]]] = defaultdict(list)
    for team, ended_on, parent in PastParent.objects.order_by("ended_on").values_list(
        "team_id", "ended_on", "parent_id"
    ):
        past[team].append((ended_on, parent))
    return Tree(nodes, dict(past))


def ancestors(team_id: int, on: dt.date | None = None) -> list[int]:
    return tree().ancestors(team_id, on)


def descendants(team_id: int, on: dt.date | None = None) -> set[int]:
    return tree().descendants(team_id, on)


def is_above_or_below(a: int, b: int, on: dt.date | None = None) -> bool:
    return tree().is_above_or_below(a, b, on)


def generation() -> int:
    """Grows with every change of teams and memberships made through `accounts.team_verbs` or an import."""
    return TeamsClock.objects.values_list("number", flat=True).filter(pk=1).first() or 0


@dataclass(frozen=True, slots=True)
class Spells:
    """One person's primary memberships, apart from each other and in order of days.

    Spell i holds from `starts[i]` to the day before `ends[i]`; None is open.
    """

    starts: tuple[dt.date, ...] = ()
    ends: tuple[dt.date | None, ...] = ()
    teams: tuple[int, ...] = ()

    def at(self, day: dt.date) -> int | None:
        """Id of the team on that day, or None."""
        at = bisect_right(self.starts, day) - 1
        if at < 0:
            return None
        end = self.ends[at]
        return self.teams[at] if end is None or day < end else None

    def __bool__(self) -> bool:
        return bool(self.teams)


NOBODY = Spells()
_Row = tuple[dt.date, dt.date | None, int]


class Timeline:
    """Whose team somebody was in at a day. Load it once; resolve a person once with `of`, then ask `at` for each day.

    Somebody is found by account, then by address, then by login; the first that is in any team decides. An account's
    address counts too when one account only has it. Memberships that are not primary do not appear.
    """

    def __init__(self, rows: Iterable[tuple[tuple[str, str | int], _Row]], addresses: dict[str, int]) -> None:
        collected: dict[tuple[str, str | int], list[_Row]] = defaultdict(list)
        for key, row in rows:
            collected[key].append(row)
        self._spells = {key: _spells(rows) for key, rows in collected.items()}
        self._accounts = addresses

    @classmethod
    def load(cls) -> "Timeline":
        """Two queries."""
        fields = ("user_id", "email", "login", "started_on", "ended_on", "team_id")
        rows: list[tuple[tuple[str, str | int], _Row]] = []
        for user, email, login, start, end, team in Membership.objects.filter(is_primary=True).values_list(*fields):
            row = (start or dt.date.min, end, team)
            keys: list[tuple[str, str | int]] = [("user", user)] if user else []
            keys += [(kind, text) for kind, text in (("email", email), ("login", login)) if text]
            rows.extend((key, row) for key in keys)
        addresses: dict[str, list[int]] = defaultdict(list)
        members = {key[1] for key, _ in rows if key[0] == "user"}
        for pk, email in User.objects.exclude(email="").order_by().values_list("pk", "email"):
            addresses[email.lower()].append(pk)
        single = {email: pks[0] for email, pks in addresses.items() if len(pks) == 1 and pks[0] in members}
        return cls(rows, single)

    def of(self, user: int | None = None, emails: Iterable[str] = (), logins: Iterable[str] = ()) -> Spells:
        """The spells of the person with this account (id), these addresses and these logins."""
        if user is not None and ("user", user) in self._spells:
            return self._spells["user", user]
        lowered = [email.lower() for email in emails]
        for kind, texts in (("email", lowered), ("login", [login.lower() for login in logins])):
            for text in texts:
                if (kind, text) in self._spells:
                    return self._spells[kind, text]
            if kind == "email":
                for text in lowered:
                    if text in self._accounts:
                        return self._spells["user", self._accounts[text]]
        return NOBODY

    def team_at(
        self, day: dt.date, user: int | None = None, emails: Iterable[str] = (), logins: Iterable[str] = ()
    ) -> int | None:
        """Id of the person's team on that day, or None. For many days of one person keep `of(...)`."""
        return self.of(user, emails, logins).at(day)

    def digest(self) -> str:
        """Equal as long as every answer is equal: a key for what was computed from it."""
        lines = sorted(f"{key} {spells}" for key, spells in self._spells.items())
        lines += sorted(f"{email} {pk}" for email, pk in self._accounts.items())
        return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def _spells(rows: list[_Row]) -> Spells:
    """In order and apart. Rows that overlap, which only rows written past the verbs do: the later start wins."""
    ordered = sorted(rows, key=lambda row: (row[0], row[2]))
    starts, ends, teams = [], [], []
    for at, (start, end, team) in enumerate(ordered):
        following = ordered[at + 1][0] if at + 1 < len(ordered) else None
        shown = end if following is None else following if end is None else min(end, following)
        if shown is None or shown > start:
            starts.append(start)
            ends.append(shown)
            teams.append(team)
    return Spells(tuple(starts), tuple(ends), tuple(teams))
