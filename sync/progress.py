"""Live progress of one run, written to its row at most once a second and never inside a transaction."""

import time

from gitstore.records import FetchProgress
from sync.models import SyncRun

EVERY_SECONDS = 1.0
LOG_LINES = 100


class Progress:
    """Collects what happens and writes it now and then; `phase` writes at once."""

    def __init__(self, run_id: int) -> None:
        # Once the run has been given back or closed, its last words stand.
        self._rows = SyncRun.objects.filter(pk=run_id, outcome=SyncRun.Outcome.RUNNING)
        self._began = self._written = time.monotonic()
        self._log: list[list[float | str]] = []
        self._values: dict[str, int | str] = {}

    def phase(self, words: str, total: int = 0) -> None:
        """A new phase begins; `words` is kept in the run's log."""
        self._log.append([round(time.monotonic() - self._began, 1), words])
        del self._log[:-LOG_LINES]
        self._values |= {"phase": words[:60], "done": 0, "total": total}
        self._write()

    def fetching(self, at: FetchProgress) -> None:
        self._values |= {
            "phase": f"Fetching: {at.phase.lower()}"[:60],
            "done": at.done,
            "total": at.total,
            "received_bytes": max(at.received_bytes, int(self._values.get("received_bytes", 0))),
        }
        self._write_now_and_then()

    def commits(self, read: int) -> None:
        """`read` commits so far."""
        self._values |= {"commits_read": read, "done": read}
        self._write_now_and_then()

    def lines(self, counted: int) -> None:
        """The lines of `counted` commits so far."""
        self._values |= {"done": counted}
        self._write_now_and_then()

    def files(self, indexed: int, of: int) -> None:
        """So many files were indexed so far."""
        self._values |= {"done": indexed, "total": of}
        self._write_now_and_then()

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written >= EVERY_SECONDS:
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._rows.update(log=self._log, **self._values)
