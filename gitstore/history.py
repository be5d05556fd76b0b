"""Commits reachable from one: who, when, what it says; no file is opened for it."""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from gitstore.errors import Broken
from gitstore.process import run_git, stream_git
from gitstore.records import CommitRecord, Limits

_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_FIELDS = ("%H", "%P", "%aN", "%aE", "%at", "%ct", "%s", "%(trailers:only=true,unfold=true,separator=%x1f)")
_LATEST = 4_102_444_800  # 2100-01-01
_OPTIONS = (
    "log",
    "--no-color",
    "--no-show-signature",
    "--no-ext-diff",
    "--no-textconv",
    "--encoding=UTF-8",
    "--use-mailmap",
    "--no-notes",
    "-z",
)


def read_log(
    git_dir: Path, commit: str, limits: Limits, path: bytes | None = None, since: int | None = None
) -> Iterator[CommitRecord]:
    """Commits from the newest on, streamed; those that touch `path`, those since a time in seconds since 1970."""
    _check(commit)
    # New for every process: a name or message that holds it would have to guess it.
    mark = secrets.token_hex(16)
    args = [*_OPTIONS, f"--format={'%x00'.join(_FIELDS)}{mark}"]
    if since is not None:
        args.append(f"--since=@{int(since)} +0000")
    args += ["--end-of-options", commit, "--"]
    if path:
        args.append(os.fsdecode(path))
    config = [("mailmap.blob", f"{commit}:.mailmap")]
    end = mark.encode("ascii") + b"\0"
    rest = b""
    with stream_git(args, git_dir=git_dir, limits=limits, config=config) as chunks:
        for chunk in chunks:
            *records, rest = (rest + chunk).split(end)
            yield from map(_record, records)


def root_commits(git_dir: Path, commit: str, limits: Limits, cap: int) -> tuple[str, ...]:
    """Commits without parents that `commit` descends from, the youngest `cap` of them, sorted by id."""
    _check(commit)
    args = ["rev-list", "--max-parents=0", f"--max-count={cap}", commit, "--"]
    output = run_git(args, git_dir=git_dir, limits=limits)
    return tuple(sorted(output.decode("ascii").split()))


def count_commits(git_dir: Path, commit: str, limits: Limits) -> int:
    """Number of commits reachable from `commit`, itself included."""
    _check(commit)
    return int(run_git(["rev-list", "--count", commit, "--"], git_dir=git_dir, limits=limits))


def _check(commit: str) -> None:
    if not _OID.match(commit):
        raise ValueError(f"Not a commit id: {commit!r}")


def _record(row: bytes) -> CommitRecord:
    fields = row.decode("utf-8", "replace").split("\0")
    if len(fields) != len(_FIELDS):
        raise Broken("The repository's history cannot be read.")
    oid, parents, name, email, authored, committed, subject, trailers = fields
    return CommitRecord(
        oid=oid,
        parents=tuple(parents.split()),
        author_name=name,
        author_email=email,
        author_time=_time(authored),
        committer_time=_time(committed),
        subject=subject,
        trailers=tuple(_trailer(line) for line in trailers.split("\x1f") if line.strip()),
    )


def _trailer(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return key.strip(), value.strip()


def _time(text: str) -> int:
    try:
        return min(max(int(text), 0), _LATEST)
    except ValueError:
        return 0  # a commit without a readable date
