"""Phase two of an import: lines added and removed, counted by several git processes at once, written as they come."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from activity.bulk import update_rows
from activity.models import Commit, FolderCommit
from gitstore.lines import CommitLines, count_lines
from gitstore.records import Limits
from projects.models import Project, Repository

CHUNK = 2000
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
COLUMNS = ("files", "added", "removed", "areas")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Commits to count: row ids by object id, for the whole repository or for one folder project."""

    rows: dict[str, int]
    folder: bytes | None
    model: type[Commit] | type[FolderCommit]


def lines_left(repository: Repository) -> int:
    """Rows whose lines are not counted yet."""
    folders = FolderCommit.objects.filter(project__repository=repository, project__removed_at=None, files=None)
    return Commit.objects.filter(repository=repository).uncounted().count() + folders.count()


def count_all_lines(
    repository: Repository, git_dir: Path, limits: Limits, after_chunk: Callable[[int], None]
) -> list[list[str]]:
    """Count what is left, on all cores; `after_chunk` is told how many rows are done and may raise to stop.

    Every chunk is a transaction of its own, so a later call goes on where this one ended. Returns [place, message]
    pairs of commits that Git cannot compare.
    """
    problems: list[list[str]] = []
    done = 0
    with ThreadPoolExecutor(CORES, thread_name_prefix="lines") as pool:
        waiting: list[tuple[_Chunk, Future[list[CommitLines]]]] = []
        try:
            for chunk in _chunks(repository):
                waiting.append((chunk, pool.submit(count_lines, git_dir, list(chunk.rows), limits, chunk.folder)))
                if len(waiting) > 2 * CORES:
                    done += _write(*waiting.pop(0), problems)
                    after_chunk(done)
            while waiting:
                done += _write(*waiting.pop(0), problems)
                after_chunk(done)
        finally:
            for _, future in waiting:
                future.cancel()
    return problems


def _chunks(repository: Repository) -> Iterator[_Chunk]:
    """What is left in the order of the rows, newest commits first as Git lists them."""
    last = 0
    while rows := list(
        Commit.objects.filter(repository=repository, pk__gt=last)
        .uncounted()
        .order_by("pk")
        .values_list("oid", "pk")[:CHUNK]
    ):
        last = rows[-1][1]
        yield _Chunk(dict(rows), None, Commit)
    for project in Project.objects.live().filter(repository=repository).exclude(subdirectory=""):
        folder, last = project.subdirectory.encode("utf-8", "surrogateescape"), 0
        left = FolderCommit.objects.filter(project=project, files=None).order_by("pk")
        while rows := list(left.filter(pk__gt=last).values_list("commit__oid", "pk")[:CHUNK]):
            last = rows[-1][1]
            yield _Chunk(dict(rows), folder, FolderCommit)


def _write(chunk: _Chunk, future: Future[list[CommitLines]], problems: list[list[str]]) -> int:
    counted = future.result()
    with transaction.atomic():
        update_rows(
            chunk.model,
            COLUMNS,
            [(one.files, one.added, one.removed, one.areas, chunk.rows[one.oid]) for one in counted],
        )
    problems += [[f"commit {one.oid}", "Its files cannot be compared."] for one in counted if one.added is None]
    return len(counted)
