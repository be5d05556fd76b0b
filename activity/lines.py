"""Phase two of an import: lines added and removed, counted by several git processes at once, written as they come."""

import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from django.db import transaction

from activity.bulk import update_rows
from activity.models import Commit, FolderCommit
from gitstore.lines import CommitLines, count_lines
from gitstore.records import Limits
from projects.models import Project, Repository

CHUNK = 20_000  # commits for one git: starting it anew and mapping the packs costs as much as a hundred commits
LEAST = 5000  # fewer are counted in less than about a second, and two gits for them take a tenth more together
STORED = 2000  # rows in one transaction
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
COLUMNS = ("files", "added", "removed", "areas")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Commits to count: row ids by object id, for the whole repository or for one folder project."""

    rows: dict[str, int]
    folder: bytes | None
    model: type[Commit] | type[FolderCommit]


Counted = tuple[_Chunk, list[CommitLines]]


def lines_left(repository: Repository) -> int:
    """Rows whose lines are not counted yet."""
    folders = FolderCommit.objects.filter(project__repository=repository, project__removed_at=None, files=None)
    return Commit.objects.filter(repository=repository).uncounted().count() + folders.count()


def count_all_lines(
    repository: Repository, git_dir: Path, limits: Limits, left: int, after_rows: Callable[[int], None]
) -> list[list[str]]:
    """Count the `left` rows, on all cores; `after_rows` is told how many are done and may raise to stop.

    Rows are written some thousands at a time, so a later call goes on where this one ended. Returns [place, message]
    pairs of commits that Git cannot compare.
    """
    problems: list[list[str]] = []
    done = 0
    counting = _Counting(git_dir, limits)
    size = min(CHUNK, max(LEAST, -(-left // CORES)))
    try:
        for chunk, counted in counting.run(_chunks(repository, size)):
            _write(chunk, counted)
            problems += [[f"commit {one.oid}", "Its files cannot be compared."] for one in counted if one.added is None]
            done += len(counted)
            after_rows(done)
    finally:
        counting.stop()
    return problems


class _Counting:
    """Threads that read what git counts, and the one that writes it: none but that one touches the database."""

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        self._git_dir, self._limits = git_dir, limits
        self._stopped = threading.Event()
        self._results: Queue[Counted | BaseException | None] = Queue(maxsize=2 * CORES)
        self._pool = ThreadPoolExecutor(CORES, thread_name_prefix="lines")

    def run(self, chunks: Iterator[_Chunk]) -> Iterator[Counted]:
        """Results of all chunks as they come, in lists of about `STORED`."""
        running = 0
        for chunk in chunks:
            self._pool.submit(self._count, chunk)
            running += 1
            while running > CORES:
                running -= yield from self._next()
        while running:
            running -= yield from self._next()

    def stop(self) -> None:
        """Give up what is not finished."""
        self._stopped.set()
        while not self._results.empty():
            self._results.get()
        self._pool.shutdown(cancel_futures=True)

    def _next(self) -> Generator[Counted, None, int]:
        """One result, or none when a chunk has ended; the number of chunks that ended."""
        found = self._results.get()
        if isinstance(found, BaseException):
            raise found
        if found is None:
            return 1
        yield found
        return 0

    def _count(self, chunk: _Chunk) -> None:
        waiting: list[CommitLines] = []
        try:
            for counted in count_lines(self._git_dir, list(chunk.rows), self._limits, chunk.folder):
                waiting += counted
                if len(waiting) >= STORED:
                    self._put((chunk, waiting))
                    waiting = []
            self._put((chunk, waiting))
            self._put(None)
        except _Stopped:
            return
        except BaseException as error:
            self._results.put(error)

    def _put(self, result: Counted | None) -> None:
        if self._stopped.is_set():
            raise _Stopped
        self._results.put(result)


class _Stopped(Exception):
    """Nobody wants the rest."""


def _chunks(repository: Repository, size: int) -> Iterator[_Chunk]:
    """What is left in the order of the rows, newest commits first as Git lists them."""
    last = 0
    left = Commit.objects.filter(repository=repository).uncounted().order_by("pk")
    while rows := list(left.filter(pk__gt=last).values_list("oid", "pk")[:size]):
        last = rows[-1][1]
        yield _Chunk(dict(rows), None, Commit)
    for project in Project.objects.live().filter(repository=repository).exclude(subdirectory=""):
        folder, last = project.subdirectory.encode("utf-8", "surrogateescape"), 0
        inside = FolderCommit.objects.filter(project=project, files=None).order_by("pk")
        while rows := list(inside.filter(pk__gt=last).values_list("commit__oid", "pk")[:size]):
            last = rows[-1][1]
            yield _Chunk(dict(rows), folder, FolderCommit)


def _write(chunk: _Chunk, counted: list[CommitLines]) -> None:
    rows = [(one.files, one.added, one.removed, one.areas, chunk.rows[one.oid]) for one in counted]
    with transaction.atomic():
        update_rows(chunk.model, COLUMNS, rows)
