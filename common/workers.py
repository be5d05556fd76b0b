"""Run a function that might never come back in a child process that can be killed.

Children are plain `python -m common.workers` processes on a socket pair, kept warm and reused, so this works the same
in a thread of a task worker, in a forked web worker and in a script. A child sees no secret of its parent.
"""

import atexit
import contextlib
import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

MEMORY_BYTES = 1024**3
JOBS_PER_CHILD = 500
STARTUP_SECONDS = 60.0
QUEUE_SECONDS = 120.0
ANSWER_BYTES = 64 * 1024**2
CHILDREN = max(2, min(4, os.cpu_count() or 2))
_ROOT = Path(__file__).resolve().parent.parent


class _Lost(Exception):
    """The child passed its deadline, died, or answered with an exception."""


def run_bounded(function: Callable[..., Result], *args: Any, seconds: float, fallback: Result) -> Result:
    """`function(*args)` from a child process, or `fallback` when it raises, dies, or takes longer than `seconds`.

    The function must be importable by name, arguments and result picklable. Memory is limited to 1 GB, processor time
    to `seconds` and a little more. Starting a child and waiting for a free one do not count.
    """
    try:
        return _pool.run(function, args, seconds)  # type: ignore[no-any-return]
    except _Lost as error:
        logger.warning("%s.%s gave no result: %s", function.__module__, function.__qualname__, error)
        return fallback


class _Child:
    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        self.jobs = 0
        environment = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TZ") if key in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
        command = [sys.executable, "-m", "common.workers", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, cwd=_ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        try:
            self._answer(STARTUP_SECONDS)
        except _Lost:
            self.kill()
            raise

    def run(self, function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> Any:
        self.jobs += 1
        try:
            self.connection.send_bytes(pickle.dumps((function, args, seconds)))
        except OSError as error:
            raise _Lost("the child process is gone") from error
        self._answer(STARTUP_SECONDS)
        return self._answer(seconds)

    def _answer(self, seconds: float) -> Any:
        try:
            if not self.connection.poll(seconds):
                raise _Lost(f"no answer within {seconds:g} seconds")
            good, value = pickle.loads(self.connection.recv_bytes(ANSWER_BYTES))  # noqa: S301
        except (EOFError, OSError) as error:
            raise _Lost("the child process died") from error
        if not good:
            raise _Failed(value)
        return value

    def kill(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()


class _Failed(_Lost):
    """The function raised; the child is still fine."""


class _Pool:
    def __init__(self) -> None:
        self._free = threading.Semaphore(CHILDREN)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []

    def run(self, function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> Any:
        if not self._free.acquire(timeout=QUEUE_SECONDS):
            raise _Lost("every child process is busy")
        try:
            child = self._take()
            try:
                value = child.run(function, args, seconds)
            except _Failed:
                self._give_back(child)
                raise
            except BaseException:
                child.kill()
                raise
            self._give_back(child)
            return value
        finally:
            self._free.release()

    def _take(self) -> _Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.process.poll() is None:
                    return child
                child.kill()
        return _Child()

    def _give_back(self, child: _Child) -> None:
        if child.jobs >= JOBS_PER_CHILD:
            child.kill()
            return
        with self._lock:
            self._idle.append(child)

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().kill()

    def forget(self) -> None:
        """After a fork: the children are the parent's; only our copies of the sockets are closed."""
        for child in self._idle:
            child.connection.close()
            child.process.returncode = 0


_pool = _Pool()


def _after_fork() -> None:
    global _pool
    _pool.forget()
    _pool = _Pool()


@atexit.register
def _close() -> None:
    _pool.close()


os.register_at_fork(after_in_child=_after_fork)


def _serve(connection: Connection) -> None:
    """The child's life: answer requests, each with two answers: understood, result. Raises when the parent is gone."""
    connection.send_bytes(pickle.dumps((True, None)))
    while True:
        request = connection.recv_bytes()
        function, args, seconds = pickle.loads(request)  # noqa: S301
        connection.send_bytes(pickle.dumps((True, None)))
        _limit(seconds)
        try:
            answer = pickle.dumps((True, function(*args)))
        except Exception as error:
            answer = pickle.dumps((False, f"{type(error).__name__}: {str(error)[:300]}"))
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(answer)


def _limit(seconds: float) -> None:
    """Die by alarm or processor limit even when the parent is no longer there to kill us."""
    signal.setitimer(signal.ITIMER_REAL, seconds + 5)
    used = resource.getrusage(resource.RUSAGE_SELF)
    budget = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (budget, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _main() -> None:
    for number in (signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(2, 1)
    with contextlib.suppress(EOFError, ConnectionError):  # the parent closed its end, or was killed
        _serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    _main()
