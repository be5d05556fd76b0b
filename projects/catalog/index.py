"""The catalog in memory: each process keeps columns and bit sets, and follows the clock with each question."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from projects.catalog.bits import bits_of, members, positions_in
from projects.catalog.counts import FEW, Counts
from projects.catalog.entries import EPOCH_BITS
from projects.catalog.facets import ACTIVITY_SPANS, readiness_bucket
from projects.catalog.words import fold, squeeze
from projects.models import CatalogClock, CatalogEntry

_COLUMNS = (
    *("project_id", "version", "removed", "restricted", "name", "team", "team_name", "languages", "topics", "licences"),
    *("lifecycle", "welcomes", "readiness", "stars", "commits_90d", "last_commit_at", "created_at"),
)
_NEVER = float("-inf")
_PAIRS: dict[tuple[str, str], tuple[str, str]] = {}
_FADED = {"deprecated": 0.5, "archived": 0.25}


@dataclass(slots=True)
class Row:
    """What the index keeps of one project."""

    project_id: int
    name_key: str
    squeezed: str
    last_commit: float
    created: float
    stars: int
    commits_90d: int
    rank_factor: float
    topics: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]  # name, colour
    values: tuple[tuple[str, str], ...]


class Index:
    """Positions are given for ever; a removed project only loses its bits. Use it while holding `lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.forget()

    def forget(self) -> None:
        """Start again from nothing, as after another database came in place of this one."""
        self.version = 0
        self.rows: list[Row | None] = []
        self.ids: list[int] = []
        self.position: dict[int, int] = {}
        self.bits: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.live = self.restricted = 0
        self.team_names: dict[str, str] = {}
        self.rank_factors: list[float] = []
        self.squeezed: list[str] = []
        self._counts = Counts()
        self.kept: dict[str, list[tuple[int, int]]] = {}
        self._orders: dict[str, list[int]] = {}
        self._places: dict[str, list[int]] = {}
        self._by_name: list[int] = []
        self._recent: list[float] = []
        self._spans: dict[str, tuple[int, int]] = {}

    def update(self) -> None:
        """Bring the index up to date: one query when nothing changed, two when something did."""
        now = CatalogClock.objects.values_list("value", flat=True).first() or 0
        if now == self.version:
            return
        if now < self.version or now >> EPOCH_BITS != self.version >> EPOCH_BITS:
            self.forget()
        changed = list(CatalogEntry.objects.filter(version__gt=self.version).values_list(*_COLUMNS))
        self._apply(changed)
        self.version = max([now, *(row[1] for row in changed)])

    def warm_up(self) -> None:
        """Read everything that the first page would wait for; raises DatabaseError."""
        with self.lock:
            self.update()
            self.order("active")

    def positions(self, project_ids: Iterable[int]) -> list[int]:
        return [at for at in map(self.position.get, project_ids) if at is not None]

    def in_order(self, bits: int, sort: str) -> Callable[[], Iterable[int]]:
        """What goes through the positions of a set in this order, whenever called: an order once made never changes."""
        if bits.bit_count() < FEW:
            positions = sorted(positions_in(bits), key=self._ranks(sort).__getitem__)
            return lambda: positions
        return partial(members, bits, self.order(sort), len(self.rows) + 1)

    def all_of(self, facet: str, now: datetime) -> dict[str, int]:
        """Each value of a facet with its set. Activity is cut at `now`, so it never goes stale."""
        return self._activity(now) if facet == "activity" else self.bits[facet]

    def counts(self, facet: str, bits: int, now: datetime) -> dict[str, int]:
        """How many of a set have each value of a facet, in the order of values; without those that none has."""
        if facet == "activity":
            return {value: count for value, one in self._activity(now).items() if (count := (one & bits).bit_count())}
        if bits.bit_count() >= FEW:
            return self._counts.by_sets(facet, bits, self.bits[facet])
        return self._counts.one_by_one(facet, bits, lambda: self._rows_of(bits))

    def _rows_of(self, bits: int) -> list[Row]:
        return [row for at in positions_in(bits) if (row := self.rows[at]) is not None]

    def order(self, sort: str) -> list[int]:
        """All positions in this order; ties by name, then by project."""
        if sort not in self._orders:
            self._orders[sort] = self._sorted(sort)
        return self._orders[sort]

    def _ranks(self, sort: str) -> list[int]:
        """The place of each position in this order."""
        if sort not in self._places:
            places = [len(self.rows)] * len(self.rows)
            for place, at in enumerate(self.order(sort)):
                places[at] = place
            self._places[sort] = places
        return self._places[sort]

    def _apply(self, changed: Iterable[tuple[Any, ...]]) -> None:
        touched: list[int] = []
        live: list[int] = []
        restricted: list[int] = []
        found: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        stale: set[tuple[str, str]] = set()
        for record in changed:
            fields = dict(zip(_COLUMNS, record, strict=True))
            at = self._position_of(fields["project_id"])
            if (before := self.rows[at]) is not None:
                stale.update(before.values)
            touched.append(at)
            row = self.rows[at] = None if fields["removed"] else _row(fields)
            if row is not None:
                self.rank_factors[at], self.squeezed[at] = row.rank_factor, row.squeezed
                self.team_names[fields["team"]] = fields["team_name"]
                (restricted if fields["restricted"] else live).append(at)
                for pair in row.values:
                    found[pair].append(at)
        keep = ~bits_of(touched)
        self.restricted = self.restricted & keep | bits_of(restricted)
        self.live = self.live & keep | bits_of(live) | bits_of(restricted)
        for pair in stale | found.keys():
            self._set(*pair, keep, bits_of(found.get(pair, [])))
        for facet in {facet for facet, _ in found}:
            self.bits[facet] = dict(sorted(self.bits[facet].items(), key=_alphabetical))
        self._orders.clear()
        self._places.clear()
        self._counts.forget()
        self.kept = {}  # a new one: who asked of the old catalog still adds to the old one
        self._spans.clear()
        self._recent = []

    def _position_of(self, project_id: int) -> int:
        """Where a project stands; the end for a new one."""
        at = self.position.setdefault(project_id, len(self.rows))
        if at == len(self.rows):
            self.rows.append(None)
            self.ids.append(project_id)
            self.rank_factors.append(1.0)
            self.squeezed.append("")
        return at

    def _set(self, facet: str, value: str, keep: int, added: int) -> None:
        if bits := self.bits[facet].get(value, 0) & keep | added:
            self.bits[facet][value] = bits
        else:
            self.bits[facet].pop(value, None)

    def _sorted(self, sort: str) -> list[int]:
        rows = self.rows
        if sort == "name":
            # Nearly in order already after a small change, which is what list.sort is quick at.
            known = [at for at in self._by_name if at < len(rows) and rows[at] is not None]
            missing = set(range(len(rows))).difference(known)
            known += sorted(at for at in missing if rows[at] is not None)
            known.sort(key=[(row.name_key, row.project_id) if row else ("", 0) for row in rows].__getitem__)
            self._by_name = known
            return known
        column: list[float] = [_key(row, sort) if row else 0.0 for row in rows]
        return sorted(self.order("name"), key=column.__getitem__)

    def _activity(self, now: datetime) -> dict[str, int]:
        result = {name: self._since(name, (now - span).timestamp()) for name, span in ACTIVITY_SPANS.items()}
        ever = self._since("ever", _NEVER)
        return {**result, "older": ever & ~result["year"], "none": self.live & ~ever}

    def _since(self, name: str, instant: float) -> int:
        """Projects with a commit since then; the set is built again only when time moved one across."""
        recent = self.order("active")
        if not self._recent:
            self._recent = [-row.last_commit for at in recent if (row := self.rows[at]) is not None]
        count = bisect_left(self._recent, -instant)
        if self._spans.get(name, (-1, 0))[0] != count:
            self._spans[name] = (count, bits_of(recent[:count]))
        return self._spans[name][1]


def _alphabetical(item: tuple[str, int]) -> tuple[str, str]:
    return item[0].casefold(), item[0]


def _key(row: Row, sort: str) -> float:
    if sort == "stars":
        return -row.stars
    if sort == "commits":
        return -row.commits_90d
    return -(row.created if sort == "newest" else row.last_commit)


def _instant(value: datetime | None) -> float:
    return value.timestamp() if value else _NEVER


def _row(fields: dict[str, Any]) -> Row:
    values = [("team", fields["team"]), ("lifecycle", fields["lifecycle"])]
    values += [("language", name) for name, _ in fields["languages"]]
    values += [("topic", topic) for topic in fields["topics"]]
    values += [("licence", licence) for licence in fields["licences"]]
    values += [("readiness", readiness_bucket(fields["readiness"]))]
    values += [("welcomes", "yes" if fields["welcomes"] else "")]
    return Row(
        project_id=fields["project_id"],
        name_key=fold(fields["name"]),
        squeezed=squeeze(fields["name"]),
        last_commit=_instant(fields["last_commit_at"]),
        created=_instant(fields["created_at"]),
        stars=fields["stars"],
        commits_90d=fields["commits_90d"],
        rank_factor=_FADED.get(fields["lifecycle"], 1.0),
        # Tuples of strings cost the garbage collector nothing, and pairs are shared among all rows.
        topics=tuple(fields["topics"]),
        languages=tuple((name, colour) for name, colour in fields["languages"]),
        values=tuple(_PAIRS.setdefault(pair, pair) for pair in dict.fromkeys(values) if pair[1]),
    )


INDEX = Index()
