import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.workers import run_bounded

ROOT = Path(__file__).resolve().parents[2]


def spin():
    while True:
        pass


def fail():
    raise ValueError("no")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def greedy():
    return len(bytearray(4 * 1024**3))


def chatty(word):
    print(word)
    return word


def environment(name):
    return os.environ.get(name)


def big(size):
    return "x" * size


class TestRunBounded:
    def test_returns_what_the_function_returns(self):
        assert run_bounded(len, "four", seconds=90, fallback=-1) == 4

    def test_never_ending_function_gives_the_fallback_and_the_next_call_works(self):
        assert run_bounded(spin, seconds=0.3, fallback="gave up") == "gave up"
        assert run_bounded(os.getpid, seconds=90, fallback=0) not in (0, os.getpid())

    def test_killed_child_is_gone(self):
        child = run_bounded(os.getpid, seconds=90, fallback=0)
        for _ in range(8):
            run_bounded(spin, seconds=0.1, fallback=None)
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)

    def test_child_is_kept_for_the_next_call(self):
        first = run_bounded(os.getpid, seconds=90, fallback=0)
        assert run_bounded(os.getpid, seconds=90, fallback=1) == first

    @pytest.mark.parametrize("function", [fail, die, greedy])
    def test_function_that_fails_or_dies_or_wants_all_memory_gives_the_fallback(self, function):
        assert run_bounded(function, seconds=90, fallback="plain") == "plain"

    def test_printing_does_not_disturb_the_answer(self):
        assert run_bounded(chatty, "noise", seconds=90, fallback="") == "noise"

    def test_large_arguments_and_results_pass(self):
        assert len(run_bounded(big, 5_000_000, seconds=90, fallback="")) == 5_000_000
        assert run_bounded(len, "x" * 5_000_000, seconds=90, fallback=0) == 5_000_000

    def test_child_does_not_see_secrets(self, monkeypatch):
        monkeypatch.setenv("PORTAL_SECRET_KEY", "hush")
        for _ in range(8):
            run_bounded(spin, seconds=0.05, fallback=None)
        assert run_bounded(environment, "PORTAL_SECRET_KEY", seconds=90, fallback="?") is None

    def test_many_threads_share_the_pool(self):
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(run_bounded, len, "x" * size, seconds=90, fallback=-1) for size in range(24)]
            assert [job.result() for job in jobs] == list(range(24))

    def test_works_in_a_forked_process_and_leaves_the_parent_its_children(self):
        before = run_bounded(os.getpid, seconds=90, fallback=0)
        script = (
            "import os\nfrom common.workers import run_bounded\n"
            "a = run_bounded(os.getpid, seconds=90, fallback=0)\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    b = run_bounded(os.getpid, seconds=90, fallback=0)\n"
            "    os._exit(0 if b not in (0, a) else 3)\n"
            "status = os.waitpid(child, 0)[1]\n"
            "print(os.waitstatus_to_exitcode(status), run_bounded(os.getpid, seconds=90, fallback=0) == a)\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert answer.stdout.split() == ["0", "True"], answer.stderr
        assert run_bounded(os.getpid, seconds=90, fallback=1) == before

    def test_children_end_with_their_parent(self):
        script = (
            "import os, signal, sys\nfrom common.workers import run_bounded\n"
            "print(run_bounded(os.getpid, seconds=90, fallback=0), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        child = int(answer.stdout)
        ended = threading.Event()
        for _ in range(1200):
            if not Path(f"/proc/{child}").exists() or is_zombie(child):
                ended.set()
                break
            time.sleep(0.05)
        assert ended.is_set()


def is_zombie(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
