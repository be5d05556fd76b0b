"""Who wrote each line of a file, as `git blame` says, read while git finds it."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitstore.errors import Broken, LimitExceeded
from gitstore.objects import Signature
from gitstore.process import stream_git
from gitstore.records import Limits

_LATEST = 4_102_444_800  # 2100-01-01
_HEADER = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (\d+) (\d+) (\d+)\Z")
_OID = re.compile(rb"[0-9a-f]{40}\Z|[0-9a-f]{64}\Z", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


@dataclass(frozen=True, slots=True)
class BlameCommit:
    """A commit that lines come from. `boundary`: nothing is known before it."""

    oid: str
    title: str
    author: Signature
    boundary: bool


@dataclass(frozen=True, slots=True)
class Hunk:
    """`count` lines from `start` (from 1) that were lines from `origin` on of `path` in commit `oid`; `previous` is the
    commit and path in which git looked before it, None where the lines began with a new file."""

    start: int
    count: int
    origin: int
    oid: str
    path: bytes
    previous: tuple[str, bytes] | None


@dataclass
class Blame:
    """Hunks in the order of lines, with gaps as long as it is not complete; commits by id."""

    hunks: list[Hunk] = field(default_factory=list)
    commits: dict[str, BlameCommit] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class IgnoreRevs:
    """What a `.git-blame-ignore-revs` says: ids of commits, and how many of its lines are no whole ids."""

    oids: tuple[str, ...] = ()
    unusable: int = 0


def read_blame(
    git_dir: Path,
    commit: str,
    path: bytes,
    limits: Limits,
    *,
    ignored: Sequence[str] = (),
    mailmap: str = "",
    ignore_space: bool = False,
) -> Blame:
    """Blame of the file at this path of a commit, as far as git gets within the time limit.

    `ignored`: whole ids of commits to look through; `mailmap`: object name of the file that names people properly;
    `ignore_space`: a line that was only indented anew is as old as it was before.
    """
    args: list[str | bytes] = ["blame", "--incremental", "--encoding=UTF-8", "--root"]
    args += ["-w"] if ignore_space else []
    given = None
    if ignored:
        args.append("--ignore-revs-file=/dev/stdin")
        given = "".join(f"{oid}\n" for oid in ignored).encode("ascii")
    args += [commit, "--", os.fsdecode(path)]
    config = [("core.quotePath", "false"), ("blame.ignoreRevsFile", "")]
    config += [("mailmap.blob", mailmap)] if mailmap else []
    found = Blame()
    try:
        with stream_git(args, git_dir=git_dir, limits=limits, config=config, input=given) as chunks:
            for hunk in _hunks(_lines(chunks), found.commits):
                found.hunks.append(hunk)
        found.complete = True
    except LimitExceeded:
        pass
    found.hunks.sort(key=lambda hunk: hunk.start)
    return found


def read_ignore_revs(content: bytes) -> IgnoreRevs:
    """What can be used of a file of revisions to ignore: git itself gives up at the first line that is no whole id."""
    oids: dict[str, None] = {}
    unusable = 0
    for line in content.split(b"\n"):
        word = line.partition(b"#")[0].strip()
        if _OID.match(word):
            oids[word.decode("ascii").lower()] = None
        elif word:
            unusable += 1
    return IgnoreRevs(tuple(oids), unusable)


def unquote(name: bytes) -> bytes:
    """A path as git prints it in text, quoted like a string of C where it has to be."""
    if not (len(name) > 1 and name.startswith(b'"') and name.endswith(b'"')):
        return name
    return _ESCAPED.sub(lambda match: _character(match[1]), name[1:-1])


def _character(code: bytes) -> bytes:
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _LETTERS.get(code, code)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _hunks(lines: Iterator[bytes], commits: dict[str, BlameCommit]) -> Iterator[Hunk]:
    """Each entry is a header, facts (those of the commit only the first time) and ends with the file's name."""
    for line in lines:
        match = _HEADER.match(line)
        if match is None:
            raise Broken("The blame of this file cannot be read.")
        facts: dict[bytes, bytes] = {}
        for fact in lines:
            key, _, value = fact.partition(b" ")
            facts[key] = value
            if key == b"filename":
                break
        if b"filename" not in facts:
            return
        oid = match[1].decode("ascii")
        if oid not in commits:
            commits[oid] = _commit(oid, facts)
        yield Hunk(int(match[3]), int(match[4]), int(match[2]), oid, unquote(facts[b"filename"]), _previous(facts))


def _previous(facts: dict[bytes, bytes]) -> tuple[str, bytes] | None:
    if b"previous" not in facts:
        return None
    oid, _, name = facts[b"previous"].partition(b" ")
    return oid.decode("ascii"), unquote(name)


def _commit(oid: str, facts: dict[bytes, bytes]) -> BlameCommit:
    def text(key: bytes) -> str:
        return facts.get(key, b"").decode("utf-8", "replace")

    email = text(b"author-mail").removeprefix("<").removesuffix(">")
    seconds, zone = text(b"author-time"), text(b"author-tz")
    time = min(max(int(seconds), 0), _LATEST) if re.fullmatch(r"-?\d{1,20}", seconds) else 0
    offset = int(zone[1:3]) * 60 + int(zone[3:5]) if re.fullmatch(r"[+-]\d{4}", zone) else 0
    offset = -offset if zone.startswith("-") else offset
    who = Signature(text(b"author"), email, time, offset if abs(offset) < 24 * 60 else 0)
    return BlameCommit(oid, text(b"summary"), who, b"boundary" in facts)
