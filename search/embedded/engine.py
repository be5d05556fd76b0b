"""The embedded engine: shards in a folder, each repository in one of them."""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gitstore.locks import file_lock
from search.embedded import texts
from search.embedded.answering import Search
from search.embedded.shard import FORMAT, Shard
from search.embedded.writing import Writer
from search.engine import Answer, EngineStatus, IndexedRef, IndexOutcome, IndexPlan, OnProgress, Request

LOCK_SECONDS = 900.0


class EmbeddedEngine:
    """Index files of trigrams in a folder, `shards` of them; files larger than `file_bytes` are left out."""

    def __init__(self, folder: Path, shards: int, *, file_bytes: int) -> None:
        self.file_bytes = file_bytes
        self.label = f"embedded-{FORMAT}-{shards}-{file_bytes}-{texts.unicode_version()}"
        self.folder = folder / self.label
        self.shards = [Shard(self.folder / f"shard-{number}.sqlite3") for number in range(shards)]

    def search(self, request: Request) -> Answer:
        return Search(self.shards, request).answer()

    # Indexing

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        with self._owning(plan.repository_id) as shard:
            writer = Writer(shard, self.file_bytes)
            try:
                return writer.index(plan, progress)
            except sqlite3.DatabaseError:
                if not shard.damage:
                    raise
                shard.set_aside()
                return writer.index(plan, progress)

    def forget(self, repository_id: int) -> None:
        with self._owning(repository_id) as shard:
            if shard.exists:
                Writer(shard, self.file_bytes).forget(repository_id)

    @contextmanager
    def _owning(self, repository_id: int) -> Iterator[Shard]:
        """One at a time works on a repository. Raises Busy when somebody else does for very long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / "locks" / f"{repository_id}.lock"
        lock.parent.mkdir(exist_ok=True)
        shard = self._shard(repository_id)
        with file_lock(lock, LOCK_SECONDS):
            if shard.damage:
                shard.set_aside()
            yield shard

    def _shard(self, repository_id: int) -> Shard:
        return self.shards[repository_id % len(self.shards)]

    # What there is

    def label_of(self, repository_id: int) -> str:
        shard = self._shard(repository_id)
        return "" if shard.damage else f"{self.label}-{shard.epoch()}"

    def indexed(self, repository_id: int) -> tuple[IndexedRef, ...]:
        shard = self._shard(repository_id)
        try:
            with shard.reading() as db:
                row = db.execute("SELECT refs FROM repo WHERE id = ?", (repository_id,)).fetchone()
        except (sqlite3.Error, FileNotFoundError):
            return ()
        return tuple(IndexedRef(name, commit) for name, commit in json.loads(row[0])) if row else ()

    def repositories(self) -> frozenset[int]:
        found: set[int] = set()
        for shard in self.shards:
            with suppress(sqlite3.Error, FileNotFoundError), shard.reading() as db:
                found.update(row[0] for row in db.execute("SELECT id FROM repo"))
        return frozenset(found)

    def status(self) -> EngineStatus:
        repositories = files = blobs = size = 0
        for shard in self.shards:
            try:
                with shard.reading() as db:
                    row = db.execute("SELECT count(*), coalesce(sum(files), 0) FROM repo").fetchone()
                    content = db.execute("SELECT count(*), coalesce(sum(size), 0) FROM blob").fetchone()
            except (sqlite3.Error, FileNotFoundError):
                continue
            repositories, files = repositories + row[0], files + row[1]
            blobs, size = blobs + content[0], size + content[1]
        disk = sum(shard.disk_bytes() for shard in self.shards)
        damaged = tuple(f"{shard.path.name}: {shard.damage}" for shard in self.shards if shard.damage)
        return EngineStatus(self.label, repositories, files, blobs, size, disk, damaged)

    def check(self, *, thorough: bool = False) -> tuple[str, ...]:
        found = []
        for shard in self.shards:
            if not shard.exists:
                continue
            words = shard.damage or _look(shard, thorough=thorough)
            if words:
                found.append(f"{shard.path.name}: {words}")
                shard.note_damage(words)
                shard.set_aside()
        self._remove_others()
        return tuple(found)

    def tidy(self) -> None:
        for shard in self.shards:
            with suppress(sqlite3.Error, FileNotFoundError):
                Writer(shard, self.file_bytes).tidy()

    def rebuild(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for shard in self.shards:
            shard.remove()

    def _remove_others(self) -> None:
        """Delete what another format or number of shards has left, once it is a day old."""
        for other in self.folder.parent.glob("embedded-*"):
            newest = max((file.stat().st_mtime for file in other.iterdir()), default=0.0)
            if other != self.folder and newest < time.time() - 86_400:
                shutil.rmtree(other, ignore_errors=True)


def _look(shard: Shard, *, thorough: bool) -> str:
    """What is wrong with a shard, empty for nothing."""
    try:
        with shard.reading() as db:
            if thorough:
                (told,) = db.execute("PRAGMA integrity_check(1)").fetchone()
                if told != "ok":
                    return str(told)
                for (packed,) in db.execute("SELECT packed FROM piece"):
                    texts.unpack(packed)
            else:
                db.execute("SELECT count(*) FROM (SELECT id FROM blob LIMIT 1000)").fetchone()
                db.execute("SELECT rowid FROM tri WHERE tri MATCH '\"the\"' LIMIT 1").fetchone()
    except sqlite3.DatabaseError as error:
        return shard.damage and str(error)
    return ""
