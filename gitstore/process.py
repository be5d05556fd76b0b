"""The only place that starts git.

Every process gets a literal argument list, the environment of `gitstore.environment`, its own process group, resource
limits and a deadline; whatever ends the work early, an exception included, ends the whole group.
"""

import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from git.cmd import Git
from git.exc import GitCommandNotFound

from gitstore.complaints import explain
from gitstore.environment import executable, git_environment, inherited_git_variables
from gitstore.errors import GitError, LimitExceeded
from gitstore.records import Limits

_CHUNK = 256 * 1024
_STDERR_KEPT = 16 * 1024
_GRACE_SECONDS = 2.0
_LOOK_SECONDS = 1.0

Config = Sequence[tuple[str, str]]
OnStderr = Callable[[bytes], None]


def run_git(
    args: Sequence[str | bytes],
    *,
    limits: Limits,
    git_dir: Path | None = None,
    env: Mapping[str, str] | None = None,
    config: Config = (),
    input: bytes | None = None,
    pass_fds: Sequence[int] = (),
    on_stderr: OnStderr | None = None,
) -> bytes:
    """Standard output of `git ARGS`. Raises a GitError when git fails, is killed, or passes one of the limits."""
    with stream_git(
        args,
        limits=limits,
        git_dir=git_dir,
        env=env,
        config=config,
        input=input,
        pass_fds=pass_fds,
        on_stderr=on_stderr,
    ) as chunks:
        parts = []
        size = 0
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > limits.output_bytes:
                raise LimitExceeded("Git returned more than the portal can hold.", "Raise the output limit for git.")
        return b"".join(parts)


@contextmanager
def stream_git(
    args: Sequence[str | bytes],
    *,
    limits: Limits,
    git_dir: Path | None = None,
    env: Mapping[str, str] | None = None,
    config: Config = (),
    input: bytes | None = None,
    pass_fds: Sequence[int] = (),
    on_stderr: OnStderr | None = None,
) -> Iterator[Iterator[bytes]]:
    """Chunks of standard output as they come. Reading to the end raises when git failed; leaving early stops git."""
    process = GitProcess(
        args, limits, git_dir=git_dir, env=env, config=config, pass_fds=pass_fds, stdin=input is not None
    )
    try:
        yield process.pump(input or b"", on_stderr)
    finally:
        process.stop()


@cache
def git_version() -> tuple[int, ...]:
    """Version of the installed git, for example (2, 39, 5)."""
    try:
        text = subprocess.run([executable(), "--version"], capture_output=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise GitError("Git is not installed on this machine.", "Install git 2.30 or newer.") from error
    match = re.search(rb"(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in match[1].split(b".")) if match else (0,)


class GitProcess:
    """One running git. Use `pump` to read it to its end or `send` and `receive` to talk to it; always `stop` it."""

    def __init__(
        self,
        args: Sequence[str | bytes],
        limits: Limits,
        *,
        git_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        config: Config = (),
        pass_fds: Sequence[int] = (),
        stdin: bool = False,
    ) -> None:
        self._left = limits.seconds
        self._errors = bytearray()
        self._buffer = bytearray()
        self._auto = _start(
            args, git_dir, git_environment(config, env, numbered=git_version() >= (2, 31)), pass_fds, stdin
        )
        self._process: subprocess.Popen[bytes] = self._auto.proc  # type: ignore[assignment]
        self._stdout, self._stderr = _pipe(self._process.stdout), _pipe(self._process.stderr)
        _bound(self._process.pid, limits)

    @property
    def pid(self) -> int:
        """Process id, which is also the id of the process group."""
        return self._process.pid

    def pump(self, data: bytes, on_stderr: OnStderr | None = None) -> Iterator[bytes]:
        """Feed `data` to git, yield chunks of its output, and raise at the end if it failed."""
        with selectors.PollSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            pending = self._register_input(selector, data)
            while selector.get_map():
                for key, _ in self._wait(selector):
                    if key.fd == self._stdout.fileno():
                        if chunk := _read(selector, self._stdout):
                            yield chunk
                    elif key.fd == self._stderr.fileno():
                        self._note(_read(selector, self._stderr), on_stderr)
                    else:
                        pending = self._feed(selector, pending)
        self._check_end()

    def send(self, data: bytes) -> None:
        """Write a short request to git's standard input."""
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            self._check_end()

    def receive_line(self) -> bytes:
        """The next line of output without its newline."""
        while (end := self._buffer.find(b"\n")) < 0:
            self._fill()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def receive(self, size: int) -> bytes:
        """Exactly `size` bytes of output."""
        while len(self._buffer) < size:
            self._fill()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def stop(self) -> None:
        """End the whole process group if it still runs, and close the pipes. Safe to call twice."""
        try:
            if self._process.poll() is None:
                self._kill_group()
        finally:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def _kill_group(self) -> None:
        _signal_group(self.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        _signal_group(self.pid, signal.SIGKILL)
        self._process.wait()
        _await_group(self.pid)

    def _fill(self) -> None:
        with selectors.PollSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stderr, selectors.EVENT_READ)
            while self._stdout in selector.get_map():
                for key, _ in self._wait(selector):
                    if key.fd == self._stderr.fileno():
                        self._note(_read(selector, self._stderr), None)
                    elif chunk := _read(selector, self._stdout):
                        self._buffer += chunk
                        return
        self._check_end()
        raise GitError("Git ended in the middle of an answer.", "Try again; tell an administrator if it stays.")

    def _wait(self, selector: selectors.PollSelector) -> list[tuple[selectors.SelectorKey, int]]:
        # Only the time spent waiting for git counts: a caller that is slow to read must not be punished.
        started = time.monotonic()
        ready = selector.select(min(self._left, _LOOK_SECONDS))
        self._left -= time.monotonic() - started
        if not ready and self._process.poll() is not None:
            # git is gone and a child of it still holds the pipes
            _signal_group(self.pid, signal.SIGKILL)
        if self._left <= 0:
            raise LimitExceeded("Git took longer than allowed and was stopped.", "Raise the time limit for git.")
        return ready

    def _register_input(self, selector: selectors.PollSelector, data: bytes) -> memoryview:
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
            selector.register(self._process.stdin, selectors.EVENT_WRITE)
        return memoryview(data)

    def _feed(self, selector: selectors.PollSelector, pending: memoryview) -> memoryview:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101
        try:
            pending = pending[os.write(stdin.fileno(), pending[: 64 * 1024]) :] if pending else pending
        except BrokenPipeError:
            pending = pending[:0]
        if not pending:
            selector.unregister(stdin)
            stdin.close()
        return pending

    def _note(self, text: bytes, on_stderr: OnStderr | None) -> None:
        self._errors += text
        if len(self._errors) > 2 * _STDERR_KEPT:
            del self._errors[:-_STDERR_KEPT]
        if text and on_stderr is not None:
            on_stderr(text)

    def _check_end(self) -> None:
        try:
            status = self._process.poll()
            if status is None:
                status = self._process.wait(max(self._left, _GRACE_SECONDS))
        except subprocess.TimeoutExpired:
            raise LimitExceeded("Git took longer than allowed and was stopped.", "Raise the time limit.") from None
        self._auto.proc = None
        if status:
            _signal_group(self.pid, signal.SIGKILL)
            _await_group(self.pid)
            raise explain(status, bytes(self._errors))


def _start(
    args: Sequence[str | bytes], git_dir: Path | None, env: dict[str, str], pass_fds: Sequence[int], stdin: bool
) -> Git.AutoInterrupt:
    command: list[str | bytes] = [executable(), f"--git-dir={git_dir or '/nonexistent'}", *args]
    if stale := inherited_git_variables(env):
        command = ["/usr/bin/env", *(word for name in stale for word in ("-u", name)), *command]
    try:
        return Git("/").execute(
            command,
            istream=subprocess.PIPE if stdin else None,
            as_process=True,
            shell=False,
            env=env,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
    except GitCommandNotFound as error:
        raise GitError("Git is not installed on this machine.", "Install git 2.30 or newer.") from error


def _bound(pid: int, limits: Limits) -> None:
    # Set from here, so that neither a wrapper process nor code between fork and exec is needed.
    if sys.platform != "linux":
        return
    processor = max(60, int(limits.seconds)) * (os.cpu_count() or 1)
    for kind, value in (
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, processor),
    ):
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with suppress(OSError):  # the process may be gone already
            resource.prlimit(pid, kind, (bound, bound))


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _await_group(pid: int) -> None:
    # Killed children may need a moment, and until then they hold the lock of the mirror.
    deadline = time.monotonic() + _GRACE_SECONDS / 4
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < deadline:
            os.killpg(pid, 0)
            time.sleep(0.005)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101
    return pipe


def _read(selector: selectors.PollSelector, pipe: IO[bytes]) -> bytes:
    chunk = os.read(pipe.fileno(), _CHUNK)
    if not chunk:
        selector.unregister(pipe)
    return chunk
