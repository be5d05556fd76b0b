"""Zoekt behind the interface of engines: its server answers, its indexer reads our mirrors, we look at both."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from gitstore.locks import file_lock
from search.engine import Answer, EngineStatus, IndexedRef, IndexOutcome, IndexPlan, OnProgress, Request
from search.zoekt.differences import differences
from search.zoekt.searching import Search
from search.zoekt.server import Server, ServerError
from search.zoekt.states import Record, State, States
from search.zoekt.view import load_blobs, make_view, save_blobs
from search.zoekt.writing import IndexerError, nudge, remove_index, remove_left_over, shards, write_index

FORMAT = 3
LOCK_SECONDS = 4 * 3600.0
SEEN_SECONDS = 90.0


class ZoektEngine:
    """Index files in `folder`, which the server at `url` reads; files larger than `file_bytes` are left out."""

    def __init__(self, folder: Path, url: str, *, file_bytes: int) -> None:
        self.folder, self.server, self.file_bytes = folder, Server(url), file_bytes
        self.label = f"zoekt-{FORMAT}-{file_bytes}"

    def search(self, request: Request) -> Answer:
        return differences(request.matcher, Search(self.server, States(self.folder), request).answer())

    # Indexing

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        if not plan.refs:
            self.forget(plan.repository_id)
            return IndexOutcome()
        with self._owning(plan.repository_id) as lock:
            return self._index(plan, progress or _silent, lock)

    def _index(self, plan: IndexPlan, progress: OnProgress, lock: int) -> IndexOutcome:
        pk, states = plan.repository_id, States(self.folder)
        old = states.get(pk)
        known = load_blobs(states.blobs_file(pk)) if old and old.label == self.label else {}
        view = make_view(self.folder / "views" / f"r{pk}", plan, self.file_bytes, known, progress)
        try:
            fresh = State.of(plan, view)
            if not (self._is_whole(pk, old) and old and old.states[-1] == fresh):
                states.put(pk, Record([*(old.states[-1:] if old else ()), fresh], pending=True, label=self.label))
                write_index(self.folder, pk, view, self.file_bytes, lock)
        finally:
            shutil.rmtree(view.folder, ignore_errors=True)
        outcome = view.outcome
        save_blobs(states.blobs_file(pk), view.blobs)
        held = sum(not blob.reason for blob in view.blobs.values())
        sizes = shards(self.folder, pk)
        states.put(pk, Record([fresh], False, self.label, outcome.files, outcome.text_bytes, held, sizes))
        self._wait(pk, view.commits)
        progress(outcome.files, outcome.files)
        return outcome

    def forget(self, repository_id: int) -> None:
        with self._owning(repository_id):
            States(self.folder).remove(repository_id)
            remove_index(self.folder, repository_id)
            self._wait(repository_id, None)

    def _wait(self, repository_id: int, commits: list[str] | None) -> None:
        """Until the server has seen the new files; it looks by itself, so that a server that is down loses nothing."""
        until = time.monotonic() + SEEN_SECONDS
        for tried in count():
            try:
                if self.server.commits(repository_id) == commits:
                    return
            except ServerError:
                return
            if time.monotonic() > until:
                break
            if tried % 20 == 19:  # it watches the folder, but not while it starts
                nudge(self.folder)
            time.sleep(0.05)
        raise IndexerError(
            f"The search server does not read what is written to {self.folder}.", "Its option -index names that folder."
        )

    @contextmanager
    def _owning(self, repository_id: int) -> Iterator[int]:
        with file_lock(self.folder / "locks" / f"{repository_id}.lock", LOCK_SECONDS) as lock:
            yield lock

    # What there is

    def label_of(self, repository_id: int) -> str:
        record = States(self.folder).get(repository_id)
        return self.label if record and self._is_whole(repository_id, record) else ""

    def _is_whole(self, repository_id: int, record: Record | None) -> bool:
        """Whether the index of a repository is what was written, by these settings."""
        if record is None or record.pending or record.label != self.label:
            return False
        return record.shards == shards(self.folder, repository_id)

    def indexed(self, repository_id: int) -> tuple[IndexedRef, ...]:
        record = States(self.folder).get(repository_id)
        return record.states[0].refs if record and not (record.pending and len(record.states) == 1) else ()

    def repositories(self) -> frozenset[int]:
        return frozenset(States(self.folder).repositories())

    def status(self) -> EngineStatus:
        states = States(self.folder)
        held = {pk: record for pk in states.repositories() if (record := states.get(pk)) is not None}
        disk = sum(file.stat().st_size for file in self.folder.glob("portal-*.zoekt"))
        damaged = tuple(f"repository {pk}" for pk, record in held.items() if not self._is_whole(pk, record))
        return EngineStatus(
            self.label,
            repositories=len(held),
            files=sum(record.files for record in held.values()),
            blobs=sum(record.blobs for record in held.values()),
            text_bytes=sum(record.text_bytes for record in held.values()),
            disk_bytes=disk,
            damaged=damaged,
        )

    def check(self, *, thorough: bool = False) -> tuple[str, ...]:
        """Look for index files that are gone or of another size; `thorough` asks the server for each repository."""
        states = States(self.folder)
        found = []
        for pk in states.repositories():
            record = states.get(pk)
            if record is None or (not record.pending and record.shards != shards(self.folder, pk)):
                found.append(f"The index files of repository {pk} are not those that were written.")
            elif thorough and not record.pending and not self._answers(pk, record):
                found.append(f"The search server cannot read the index files of repository {pk}.")
            else:
                continue
            self.forget(pk)
        return tuple(found)

    def _answers(self, repository_id: int, record: Record) -> bool:
        try:
            return self.server.commits(repository_id) == list(record.states[-1].views)
        except ServerError:
            return True

    def tidy(self) -> None:
        remove_left_over(self.folder)

    def rebuild(self) -> None:
        for file in self.folder.glob("portal-*"):
            file.unlink(missing_ok=True)
        for part in ("written", "views"):
            shutil.rmtree(self.folder / part, ignore_errors=True)


def _silent(done: int, total: int) -> None:
    """For those who do not ask."""
