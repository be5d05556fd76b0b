"""One index file: its tables, its connections, its lock, and what happens when it is damaged."""

import json
import os
import queue
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gitstore.locks import file_lock
from search.embedded import symbols
from search.embedded.texts import Spoilt

FORMAT = 6
LOCK_SECONDS = 600.0
CONNECTIONS = 8
KINDS = 4  # of files, the likeliest to be wanted first; see `kinds`
# Numbers of pieces start at kind * PER_KIND, so that reading in their order meets good files first. The index of
# trigrams writes small numbers in fewer bytes.
PER_KIND = 1 << 25
SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE repo(id INTEGER PRIMARY KEY, refs TEXT NOT NULL, files INTEGER NOT NULL, pieces INTEGER NOT NULL,
    changes INTEGER NOT NULL);
CREATE TABLE refset(id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, refs TEXT NOT NULL, UNIQUE(repo_id, refs));
CREATE TABLE path(id INTEGER PRIMARY KEY, raw BLOB NOT NULL UNIQUE);
CREATE TABLE lang(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE blob(id INTEGER PRIMARY KEY, oid BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, first INTEGER NOT NULL,
    pieces INTEGER NOT NULL, at INTEGER NOT NULL, pending INTEGER, symbols INTEGER);
CREATE INDEX blob_first ON blob(first);
CREATE INDEX blob_pending ON blob(pending) WHERE pending IS NOT NULL;
CREATE TABLE piece(id INTEGER PRIMARY KEY, first INTEGER NOT NULL, shared INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE TABLE frequency(t TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE file(id INTEGER PRIMARY KEY, repo_id INTEGER NOT NULL, path_id INTEGER NOT NULL, blob_id INTEGER NOT NULL,
    refset_id INTEGER NOT NULL, lang_id INTEGER NOT NULL, kind INTEGER NOT NULL);
CREATE INDEX file_blob ON file(blob_id, repo_id);
CREATE INDEX file_repo ON file(repo_id, blob_id);
CREATE INDEX file_path ON file(path_id);
CREATE VIRTUAL TABLE tri USING fts5(t, content='', columnsize=0, tokenize='trigram', detail=none);
INSERT INTO tri(tri, rank) VALUES ('hashsize', 524288);
INSERT INTO tri(tri, rank) VALUES ('automerge', 16);
INSERT INTO tri(tri, rank) VALUES ('crisismerge', 32);
CREATE VIRTUAL TABLE pathtri USING fts5(t, content='', columnsize=0, tokenize='trigram', detail=none);
"""
PRAGMAS = """
PRAGMA synchronous=NORMAL;
PRAGMA mmap_size=8589934592;
PRAGMA cache_size=-32000;
PRAGMA temp_store=MEMORY;
"""


class Shard:
    """The index file `path`. Reading connections are kept; writing ones are made under the shard's lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged_mark = path.with_suffix(".damaged")
        self._idle: queue.LifoQueue[_Kept] = queue.LifoQueue(CONNECTIONS)
        self._pid = os.getpid()

    # Reading

    @property
    def exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the index. Damage met is noted and raised (sqlite3.DatabaseError)."""
        with self._noting():
            kept = self._take()
            try:
                kept.connection.execute("BEGIN")
                yield kept.connection
            finally:
                self._give(kept)

    def _take(self) -> "_Kept":
        if self._pid != os.getpid():  # connections must not be carried across a fork
            self._idle, self._pid = queue.LifoQueue(CONNECTIONS), os.getpid()
        with suppress(queue.Empty):
            while True:
                kept = self._idle.get_nowait()
                if kept.inode == _inode(self.path):
                    return kept
                kept.connection.close()
        inode = _inode(self.path)
        if not inode:
            raise FileNotFoundError(self.path)
        connection = _connect(self.path)
        connection.execute("PRAGMA query_only=1")
        return _Kept(connection, inode)

    def _give(self, kept: "_Kept") -> None:
        with suppress(sqlite3.Error):
            kept.connection.set_progress_handler(None, 0)
            kept.connection.rollback()
            with suppress(queue.Full):
                self._idle.put_nowait(kept)
                return
        kept.connection.close()

    def epoch(self) -> str:
        """A name for this making of the file: another one when it was made anew. Empty while there is none."""
        if not self.exists:
            return ""
        try:
            with self.reading() as connection:
                row = connection.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
                return str(row[0]) if row else ""
        except (sqlite3.Error, OSError):
            return ""

    # Writing

    @contextmanager
    def writing(self, timeout: float = LOCK_SECONDS) -> Iterator[sqlite3.Connection]:
        """A transaction of the only writer. A damaged file is set aside first, and an empty one made."""
        with self._locked(timeout), self._noting():
            self._set_aside()
            self._make()
            connection = _connect(self.path)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            finally:
                connection.close()

    @contextmanager
    def _locked(self, timeout: float) -> Iterator[None]:
        with file_lock(self.path.with_suffix(".lock"), timeout):
            yield

    def _make(self) -> None:
        """A file is made beside and moved in, so that nobody meets a half-made one."""
        if self.exists:
            return
        fresh = self.path.with_suffix(".new")
        _unlink(fresh)
        connection = sqlite3.connect(fresh, isolation_level=None)
        connection.execute("PRAGMA page_size=4096")
        connection.executescript(SCHEMA + symbols.SCHEMA)
        connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (uuid.uuid4().hex[:12],))
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        fresh.rename(self.path)

    # Damage

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            self.note_if_damage(error)
            raise

    def note_if_damage(self, error: sqlite3.DatabaseError) -> None:
        if is_damage(error):
            self.note_damage(str(error))

    def note_damage(self, words: str) -> None:
        """Leave a mark for the next writer, in whichever process damage is met."""
        with suppress(OSError):
            self.damaged_mark.write_text(json.dumps([_inode(self.path), words[:200]]))

    @property
    def damage(self) -> str:
        """What was found broken, empty for nothing. A mark that speaks of an earlier file counts no more."""
        try:
            inode, words = json.loads(self.damaged_mark.read_text())
        except (OSError, ValueError):
            return ""
        return str(words) if inode == _inode(self.path) else ""

    def _set_aside(self) -> None:
        if self.damage and self.exists:
            for old in self.path.parent.glob(f"{self.path.stem}.broken-*"):
                shutil.rmtree(old, ignore_errors=True)
            folder = self.path.with_suffix(f".broken-{int(time.time())}")
            folder.mkdir(exist_ok=True)
            for file in (self.path, *_beside(self.path)):
                with suppress(FileNotFoundError):
                    file.rename(folder / file.name)
        self.damaged_mark.unlink(missing_ok=True)

    def set_aside(self, timeout: float = LOCK_SECONDS) -> None:
        """Move a damaged file out of the way and begin an empty one."""
        with self._locked(timeout):
            self._set_aside()
            self._make()

    def remove(self, timeout: float = LOCK_SECONDS) -> None:
        """Delete the file and everything set aside from it."""
        with self._locked(timeout):
            _unlink(self.path)
            self.damaged_mark.unlink(missing_ok=True)
            for old in self.path.parent.glob(f"{self.path.stem}.broken-*"):
                shutil.rmtree(old, ignore_errors=True)

    def disk_bytes(self) -> int:
        total = 0
        for file in (self.path, *_beside(self.path)):
            with suppress(FileNotFoundError):
                total += file.stat().st_size
        return total


class _Kept:
    __slots__ = ("connection", "inode")

    def __init__(self, connection: sqlite3.Connection, inode: int) -> None:
        self.connection, self.inode = connection, inode


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, rather than busy, full, or the statement interrupted."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # A file is moved in with all its tables: one that lacks them has been spoilt.
    lost = isinstance(error, Spoilt) or "no such table" in str(error)
    return lost or code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(PRAGMAS)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _unlink(path: Path) -> None:
    for file in (*_beside(path), path):
        file.unlink(missing_ok=True)
