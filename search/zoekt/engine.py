"""Zoekt behind the interface of engines: its server answers, its indexer reads our mirrors, we look at both."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitstore.locks import file_lock
from search.embedded.planning import _repositories as bound_of
from search.engine import (
    Answer,
    EngineStatus,
    Facets,
    IndexedRef,
    IndexOutcome,
    IndexPlan,
    Note,
    OnProgress,
    Request,
    Symbol,
)
from search.zoekt.answering import Hit, Reading, counted
from search.zoekt.question import question
from search.zoekt.server import Server, ServerError
from search.zoekt.writing import record, recorded, remove_index, write_index

FORMAT = 1
LOCK_SECONDS = 4 * 3600.0
SEEN_SECONDS = 60.0
STEPS = (250, 2_500, 25_000)
DIFFERENCE = "Zoekt compares bytes: text that is not in UTF-8 is found by its ASCII letters only."


class ZoektEngine:
    """Index files in `folder`, which the server at `url` reads; files larger than `file_bytes` are left out."""

    def __init__(self, folder: Path, url: str, *, file_bytes: int) -> None:
        self.folder, self.server, self.file_bytes = folder, Server(url), file_bytes
        self.label = f"zoekt-{FORMAT}-{file_bytes}"

    def search(self, request: Request) -> Answer:
        began = time.monotonic()
        reading = Reading(request, {pk: self.indexed(pk) for pk in request.repositories})
        bound = bound_of(request.matcher)
        readable = request.repositories if bound is None else request.repositories & bound
        told = int(request.after) if request.after and request.after.isdecimal() and len(request.after) < 7 else 0
        notes: list[Note] = []
        hits: list[Hit] = []
        whole = True
        for most in STEPS:
            try:
                left = max(began + request.deadline_seconds - time.monotonic(), 0.0)
                result = self.server.search(question(request.matcher), readable, most, left) if readable else {}
            except ServerError as error:
                late = "deadline" in str(error) or "timed out" in str(error)
                notes.append(self._late(request, 0) if late else Note("failed", "The search server does not answer."))
                break
            hits, rows = reading.hits(result.get("Files") or []), result.get("Files") or []
            whole = len(rows) < most
            if result.get("ShardsSkipped") or result.get("FilesSkipped"):
                whole = whole and not _stopped(result, request, began)
                if _stopped(result, request, began):
                    notes.append(self._late(request, int(result.get("FilesConsidered") or 0)))
                    break
            if whole or (len(hits) > told + request.limit and not request.wants_total):
                break
        return self._answer(reading, hits, told, notes, whole=whole, began=began)

    def _answer(
        self,
        reading: Reading,
        hits: list[Hit],
        told: int,
        notes: list[Note],
        *,
        whole: bool,
        began: float,
    ) -> Answer:
        request = reading.request
        page = hits[told : told + request.limit]
        total, repositories, languages = counted(hits)
        more = request.limit and told + request.limit < len(hits)
        exact = whole and not notes
        if reading.tree.atoms or any(isinstance(each, Symbol) for each in reading.tree.all_symbols):
            notes.append(Note("difference", DIFFERENCE))
        return Answer(
            files=tuple(reading.draw(hit) for hit in page),
            total=total,
            total_is_exact=exact,
            facets=Facets(repositories, languages),
            notes=tuple(notes),
            next=str(told + request.limit) if more else None,
            seconds=time.monotonic() - began,
        )

    def _late(self, request: Request, covered: int) -> Note:
        files = sum(told["files"] for pk, told in recorded(self.folder) if pk in request.repositories)
        words = f"Stopped after {request.deadline_seconds:g} seconds, having looked through about "
        return Note("time", f"{words}{min(covered, files):,} of {files:,} files.")

    # Indexing

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        if not plan.refs:
            self.forget(plan.repository_id)
            return IndexOutcome()
        with self._owning(plan.repository_id):
            if progress:
                progress(0, 1)
            (self.folder / "written" / f"{plan.repository_id}.json").unlink(missing_ok=True)
            outcome = write_index(self.folder, plan, self.file_bytes)
            record(self.folder, plan, outcome)
            self._wait(plan.repository_id, [ref.commit for ref in plan.refs])
            if progress:
                progress(1, 1)
        return outcome

    def forget(self, repository_id: int) -> None:
        with self._owning(repository_id):
            (self.folder / "written" / f"{repository_id}.json").unlink(missing_ok=True)
            remove_index(self.folder, repository_id)
            self._wait(repository_id, None)

    def _wait(self, repository_id: int, commits: list[str] | None) -> None:
        """Until the server has seen the new files; it looks by itself, so that a server that is down loses nothing."""
        until = time.monotonic() + SEEN_SECONDS
        while time.monotonic() < until:
            try:
                if self.server.commits(repository_id) == commits:
                    return
            except ServerError:
                return
            time.sleep(0.05)

    @contextmanager
    def _owning(self, repository_id: int) -> Iterator[None]:
        locks = self.folder / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with file_lock(locks / f"{repository_id}.lock", LOCK_SECONDS):
            yield

    # What there is

    def label_of(self, repository_id: int) -> str:
        return self.label if self.indexed(repository_id) else ""

    def indexed(self, repository_id: int) -> tuple[IndexedRef, ...]:
        try:
            told = json.loads((self.folder / "written" / f"{repository_id}.json").read_text())
        except (OSError, ValueError):
            return ()
        return tuple(IndexedRef(**ref) for ref in told["refs"])

    def repositories(self) -> frozenset[int]:
        return frozenset(pk for pk, _ in recorded(self.folder))

    def status(self) -> EngineStatus:
        rows = [told for _, told in recorded(self.folder)]
        disk = sum(file.stat().st_size for file in self.folder.glob("*.zoekt"))
        files, blobs, text = (sum(row[key] for row in rows) for key in ("files", "blobs", "text_bytes"))
        return EngineStatus(self.label, len(rows), files, blobs, text, disk)

    def check(self, *, thorough: bool = False) -> tuple[str, ...]:  # noqa: ARG002
        """Repositories whose index files are gone are indexed anew; Zoekt itself refuses damaged files."""
        found = []
        for pk in sorted(self.repositories()):
            if not any(self.folder.glob(f"portal-{pk}_v*.zoekt")):
                found.append(f"The index files of repository {pk} are gone.")
                self.forget(pk)
        return tuple(found)

    def tidy(self) -> None:
        """Nothing to do: each repository's files are written anew."""

    def rebuild(self) -> None:
        for file in self.folder.glob("*.zoekt"):
            file.unlink(missing_ok=True)
        for part in ("written", "views"):
            shutil.rmtree(self.folder / part, ignore_errors=True)


def _stopped(result: dict[str, object], request: Request, began: float) -> bool:
    """Whether time was over, rather than enough found."""
    return time.monotonic() - began >= request.deadline_seconds or result.get("FlushReason") == 1
