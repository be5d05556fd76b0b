"""Zoekt keeps the contract too, asked for real where its two programs are installed."""

import contextlib
import itertools
import os
import shutil
import subprocess

import pytest

from search.engine import Literal, NoneOf, Path, Regex, Request
from search.zoekt.engine import ZoektEngine
from search.zoekt.question import EVERY, question
from tests.search.contract import EngineContract, build, paths, plan
from tests.servers import wait_for_port

__all__ = ["build"]
MISSING = "zoekt-webserver and zoekt-git-index are not installed"


# A loopback host made of our process's number, which nobody else has: none of its ports is taken.
HOST = f"127.{1 + (os.getpid() >> 16) % 250}.{(os.getpid() >> 8) % 256}.{os.getpid() % 256}"
ports = itertools.count(6070)
pytestmark = pytest.mark.allow_hosts([HOST, "127.0.0.1", "localhost"])


@contextlib.contextmanager
def webserver(folder):
    """A server that reads index files in `folder`; yields its URL."""
    folder.mkdir(parents=True, exist_ok=True)
    port = next(ports)
    command = ["zoekt-webserver", "-rpc", "-html=false", f"-listen={HOST}:{port}", f"-index={folder}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for_port(port, server, host=HOST)
            yield f"http://{HOST}:{port}"
        finally:
            server.kill()


@pytest.fixture
def installed():
    if not (shutil.which("zoekt-webserver") and shutil.which("zoekt-git-index")):
        pytest.skip(MISSING)


@pytest.fixture
def engine(installed, tmp_path):
    with webserver(tmp_path / "index") as url:
        yield ZoektEngine(tmp_path / "index", url, file_bytes=1024**2)


FILES = {"a.py": "needle one\n", "src/b.go": "package b\n\nfunc Needle() {}\n", "c.txt": "other\n"}


class TestZoekt(EngineContract):
    """The whole contract."""

    def test_finds_and_forgets(self, engine, build):
        builder = build(files=FILES)
        outcome = engine.index(plan(builder))
        assert (outcome.files, engine.status().files, engine.repositories()) == (3, 3, {1})
        assert paths(engine, Literal("needle")) == [(1, "a.py"), (1, "src/b.go")]
        assert paths(engine, Literal("Needle", case_sensitive=True)) == [(1, "src/b.go")]
        assert paths(engine, Regex("^func .*{")) == [(1, "src/b.go")]
        assert paths(engine, Path("SRC")) == [(1, "src/b.go")]
        assert paths(engine, NoneOf(Literal("needle"))) == [(1, "c.txt")]
        (hit,) = engine.search(Request(Literal("other"), frozenset({1}))).files
        assert (hit.commit, hit.branches, hit.lines[0].number) == (builder.oid("main"), ("main",), 1)
        engine.forget(1)
        assert paths(engine, Literal("needle")) == []

    def test_counts_do_not_tell_of_a_restricted_repository(self, engine, build):
        engine.index(plan(build("one.git", FILES), 1))
        before = engine.search(Request(Literal("needle"), frozenset({1}), wants_total=True, deadline_seconds=60))
        engine.index(plan(build("two.git", FILES | {"secret": "needle secret\n"}), 2))
        after = engine.search(Request(Literal("needle"), frozenset({1}), wants_total=True, deadline_seconds=60))
        assert (before.files, before.total, before.facets) == (after.files, after.total, after.facets)
        assert engine.search(Request(Literal("needle"), frozenset())).files == ()


def test_without_a_server_the_answer_says_so(tmp_path):
    engine = ZoektEngine(tmp_path, f"http://{HOST}:{next(ports)}", file_bytes=1)
    answer = engine.search(Request(Literal("x"), frozenset({1})))
    assert [note.kind for note in answer.notes] == ["failed"]
    assert not answer.total_is_exact


def test_questions_never_ask_for_less():
    assert question(Literal('a"b\\(', case_sensitive=True)) == r'( case:yes content:"a\"b\\\\\\(" )'
    assert question(NoneOf(Regex("a\\s*b"))) == EVERY
