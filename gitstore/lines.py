"""Lines that commits add and remove, a chunk of commits at a time: the slow part of reading a history."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gitstore.errors import Broken, GitError, Killed, Unreachable
from gitstore.facts import OPTIONS, UNHURRIED, check_oid, split_fields
from gitstore.process import stream_git
from gitstore.records import Limits

AREA_DEPTH = 2
MAX_AREAS = 32
MAX_AREA = 500
TOP = "."
BETWEEN = "//"  # cannot occur within a path
MOST = 2**31 - 1
TOGETHER = 500
COUNTING = ("--ignore-submodules=none", "--numstat", "-M", "--diff-merges=off", "--format=%H")


class CommitLines(NamedTuple):
    """What a commit changes: files, lines added and removed (binary files count none), and the folders touched, up to
    two levels deep and 32 in number, most files first, joined by "//". None for lines that Git cannot count."""

    oid: str
    files: int
    added: int | None
    removed: int | None
    areas: str


def count_lines(
    git_dir: Path, oids: Sequence[str], limits: Limits, folder: bytes | None = None
) -> Iterator[list[CommitLines]]:
    """Lines of these commits (no merges), compared with their parent, renames followed; in `folder` only if given.

    Lists as they come, in any order. A commit that cannot be compared (a missing file, a limit) has None, the others
    are counted all the same.
    """
    left = dict.fromkeys(oids)
    while left:
        attempt = _Attempt(git_dir, list(left), limits, folder)
        before = len(left)
        for counted in attempt.run():
            yield counted
            for one in counted:
                left.pop(one.oid, None)
        if not attempt.failed:
            yield [CommitLines(oid, 0, 0, 0, "") for oid in left]
            return
        if len(left) == before:
            suspect = next(iter(left))
            del left[suspect]
            yield _alone(git_dir, suspect, limits, folder)


def _alone(git_dir: Path, oid: str, limits: Limits, folder: bytes | None) -> list[CommitLines]:
    attempt = _Attempt(git_dir, [oid], limits, folder)
    counted = [one for part in attempt.run() for one in part]
    return [CommitLines(oid, 0, None, None, "")] if attempt.failed else counted or [CommitLines(oid, 0, 0, 0, "")]


class _Attempt:
    """One git; `failed` tells afterwards whether it gave up. Then its last commit is held back: nobody knows whether it
    was printed to its end."""

    def __init__(self, git_dir: Path, oids: Sequence[str], limits: Limits, folder: bytes | None) -> None:
        self.failed = False
        self._git_dir, self._oids, self._limits, self._folder = git_dir, oids, limits, folder

    def run(self) -> Iterator[list[CommitLines]]:
        args = [*OPTIONS, *COUNTING, "--no-walk=unsorted", "--stdin", "--"]
        args += [os.fsdecode(self._folder)] if self._folder else []
        data = "".join(f"{check_oid(oid)}\n" for oid in self._oids).encode("ascii")
        waiting: list[CommitLines] = []
        try:
            with stream_git(args, git_dir=self._git_dir, limits=self._limits, input=data, env=UNHURRIED) as chunks:
                for one in _commits(split_fields(chunks), self._folder):
                    waiting.append(one)
                    if len(waiting) > TOGETHER:
                        yield waiting[:-1]
                        del waiting[:-1]
        except (Killed, Unreachable):
            raise
        except GitError:
            self.failed = True
            waiting = waiting[:-1]
        if waiting:
            yield waiting


def _commits(chunks: Iterable[list[bytes]], folder: bytes | None) -> Iterator[CommitLines]:
    """Written flat, because a call for each file would cost as much as everything else here."""
    skip = folder.strip(b"/").count(b"/") + 1 if folder else 0
    tokens = (token for chunk in chunks for token in chunk)
    known: dict[bytes, bytes] = {}
    areas: dict[bytes, int] = {}
    oid, files, added, removed = "", 0, 0, 0
    for token in tokens:
        parts = token.split(b"\t", 2)
        if len(parts) != 3:
            if oid:
                yield _counted(oid, files, added, removed, areas)
            oid, files, added, removed, areas = check_oid(token.decode("ascii", "replace")), 0, 0, 0, {}
            continue
        plus, minus, path = parts
        if not path:  # a rename: the old and the new path follow
            next(tokens, b"")
            path = next(tokens, b"")
        if not oid:
            raise Broken("The repository's history cannot be read.")
        files += 1
        if minus != b"-":
            added += int(plus)
            removed += int(minus)
        inside = path.rpartition(b"/")[0]
        if (area := known.get(inside)) is None:
            area = known[inside] = b"/".join(inside.split(b"/")[skip : skip + AREA_DEPTH])
        areas[area] = areas.get(area, 0) + 1
    if oid:
        yield _counted(oid, files, added, removed, areas)


def _counted(oid: str, files: int, added: int, removed: int, areas: dict[bytes, int]) -> CommitLines:
    foremost = list(areas)
    if len(foremost) > 1:
        foremost = sorted(areas, key=lambda area: (-areas[area], area))[:MAX_AREAS]
    names = [folder.decode("utf-8", "replace")[:MAX_AREA] or TOP for folder in foremost]
    return CommitLines(oid, min(files, MOST), min(added, MOST), min(removed, MOST), BETWEEN.join(names))
