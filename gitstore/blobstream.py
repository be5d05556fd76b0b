"""Many blobs in one go: git is told all ids at once and answers without waiting for each question."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gitstore.errors import Broken
from gitstore.process import stream_git
from gitstore.records import Limits

AT_ONCE = 2_000


def stream_blobs(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[tuple[str, bytes | None]]:
    """Id and content of each blob in the order asked for; None for one that is missing or no blob."""
    for start in range(0, len(oids), AT_ONCE):
        yield from _part(git_dir, oids[start : start + AT_ONCE], limits)


def _part(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[tuple[str, bytes | None]]:
    asked = "\n".join(oids).encode("ascii") + b"\n"
    with stream_git(["cat-file", "--batch", "--buffer"], git_dir=git_dir, limits=limits, input=asked) as chunks:
        source = _Source(chunks)
        for oid in oids:
            header = source.line().split(b" ")
            if len(header) != 3 or not header[2].isdigit():
                yield oid, None
                continue
            content = source.take(int(header[2]) + 1)[:-1]
            yield oid, content if header[1] == b"blob" else None
        source.finish()


class _Source:
    """Takes lines and counted bytes off a stream of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""
        self._at = 0

    def line(self) -> bytes:
        while (end := self._held.find(b"\n", self._at)) < 0:
            self._more()
        line, self._at = self._held[self._at : end], end + 1
        return line

    def take(self, size: int) -> bytes:
        if size > len(self._held) - self._at:
            parts, have = [self._held[self._at :]], len(self._held) - self._at
            while have < size:
                parts.append(self._next())
                have += len(parts[-1])
            self._held, self._at = b"".join(parts), 0
        data, self._at = self._held[self._at : self._at + size], self._at + size
        return data

    def finish(self) -> None:
        """Read to the end, so that git's own failure is told."""
        for _ in self._chunks:
            pass

    def _more(self) -> None:
        self._held, self._at = self._held[self._at :] + self._next(), 0

    def _next(self) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise Broken("Git ended in the middle of an answer.")
