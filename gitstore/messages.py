"""Whole messages of commits, many at a time: for indexing their words."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gitstore.errors import Broken
from gitstore.facts import OPTIONS, UNHURRIED, check_oid, split_fields
from gitstore.process import stream_git
from gitstore.records import Limits


def read_messages(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Each of these commits with its message in UTF-8 (as far as it is text), in this order. Raises GitError."""
    args = [*OPTIONS, "--format=%H%x00%B", "--no-walk=unsorted", "--stdin"]
    data = "".join(f"{check_oid(oid)}\n" for oid in oids).encode("ascii")
    waiting: list[bytes] = []
    with stream_git(args, git_dir=git_dir, limits=limits, input=data, env=UNHURRIED) as chunks:
        for fields in split_fields(chunks):
            waiting += fields
            whole = len(waiting) // 2 * 2
            for oid, message in zip(waiting[:whole:2], waiting[1:whole:2], strict=True):
                yield check_oid(oid.decode("ascii", "replace")), message
            del waiting[:whole]
    if waiting:
        raise Broken("The repository's history cannot be read.")
