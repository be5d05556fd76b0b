"""Output of git handed on in pieces: nothing is held, and git ends when nobody reads any more."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from gitstore.errors import LimitExceeded
from gitstore.process import stream_git
from gitstore.records import Limits

Through = Callable[[Iterator[bytes]], Iterator[bytes]]


class GitOutput:
    """Pieces of what a git command prints, `through` a packer if given. Iterate once, and `close` it when done.

    The first piece is read at once, so that what git complains about is raised here. Reading raises LimitExceeded after
    `limits.output_bytes`.
    """

    def __init__(self, git_dir: Path, args: Sequence[str], limits: Limits, through: Through | None = None) -> None:
        self._limit = limits.output_bytes
        self._stack = ExitStack()
        try:
            chunks = self._stack.enter_context(stream_git(args, git_dir=git_dir, limits=limits))
            self._pieces = through(chunks) if through else chunks
            self._first = next(self._pieces, b"")
        except BaseException:
            self._stack.close()
            raise

    @property
    def head(self) -> bytes:
        """The first piece."""
        return self._first

    def __iter__(self) -> Iterator[bytes]:
        size = len(self._first)
        yield self._first
        for piece in self._pieces:
            size += len(piece)
            if size > self._limit:
                raise LimitExceeded("This is larger than the portal hands out.", "Clone the repository instead.")
            yield piece

    def close(self) -> None:
        """Stop git if it still runs. Safe to call twice."""
        self._stack.close()
