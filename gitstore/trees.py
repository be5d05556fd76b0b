"""The tree of one commit: listed once, its blobs read through one process."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from gitstore.errors import Broken
from gitstore.process import GitProcess, stream_git
from gitstore.records import Limits, TreeEntry

_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


class BlobReader:
    """Reads blobs through one `git cat-file --batch`, started at the first question."""

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        self._git_dir = git_dir
        self._limits = limits
        self._process: GitProcess | None = None

    def read(self, oid: str, limit: int) -> bytes | None:
        """Content of a blob of known size at most `limit`; None when it is larger, missing or not a blob."""
        if self._process is None:
            self._process = GitProcess(["cat-file", "--batch"], self._limits, git_dir=self._git_dir, stdin=True)
        self._process.send(oid.encode("ascii") + b"\n")
        header = self._process.receive_line().split(b" ")
        if len(header) != 3:
            return None
        # A blob whose size was not as listed still has to be taken off the pipe.
        content = self._process.receive(int(header[2]) + 1)[:-1]
        return content if header[1] == b"blob" and len(content) <= limit else None

    def close(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


class TreeSnapshot:
    """A `gitstore.snapshot.Snapshot` of a mirror."""

    def __init__(self, commit: str, entries: Sequence[TreeEntry], truncated: bool, reader: BlobReader) -> None:
        self.commit = commit
        self.entries = entries
        self.truncated = truncated
        self._reader = reader

    def read(self, entry: TreeEntry, limit: int) -> bytes | None:
        """Content of a blob, or None when it is larger than `limit` bytes or not a blob."""
        if entry.type != "blob" or entry.size is None or entry.size > limit:
            return None
        return self._reader.read(entry.oid, limit)

    def find(self, path: bytes) -> TreeEntry | None:
        """The entry at exactly this path, or None."""
        return self._by_path.get(path)

    def under(self, directory: bytes) -> "TreeSnapshot":
        """The same commit seen from a subdirectory (shares the reading process)."""
        start = directory.strip(b"/") + b"/"
        if start == b"/":
            return self
        inside = [
            TreeEntry(entry.mode, entry.type, entry.oid, entry.size, entry.path[len(start) :])
            for entry in self.entries
            if entry.path.startswith(start)
        ]
        return TreeSnapshot(self.commit, inside, self.truncated, self._reader)

    @cached_property
    def _by_path(self) -> dict[bytes, TreeEntry]:
        return {entry.path: entry for entry in self.entries}


@contextmanager
def open_snapshot(git_dir: Path, commit: str, limits: Limits) -> Iterator[TreeSnapshot]:
    """The tree of a commit id; its blobs can be read while the block lasts."""
    if not _OID.match(commit):
        raise ValueError(f"Not a commit id: {commit!r}")
    entries, truncated = _list(git_dir, commit, limits)
    reader = BlobReader(git_dir, limits)
    try:
        yield TreeSnapshot(commit, entries, truncated, reader)
    finally:
        reader.close()


def _list(git_dir: Path, commit: str, limits: Limits) -> tuple[list[TreeEntry], bool]:
    entries: list[TreeEntry] = []
    rest = b""
    with stream_git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], git_dir=git_dir, limits=limits) as chunks:
        for chunk in chunks:
            *rows, rest = (rest + chunk).split(b"\0")
            entries += map(_entry, rows)
            if len(entries) > limits.files:
                return entries[: limits.files], True
    return entries, False


def _entry(row: bytes) -> TreeEntry:
    facts, tab, path = row.partition(b"\t")
    words = facts.split()
    if not tab or len(words) != 4:
        raise Broken("The repository's tree cannot be read.")
    size = int(words[3]) if words[3].isdigit() else None
    return TreeEntry(int(words[0], 8), words[1].decode("ascii"), words[2].decode("ascii"), size, path)
