"""Zoekt keeps the contract too, asked for real where its two programs are installed."""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.utils import timezone

from gitstore.errors import GitError
from projects.models import Project
from search import indexing
from search.engine import Definition, Literal, NoneOf, Path, Regex, Request, Symbol
from search.engines import chosen
from search.zoekt.engine import ZoektEngine
from search.zoekt.question import EVERY, question
from search.zoekt.server import Server
from sync import pipeline
from tests.search.contract import EngineContract, build, lines_found, paths, plan
from tests.servers import wait_for_port
from tests.sync.conftest import bare, commit, job, project

__all__ = ["bare", "build", "job", "project"]
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

    @pytest.mark.parametrize("matcher", [Literal("needle"), Regex("needle [0-9]+$"), Regex("e"), NoneOf(Literal("zz"))])
    def test_more_files_than_are_ranked_at_once(self, engine, build, monkeypatch, matcher):
        monkeypatch.setattr("search.zoekt.searching.WINDOW", 20)
        files = {f"dir/{n % 3}/file{n:02}.py": f"needle {n % 40}\n" for n in range(59)}
        files["zz/tool"] = "#!/bin/sh\nneedle 59\n"
        for number in (1, 2):
            engine.index(plan(build(f"{number}.git", files), number))
        request = Request(matcher, frozenset({1, 2}), limit=7, deadline_seconds=60)
        told, answer = [], engine.search(request)
        while True:
            assert answer.files
            told += [each for hit in answer.files for each in ((hit.repository_id, hit.path), *hit.copies)]
            if not answer.next:
                break
            answer = engine.search(replace(request, after=answer.next))
        assert sorted(told) == sorted((number, path.encode()) for number in (1, 2) for path in files)
        counted = engine.search(replace(request, limit=0, wants_total=True))
        assert (counted.total, counted.total_is_exact, counted.facets.repositories) == (120, True, {1: 60, 2: 60})
        assert counted.facets.languages == {"Python": 118, "Shell": 2}

    def test_what_is_odd_about_files_is_no_difference(self, engine, build):
        """Tiny and odd ones, those another program would be told to ignore, and text that only looks like a message."""
        files = {
            "a": "x",
            "b\tc": "x\n",
            b"odd \xe9": "odd\n",
            b"odd \xe8": "even\n",
            ".sourcegraph/ignore": "ignored\n",
            "ignored": "NOT-INDEXED: a message\n",
            "nul.txt": b"letters " * 2000 + b"\0 late\n",
        }
        assert engine.index(plan(build(files=files))).files == len(files)
        assert lines_found(engine, Regex("^x$")) == {(b"a", 1), (b"b\tc", 1)}
        assert lines_found(engine, Literal("ODD")) == {(b"odd \xe9", 1)}
        assert lines_found(engine, Literal("even")) == {(b"odd \xe8", 1)}
        assert lines_found(engine, Literal("ignored")) == {(b".sourcegraph/ignore", 1)}
        assert lines_found(engine, Regex("indexed: .*")) == {(b"ignored", 1)}
        assert lines_found(engine, Literal("late")) == {(b"nul.txt", 1)}

    def test_letters_are_the_same_without_case(self, engine, build):
        files = {"long": "\u017foundne\u017f\u017f\n", "plain": "soundness\n", "sigma": "\u03a3\u03c2\u03c3\u03c2\n"}
        files |= {"dotted": "F\u0130XTURE\n", "micro": "abc \u00b5\n", "kelvin": "\u212aelvin\n"}
        engine.index(plan(build(files=files)))

        def found(text):
            return {path.decode() for path, _ in lines_found(engine, Literal(text))}

        assert found("soundness") == found("SOUNDNE\u017fS") == {"long", "plain"}
        assert found("\u03c3\u03c3\u03c3\u03c3") == found("\u03c2\u03c2\u03c2\u03c2") == {"sigma"}
        assert (found("\u03bc"), found("kelvin"), found("fixture")) == ({"micro"}, {"kelvin"}, set())
        assert "dotted" in {path for _, path in paths(engine, NoneOf(Literal("fixture")))}

    def test_symbols_and_what_differs_about_them(self, engine, build):
        engine.index(plan(build(files={"a.py": "class RetryPolicy:\n    def wait(self):\n        pass\n"})))
        answer = engine.search(Request(Symbol("retrypolicy"), frozenset({1})))
        assert [note.kind for note in answer.notes] == ["difference"]
        assert [each for hit in answer.files for each in hit.definitions] == [Definition("RetryPolicy", "class", 1)]
        assert engine.search(Request(Regex("CLASS"), frozenset({1}))).notes[0].kind == "difference"
        assert engine.search(Request(Literal("class"), frozenset({1}))).notes == ()

    def test_an_expression_the_server_refuses_is_looked_for_by_its_letters(self, engine, build):
        engine.index(plan(build(files={"a.txt": "needle\n", "b.txt": "other\n"})))
        pattern = "(?:(?:(?:needle){1,9}){1,9}){1,9}"
        assert lines_found(engine, Regex(pattern)) == {(b"a.txt", 1)}


class TestLife:
    """Killed, spoilt, out of reach: said, and mended by the next run."""

    def test_a_killed_indexer_leaves_what_was_searchable_and_completes_later(self, engine, build, monkeypatch):
        builder = build(files=FILES)
        engine.index(plan(builder))
        before, old = engine.label_of(1), builder.oid("main")
        builder.commit({"new.txt": "needle new\n"})
        monkeypatch.setattr("search.zoekt.engine.write_index", killed)
        with pytest.raises(KeyboardInterrupt):
            engine.index(plan(builder))
        monkeypatch.undo()
        assert (before, engine.label_of(1)) == (engine.label, "")
        hits = engine.search(Request(Literal("needle"), frozenset({1}))).files
        assert {(hit.path, hit.commit) for hit in hits} == {(b"a.py", old), (b"src/b.go", old)}
        engine.index(plan(builder))
        assert (1, "new.txt") in paths(engine, Literal("needle"))
        assert (engine.label_of(1), engine.status().damaged) == (engine.label, ())

    def test_index_files_that_are_spoilt_are_noticed_and_made_anew(self, engine, build):
        builder = build(files=FILES)
        engine.index(plan(builder))
        (shard,) = engine.folder.glob("portal-1_*.zoekt")
        shard.write_bytes(shard.read_bytes()[:100])
        assert engine.label_of(1) == ""
        assert engine.check() == ("The index files of repository 1 are not those that were written.",)
        engine.index(plan(builder))
        assert len(paths(engine, Literal("needle"))) == 2
        assert engine.check(thorough=True) == ()

    def test_indexing_goes_on_while_the_server_is_down(self, installed, tmp_path, build):
        engine = ZoektEngine(tmp_path / "index", f"http://{HOST}:{next(ports)}", file_bytes=1024**2)
        engine.index(plan(build(files=FILES)))
        with webserver(tmp_path / "index") as url:
            engine.server = Server(url)
            engine.index(plan(build("two.git", FILES), 2))
            assert len(paths(engine, Literal("func"))) == 1

    def test_a_program_that_is_missing_is_said(self, tmp_path, build, monkeypatch):
        monkeypatch.setattr("shutil.which", lambda _name: None)
        engine = ZoektEngine(tmp_path / "index", f"http://{HOST}:{next(ports)}", file_bytes=1024**2)
        with pytest.raises(GitError, match="zoekt-git-index is not installed"):
            engine.index(plan(build(files=FILES)))


class TestSwitching:
    """The whole portal with this engine, and back."""

    def test_one_command_fills_the_other_engine(self, installed, job, project, stranger, client, settings, capsys):
        pipeline.run_job(job.pk, from_waiting=True)
        client.force_login(stranger)
        assert "all 1 repository searched" in page(client)
        settings.SEARCH_ENGINE = "zoekt"
        with webserver(settings.DATA_DIR / "zoekt") as settings.ZOEKT_URL:
            assert "0 of 1 repositories searched, the others are not indexed yet" in page(client)
            call_command("index_code")
            assert "1 repositories, 2 files" in capsys.readouterr().out
            said = page(client)
            assert "all 1 repository searched" in said and "README.md" in said and "answered by Zoekt" in said
            assert indexing.mend() == 0
            project.visibility = "restricted"
            project.save()
            assert "README.md" not in page(client) and "At least" not in page(client)
            project.visibility = "internal"
            project.save()
        said = page(client)
        assert "The search server does not answer" in said and "README.md" not in said
        assert "No answer" in said and "0 files" not in said and "answered by Zoekt" not in said
        lines = {"q": "invoices", "project": project.slug, "path": "README.md"}
        refused = client.get("/search/file/", lines)
        assert refused.status_code == 503 and int(refused["Retry-After"]) > 0
        assert "The search server does not answer" in refused.content.decode() and "HX-Redirect" not in refused
        assert client.get("/search/file/", lines, headers={"HX-Request": "true"})["HX-Redirect"].startswith("/search/")
        settings.SEARCH_ENGINE = "embedded"
        assert "0 of 1 repositories searched" in page(client)
        call_command("index_code")
        assert "README.md" in page(client)

    def test_a_push_is_followed_and_a_removed_project_forgotten(
        self, installed, job, project, bare, tmp_path, settings
    ):
        settings.SEARCH_ENGINE = "zoekt"
        with webserver(settings.DATA_DIR / "zoekt") as settings.ZOEKT_URL:
            pipeline.run_job(job.pk, from_waiting=True)
            commit(bare, tmp_path, "more.txt", "fresh words\n")
            pipeline.run_job(job.pk, from_waiting=True)
            mine = frozenset({job.repository_id})
            assert paths(chosen(), Literal("fresh"), mine) == [(job.repository_id, "more.txt")]
            Project.objects.update(removed_at=timezone.now())
            indexing.mend()
            assert paths(chosen(), Literal("fresh"), mine) == []
            assert chosen().repositories() == frozenset()


def page(client):
    response = client.get("/search/", {"q": "invoices"})
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())


def killed(*_arguments):
    raise KeyboardInterrupt


def test_without_a_server_the_answer_says_so(tmp_path):
    engine = ZoektEngine(tmp_path, f"http://{HOST}:{next(ports)}", file_bytes=1)
    answer = engine.search(Request(Literal("x"), frozenset({1})))
    assert [note.kind for note in answer.notes] == ["failed"]
    assert not answer.total_is_exact


def test_questions_never_ask_for_less():
    assert question(Literal('a"b\\(', case_sensitive=True)) == r'( case:yes content:"a\"b\\\\\\(" )'
    assert question(NoneOf(Regex("a\\s*b"))) == EVERY
