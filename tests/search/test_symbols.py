"""Symbols: what files define is found by name, and a file on which the program dies loses its symbols only."""

import sys

import pytest

from search.embedded.engine import EmbeddedEngine
from search.engine import AllOf, Definition, Language, Literal, NoneOf, Request, Symbol
from source.rendering import outline
from tests.search.contract import build, paths, plan

__all__ = ["build"]
PYTHON = "class RetryPolicy:\n    def wait_long(self):\n        pass\n\n\ndef retry():\n    return RetryPolicy()\n"
GO = "package main\n\nfunc Retry() int { return 1 }\n"
FILES = {"a.py": PYTHON, "user.py": "from a import RetryPolicy\nRetryPolicy()\n", "b.go": GO}


@pytest.fixture
def engine(tmp_path):
    return EmbeddedEngine(tmp_path / "index", 2, file_bytes=1024**2)


@pytest.fixture
def ctags():
    if not outline.installed():
        pytest.skip("Universal Ctags is not installed")


def broken_ctags(tmp_path, monkeypatch, last):
    """A program that finds one function in each file, until it meets one with POISON in it: then comes `last`."""
    program = tmp_path / "ctags"
    program.write_text(f"""#!{sys.executable} -IS
import json, os, sys, time
while row := sys.stdin.buffer.readline():
    text = sys.stdin.buffer.read(json.loads(row)["size"])
    if b"POISON" in text:
        {last}
    name = text.split()[1].decode().partition("(")[0]
    print(json.dumps({{"_type": "tag", "name": name, "kind": "function", "line": 1}}))
    print('{{"_type": "completed", "command": "generate-tags"}}', flush=True)
""")
    program.chmod(0o755)
    monkeypatch.setattr(outline, "_program", lambda: (str(program), frozenset({"Python"})))
    return program


@pytest.mark.usefixtures("ctags")
class TestFinding:
    def test_definitions_are_found_by_name_with_kind_and_line(self, engine, build):
        engine.index(plan(build(files=FILES)))
        expected = {
            Symbol("RetryPolicy"): {"a.py": [Definition("RetryPolicy", "class", 1)]},
            Symbol("retrypolicy"): {"a.py": [Definition("RetryPolicy", "class", 1)]},
            Symbol("retrypolicy", case_sensitive=True): {},
            Symbol("retry"): {"a.py": [Definition("retry", "function", 6)], "b.go": [Definition("Retry", "func", 3)]},
            Symbol("Retry", case_sensitive=True): {"b.go": [Definition("Retry", "func", 3)]},
            Symbol("long", exact=False): {"a.py": [Definition("wait_long", "member", 2)]},
            Symbol("WAIT", exact=False, prefix=True): {"a.py": [Definition("wait_long", "member", 2)]},
            Symbol("long", exact=False, prefix=True): {},
            AllOf((Symbol("retry"), Language("Go"))): {"b.go": [Definition("Retry", "func", 3)]},
            Symbol("import"): {},
        }
        for matcher, wanted in expected.items():
            answer = engine.search(Request(matcher, frozenset({1}), deadline_seconds=60, wants_total=True))
            found = {hit.path.decode(): list(hit.definitions) for hit in answer.files}
            assert found == wanted, matcher
            assert (answer.total, answer.total_is_exact, answer.notes) == (len(wanted), True, ())

    def test_negated_and_joined_with_content(self, engine, build):
        engine.index(plan(build(files=FILES)))
        uses = AllOf((Literal("RetryPolicy"), NoneOf(Symbol("RetryPolicy"))))
        assert paths(engine, uses) == [(1, "user.py")]
        (hit,) = engine.search(Request(AllOf((Literal("return"), Symbol("wait_long"))), frozenset({1}))).files
        assert [(line.number, line.text[slice(*line.marks[0])]) for line in hit.lines if line.is_match] == [
            (2, "wait_long"),
            (7, "return"),
        ]

    def test_files_that_define_a_word_come_before_files_that_use_it(self, engine, build):
        engine.index(plan(build(files={"a_user.py": "retry()\n" * 40, "z.py": PYTHON})))
        first, second = engine.search(Request(Literal("retry"), frozenset({1}))).files
        assert (first.path, first.terms["symbol definition"]) == (b"z.py", 4.0)
        assert "symbol definition" not in second.terms

    @pytest.mark.parametrize("asked", [Symbol("retry"), Symbol("retry", exact=False)])
    def test_the_name_as_typed_at_the_top_level_of_source_comes_first(self, engine, build, asked):
        files = {
            "1/test_policy.py": "def retry(): 1\n",
            "2/inner.py": "class Policy:\n    def retry(self): pass\n",
            "3/capital.py": "class Retry: pass\n",
            "4/outer.py": "def retry(): pass\n",
        }
        longer = {"0/longer.py": "def retry_later(): pass\n"}
        engine.index(plan(build(files=files | longer)))
        answer = engine.search(Request(asked, frozenset({1})))
        expected = [b"4/outer.py", b"2/inner.py", b"3/capital.py"]
        assert [hit.path for hit in answer.files[:3]] == expected
        assert {hit.path for hit in answer.files[3:]} == {b"1/test_policy.py"} | (
            set() if asked.exact else {b"0/longer.py"}
        )
        assert [hit.terms.get("name as typed") for hit in answer.files[:3]] == [3.0, 3.0, None]
        assert [hit.terms.get("top level") for hit in answer.files[:3]] == [1.4, None, 1.4]

    def test_what_a_viewer_may_not_read_leaves_no_trace(self, engine, build):
        engine.index(plan(build("one.git", FILES), 1))
        questions = [Symbol("RetryPolicy"), Symbol("retry", exact=False), NoneOf(Symbol("retry")), Symbol("vault_only")]
        before = [engine.search(Request(each, frozenset({1}), wants_total=True)) for each in questions]
        engine.index(plan(build("two.git", FILES | {"secret.py": "def vault_only(): pass\nclass RetryPolicy: 1\n"}), 2))
        engine.index(plan(build("three.git", FILES | {"more.py": "def vault_only(): pass\n"}), 3))
        after = [engine.search(Request(each, frozenset({1}), wants_total=True)) for each in questions]
        for old, new in zip(before, after, strict=True):
            assert (old.files, old.total, old.facets, old.notes) == (new.files, new.total, new.facets, new.notes)

    def test_symbols_go_with_the_content(self, engine, build):
        builder = build(files=FILES)
        engine.index(plan(builder))
        builder.commit({"a.py": "def other(): pass\n"})
        engine.index(plan(builder))
        assert paths(engine, Symbol("RetryPolicy")) == []
        assert paths(engine, Symbol("other")) == [(1, "a.py")]
        engine.forget(1)
        with engine.shards[1].reading() as db:
            rows = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("symbol", "defined")]
        assert rows == [0, 0]


@pytest.mark.parametrize("last", ["os.abort()", "time.sleep(600)", "print(chr(123) * 9_000_000, flush=True)"])
def test_a_crash_costs_the_symbols_of_that_file_only(engine, build, tmp_path, monkeypatch, last):
    broken_ctags(tmp_path, monkeypatch, last)
    monkeypatch.setattr(outline, "SECONDS", 5.0 if "sleep" in last else 60.0)
    files = {f"{name}.py": f"def {name}(): pass\n" for name in ("one", "two", "three")}
    builder = build(files=files | {"bad.py": "def bad(): POISON\n"})
    engine.index(plan(builder))
    for name in ("one", "two", "three"):
        answer = engine.search(Request(Symbol(name), frozenset({1}), wants_total=True))
        assert [hit.path.decode() for hit in answer.files] == [f"{name}.py"]
        assert [note.words for note in answer.notes] == ["Symbols of 1 file could not be read."]
    assert paths(engine, Symbol("bad")) == []
    assert paths(engine, Literal("POISON")) == [(1, "bad.py")]


def test_what_failed_is_not_tried_again(engine, build, tmp_path, monkeypatch):
    program = broken_ctags(tmp_path, monkeypatch, "os.abort()")
    builder = build(files={"bad.py": "def bad(): POISON\n"})
    engine.index(plan(builder))
    program.write_text("#!/bin/sh\ntouch " + str(tmp_path / "asked") + "\n")
    builder.commit({"moved.py": "def bad(): POISON\n", "bad.py": None})
    engine.index(plan(builder))
    assert not (tmp_path / "asked").exists()


def test_without_the_program_everything_else_works_and_says_so(engine, build, monkeypatch):
    monkeypatch.setattr(outline, "_program", lambda: ("", frozenset()))
    engine.index(plan(build(files=FILES)))
    answer = engine.search(Request(Symbol("RetryPolicy"), frozenset({1})))
    assert answer.files == ()
    assert "Universal Ctags was not installed" in answer.notes[0].words
    assert len(paths(engine, Literal("RetryPolicy"))) == 2
    assert engine.search(Request(Literal("RetryPolicy"), frozenset({1}))).notes == ()


class TestPages:
    @pytest.fixture
    def vault(self, planted_project, team, other_team, build, engine, monkeypatch):
        """Two open projects and a restricted one, all of which define the same name."""
        monkeypatch.setattr("search.engines.chosen", lambda: engine)
        for slug, owner, restricted in (("ledger", team, False), ("fleet", other_team, False), ("vault", team, True)):
            project = planted_project(slug, owner, restricted)
            files = {"policy.py": f"# {slug}\nclass RetryPolicy:\n    pass\n", "u.py": f"RetryPolicy()  # {slug}\n"}
            engine.index(plan(build(f"{slug}.git", files), project.repository_id))

    @pytest.mark.usefixtures("vault", "ctags")
    @pytest.mark.parametrize(
        "text", ["RetryPolicy", '"RetryPolicy"', "Retry*", "sym:Retry*", "type:symbol RetryPolicy"]
    )
    def test_the_tab_lists_definitions_that_the_viewer_may_read(self, client, owner, stranger, text):
        for viewer, slugs in ((stranger, {"ledger", "fleet"}), (owner, {"ledger", "fleet", "vault"})):
            client.force_login(viewer)
            page = client.get("/search/", {"type": "symbols", "q": text})
            assert {file.project.slug for file in page.context["files"]} == slugs
            assert page.context["answer"].total == len(slugs)
            names = [(each.name, each.kind, each.line) for f in page.context["files"] for each, _ in f.definitions]
            assert names == [("RetryPolicy", "class", 2)] * len(slugs)
            assert "policy.py#L2" in page.content.decode()
            assert ("vault" in page.content.decode().lower()) == ("vault" in slugs)
