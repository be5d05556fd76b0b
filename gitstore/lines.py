"""Lines that commits add and remove, a chunk of commits at a time: the slow part of reading a history."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gitstore.errors import Broken, GitError, Killed, Unreachable
from gitstore.facts import OPTIONS, check_oid, split_fields
from gitstore.process import stream_git
from gitstore.records import Limits

AREA_DEPTH = 2
MAX_AREAS = 32
MAX_AREA = 500
TOP = "."
BETWEEN = "//"  # cannot occur within a path
MOST = 2**31 - 1
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


def count_lines(git_dir: Path, oids: Sequence[str], limits: Limits, folder: bytes | None = None) -> list[CommitLines]:
    """Lines of these commits (no merges), compared with their parent, renames followed; in `folder` only if given.

    A commit that cannot be compared (a missing file, a limit) has None, the others are counted all the same.
    """
    left, done = list(oids), list[CommitLines]()
    while left:
        counted, failed = _attempt(git_dir, left, limits, folder)
        if not failed:
            known = {lines.oid for lines in counted}
            return [*done, *counted, *(CommitLines(oid, 0, 0, 0, "") for oid in left if oid not in known)]
        # Of the last one that git began to print, nobody knows whether it was printed to its end.
        sure = {lines.oid for lines in counted[:-1]}
        done += counted[:-1]
        left = [oid for oid in left if oid not in sure]
        if not sure:
            alone, failed = _attempt(git_dir, left[:1], limits, folder)
            done += [CommitLines(left[0], 0, None, None, "")] if failed or not alone else alone
            left = left[1:]
    return done


def _attempt(
    git_dir: Path, oids: Sequence[str], limits: Limits, folder: bytes | None
) -> tuple[list[CommitLines], bool]:
    """What git counted, and whether it gave up before the end."""
    args = [*OPTIONS, *COUNTING, "--no-walk=unsorted", "--stdin", "--", *([os.fsdecode(folder)] if folder else [])]
    data = "".join(f"{check_oid(oid)}\n" for oid in oids).encode("ascii")
    counted: list[CommitLines] = []
    try:
        with stream_git(args, git_dir=git_dir, limits=limits, input=data) as chunks:
            counted.extend(_commits(split_fields(chunks), folder))
    except (Killed, Unreachable):
        raise
    except GitError:
        return counted, True
    return counted, False


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
