"""Lines that commits add and remove, a chunk of commits at a time: the slow part of reading a history."""

import os
import re
from collections import Counter
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
_STAT = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)\Z", re.DOTALL)


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


class _Tally:
    """One commit while its files are read."""

    __slots__ = ("added", "areas", "files", "oid", "removed")

    def __init__(self, oid: str) -> None:
        self.oid = oid
        self.files = self.added = self.removed = 0
        self.areas: Counter[bytes] = Counter()

    def file(self, added: bytes, removed: bytes, path: bytes, skip: int) -> None:
        self.files += 1
        if added != b"-":
            self.added += int(added)
            self.removed += int(removed)
        self.areas[b"/".join(path.split(b"/", skip + AREA_DEPTH)[skip:-1][:AREA_DEPTH])] += 1

    def result(self) -> CommitLines:
        names = (folder.decode("utf-8", "replace")[:MAX_AREA] or TOP for folder in self._foremost())
        areas = BETWEEN.join(names)
        return CommitLines(self.oid, min(self.files, MOST), min(self.added, MOST), min(self.removed, MOST), areas)

    def _foremost(self) -> list[bytes]:
        if len(self.areas) == 1:
            return list(self.areas)
        return sorted(self.areas, key=lambda area: (-self.areas[area], area))[:MAX_AREAS]


def _commits(chunks: Iterable[list[bytes]], folder: bytes | None) -> Iterator[CommitLines]:
    skip = folder.strip(b"/").count(b"/") + 1 if folder else 0
    tokens = (token for chunk in chunks for token in chunk)
    tally: _Tally | None = None
    for token in tokens:
        match = _STAT.match(token)
        if match is None:
            if tally is not None:
                yield tally.result()
            tally = _Tally(check_oid(token.decode("ascii", "replace")))
            continue
        added, removed, path = match.groups()
        if not path:  # a rename: the old and the new path follow
            next(tokens, b"")
            path = next(tokens, b"")
        if tally is None:
            raise Broken("The repository's history cannot be read.")
        tally.file(added, removed, path, skip)
    if tally is not None:
        yield tally.result()
