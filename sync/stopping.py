"""Telling runs that their Celery worker is to end, so that they go back to the queue at once.

Celery's warm shutdown only waits for tasks, and a clone may take longer than the supervisor's patience. The embedded
worker has a signal handler of its own.
"""

import signal
import threading
from types import FrameType

from billiard.process import active_children, current_process
from celery.signals import task_prerun, worker_shutting_down

from sync import pipeline


def stop_runs(**_: object) -> None:
    """In the main process, at its first signal: tell the pool's processes, or give back what its own threads run."""
    for child in active_children():
        child.terminate()
    threading.Thread(target=pipeline.release_all, name="ending", daemon=True).start()


def listen(**_: object) -> None:
    """In a process of a prefork pool. Celery sets handlers of its own after each of its hooks but this one."""
    if current_process().name != "MainProcess" and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)


def _end(_signum: int, _frame: FrameType | None) -> None:
    # Once: supervisors signal whole groups, and a second one must not cut off the giving back.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


worker_shutting_down.connect(stop_runs)
task_prerun.connect(listen)
