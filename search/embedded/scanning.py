"""Going through the candidates of one shard in the order of their pieces, and finding out which ones match."""

import json
import sqlite3
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from search.embedded.planning import Plan
from search.embedded.shard import KINDS, PER_KIND
from search.embedded.symbols import which_define
from search.embedded.texts import unpack
from search.embedded.tree import FileRow, Tree
from search.engine import Symbol

END = KINDS * PER_KIND
FIRST_BATCH, LARGEST_BATCH = 32, 256
_FILES = """
SELECT f.id, f.repo_id, path.raw, f.blob_id, f.refset_id, f.lang_id, f.kind
FROM json_each(?) j CROSS JOIN file f ON f.blob_id = j.value JOIN path ON path.id = f.path_id
"""
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
        values = [json.dumps(list(blobs)), *([json.dumps(sorted(plan.repositories))] if plan.restricted else [])]
        rows = self.db.execute(sql, values).fetchall()
        known = {each: which_define(self.db, {row[3] for row in rows}, each) for each in self.symbols}
        for pk, repository, raw, blob, refset, language, kind in rows:
            defines = frozenset(each for each, holders in known.items() if blob in holders)
            file = FileRow(pk, repository, raw, blob, self.refs_of(refset), self.language(language), kind, defines)
            found.setdefault(blob, []).append(file)
        return found


class Scan:
    """From `after` to `until`, both numbers of pieces. `position`: everything up to there has been told."""

    def __init__(self, tree: Tree, plan: Plan, deadline: float, after: int = 0, until: int = END) -> None:
        self.db, self.tree, self.plan, self.deadline = plan.db, tree, plan, deadline
        db = plan.db
        self.catalog = Catalog(db, frozenset(tree.all_symbols))
        self.position, self.until = after, until
        self.finished = after >= until
        self.timed_out = False
        self._after = after
        self._batch = FIRST_BATCH
        self._rows: sqlite3.Cursor | None = None
        self._ready: deque[Found] = deque()
        self._texts: dict[int, bytes] = {}  # the piece that matched
        self._seen = 0  # the blob looked at last
        self._told = after  # position once all that is ready has been told

    def more(self, number: int) -> list[Found]:
        """The next ones, `number` of them unless candidates or time are over."""
        found: list[Found] = []
        while True:
            while self._ready and len(found) < number:
                found.append(self._ready.popleft())
                self.position = found[-1].last
            if self._ready or len(found) == number:
                return found
            self.position = max(self.position, self._told)
            if self.finished or self.timed_out:
                return found
            self._read()

    def _read(self) -> None:
        self.db.set_progress_handler(self._late, 5_000)
        try:
            if self._rows is None:
                packed = self.tree.single is not None
                self._rows = self.plan.run(self._after, self.until, packed=packed)
            rows = self._rows.fetchmany(self._batch)
            self._batch = min(self._batch * 2, LARGEST_BATCH)
            matched = self._single(rows) if self.tree.single else self._general(rows)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            self.timed_out = True
            return
        finally:
            self.db.set_progress_handler(None, 0)
        self._make_ready(matched)
        if not rows and not self.timed_out:
            self.finished = True
            self._told = self.until

    def _late(self) -> int:
        return int(time.monotonic() > self.deadline)

    def _single(self, rows: list[tuple[int, int, bytes]]) -> dict[int, dict[int, bool]]:
        """Only one atom matters: the candidate pieces are all there is to look at."""
        atom = self.tree.single
        assert atom is not None  # noqa: S101
        matched: dict[int, dict[int, bool]] = {}
        for number, (piece, blob, packed) in enumerate(rows):
            if number % LOOK_EVERY == 0 and self._late():
                self.timed_out = True
                break
            if blob != self._seen and atom.finder.occurs(text := unpack(packed)):
                matched[blob] = {atom.number: True}
                self._texts[blob] = text
                self._seen = blob
            self._told = piece
        return matched

    def _general(self, rows: list[tuple[int, int]]) -> dict[int, dict[int, bool]]:
        """Files first, since they may decide; then all pieces of a content, atom by atom."""
        blobs = list(dict.fromkeys(blob for _, blob in rows if blob != self._seen))
        files = self.catalog.files(blobs, self.plan) if self.tree.asks_about_files else {}
        matched: dict[int, dict[int, bool]] = {}
        for number, (piece, blob) in enumerate(rows):
            if number % LOOK_EVERY == 0 and self._late():
                self.timed_out = True
                break
            if blob != self._seen:
                known = self.known(blob, files.get(blob))
                if known is not None:
                    matched[blob] = known
                self._seen = blob
            self._told = piece
        return matched

    def known(self, blob: int, files: list[FileRow] | None) -> dict[int, bool] | None:
        """The truth of atoms in a content one of whose files matches; None when none does."""
        tests: list[FileRow] = files if files is not None else [] if self.tree.asks_about_files else [NO_FILE]
        known: dict[int, bool] = {}
        open_files = [file for file in tests if self.tree.truth(file, known) is not False]
        if not open_files:
            return None
        text: list[bytes] | None = None
        for atom in self.tree.atoms:
            text = text if text is not None else self.pieces(blob)
            known[atom.number] = any(atom.finder.occurs(piece) for piece in text)
            open_files = [file for file in open_files if self.tree.truth(file, known) is not False]
            if not open_files:
                return None
        return known

    def pieces(self, blob: int) -> list[bytes]:
        rows = self.db.execute("SELECT packed FROM piece WHERE blob_id = ? ORDER BY id", (blob,))
        return [unpack(row[0]) for row in rows]

    def _make_ready(self, matched: dict[int, dict[int, bool]]) -> None:
        if not matched:
            return
        files = self.catalog.files(matched, self.plan)
        facts = {
            row[0]: row[1:]
            for row in self.db.execute(
                "SELECT b.id, b.oid, b.first, b.pieces FROM json_each(?) j CROSS JOIN blob b ON b.id = j.value",
                (json.dumps(list(matched)),),
            )
        }
        for blob, known in matched.items():
            passing = self.passing(files.get(blob, ()), known)
            if passing:
                oid, first, pieces = facts[blob]
                text = self._texts.get(blob) if pieces == 1 else None
                self._ready.append(Found(blob, oid, first + pieces - 1, passing, known, text))
        self._texts.clear()

    def passing(self, files: Iterable[FileRow], known: dict[int, bool]) -> list[FileRow]:
        if self.tree.single:
            return list(files)
        return [file for file in files if self.tree.truth(file, known)]


NO_FILE = FileRow(0, 0, b"", 0, (), "", 0)
