"""What a search does is the same whether there is a hidden repository or not: its time must not tell of one either.

Counted is the work that decides how long a search takes: statements to the index, pieces read, contents examined.
"""

import contextlib
from dataclasses import replace

import pytest

from search.embedded import rows, scanning
from search.embedded.engine import EmbeddedEngine
from search.embedded.shard import Shard
from search.engine import AllOf, AnyOf, FileName, Language, Literal, NoneOf, Path, Regex, Request, Symbol
from tests.search.contract import build, plan

__all__ = ["build"]

VISIBLE = frozenset({1, 4})  # in both parts of the index; the hidden one shares a part with the second
ASKED = {
    "a rare word": Literal("only7"),
    "a common word": Literal("needle"),
    "in nothing but the hidden one": Literal("secret_word"),
    "two words": AllOf((Literal("needle"), Literal("only3"))),
    "one of two": AnyOf((Literal("only3"), Literal("secret_word"))),
    "without": AllOf((Literal("needle"), NoneOf(Literal("even")))),
    "an expression": Regex(r"only\d\d"),
    "one that no index helps": Regex(r"[a-z]{4}\d$"),
    "a path": Path("src/file1"),
    "a name": FileName("file2"),
    "a path and a word": AllOf((Path("file"), Literal("even"))),
    "a language": AllOf((Language("Python"), Literal("needle"))),
    "a symbol": Symbol("work", exact=False),
}


FILLING = "x = 1  # filling\n" * 1_200


def files(mark, number, word="needle"):
    return {
        f"src/file{count}.py": f"# {mark} {word} only{count}\n{'odd' if count % 2 else 'even'}\n"
        f"def work_{mark}_{count}():\n    pass\n{'' if count % 2 else FILLING}"
        for count in range(number)
    }


class Work:
    """Counts what is done for one search."""

    def __init__(self, monkeypatch):
        self.counts = {}
        self._spy(monkeypatch, scanning, "unpack", "pieces")
        self._spy(monkeypatch, rows.texts, "unpack", "pieces")
        self._spy(monkeypatch, scanning.Scan, "_known", "contents")
        reading = Shard.reading

        @contextlib.contextmanager
        def traced(shard):
            with reading(shard) as db:
                db.set_trace_callback(self._statement)
                try:
                    yield db
                finally:
                    db.set_trace_callback(None)

        monkeypatch.setattr(Shard, "reading", traced)

    def _statement(self, text):
        if not text.startswith("--"):  # one that the full-text index runs for itself
            self._count("statements")

    def _count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def _spy(self, monkeypatch, owner, name, counted):
        real = getattr(owner, name)

        def spy(*arguments, **options):
            self._count(counted)
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, spy)

    def of(self, engine, matcher, **options):
        """Every page of the answer, without the time it took, and the work that was done for each."""
        told, after = [], None
        while True:
            self.counts = {}
            request = Request(matcher, VISIBLE, limit=7, after=after, deadline_seconds=600, **options)
            answer = engine.search(request)
            told.append((replace(answer, seconds=0.0, next=None), self.counts))
            after = answer.next
            if after is None:
                return told


@pytest.fixture
def work(monkeypatch):
    return Work(monkeypatch)


def engine_with(folder, *plans):
    engine = EmbeddedEngine(folder, 2, file_bytes=1024**2)
    for each in plans:
        engine.index(each)
    return engine


@pytest.mark.parametrize("order", ["first", "between", "last"])
def test_a_hidden_repository_makes_no_work(tmp_path, build, work, order):
    first, second = plan(build("1.git", files("first", 30)), 1), plan(build("4.git", files("second", 25)), 4)
    hidden = plan(build("2.git", files("hidden", 40, "needle secret_word") | {"src/file99.rs": "fn needle() {}\n"}), 2)
    plans = {"first": (hidden, first, second), "between": (first, hidden, second), "last": (first, second, hidden)}
    alone = engine_with(tmp_path / "alone", first, second)
    beside = engine_with(tmp_path / "beside", *plans[order])
    for name, matcher in ASKED.items():
        for options in ({}, {"wants_total": True}):
            assert work.of(beside, matcher, **options) == work.of(alone, matcher, **options), name


def test_contents_of_others_in_a_shared_piece_are_not_examined(tmp_path, build, monkeypatch):
    """What was stored with a hidden repository stays in its piece; the rest of that piece is nobody's business."""
    mine = files("first", 30)
    builder = build("4.git", mine)
    first = plan(builder, 4)
    hidden = plan(build("2.git", files("hidden", 40) | dict(list(mine.items())[::3])), 2)
    engine = engine_with(tmp_path / "beside", hidden, first)
    examined = set()
    known = scanning.Scan._known
    monkeypatch.setattr(
        scanning.Scan, "_known", lambda scan, content, *rest, **more: (
            examined.add(content.oid.hex()) or known(scan, content, *rest, **more)
        )
    )  # fmt: skip
    for matcher in ASKED.values():
        engine.search(Request(matcher, VISIBLE, deadline_seconds=600, wants_total=True))
    readable = {builder.oid(f"main:{path}") for path in mine}
    assert examined == readable
