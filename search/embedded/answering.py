"""From a request to an answer: scans over all shards, a window of hits put in order, copies folded, the rest counted.

A window is a stretch of every shard's candidates with a page and a half of hits. Its hits are put in order together, so
that the first page waits for nothing beyond it; a cursor names the window by where it begins and ends, so the next page
reads the same one again and goes on.
"""

import json
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from zlib import crc32

from common.secrets import Undecryptable, decrypt, encrypt
from search.embedded import symbols
from search.embedded.hits import Candidate, draw, rate
from search.embedded.planning import Plan, make_plan
from search.embedded.scanning import END, Found, Scan
from search.embedded.shard import KINDS, PER_KIND, Shard
from search.embedded.tree import Atom, FileRow, Tree
from search.engine import Answer, Definition, Facets, FileHit, Literal, Note, Request, Symbol

logger = logging.getLogger(__name__)

WINDOW_PAGES = 1.5
CURSOR_BLOCK = 128


@dataclass(slots=True)
class Cursor:
    """Where pages begin: for each shard the window's beginning and end (-1: not known yet), and hits told of it."""

    starts: list[int]
    ends: list[int]
    told: int = 0
    state: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, text: str | None, shards: int) -> "Cursor":
        """A cursor of another layout, or made up, leads to the first page."""
        try:
            starts, ends, told, state = json.loads(decrypt((text or "").encode()))
            numbers = [*starts, *ends, told, *state]
            if len(starts) == len(ends) == shards and all(isinstance(n, int) and n >= -1 for n in numbers):
                return cls(starts, ends, told, state)
        except (ValueError, TypeError, Undecryptable):
            pass
        return cls([0] * shards, [-1] * shards)

    def write(self) -> str:
        """Nobody may read in it how large the index is, so it is encrypted, and its length says little."""
        text = json.dumps([self.starts, self.ends, self.told, self.state], separators=(",", ":"))
        return encrypt(text.ljust(-(-len(text) // CURSOR_BLOCK) * CURSOR_BLOCK)).decode()


class Broken(Exception):
    """A shard failed in the middle of a search."""

    def __init__(self, number: int, error: sqlite3.DatabaseError) -> None:
        super().__init__(str(error))
        self.number, self.error = number, error


@dataclass(slots=True)
class Part:
    """One shard while it is searched. Every method raises Broken when the shard fails."""

    number: int
    db: sqlite3.Connection
    scan: Scan
    defaults: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise Broken(self.number, error) from error

    def more(self, number: int) -> list[Found]:
        with self._guarded():
            return self.scan.more(number)

    def text(self, blob: int) -> bytes:
        with self._guarded():
            return self.scan.text(blob)

    def definitions(self, blob: int, wanted: list[Symbol]) -> tuple[Definition, ...]:
        with self._guarded():
            return symbols.defined_in(self.db, blob, wanted) if wanted else ()

    def defined(self, blob: int, atoms: list[Atom]) -> list[Symbol]:
        """Those of these literals that are the name of something it defines."""
        leaves = [atom.leaf for atom in atoms if isinstance(atom.leaf, Literal) and len(atom.leaf.text) > 1]
        with self._guarded():
            wanted = (Symbol(leaf.text, case_sensitive=leaf.case_sensitive) for leaf in leaves)
            return [each for each in wanted if symbols.which_define(self.db, (blob,), each)]

    def refs(self, repository: int) -> tuple[str, dict[str, str]]:
        """The default branch and the commits of all indexed refs."""
        if repository not in self.defaults:
            with self._guarded():
                row = self.db.execute("SELECT refs FROM repo WHERE id = ?", (repository,)).fetchone()
            pairs = json.loads(row[0]) if row else []
            self.defaults[repository] = (pairs[0][0] if pairs else "", dict(pairs))
        return self.defaults[repository]

    def holding(self, wanted: Mapping[bytes, dict[int, bool]]) -> dict[bytes, list[FileRow]]:
        """Files of these contents that pass, where the truth of each content's atoms is given."""
        asked = list(wanted)
        blobs: dict[int, bytes] = {}
        with self._guarded():
            for start in range(0, len(asked), 500):
                some = asked[start : start + 500]
                marks = ",".join("?" * len(some))
                blobs |= dict(self.db.execute(f"SELECT id, oid FROM blob WHERE oid IN ({marks})", some))  # noqa: S608
            files = self.scan.catalog.files(blobs, self.scan.plan) if blobs else {}
        passing = {oid: self.scan.passing(files.get(blob, ()), wanted[oid]) for blob, oid in blobs.items()}
        return {oid: found for oid, found in passing.items() if found}

    def files(self) -> int:
        """Of the viewer's repositories."""
        with self._guarded():
            rows = self.db.execute("SELECT id, files FROM repo").fetchall()
        return sum(files for pk, files in rows if pk in self.scan.plan.repositories)

    def share(self) -> float:
        """The part of all pieces looked at, 0 to 1."""
        with self._guarded():
            known = dict(self.db.execute("SELECT key, value FROM meta WHERE key LIKE 'next%'"))
        ends = [int(known.get(f"next{kind}", kind * PER_KIND + 1)) for kind in range(KINDS)]
        sizes = [end - kind * PER_KIND - 1 for kind, end in enumerate(ends)]
        position = self.scan.position
        before = [min(max(position - kind * PER_KIND, 0), size) for kind, size in enumerate(sizes)]
        return sum(before) / sum(sizes) if sum(sizes) else 1.0


class Search:
    """One request. Raises BadPattern when it is made."""

    def __init__(self, shards: list[Shard], request: Request) -> None:
        self.shards, self.request = shards, request
        self.began = time.monotonic()
        self.deadline = self.began + request.deadline_seconds
        self.tree = Tree(request.matcher)
        self.broken: dict[int, Note] = {}

    def answer(self) -> Answer:
        """Without those shards that fail, and says so."""
        while True:
            try:
                return _Pass(self).answer()
            except Broken as error:
                self.failed(error.number, error.error)

    def failed(self, number: int, error: sqlite3.DatabaseError) -> None:
        shard = self.shards[number]
        shard.note_if_damage(error)
        part = f"Part {number + 1} of {len(self.shards)} of the index"
        if shard.damage:
            self.broken[number] = Note("rebuilding", f"{part} is damaged and is being made anew.")
        else:
            logger.warning("%s could not be read: %s", part, error)
            self.broken[number] = Note("failed", f"{part} could not be read.")


class _Pass:
    """One way through all shards that have not failed."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.request, self.tree = search.request, search.tree
        self.cursor = Cursor.read(self.request.after, len(search.shards))
        self.notes: list[Note] = []
        self.total = 0
        self.by_repository: Counter[int] = Counter()
        self.by_language: Counter[str] = Counter()

    def answer(self) -> Answer:
        with ExitStack() as stack:
            parts = self._open(stack)
            window = self._window(parts)
            candidates = self._candidates(parts, window)
            page = sorted(candidates, key=lambda each: each.order)[self.cursor.told :][: self.request.limit]
            hits = tuple(draw(self.request, each) for each in page)
            following = self._next(parts, len(candidates))
            if self.request.wants_total:
                self._count_rest(parts)
            return self._answer(parts, hits, following)

    # Opening

    def _open(self, stack: ExitStack) -> list[Part]:
        parts = []
        state = []
        for number, shard in enumerate(self.search.shards):
            if number in self.search.broken or not shard.exists:
                continue
            if shard.damage:
                raise Broken(number, sqlite3.DatabaseError(shard.damage))
            try:
                db = stack.enter_context(shard.reading())
                plan = make_plan(db, self.tree, self.request.repositories)
                state.append(_state(db, plan) if plan else 0)
            except sqlite3.DatabaseError as error:
                raise Broken(number, error) from error
            if plan is not None:
                parts.append(Part(number, db, self._scan(plan, number)))
        if self.cursor.state and self.cursor.state != state:
            words = "The index has changed since the page before; some files may repeat or be missing."
            self.notes.append(Note("changed", words))
        self.cursor.state = state
        return parts

    def _scan(self, plan: Plan, number: int) -> Scan:
        end = self.cursor.ends[number]
        until = end if end >= 0 else END
        return Scan(self.tree, plan, self.search.deadline, self.cursor.starts[number], until)

    # The window

    def _window(self, parts: list[Part]) -> list[tuple[Part, Found]]:
        """All hits of the window: of the one the cursor names, else enough for some pages."""
        fixed = any(end >= 0 for end in self.cursor.ends)
        need = 10**9 if fixed else max(int(self.request.limit * WINDOW_PAGES), 1)
        found: list[tuple[Part, Found]] = []
        active = parts
        while active and len(found) < need:
            share = -(-(need - len(found)) // len(active))
            for part in active:
                found += [(part, each) for each in self._take(part, share)]
            active = [part for part in active if not (part.scan.finished or part.scan.timed_out)]
        return found

    def _take(self, part: Part, number: int) -> list[Found]:
        found = part.more(number)
        for each in found:
            self._count(each)
        return found

    def _count(self, found: Found) -> None:
        self.total += len(found.files)
        for file in found.files:
            self.by_repository[file.repository_id] += 1
            self.by_language[file.language] += 1

    def _count_rest(self, parts: list[Part]) -> None:
        for part in parts:
            if part.scan.until < END and not part.scan.timed_out:
                part.scan = Scan(self.tree, part.scan.plan, self.search.deadline, part.scan.until)
            while not (part.scan.finished or part.scan.timed_out):
                self._take(part, 256)

    # Hits

    def _candidates(self, parts: list[Part], window: list[tuple[Part, Found]]) -> list[Candidate]:
        """One for each content, even when several shards hold it: the first of them tells it, with all its files."""
        wanted = {found.oid: found.known for _, found in window}
        holders = [(part, part.holding(wanted)) for part in parts] if len(parts) > 1 else []
        candidates = []
        for part, found in window:
            if any(other.number < part.number and found.oid in held for other, held in holders):
                continue
            files = [(part, file) for file in found.files]
            for other, held in holders:
                if other.number > part.number:
                    files += [(other, file) for file in held.get(found.oid, ())]
            candidates.append(rate(self.tree, self.request, part, found, files))
        return candidates

    def _next(self, parts: list[Part], size: int) -> str | None:
        """The rest of this window, else the next one; None at the end."""
        told = self.cursor.told + self.request.limit
        ends = [max(end, 0) for end in self.cursor.ends]
        for part in parts:
            ends[part.number] = part.scan.position
        if told < size:
            return Cursor(self.cursor.starts, ends, told, self.cursor.state).write()
        if not self.request.limit or all(part.scan.position >= END for part in parts):
            return None
        return Cursor(ends, [-1] * len(ends), 0, self.cursor.state).write()

    # The answer

    def _answer(self, parts: list[Part], hits: tuple[FileHit, ...], following: str | None) -> Answer:
        if any(part.scan.timed_out for part in parts):
            self.notes.insert(0, self._say_time(parts))
        self.notes += self.search.broken.values()
        whole = not any(self.cursor.starts) and all(part.scan.finished and part.scan.until == END for part in parts)
        return Answer(
            files=hits,
            total=self.total,
            total_is_exact=whole and not self.notes,
            facets=Facets(dict(self.by_repository), dict(self.by_language)),
            notes=(*self.notes, *self._symbol_notes(parts)),
            next=following,
            seconds=time.monotonic() - self.search.began,
        )

    def _symbol_notes(self, parts: list[Part]) -> list[Note]:
        if not self.tree.all_symbols:
            return []
        return symbols.notes(symbols.unread(part.db, part.scan.plan.repositories) for part in parts)

    def _say_time(self, parts: list[Part]) -> Note:
        """How far it came, in files of the viewer's repositories."""
        sizes = [(part.files(), part.share()) for part in parts]
        covered = sum(int(files * share) for files, share in sizes)
        words = (
            f"Stopped after {self.request.deadline_seconds:g} seconds, having looked through about {covered:,} of "
            f"{sum(files for files, _ in sizes):,} files."
        )
        return Note("time", words)


def _state(db: sqlite3.Connection, plan: Plan) -> int:
    """Another number when one of the viewer's repositories has changed; what becomes of others does not show."""
    rows = db.execute("SELECT id, changes FROM repo ORDER BY id")
    return crc32(repr([row for row in rows if row[0] in plan.repositories]).encode())
