"""The embedded engine keeps the contract, and lives through damage, death and company."""

import base64
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from common.secrets import decrypt
from search.embedded.engine import EmbeddedEngine
from search.engine import Literal, Request
from tests.search.contract import EngineContract, build, paths, plan

__all__ = ["build"]

ROOT = Path(__file__).resolve().parents[2]
INDEX = """
import sys
from pathlib import Path
import django
django.setup()
from search.embedded import rows, writing
from search.embedded.engine import EmbeddedEngine
from search.engine import IndexedRef, IndexPlan
writing.BATCH_BLOBS = 10
engine = EmbeddedEngine(Path(sys.argv[1]), 2, file_bytes=1024**2)
plan = IndexPlan(int(sys.argv[2]), Path(sys.argv[3]), (IndexedRef("main", sys.argv[4]),))
"""
HANG = """
import time
progress = None
def hang(*_, **__):
    print("here", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def engine(tmp_path):
    return EmbeddedEngine(tmp_path / "index", 2, file_bytes=1024**2)


def start(code, engine, builder, number=1):
    """A process of its own that indexes."""
    arguments = [str(engine.folder.parent), str(number), str(builder.path), builder.oid("main")]
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "innersource_portal.settings"}
    environment |= {"PORTAL_DEBUG": "1", "PORTAL_DATA_DIR": str(engine.folder.parent / "data")}
    return subprocess.Popen(
        [sys.executable, "-c", INDEX + code, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def spoil(shard, at=0.3, size=64 * 1024):
    """Overwrite a part of an index file, as a bad disk does; nothing of it stays in memory."""
    with sqlite3.connect(shard.path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    content = bytearray(shard.path.read_bytes())
    start = int(len(content) * at)
    content[start : start + size] = b"\xa5" * len(content[start : start + size])
    shard.path.write_bytes(content)


class TestEmbeddedEngine(EngineContract):
    def test_the_first_page_does_not_wait_for_the_total(self, engine, build):
        engine.index(plan(build(files={f"{n}.py": f"needle {n}\n" for n in range(230)})))
        first = engine.search(Request(Literal("needle"), frozenset({1}), limit=20))
        assert not first.total_is_exact
        assert len(first.files) <= first.total < 230


class TestKilled:
    @pytest.mark.parametrize(
        "place",
        [
            "writing.Writer._change_files = hang",
            "writing.Writer._remove_unheld = hang",
            "rows._sample = hang",
            "progress = hang",
        ],
    )
    def test_the_next_run_completes_what_was_begun(self, engine, build, place):
        builder = build(files={f"{n}.txt": f"needle {n}\n" for n in range(40)})
        code = f"{HANG}\n{place}\nengine.index(plan, progress)"
        with start(code, engine, builder) as process:
            assert process.stdout.readline() == b"here\n", process.stderr.read().decode()
            process.send_signal(signal.SIGKILL)
        outcome = engine.index(plan(builder))
        assert outcome.files == 40
        assert len(paths(engine, Literal("needle"))) == 40
        assert engine.status().blobs == 40
        assert engine.check(thorough=True) == ()

    def test_content_of_a_repository_that_never_came_back_goes_with_it(self, engine, build):
        builder = build(files={f"{n}.txt": f"needle {n}\n" for n in range(40)})
        code = "def stop(*_):\n    raise KeyboardInterrupt\n"
        process = start(f"{code}engine.index(plan, stop)", engine, builder)
        process.communicate()
        assert engine.status().blobs > 0
        assert paths(engine, Literal("needle")) == []
        engine.forget(1)
        assert engine.status().blobs == 0


def segments(engine):
    """Of trigrams in the index of repositories with an odd number."""
    with engine.shards[1].reading() as db:
        return {row[0] for row in db.execute("SELECT DISTINCT segid FROM tri_idx")}


class TestTidy:
    def test_it_merges_and_changes_no_answer(self, engine, build, monkeypatch):
        builder = build(files={"0.txt": "needle first\n"})
        for n in range(1, 12):
            builder.commit(
                {f"{n}.txt": f"needle {n} " * 40 + "\n", f"{n - 3}.txt": None} if n > 3 else {"x.txt": f"{n}"}
            )
            engine.index(plan(builder))
        before = paths(engine, Literal("needle"))
        monkeypatch.setattr("search.embedded.writing.MANY_SEGMENTS", 2)
        monkeypatch.setattr("search.embedded.writing.MERGED_AT_ONCE", 1)
        engine.tidy()
        assert len(segments(engine)) == 1
        assert paths(engine, Literal("needle")) == before != []
        assert engine.check(thorough=True) == ()

    def test_what_is_most_of_it_is_left_as_it_is(self, engine, build, monkeypatch):
        builder = build(
            files={"big.txt": "".join(f"{chr(n)}{chr(n + 1)}{chr(n + 2)}\n" for n in range(0x4E00, 0x8E00))}
        )
        engine.index(plan(builder))
        monkeypatch.setattr("search.embedded.writing.MANY_SEGMENTS", 2)
        engine.tidy()
        (big,) = segments(engine)
        monkeypatch.setattr("search.embedded.writing.MANY_SEGMENTS", 8)
        for n in range(9):
            builder.commit({f"{n}.txt": f"needle {n}\n"})
            engine.index(plan(builder))
        before, found = segments(engine), paths(engine, Literal("needle"))
        engine.tidy()
        after = segments(engine)
        assert big in after
        assert len(after) < len(before)
        assert paths(engine, Literal("needle")) == found != []
        assert engine.check(thorough=True) == ()


class TestCursor:
    def test_nobody_reads_in_it_how_much_there_is_of_others(self, engine, build):
        engine.index(plan(build("1.git", {f"{n}.txt": f"needle {n}\n" for n in range(20)}), 1))
        request = Request(Literal("needle"), frozenset({1}), limit=5)
        before = engine.search(request).next
        engine.index(plan(build("3.git", {f"{n}.txt": f"needle hidden {n} {'x ' * 9000}\n" for n in range(80)}), 3))
        after = engine.search(replace(request, after=before)).next
        assert len(before) == len(after)
        assert decrypt(after.encode()).startswith("[[")
        for cursor in (before, after):
            plain = decrypt(cursor.encode()).rstrip()
            assert plain.encode() not in cursor.encode() + base64.urlsafe_b64decode(cursor)


class TestSharedPieces:
    def test_a_content_that_goes_leaves_the_others_of_its_piece(self, engine, build):
        builder = build(files={f"{name}.txt": f"needle {name}\n" for name in ("first", "second", "third")})
        engine.index(plan(builder))
        builder.commit({"second.txt": None})
        assert engine.index(plan(builder)).removed_blobs == 1
        assert paths(engine, Literal("needle")) == [(1, "first.txt"), (1, "third.txt")]
        with engine.shards[1].reading() as db:
            assert db.execute("SELECT count(*) FROM piece").fetchone() == (1,)
            found = [
                len(db.execute("SELECT 1 FROM tri WHERE tri MATCH ?", (each,)).fetchall()) for each in ("sec", "thi")
            ]
        assert found == [0, 1]
        assert engine.check(thorough=True) == ()

    def test_who_may_read_one_of_them_learns_nothing_of_the_others(self, engine, build):
        engine.index(plan(build("1.git", {"a.txt": "needle shared\n", "b.txt": "needle hidden\n"}), 1))
        engine.index(plan(build("3.git", {"a.txt": "needle shared\n"}), 3))
        answer = engine.search(Request(Literal("needle"), frozenset({3}), wants_total=True))
        assert [(hit.repository_id, hit.path, hit.copies) for hit in answer.files] == [(3, b"a.txt", ())]
        assert (answer.total, dict(answer.facets.repositories)) == (1, {3: 1})


class TestCompany:
    def test_several_processes_write_at_once(self, engine, build):
        builders = {n: build(f"{n}.git", {f"{i}.txt": f"needle {i % 20}\n" for i in range(60)}) for n in range(1, 5)}
        running = [start("engine.index(plan)", engine, builder, n) for n, builder in builders.items()]
        for process in running:
            _, errors = process.communicate(timeout=300)
            assert process.returncode == 0, errors.decode()
        request = Request(Literal("needle"), frozenset(builders), wants_total=True, deadline_seconds=60)
        assert engine.search(request).total == 240
        assert engine.status().blobs == 40  # twenty in each of two files
        assert engine.check(thorough=True) == ()

    def test_content_that_another_lets_go_while_it_is_wanted_is_read_again(self, engine, build, monkeypatch):
        one = build("1.git", {"a.txt": "needle shared\n"})
        three = build("3.git", {"a.txt": "needle shared\n"})
        engine.index(plan(one, 1))
        shard = type(engine.shards[1])
        writing, first = shard.writing, []

        def forgetting(self, *arguments):
            if not first:  # between the look at what is known and the change of files
                first.append(True)
                engine.forget(1)
            return writing(self, *arguments)

        monkeypatch.setattr(shard, "writing", forgetting)
        engine.index(plan(three, 3))
        assert paths(engine, Literal("needle")) == [(3, "a.txt")]


class TestDamage:
    def test_a_spoilt_file_is_noticed_said_and_made_anew(self, engine, build):
        whole = build("2.git", {"a.txt": "needle two\n"})
        spoilt = build("1.git", {f"{n}.txt": f"needle {n} " * 50 + "\n" for n in range(300)})
        engine.index(plan(whole, 2))
        engine.index(plan(spoilt, 1))
        label = engine.label_of(1)
        spoil(engine.shards[1])
        engine = EmbeddedEngine(engine.folder.parent, 2, file_bytes=1024**2)
        both = Request(Literal("needle"), frozenset({1, 2}), limit=500, wants_total=True, deadline_seconds=60)
        answer = engine.search(both)
        answer = engine.search(both)
        assert (2, b"a.txt") in [(hit.repository_id, hit.path) for hit in answer.files]
        assert not answer.total_is_exact
        assert [note.kind for note in answer.notes] == ["rebuilding"]
        assert engine.label_of(1) != label
        assert engine.status().damaged
        engine.index(plan(spoilt, 1))
        answer = engine.search(both)
        assert (answer.total, answer.notes) == (301, ())
        assert engine.label_of(1) not in {label, ""}
        assert engine.status().damaged == ()

    @pytest.mark.parametrize("content", [b"", b"no database at all " * 1000])
    def test_a_file_that_is_no_database_is_replaced(self, engine, build, content):
        builder = build(files={"a.txt": "needle\n"})
        engine.index(plan(builder))
        for file in engine.folder.glob("shard-1.sqlite3*"):
            file.unlink()
        engine.shards[1].path.write_bytes(content)
        engine = EmbeddedEngine(engine.folder.parent, 2, file_bytes=1024**2)
        assert engine.search(Request(Literal("needle"), frozenset({1}))).files == ()
        assert engine.check() != ()
        engine.index(plan(builder))
        assert paths(engine, Literal("needle")) == [(1, "a.txt")]

    def test_a_spoilt_piece_of_text_is_noticed(self, engine, build):
        builder = build(files={"a.txt": "needle\n"})
        engine.index(plan(builder))
        with engine.shards[1].writing() as db:
            db.execute("UPDATE piece SET packed = zeroblob(20)")
        answer = engine.search(Request(Literal("needle"), frozenset({1})))
        assert [note.kind for note in answer.notes] == ["rebuilding"]
        assert len(engine.check(thorough=True)) == 1
        engine.index(plan(builder))
        assert paths(engine, Literal("needle")) == [(1, "a.txt")]

    def test_an_index_that_was_deleted_is_made_anew(self, engine, build):
        builder = build(files={"a.txt": "needle\n"})
        engine.index(plan(builder))
        label = engine.label_of(1)
        engine.rebuild()
        assert paths(engine, Literal("needle")) == []
        engine.index(plan(builder))
        assert paths(engine, Literal("needle")) == [(1, "a.txt")]
        assert engine.label_of(1) != label
