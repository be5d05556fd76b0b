"""Reading git's progress lines while a fetch runs."""

import re
import time
from collections.abc import Callable

from gitstore.records import FetchProgress

_UNITS = {b"bytes": 1, b"KiB": 1024, b"MiB": 1024**2, b"GiB": 1024**3}
# Only git's own words: what a remote writes behind "remote:" reaches people otherwise.
_LINE = re.compile(
    rb"(?:remote: )?(Enumerating objects|Counting objects|Compressing objects|Receiving objects|Resolving deltas|"
    rb"Unpacking objects|Checking connectivity):\s+(?:\d+% \((\d+)/(\d+)\)|(\d+))"
    rb"(?:, ([0-9.]+) (bytes|KiB|MiB|GiB))?"
)
_EVERY_SECONDS = 0.25


class ProgressReader:
    """Takes pieces of standard error and calls back at most four times a second, and at every new phase."""

    def __init__(self, callback: Callable[[FetchProgress], None]) -> None:
        self._callback = callback
        self._rest = b""
        self._phase = ""
        self._called = 0.0

    def __call__(self, text: bytes) -> None:
        *lines, self._rest = re.split(rb"[\r\n]", self._rest[-1000:] + text)
        for line in lines:
            if match := _LINE.match(line):
                self._tell(match)

    def _tell(self, match: re.Match[bytes]) -> None:
        phase, now = match[1].decode("ascii"), time.monotonic()
        done, total = int(match[2] or match[4]), int(match[3] or 0)
        if phase == self._phase and now - self._called < _EVERY_SECONDS and done != total:
            return
        self._phase, self._called = phase, now
        received = int(float(match[5]) * _UNITS[match[6]]) if match[5] else 0
        self._callback(FetchProgress(phase, done, total, received))
