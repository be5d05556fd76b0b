"""The tie of a child process to whoever supervises it: a pipe on its standard input that ends with the supervisor."""

import os
import signal
import threading

SUPERVISED = "PORTAL_SUPERVISED"


def end_with_supervisor() -> None:
    """In a process that `make run` started: end as by SIGTERM once the supervisor is gone, even by kill -9."""
    if os.environ.get(SUPERVISED):
        threading.Thread(target=_wait, name="supervisor", daemon=True).start()


def _wait() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
