"""`make run` as a process: it serves, and whichever way it is ended, nothing of it stays behind."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ("PORTAL_", "DATABASE_URL", "REDIS_URL", "DJANGO_")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(port, query):
    """The status of the catalog for a query of any length."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", f"/projects/?{query}")
        return connection.getresponse().status


def running(mark):
    """Processes whose environment holds `mark`, apart from this one."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in place.read_bytes().split(b"\0"):
                found.append(place.parent.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """One folder for all: making the tables takes longest."""
    return tmp_path_factory.mktemp("data")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to find what stayed behind")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_stays_behind(data, number):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    environment = kept | {"PORTAL_EMBEDDED": "1", "PORTAL_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "manage.py", "run_portal", "--port", str(free_port())]
    log = data / f"{number.name}.log"
    with log.open("wb") as output:  # no pipe: who stays behind would hold it open
        portal = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    mark = f"PORTAL_DATA_DIR={data}".encode()
    try:
        deadline = time.monotonic() + 120
        while "InnerSource Portal: http://127.0.0.1:" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(running(mark)) > 2
        address = words[-1]
        assert answer(address, "q=" + "%C3%A4" * 10_000) == 302  # to the page where one signs in
        assert answer(address, "q=" + "%C3%A4" * 30_000) == 414
        portal.send_signal(number)
        assert portal.wait(60) == (-9 if number == signal.SIGKILL else 0)
        deadline = time.monotonic() + 60
        while running(mark) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not running(mark)
    finally:
        for pid in running(mark):
            os.kill(int(pid), signal.SIGKILL)
        portal.wait()
