"""Histories of projects, folders and files, page by page; that of a file exactly as `git log --follow` lists it.

That command compares every commit with its parent, which takes seconds. The same list comes faster in three steps:

1. `rev-list --no-merges` names the commits in the order that `log` has, as many at a time as are needed.
2. `log --no-walk -- PATH` says which of them touch the path; git keeps filters that answer this for most commits.
3. Where the path is added, `log -1 --follow` says whether it had another name before, which is what is followed then.

The search is a record that can be kept: it goes on where it stopped.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gitstore.errors import Broken, LimitExceeded
from gitstore.facts import check_oid, split_fields
from gitstore.objects import Signature
from gitstore.process import run_git, stream_git
from gitstore.records import Limits

FIRST_CHUNK = 1_000
LAST_CHUNK = 16_000
_LATEST = 4_102_444_800  # 2100-01-01
_LOG = ("log", "--no-color", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--encoding=UTF-8", "--no-notes")
_FIELDS = ("%H", "%P", "%aN", "%aE", "%at", "%cN", "%cE", "%ct", "%s")
_COAUTHORS = "%(trailers:key=Co-authored-by,valueonly=true,unfold=true)"
_WIDTH = len(_FIELDS) + 1
_PERSON = re.compile(r"(.*?)\s*<([^<>]*)>\s*\Z")
_HEAD = re.compile(rb"\n?([0-9a-f]{40}|[0-9a-f]{64})\Z")
# Letters of other alphabets have two cases only in a locale that knows them.
_LETTERS = {"LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Step:
    """A commit that touches a file, the file's path in it, and its path before (empty where that is the same)."""

    oid: str
    path: bytes
    before: bytes = b""


@dataclass
class Follow:
    """How far the history of a file is known. `position`: commits looked at; `path`: what the file was called there."""

    commit: str
    path: bytes
    steps: list[Step] = field(default_factory=list)
    position: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Commits wanted: words of the author's name or address and of the message (literal, in any case, all of them),
    and times of the commit in seconds since 1970, both included."""

    author: str = ""
    words: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def __bool__(self) -> bool:
        return bool(self.author or self.words or self.since is not None or self.until is not None)

    def arguments(self) -> list[str]:
        args = ["--fixed-strings", "--regexp-ignore-case", "--all-match", *(f"--grep={word}" for word in self.words)]
        args += [f"--author={self.author}"] if self.author else []
        args += [f"--since=@{self.since} +0000"] if self.since is not None else []
        args += [f"--until=@{self.until} +0000"] if self.until is not None else []
        return args


@dataclass(frozen=True, slots=True)
class Logged:
    """A commit for a list: people and title after mailmap; `coauthors` are those its message names."""

    oid: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    title: str
    coauthors: tuple[Signature, ...]


def follow(git_dir: Path, walk: Follow, want: int, seconds: float, limits: Limits) -> None:
    """Search on until so many steps are known, or for about this long if any is."""
    until = time.monotonic() + seconds
    args = ["rev-list", "--no-merges", f"--skip={walk.position}", check_oid(walk.commit), "--"]
    with stream_git(args, git_dir=git_dir, limits=limits) as chunks:
        commits = _words(chunks)
        size = FIRST_CHUNK
        while len(walk.steps) < want and not walk.complete and time.monotonic() < until:
            part = list(islice(commits, size))
            walk.complete = len(part) < size
            _advance(git_dir, walk, part, limits)
            size = min(size * 2, LAST_CHUNK)


def list_commits(
    git_dir: Path, commit: str, path: bytes, wanted: Filter, limits: Limits, *, skip: int, count: int, mailmap: str = ""
) -> tuple[list[str], bool]:
    """Ids of `count` commits that touch a folder (any, for an empty path) behind the first `skip`, newest first.

    The second value is whether git came to an end before the time limit.
    """
    args = [*_LOG, "--use-mailmap", "--format=%H", *wanted.arguments(), f"--skip={skip}", f"--max-count={count}"]
    args += [check_oid(commit), "--", *([os.fsdecode(path)] if path else [])]
    config = [("mailmap.blob", mailmap)] if mailmap else []
    found: list[str] = []
    try:
        with stream_git(args, git_dir=git_dir, limits=limits, config=config, env=_LETTERS) as chunks:
            found.extend(_words(chunks))
    except LimitExceeded:
        return found, False
    return found, True


def select_commits(git_dir: Path, oids: Sequence[str], wanted: Filter, limits: Limits, mailmap: str = "") -> set[str]:
    """Those of these commits that a filter lets through."""
    since, until = wanted.since, wanted.until
    args = [*_LOG, "--use-mailmap", "--format=%H %ct", *Filter(wanted.author, wanted.words).arguments()]
    config = [("mailmap.blob", mailmap)] if mailmap else []
    args += ["--no-walk=unsorted", "--stdin"]
    output = run_git(args, git_dir=git_dir, limits=limits, config=config, input=_asked(oids), env=_LETTERS)
    rows = (row.partition(" ") for row in output.decode("ascii").splitlines())
    times = {oid: int(seconds or 0) for oid, _, seconds in rows}
    return {
        oid
        for oid, seconds in times.items()
        if (since is None or seconds >= since) and (until is None or seconds <= until)
    }


def read_commits(git_dir: Path, oids: Sequence[str], limits: Limits, mailmap: str = "") -> list[Logged]:
    """These commits in this order."""
    if not oids:
        return []
    config = [("mailmap.blob", mailmap)] if mailmap else []
    form = "%x00".join((*_FIELDS, _COAUTHORS))
    args = [*_LOG, "-z", "--use-mailmap", f"--format={form}", "--no-walk=unsorted", "--stdin"]
    output = run_git(args, git_dir=git_dir, limits=limits, config=config, input=_asked(oids))
    fields = output.decode("utf-8", "replace").split("\0")[:-1]
    if len(fields) % _WIDTH:
        raise Broken("The repository's history cannot be read.")
    return [_logged(fields[at : at + _WIDTH]) for at in range(0, len(fields), _WIDTH)]


def _advance(git_dir: Path, walk: Follow, part: list[str], limits: Limits) -> None:
    """Look at these commits, the next ones of the history."""
    while part:
        renamed = None
        for oid, added in _touching(git_dir, part, walk.path, limits):
            before = _earlier_name(git_dir, oid, walk.path, limits) if added else b""
            walk.steps.append(Step(oid, walk.path, before))
            if before:
                renamed = oid
                walk.path = before
                break
        looked = part.index(renamed) + 1 if renamed else len(part)
        walk.position += looked
        part = part[looked:]


def _touching(git_dir: Path, oids: Sequence[str], path: bytes, limits: Limits) -> Iterator[tuple[str, bool]]:
    """Commits that touch the path, and whether they add it."""
    args = [*_LOG, "-z", "--format=%H", "--name-status", "--no-renames", "--no-walk=unsorted", "--stdin"]
    args += ["--", os.fsdecode(path)]
    output = run_git(args, git_dir=git_dir, limits=limits, input=_asked(oids))
    found: list[tuple[str, bool]] = []
    fields = iter(output.split(b"\0"))
    for word in fields:
        if head := _HEAD.match(word):
            found.append((head[1].decode("ascii"), False))
        elif word.strip() and found:
            next(fields, b"")
            found[-1] = (found[-1][0], found[-1][1] or word.strip() == b"A")
    yield from found


def _earlier_name(git_dir: Path, oid: str, path: bytes, limits: Limits) -> bytes:
    """What git takes the file to have been called before this commit, which adds it; empty when it is new."""
    args = [*_LOG, "-1", "-z", "--follow", "--format=", "--name-status", check_oid(oid), "--", os.fsdecode(path)]
    fields = run_git(args, git_dir=git_dir, limits=limits).lstrip(b"\0\n").split(b"\0")
    return fields[1] if len(fields) > 2 and fields[0][:1] in (b"R", b"C") else b""


def _words(chunks: Iterator[bytes]) -> Iterator[str]:
    for fields in split_fields(chunks, b"\n"):
        for field_ in fields:
            yield field_.decode("ascii")


def _asked(oids: Sequence[str]) -> bytes:
    return "".join(f"{check_oid(oid)}\n" for oid in oids).encode("ascii")


def _logged(fields: list[str]) -> Logged:
    oid, parents, name, email, authored, committer, address, committed, title, coauthors = fields
    return Logged(
        oid=oid.lstrip("\n"),
        parents=tuple(parents.split()),
        author=Signature(name, email, _time(authored), 0),
        committer=Signature(committer, address, _time(committed), 0),
        title=title,
        coauthors=tuple(_person(line) for line in coauthors.split("\n")[:20] if line.strip()),
    )


def _person(text: str) -> Signature:
    match = _PERSON.match(text.strip())
    return Signature(match[1], match[2], 0, 0) if match else Signature(text.strip(), "", 0, 0)


def _time(text: str) -> int:
    return min(max(int(text), 0), _LATEST) if re.fullmatch(r"-?\d{1,20}", text) else 0
