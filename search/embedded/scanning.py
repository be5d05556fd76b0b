"""Going through the candidates of one shard in the order of their pieces, and finding out which ones match."""

import json
import sqlite3
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from search.embedded.planning import Plan
from search.embedded.rows import text_of
from search.embedded.shard import KINDS, PER_KIND
from search.embedded.symbols import which_define
from search.embedded.texts import unpack
from search.embedded.tree import FileRow, Tree
from search.engine import Symbol

END = KINDS * PER_KIND
FIRST_BATCH, LARGEST_BATCH = 8, 128
_FILES = """
SELECT f.id, f.repo_id, path.raw, f.blob_id, f.refset_id, f.lang_id, f.kind
FROM json_each(?) j CROSS JOIN file f ON f.blob_id = j.value JOIN path ON path.id = f.path_id
"""
_CONTENTS = """
SELECT b.id, b.oid, b.first, b.pieces, b.at, b.size FROM json_each(?) j CROSS JOIN blob b ON b.first = j.value
"""
_READABLE = "EXISTS (SELECT 1 FROM file f WHERE f.blob_id = b.id AND f.repo_id IN (SELECT value FROM json_each(?)))"
LOOK_EVERY = 16  # candidates between two looks at the clock


@dataclass(slots=True)
class Found:
    """One content that matches, with its files that satisfy the tree. `known` are its atoms; `last` its last piece;
    `text` the whole of it where it was at hand."""

    blob: int
    oid: bytes
    last: int
    files: list[FileRow]
    known: dict[int, bool]
    text: bytes | None = None


@dataclass(slots=True)
class Catalog:
    """Small tables of a shard, read when they are needed."""

    db: sqlite3.Connection
    symbols: frozenset[Symbol] = frozenset()
    refs: dict[int, tuple[str, ...]] = field(default_factory=dict)
    languages: dict[int, str] = field(default_factory=dict)

    def refs_of(self, refset: int) -> tuple[str, ...]:
        if refset not in self.refs:
            row = self.db.execute("SELECT refs FROM refset WHERE id = ?", (refset,)).fetchone()
            self.refs[refset] = tuple(json.loads(row[0])) if row else ()
        return self.refs[refset]

    def language(self, number: int) -> str:
        if not self.languages:
            self.languages = dict(self.db.execute("SELECT id, name FROM lang"))
        return self.languages.get(number, "")

    def files(self, blobs: Iterable[int], plan: Plan) -> dict[int, list[FileRow]]:
        """Files with these contents in the plan's repositories, which are the viewer's."""
        found: dict[int, list[FileRow]] = {}
        allowed = " AND f.repo_id IN (SELECT value FROM json_each(?))" if plan.restricted else ""
        sql = f"{_FILES} WHERE 1{allowed} ORDER BY f.id"
        rows = self.db.execute(sql, [json.dumps(list(blobs)), *plan.readable]).fetchall()
        known = {each: which_define(self.db, {row[3] for row in rows}, each) for each in self.symbols}
        for pk, repository, raw, blob, refset, language, kind in rows:
            defines = frozenset(each for each, holders in known.items() if blob in holders)
            file = FileRow(pk, repository, raw, blob, self.refs_of(refset), self.language(language), kind, defines)
            found.setdefault(blob, []).append(file)
        return found


@dataclass(frozen=True, slots=True)
class Content:
    """Where a content lies: in `pieces` pieces of its own from `first` on, or from byte `at` of a shared one."""

    blob: int
    oid: bytes
    first: int
    pieces: int
    at: int
    size: int

    @property
    def last(self) -> int:
        return self.first + self.pieces - 1


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate piece and what belongs to it. `text`: of a shared piece that was opened. `decided`: the only content
    it is part of matches."""

    piece: int
    first: int
    text: bytes | None
    decided: bool

    def part(self, content: Content) -> bytes | None:
        return None if self.text is None else self.text[content.at : content.at + content.size]


class Scan:
    """From `after` to `until`, both numbers of pieces. `position`: everything up to there has been told."""

    def __init__(self, tree: Tree, plan: Plan, deadline: float, after: int = 0, until: int = END) -> None:
        self.db, self.tree, self.plan, self.deadline = plan.db, tree, plan, deadline
        self.catalog = Catalog(plan.db, frozenset(tree.all_symbols))
        self.position, self.until = after, until
        self.finished = after >= until
        self.timed_out = False
        self._after = after
        self._batch = FIRST_BATCH
        self._rows: sqlite3.Cursor | None = None
        self._ready: deque[Found] = deque()
        self._seen = 0  # the first piece of the long content that is decided
        self._told = after  # position once all that is ready has been told

    def more(self, number: int) -> list[Found]:
        """The next ones, `number` of them unless candidates or time are over; all of the last piece."""
        found: list[Found] = []
        while True:
            while self._ready and (len(found) < number or self._ready[0].last == self.position):
                found.append(self._ready.popleft())
                self.position = found[-1].last
            if self._ready or len(found) >= number:
                return found
            self.position = max(self.position, self._told)
            if self.finished or self.timed_out:
                return found
            self._read()

    def _read(self) -> None:
        self.db.set_progress_handler(self._late, 5_000)
        try:
            if self._rows is None:
                self._rows = self.plan.run(self._after, self.until)
            rows = self._rows.fetchmany(self._batch)
            self._batch = min(self._batch * 2, LARGEST_BATCH)
            self._look(self._groups(rows))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            self.timed_out = True
            return
        finally:
            self.db.set_progress_handler(None, 0)
        if not rows and not self.timed_out:
            self.finished = True
            self._told = self.until

    def _late(self) -> int:
        return int(time.monotonic() > self.deadline)

    def _groups(self, rows: list[tuple[int, int, int, bytes]]) -> list[Group]:
        """Pieces that may hold an answer: whose text has all that must be there, as far as it is at hand."""
        groups = []
        for number, (piece, first, shared, packed) in enumerate(rows):
            if number % LOOK_EVERY == 0 and self._late():
                self.timed_out = True
                break
            self._told = piece
            if first == self._seen:
                continue
            text = unpack(packed) if self.tree.needed and (shared or self._piece_decides) else None
            if text is None or all(atom.finder.occurs(text) for atom in self.tree.needed):
                groups.append(Group(piece, first, text if shared else None, decided=text is not None and not shared))
                self._seen = 0 if shared else first
        return groups

    @property
    def _piece_decides(self) -> bool:
        """Whether a piece of a long content says all: its other pieces come in their turn."""
        return self.tree.single is not None and not self.plan.whole

    def _look(self, groups: list[Group]) -> None:
        """Into the contents of these pieces; files first, since they may decide."""
        contents = self._contents(groups)
        blobs = [content.blob for held in contents.values() for content in held]
        early = self.catalog.files(blobs, self.plan) if self.tree.asks_about_files and blobs else {}
        matched: list[tuple[Content, dict[int, bool], bytes | None]] = []
        end = self._told
        for number, group in enumerate(groups):
            if number % LOOK_EVERY == LOOK_EVERY - 1 and self._late():
                self.timed_out = True
                break
            for content in contents[group.first]:
                text = group.part(content)
                known = self._known(content, text, early.get(content.blob), decided=group.decided)
                if known is not None:
                    matched.append((content, known, text))
            self._told = group.piece
        else:
            self._told = end
        self._make_ready(matched, early)

    def _contents(self, groups: list[Group]) -> dict[int, list[Content]]:
        """Those that begin in these pieces, by the first piece; what only others may read is not even looked at."""
        found: dict[int, list[Content]] = {group.first: [] for group in groups}
        if found:
            which = f"WHERE {_READABLE}" if self.plan.restricted else ""
            values = [json.dumps(list(found)), *self.plan.readable]
            for row in self.db.execute(f"{_CONTENTS} {which} ORDER BY b.at", values):
                found[row[2]].append(Content(*row))
        return found

    def _known(
        self, content: Content, text: bytes | None, files: list[FileRow] | None, *, decided: bool
    ) -> dict[int, bool] | None:
        """The truth of atoms in a content one of whose files matches; None when none does."""
        if self.tree.single:
            text = self.text(content.blob) if text is None and not decided else text
            return {0: True} if decided or self.tree.single.finder.occurs(text or b"") else None
        known: dict[int, bool] = {}
        tests: list[FileRow] = files if files is not None else [] if self.tree.asks_about_files else [NO_FILE]
        open_files = [file for file in tests if self.tree.truth(file, known) is not False]
        if not open_files:
            return None
        for atom in self.tree.atoms:
            if atom.number not in known:
                text = self.text(content.blob) if text is None else text
                known[atom.number] = atom.finder.occurs(text)
                open_files = [file for file in open_files if self.tree.truth(file, known) is not False]
            if not open_files:
                return None
        return known

    def text(self, blob: int) -> bytes:
        return text_of(self.db, blob)

    def _make_ready(
        self, matched: list[tuple[Content, dict[int, bool], bytes | None]], early: dict[int, list[FileRow]]
    ) -> None:
        if not matched:
            return
        files = early or self.catalog.files([content.blob for content, _, _ in matched], self.plan)
        for content, known, text in matched:
            passing = self.passing(files.get(content.blob, ()), known)
            if passing:
                self._ready.append(Found(content.blob, content.oid, content.last, passing, known, text))

    def passing(self, files: Iterable[FileRow], known: dict[int, bool]) -> list[FileRow]:
        if self.tree.single:
            return list(files)
        return [file for file in files if self.tree.truth(file, known)]


NO_FILE = FileRow(0, 0, b"", 0, (), "", 0)
