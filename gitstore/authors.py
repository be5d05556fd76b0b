"""Who made one file: the last change of it and how many changes each author made, as far as the time reaches."""

import os
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gitstore.errors import LimitExceeded
from gitstore.objects import OID
from gitstore.process import stream_git
from gitstore.records import Limits

_FIELDS = ("%H", "%aN", "%aE", "%at", "%s")
_LATEST = 4_102_444_800  # 2100-01-01


@dataclass(frozen=True, slots=True)
class Author:
    """One author by email (lower case): the name last used, number of changes, time of the last one since 1970."""

    name: str
    email: str
    changes: int
    last: int


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of a file, as `git log -1 -- PATH` says."""

    oid: str
    title: str
    author: Author


@dataclass(frozen=True, slots=True)
class FileAuthors:
    """Authors, most changes first. `complete` is False where the history was too long for the time."""

    last: Change | None
    authors: tuple[Author, ...]
    changes: int
    complete: bool


def file_authors(git_dir: Path, commit: str, path: bytes, limits: Limits) -> FileAuthors:
    """From `git log COMMIT -- PATH` without merges that change nothing, by the mailmap of that commit."""
    if not OID.match(commit):
        raise ValueError(f"Not a commit id: {commit!r}")
    mark = secrets.token_hex(16)
    args = ["log", "--no-color", "--no-show-signature", "--encoding=UTF-8", "--use-mailmap", "--no-notes", "-z"]
    args += [f"--format={'%x00'.join(_FIELDS)}{mark}", "--end-of-options", commit, "--", os.fsdecode(path)]
    tally, rest, complete = _Tally(), b"", True
    end = mark.encode("ascii") + b"\0"
    try:
        with stream_git(args, git_dir=git_dir, limits=limits, config=[("mailmap.blob", f"{commit}:.mailmap")]) as out:
            for chunk in out:
                *rows, rest = (rest + chunk).split(end)
                for row in rows:
                    tally.add(row)
    except LimitExceeded:
        complete = False
    return tally.result(complete)


class _Tally:
    def __init__(self) -> None:
        self.last: Change | None = None
        self.changes: Counter[str] = Counter()
        self.newest: dict[str, Author] = {}

    def add(self, row: bytes) -> None:
        oid, name, email, time, title = (row.decode("utf-8", "replace").split("\0") + [""] * 5)[:5]
        when = min(max(int(time), 0), _LATEST) if time.lstrip("-").isdigit() else 0
        author = Author(name, email, 1, when)
        if self.last is None:
            self.last = Change(oid, title, author)
        key = email.lower() or name
        self.changes[key] += 1
        self.newest.setdefault(key, author)

    def result(self, complete: bool) -> FileAuthors:
        keys = sorted(self.changes, key=lambda key: (-self.changes[key], -self.newest[key].last, key))
        authors = (
            Author(self.newest[key].name, self.newest[key].email, self.changes[key], self.newest[key].last)
            for key in keys
        )
        return FileAuthors(self.last, tuple(authors), self.changes.total(), complete)
