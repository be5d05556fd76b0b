"""One writer per mirror, across threads, processes and the git processes they start."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitstore.errors import Busy

_PAUSE_SECONDS = 0.05


@contextmanager
def file_lock(path: Path, timeout: float) -> Iterator[int]:
    """Hold an exclusive lock on `path`; yields its descriptor. Raises Busy after `timeout` seconds.

    It lives as long as any copy of the descriptor: a git process that inherits it keeps it when its parent is killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, time.monotonic() + timeout)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy("Another process works on this mirror.", "The portal tries again later.") from None
        time.sleep(_PAUSE_SECONDS)
