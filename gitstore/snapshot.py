"""One commit's tree as a whole, for those who derive facts from it."""

from collections.abc import Sequence
from typing import Protocol

from gitstore.records import TreeEntry


class Snapshot(Protocol):
    """The files of one commit (optionally of one subdirectory of it).

    `entries`: every blob, symlink and submodule below the root in Git's order, paths relative to the root, with sizes.
    `truncated`: the tree had more files than the limit; `entries` holds the first ones.
    """

    commit: str
    entries: Sequence[TreeEntry]
    truncated: bool

    def read(self, entry: TreeEntry, limit: int) -> bytes | None:
        """Content of a blob, or None when it is larger than `limit` bytes or not a blob."""
        ...

    def find(self, path: bytes) -> TreeEntry | None:
        """The entry at exactly this path, or None."""
        ...

    def under(self, directory: bytes) -> "Snapshot":
        """The same commit seen from a subdirectory (shares the reading process)."""
        ...
