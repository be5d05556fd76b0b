"""What later commits do to the lines of a change: take it back, or change what it brought."""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitstore.diffs import Hunk, sections
from gitstore.errors import GitError
from gitstore.newcommits import NewCommit, new_commits
from gitstore.objects import OID
from gitstore.patch_mails import patched_files
from gitstore.process import run_git
from gitstore.records import Limits

LIMITS = Limits(seconds=30, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
MAX_COMMITS = 300
MAX_RANGES = 200
_REVERTS = re.compile(r"This reverts (?:commit|merge) ([0-9a-f]{7,64})")
_BLAMED = re.compile(rb"^([0-9a-f]{40}|[0-9a-f]{64}) \d+ \d+(?: \d+)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Touching:
    """A commit that takes a change back (`is_revert`) or removes or rewrites `lines` of its lines in `paths`."""

    commit: NewCommit
    is_revert: bool
    lines: int
    paths: tuple[bytes, ...]


def follow_ups(git_dir: Path, landed: Sequence[str], old: str, head: str, limits: Limits = LIMITS) -> list[Touching]:
    """Commits between `old` and `head` that touch what the commits `landed` brought, oldest first. Raises GitError.

    Lines are followed by blame, so through moves within a file, and files through renames, also those in the commit
    that touches the lines.
    """
    if not landed or not all(OID.match(oid) for oid in landed):
        raise ValueError("Not commit ids.")
    own, brought = _brought(git_dir, landed, limits)
    paths = set(brought)
    if old and brought:
        paths |= _renamed(git_dir, landed[-1], old, brought, limits)
    later = [commit for commit in new_commits(git_dir, old, head, limits) if commit.oid not in own]
    found = []
    for commit in later[:MAX_COMMITS]:
        named = any(oid.startswith(match) for match in _REVERTS.findall(commit.message) for oid in own)
        shared = sorted(commit.paths & paths)
        if shared and len(commit.parents) == 1:
            paths |= _renamed(git_dir, commit.parents[0], commit.oid, paths, limits)
            shared = sorted(commit.paths & paths)
        if not named and (not shared or len(commit.parents) != 1):
            continue
        lines, changed = _lines_gone(git_dir, commit, shared, own, limits) if len(commit.parents) == 1 else (0, ())
        if named or lines:
            found.append(Touching(commit, named, lines, changed))
    return found


def _brought(git_dir: Path, landed: Sequence[str], limits: Limits) -> tuple[set[str], frozenset[bytes]]:
    """The commits themselves, those that a merge among them brought, and the paths they touch."""
    own, paths = set(landed), frozenset[bytes]()
    for oid in landed:
        parents = run_git(["rev-list", "--parents", "--max-count=1", oid, "--"], git_dir=git_dir, limits=limits).split()
        before = parents[1].decode("ascii") if len(parents) > 1 else ""
        for commit in new_commits(git_dir, before, oid, limits) if before else ():
            own.add(commit.oid)
            paths |= commit.paths
    return own, paths


def _renamed(git_dir: Path, before: str, after: str, paths: Collection[bytes], limits: Limits) -> set[bytes]:
    """What these files are called in a commit, where that is another name than in an earlier one."""
    args = ["diff-tree", "-r", "-z", "-M", "-l1000", "--name-status", "--diff-filter=R", before, after, "--"]
    fields = run_git(args, git_dir=git_dir, limits=limits).split(b"\0")
    return {new for _, old, new in zip(fields[::3], fields[1::3], fields[2::3], strict=False) if old in paths}


def _lines_gone(
    git_dir: Path, commit: NewCommit, shared: Sequence[bytes], own: Collection[str], limits: Limits
) -> tuple[int, tuple[bytes, ...]]:
    """How many lines of those commits this one removes or rewrites, and in which files."""
    if not shared:
        return 0, ()
    args = ["diff-tree", "-r", "-p", "-U0", "-M", "-l1000", "--no-color", "--no-ext-diff", "--no-textconv"]
    words = [*args, commit.parents[0], commit.oid, "--", *map(os.fsdecode, shared)]
    diff = run_git(words, git_dir=git_dir, limits=limits)
    total, paths = 0, []
    for change, patch in patched_files(diff):
        ranges = [(start, count) for part in sections(patch.text) for start, count in _removed(part.hunks)]
        blamed = _blamed(git_dir, commit.parents[0], change.old_path, ranges[:MAX_RANGES], limits)
        gone = sum(oid in own for oid in blamed)
        if gone:
            total += gone
            paths.append(change.old_path)
    return total, tuple(paths)


def _removed(hunks: Sequence[Hunk]) -> list[tuple[int, int]]:
    counted = ((hunk.old_start, sum(line.startswith(b"-") for line in hunk.lines)) for hunk in hunks)
    return [(start, count) for start, count in counted if count]


def _blamed(git_dir: Path, rev: str, path: bytes, ranges: Sequence[tuple[int, int]], limits: Limits) -> list[str]:
    """The commit that each line in these ranges comes from."""
    if not ranges or not path:
        return []
    words = [f"-L{start},+{count}" for start, count in ranges]
    args = ["blame", "--porcelain", *words, rev, "--", os.fsdecode(path)]
    try:
        output = run_git(args, git_dir=git_dir, limits=limits)
    except GitError:  # the file is a link or a submodule there, or too large
        return []
    return [oid.decode("ascii") for oid in _BLAMED.findall(output)]
