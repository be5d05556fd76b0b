"""Bringing one repository's part of a shard in line with a plan.

Content comes first, in transactions of a few megabytes, marked with the repository it is for; then one transaction
changes what the repository holds; then content that nobody holds goes. Killed in between, the next run finds the
content that is there. Readers see the state before or after, never between.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from gitstore.blobstream import stream_blobs
from projects.derive.language_rules import language_of
from search.embedded import texts
from search.embedded.listing import LIMITS, Listing, PlannedFile, list_files
from search.embedded.rows import (
    NewBlob,
    add_blobs,
    blob_ids,
    count_pieces,
    marks,
    number_of,
    parts,
    path_number,
    remove_blobs,
    remove_paths,
    text_of,
)
from search.embedded.shard import Shard
from search.embedded.symbols import read_all
from search.engine import IndexOutcome, IndexPlan, OnProgress
from search.kinds import Kinds

BATCH_BYTES = 4 * 1024**2
BATCH_BLOBS = 400
REMOVE_AT_ONCE = 200
TRIES = 5
MANY_SEGMENTS = 8
MERGED_AT_ONCE = 1_000


@dataclass(slots=True)
class _Work:
    plan: IndexPlan
    listing: Listing
    progress: OnProgress | None
    languages: dict[tuple[bytes, str], str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)  # of what is unreadable
    added: int = 0
    wanted: int = 0
    kinds: Kinds = field(default_factory=Kinds)


_Namer = Callable[[PlannedFile], str]


class Writer:
    """Writes to one shard; `file_bytes` bounds the size of indexed files."""

    def __init__(self, shard: Shard, file_bytes: int) -> None:
        self.shard = shard
        self.file_bytes = file_bytes

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        """As `search.engine.Engine.index`; the caller holds the repository's lock."""
        work = _Work(plan, list_files(plan, self.file_bytes), progress)
        for _ in range(TRIES):
            self._add_content(work)
            removed = self._change_files(work)
            if removed is not None:
                return self._finish(work, removed)
        raise sqlite3.OperationalError("content kept vanishing while it was being indexed")

    def forget(self, repository_id: int) -> None:
        with self.shard.writing() as db:
            rows = db.execute("SELECT DISTINCT blob_id FROM file WHERE repo_id = ?", (repository_id,)).fetchall()
            paths = db.execute("SELECT DISTINCT path_id FROM file WHERE repo_id = ?", (repository_id,)).fetchall()
            for table in ("file", "refset"):
                db.execute(f"DELETE FROM {table} WHERE repo_id = ?", (repository_id,))  # noqa: S608
            db.execute("DELETE FROM repo WHERE id = ?", (repository_id,))
            remove_paths(db, [row[0] for row in paths])
        self._remove_unheld(repository_id, [row[0] for row in rows])

    def tidy(self) -> None:
        """Merge what many writes have left in many segments, a little at a time, so that others write in between."""
        with self.shard.reading() as db:
            sizes = [row[0] for row in db.execute("SELECT count(*) FROM tri_idx GROUP BY segid")]
        if len(sizes) < MANY_SEGMENTS:
            return
        # Below zero: down to one segment. Where one is most of it already, only small ones are merged with each other.
        pages = -MERGED_AT_ONCE if 2 * max(sizes) < sum(sizes) else MERGED_AT_ONCE
        while True:
            with self.shard.writing() as db:
                before = db.total_changes
                db.execute("INSERT INTO tri(tri, rank) VALUES ('merge', ?)", (pages,))
                if db.total_changes - before < 2:
                    return
            pages = MERGED_AT_ONCE

    # Content

    def _add_content(self, work: _Work) -> None:
        names: dict[str, list[bytes]] = defaultdict(list)
        for file in work.listing.files:
            names[file.oid].append(file.path)
        # In the order of paths, in which neighbours are alike: they share pieces.
        missing = self._unknown([oid for oid in names if oid not in work.unreadable])
        work.wanted += len(missing)
        batch: list[NewBlob] = []
        size = 0
        for oid, content in stream_blobs(work.plan.git_dir, missing, LIMITS):
            text = self._text(work, oid, content)
            if text is None:
                work.sizes[oid] = len(content or b"")
                continue
            self._name_languages(work, oid, names[oid], content or b"")
            kind = min(work.kinds.of(path) for path in names[oid])
            language = work.languages[(names[oid][0], oid)]
            data = text.encode()
            batch.append(NewBlob(oid, kind, data, language))
            size += len(data)
            if size >= BATCH_BYTES or len(batch) >= BATCH_BLOBS:
                self._store(work, batch)
                batch, size = [], 0
        self._store(work, batch)

    def _unknown(self, wanted: list[str]) -> list[str]:
        if not self.shard.exists:
            return wanted
        with self.shard.reading() as db:
            known = blob_ids(db, set(wanted))
        return [oid for oid in wanted if oid not in known]

    def _text(self, work: _Work, oid: str, content: bytes | None) -> str | None:
        if content is None:
            work.unreadable[oid] = "missing"
        elif texts.is_lfs_pointer(content):
            work.unreadable[oid] = "lfs"
        else:
            text = texts.text_of(content)
            if text is not None:
                return text
            work.unreadable[oid] = texts.why_not(content)
        return None

    def _name_languages(self, work: _Work, oid: str, paths: list[bytes], head: bytes) -> None:
        for path in paths:
            name = path.rpartition(b"/")[2].decode("utf-8", "replace")
            work.languages[(path, oid)] = language_of(name, head)

    def _store(self, work: _Work, batch: list[NewBlob]) -> None:
        if not batch:
            return
        found = read_all([(blob.text, blob.language) for blob in batch])
        for blob, named in zip(batch, found, strict=True):
            blob.named = named
        with self.shard.writing() as db:
            add_blobs(db, batch, work.plan.repository_id)
        work.added += len(batch)
        if work.progress:
            work.progress(work.added, max(work.wanted, work.added))

    # Files

    def _change_files(self, work: _Work) -> list[int] | None:
        """The transaction that changes what is found; blobs that lost a file, or None where content has vanished."""
        plan = work.plan
        with self.shard.writing() as db:
            files = [file for file in work.listing.files if file.oid not in work.unreadable]
            blobs = blob_ids(db, {file.oid for file in files})
            if len(blobs) < len({file.oid for file in files}):
                return None
            changes = _Changes(db, work)
            removed = changes.apply(files, blobs, lambda file: self._language(db, work, file, blobs[file.oid]))
            refs = json.dumps([[ref.name, ref.commit] for ref in plan.refs])
            if plan.refs:
                number = count_pieces(db, plan.repository_id)
                (counted,) = db.execute("SELECT value + 1 FROM meta WHERE key = 'changes'").fetchone() or (1,)
                row = (plan.repository_id, refs, len(files), number, counted)
                db.execute("REPLACE INTO repo VALUES (?, ?, ?, ?, ?)", row)
            else:
                db.execute("DELETE FROM repo WHERE id = ?", (plan.repository_id,))
            db.execute(
                "UPDATE blob SET pending = NULL WHERE pending = ?"
                " AND EXISTS (SELECT 1 FROM file WHERE blob_id = blob.id)",
                (plan.repository_id,),
            )
            db.execute(
                "INSERT INTO meta VALUES ('changes', '1') ON CONFLICT DO UPDATE SET value = CAST(value + 1 AS TEXT)"
            )
            return removed

    def _language(self, db: sqlite3.Connection, work: _Work, file: PlannedFile, blob: int) -> str:
        known = work.languages.get((file.path, file.oid))
        if known is not None:
            return known
        name = file.path.rpartition(b"/")[2].decode("utf-8", "replace")
        return language_of(name, text_of(db, blob))

    def _finish(self, work: _Work, removed: list[int]) -> IndexOutcome:
        repository = work.plan.repository_id
        gone = self._remove_unheld(repository, removed)
        skips = work.listing.skips
        for file in work.listing.files:
            if reason := work.unreadable.get(file.oid):
                skips.add(file.path, reason, work.sizes.get(file.oid, 0), work.plan.refs[file.refs[0]].name)
        with self.shard.reading() as db:
            files, size = db.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM file JOIN blob ON blob.id = blob_id WHERE repo_id = ?",
                (repository,),
            ).fetchone()
        return IndexOutcome(files, size, work.added, gone, dict(skips.counts), tuple(skips.listed))

    def _remove_unheld(self, repository: int, candidates: list[int]) -> int:
        """Delete content that no file holds any more: of these blobs, and of those left by a killed run."""
        with self.shard.reading() as db:
            rows = db.execute("SELECT id FROM blob WHERE pending = ?", (repository,)).fetchall()
        gone = 0
        for part in parts(sorted({*candidates, *(row[0] for row in rows)}), REMOVE_AT_ONCE):
            with self.shard.writing() as db:
                unheld = db.execute(
                    f"SELECT id FROM blob WHERE id IN ({marks(part)}) AND (pending IS NULL OR pending = ?)"  # noqa: S608
                    " AND NOT EXISTS (SELECT 1 FROM file WHERE blob_id = blob.id)",
                    (*part, repository),
                ).fetchall()
                gone += remove_blobs(db, [row[0] for row in unheld])
        return gone


class _Changes:
    """From the files a repository has in the index to those it shall have."""

    def __init__(self, db: sqlite3.Connection, work: _Work) -> None:
        self.db, self.plan, self.kinds = db, work.plan, work.kinds
        self.refsets: dict[tuple[int, ...], int] = {}
        self.languages: dict[str, int] = {}

    def apply(
        self, files: list[PlannedFile], blobs: dict[str, int], language: Callable[[PlannedFile], str]
    ) -> list[int]:
        """Blobs that lost a file here."""
        repository = self.plan.repository_id
        old = {
            (raw, blob): (pk, path_id, refset)
            for pk, raw, blob, path_id, refset in self.db.execute(
                "SELECT file.id, raw, blob_id, path_id, refset_id FROM file JOIN path ON path.id = path_id"
                " WHERE repo_id = ?",
                (repository,),
            )
        }
        for file in files:
            blob, refset = blobs[file.oid], self._refset(file.refs)
            known = old.pop((file.path, blob), None)
            if known is None:
                self._add(file, blob, refset, language(file))
            elif known[2] != refset:
                self.db.execute("UPDATE file SET refset_id = ? WHERE id = ?", (refset, known[0]))
        self.db.executemany("DELETE FROM file WHERE id = ?", [(row[0],) for row in old.values()])
        remove_paths(self.db, [row[1] for row in old.values()])
        self.db.execute(
            "DELETE FROM refset WHERE repo_id = ?1 AND id NOT IN (SELECT refset_id FROM file WHERE repo_id = ?1)",
            (repository,),
        )
        return [blob for _, blob in old]

    def _add(self, file: PlannedFile, blob: int, refset: int, language: str) -> None:
        if language not in self.languages:
            self.languages[language] = number_of(self.db, "lang", "name", language)
        path, kind = path_number(self.db, file.path), self.kinds.of(file.path)
        self.db.execute(
            "INSERT INTO file(repo_id, path_id, blob_id, refset_id, lang_id, kind) VALUES (?, ?, ?, ?, ?, ?)",
            (self.plan.repository_id, path, blob, refset, self.languages[language], kind),
        )

    def _refset(self, refs: tuple[int, ...]) -> int:
        if refs not in self.refsets:
            text = json.dumps([self.plan.refs[number].name for number in refs])
            repository = self.plan.repository_id
            self.db.execute("INSERT OR IGNORE INTO refset(repo_id, refs) VALUES (?, ?)", (repository, text))
            row = self.db.execute("SELECT id FROM refset WHERE repo_id = ? AND refs = ?", (repository, text)).fetchone()
            self.refsets[refs] = row[0]
        return self.refsets[refs]
