"""What every engine must do. A test class takes these by inheriting, and gives a fixture `engine`."""

import random
import re
import subprocess
import threading

import pytest

from search.engine import (
    AllOf,
    AnyOf,
    BadPattern,
    Branch,
    FileName,
    Folder,
    IndexedRef,
    IndexPlan,
    Language,
    Literal,
    NoneOf,
    Path,
    Regex,
    Repositories,
    Request,
)
from tests.gitstore.builder import ENVIRONMENT, RepositoryBuilder

WORDS = [
    *("foo", "Foo", "FOO", "bar_baz", "fooBar", "x", "xy", "0x1F"),
    *("10.0.0.1", "a.b.c", "=>", "!=", "&&", "${HOME}"),
    *(
        "<div>",
        "a-b",
        "#include",
        "\\n",
        '"quoted"',
        "'",
        "it's",
        "tab\there",
        "größe",
        "GRÖSSE",
        "Größe",
        "日本語のテキスト",
    ),
    *(
        "ς",
        "Σίσυφος",
        "К",
        "слово",
        "СЛОВО",
        "emoji🙂ok",
        "kelvin",
        "KELVIN",
        "\u212aelvin",
        "ſtop",
        "stop",
        "%s",
        "()",
        "[]",
    ),
    *("{};", "*/", "/*", "//", "--", "++", "$", "^", "|", "?"),
    *("@param", "café", "cafe\u0301", "ﬀ", "İ", "ı", "I", "i"),
]
ENDS = ["\n", "\n", "\n", "\r\n"]


def awkward_files(seed, number=14):
    """Text files of random words: CRLF, empty lines, no final newline, long lines, Latin-1, and what is no text."""
    chance = random.Random(seed)
    files = {}
    for count in range(number):
        end = chance.choice(ENDS)
        lines = [" ".join(chance.choices(WORDS, k=chance.randrange(8))) for _ in range(chance.randrange(40))]
        text = end.join(lines) + chance.choice(["", end])
        files[f"src/file{count}.py"] = text.encode()
    files["empty.txt"] = b""
    files["newline.txt"] = b"\n"
    files["only empty lines.txt"] = b"\n\n\n"
    files["latin.txt"] = b"caf\xe9 foo\nplain bar_baz\n\nx\n"
    files["long.js"] = (" ".join(chance.choices(WORDS, k=12_000)) + "\nfoo\n").encode()
    files["many.txt"] = "".join(f"{n} {chance.choice(WORDS)}\n" for n in range(9_000)).encode()
    files[b"odd \xe9 name\t.c"] = b"foo odd\n"
    files["binary.bin"] = b"foo\0bar_baz\n"
    return files


def grep(builder, commit, pattern, *options):
    """(path, line number) of every line that git finds in text files."""
    command = ["git", f"--git-dir={builder.path}", "grep", "-I", "-n", "-z", "--full-name", "--no-color"]
    environment = ENVIRONMENT | {"LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*command, *options, "-e", pattern, commit, "--"], env=environment, capture_output=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    found = set()
    rest = done.stdout
    start = f"{commit}:".encode()
    while rest:
        path, number, rest = rest.split(b"\0", 2)
        _, _, rest = rest.partition(b"\n")
        found.add((path.removeprefix(start), int(number)))
    return found


def lines_found(engine, matcher, repositories=frozenset({1})):
    """(path, line number) of every matching line that an engine finds, page by page, and the total it tells."""
    found, after, paths = set(), None, []
    while True:
        answer = engine.search(Request(matcher, repositories, limit=7, lines=None, after=after, deadline_seconds=60))
        for hit in answer.files:
            numbers = {line.number for line in hit.lines if line.is_match}
            assert len(numbers) == hit.matches_in_file
            for path in (hit.path, *(path for _, path in hit.copies)):
                paths.append(path)
                found |= {(path, number) for number in numbers}
        after = answer.next
        if after is None:
            break
    assert len(paths) == len(set(paths)), "a file was told twice"
    counted = engine.search(Request(matcher, repositories, limit=0, wants_total=True, deadline_seconds=60))
    assert counted.total_is_exact
    assert counted.total == len(paths)
    return found


def plan(builder, number=1, *names):
    refs = tuple(IndexedRef(name, builder.oid(name)) for name in names or ("main",))
    return IndexPlan(number, builder.path, refs)


def paths(engine, matcher, repositories=frozenset({1, 2, 3}), **options):
    answer = engine.search(Request(matcher, repositories, deadline_seconds=60, **options))
    return sorted((hit.repository_id, hit.path.decode("latin-1")) for hit in answer.files)


@pytest.fixture
def build(tmp_path):
    def make(name="one.git", files=None, **options):
        builder = RepositoryBuilder(tmp_path / name, **options)
        if files:
            builder.commit(files)
        return builder

    return make


class EngineContract:
    """The same for all engines, up to what an engine's documentation says it does otherwise."""

    # Equal to git grep

    @pytest.mark.parametrize("seed", range(2))
    def test_literals_are_found_where_git_grep_finds_them(self, engine, build, seed):
        builder = build(files=awkward_files(seed))
        engine.index(plan(builder))
        commit = builder.oid("main")
        chance = random.Random(seed)
        for literal in sorted({*chance.sample(WORDS, 10), *(_part(chance) for _ in range(20))}):
            wanted = grep(builder, commit, literal, "-F")
            found = lines_found(engine, Literal(literal, True))
            if not literal.isascii():  # git takes such a file for bytes
                found = {(path, number) for path, number in found if path != b"latin.txt"}
            assert found == wanted, literal
            if literal.isascii() and not set("kKsS") & set(literal):
                wanted = grep(builder, commit, literal, "-F", "-i")
                assert lines_found(engine, Literal(literal, False)) == wanted, literal

    @pytest.mark.parametrize("seed", range(2))
    def test_expressions_are_found_where_git_grep_finds_them(self, engine, build, seed):
        builder = build(files={path: text for path, text in awkward_files(seed).items() if path != "latin.txt"})
        engine.index(plan(builder))
        commit = builder.oid("main")
        chance = random.Random(seed + 100)
        for pattern in sorted({*chance.sample(EXPRESSIONS, 20), *(_expression(chance) for _ in range(10))}):
            wanted = grep(builder, commit, pattern, "-P")
            assert lines_found(engine, Regex(pattern, True)) == wanted, pattern

    def test_words_in_other_encodings_are_found(self, engine, build):
        texts = {"utf16.txt": "utf-16", "be.txt": "utf-16-be", "latin.txt": "latin-1", "mark.txt": "utf-8-sig"}
        body = "one größe here\nand more plain words to see what this is\n"
        files = {name: body.encode(codec) for name, codec in texts.items()}
        engine.index(plan(build(files=files)))
        assert lines_found(engine, Literal("größe", True)) == {(name.encode(), 1) for name in texts}
        assert lines_found(engine, Regex("^one", True)) == {(name.encode(), 1) for name in texts}
        assert lines_found(engine, Regex("see|GRÖ.E", False)) == {(n.encode(), line) for n in texts for line in (1, 2)}

    def test_matches_never_span_lines(self, engine, build):
        engine.index(plan(build(files={"a.txt": "one\ntwo\n\nfour\n"})))
        for pattern in ("one\\stwo", "one\ntwo", "(?s)one.*four", "[^x]{5}", "one[^x]two"):
            assert lines_found(engine, Regex(pattern, True)) == set(), pattern
        assert lines_found(engine, Literal("one\ntwo", True)) == set()
        assert lines_found(engine, Regex(r"(?-m)^two$", True)) == {(b"a.txt", 2)}
        assert lines_found(engine, Regex(r"\Afour\z", True)) == {(b"a.txt", 4)}
        assert lines_found(engine, Regex("^$", True)) == {(b"a.txt", 3)}

    def test_bad_expressions_are_refused(self, engine, build):
        engine.index(plan(build(files={"a.txt": "one\n"})))
        for pattern in ("(", "[", "a**b(", "(?=x)", r"\1", "x{2000}"):
            with pytest.raises(BadPattern):
                engine.search(Request(Regex(pattern), frozenset({1})))

    def test_expressions_that_explode_elsewhere_are_quick(self, engine, build):
        engine.index(plan(build(files={"a.txt": "a" * 30_000 + "!\n"})))
        assert lines_found(engine, Regex("(a+)+$", True)) == set()
        assert lines_found(engine, Regex("(a|aa)+!", True)) == {(b"a.txt", 1)}

    # Lines

    def test_a_line_tells_its_number_marks_and_context(self, engine, build):
        engine.index(plan(build(files={"a.py": "import os\r\n\r\ndef größe_of(x): return größe_of\r\nlast"})))
        (hit,) = engine.search(Request(Literal("größe"), frozenset({1}), context=1)).files
        assert [(line.number, line.text, line.is_match) for line in hit.lines] == [
            (2, "", False),
            (3, "def größe_of(x): return größe_of", True),
            (4, "last", False),
        ]
        marked = hit.lines[1]
        assert [marked.text[low:high] for low, high in marked.marks] == ["größe", "größe"]
        assert (hit.language, hit.branches, hit.matches_in_file) == ("Python", ("main",), 1)

    def test_of_a_very_long_line_the_part_with_the_match_is_shown(self, engine, build):
        engine.index(plan(build(files={"a.js": "x" * 50_000 + "needle" + "y" * 50_000})))
        (hit,) = engine.search(Request(Literal("needle"), frozenset({1}))).files
        (line,) = hit.lines
        assert len(line.text) <= 5_000
        assert [line.text[low:high] for low, high in line.marks] == ["needle"]
        assert line.cut_before + len(line.text) + line.cut_after == 100_006

    # Joints

    def test_and_or_and_not_join_files(self, engine, build):
        far = "alpha\n" + "filler words to make this long\n" * 4_000 + "omega\n"
        files = {
            "both.txt": far,
            "one.txt": "alpha\n",
            "two.txt": "omega\n",
            "none.txt": "beta\n",
            "docs/a.md": "alpha\n",
        }
        engine.index(plan(build(files=files)))
        alpha, omega = Literal("alpha"), Literal("omega")
        expected = {
            AllOf((alpha, omega)): ["both.txt"],
            AnyOf((alpha, omega)): ["both.txt", "docs/a.md", "one.txt", "two.txt"],
            AllOf((alpha, NoneOf(omega))): ["docs/a.md", "one.txt"],
            NoneOf(AnyOf((alpha, omega))): ["none.txt"],
            AllOf((alpha, NoneOf(Path("docs/")))): ["both.txt", "one.txt"],
            AnyOf((omega, FileName("a.md"))): ["both.txt", "docs/a.md", "two.txt"],
            AllOf((FileName(r"^(one|two)\.", regex=True), NoneOf(omega))): ["one.txt"],
            AllOf((Language("markdown"), alpha)): ["docs/a.md"],
            AllOf((Folder(1, b"docs"), AnyOf((alpha, omega)))): ["docs/a.md"],
            AllOf(()): sorted(files),
            AnyOf(()): [],
            Path("DOCS"): ["docs/a.md"],
            Path("DOCS", case_sensitive=True): [],
        }
        for matcher, wanted in expected.items():
            found = engine.search(Request(matcher, frozenset({1}), deadline_seconds=60)).files
            listed = sorted(p.decode() for hit in found for p in (hit.path, *(path for _, path in hit.copies)))
            assert listed == wanted, matcher

    def test_lines_under_not_are_not_shown(self, engine, build):
        engine.index(plan(build(files={"a.txt": "alpha\nbeta\n"})))
        (hit,) = engine.search(Request(AllOf((Literal("alpha"), NoneOf(Literal("gamma")))), frozenset({1}))).files
        assert [line.number for line in hit.lines if line.is_match] == [1]

    # Branches

    def test_branches_share_content_and_tell_their_names(self, engine, build):
        builder = build(files={"a.txt": "common\n", "b.txt": "old words\n"})
        builder.set_ref("refs/heads/release/1", builder.oid("main"))
        builder.commit({"b.txt": "new words\n"})
        outcome = engine.index(plan(builder, 1, "main", "release/1"))
        assert outcome.new_blobs == 3
        files = engine.search(Request(Literal("words"), frozenset({1}))).files
        assert len(files) == 2
        branches = {hit.branches: hit.commit for hit in files}
        assert branches == {("main",): builder.oid("main"), ("release/1",): builder.oid("release/1")}
        (common,) = engine.search(Request(Literal("common"), frozenset({1}))).files
        assert common.branches == ("main", "release/1")
        old = AllOf((Literal("words"), Branch("release/*")))
        assert [hit.branches for hit in engine.search(Request(old, frozenset({1}))).files] == [("release/1",)]
        engine.index(plan(builder, 1, "main"))
        assert paths(engine, Literal("old words")) == []

    # Permission

    def test_what_a_viewer_may_not_read_leaves_no_trace(self, engine, build):
        """The answers equal those of an index that never held it."""
        open_files = {"LICENSE": "shared licence text\n", "a.py": "secret = common\n"}
        one = build("one.git", open_files)
        two = build("two.git", {"LICENSE": "shared licence text\n", "b.py": "secret = other\n"})
        engine.index(plan(one, 1))
        questions = [Literal("secret"), Literal("shared"), Path("LICENSE"), NoneOf(Literal("common")), Regex("s.*d")]
        before = [engine.search(Request(each, frozenset({1}), wants_total=True)) for each in questions]
        engine.index(plan(two, 2))
        after = [engine.search(Request(each, frozenset({1}), wants_total=True)) for each in questions]
        for old, new in zip(before, after, strict=True):
            assert (old.files, old.total, old.facets, old.notes) == (new.files, new.total, new.facets, new.notes)
        asked = AllOf((Literal("secret"), Repositories(frozenset({2}))))
        assert engine.search(Request(asked, frozenset({1}))).files == ()
        assert engine.search(Request(Literal("secret"), frozenset())).files == ()

    def test_copies_fold_into_one_hit(self, engine, build):
        for number in (1, 2, 3):
            extra = {"again.txt": "folded text\n"} if number == 1 else {}
            engine.index(
                plan(build(f"{number}.git", {"COPY": "folded text\n", f"own{number}": "x\n", **extra}), number)
            )
        answer = engine.search(Request(Literal("folded"), frozenset({1, 2, 3}), wants_total=True))
        (hit,) = answer.files
        everywhere = {(hit.repository_id, hit.path), *hit.copies}
        assert everywhere == {(1, b"COPY"), (1, b"again.txt"), (2, b"COPY"), (3, b"COPY")}
        assert (hit.copy_count, answer.total) == (3, 4)
        assert answer.facets.repositories == {1: 2, 2: 1, 3: 1}
        (hit,) = engine.search(Request(Literal("folded"), frozenset({2, 3}))).files
        assert hit.copy_count == 1

    # Pages

    def test_pages_tell_every_file_once(self, engine, build):
        files = {f"dir/file{n:03}.py": f"needle {n}\n" for n in range(230)}
        engine.index(plan(build(files=files)))
        first = engine.search(Request(Literal("needle"), frozenset({1}), limit=20))
        assert len(first.files) == 20
        assert first.total_is_exact == (first.total == 230)
        seen, answer = [hit.path for hit in first.files], first
        while answer.next:
            answer = engine.search(Request(Literal("needle"), frozenset({1}), limit=20, after=answer.next))
            seen += [hit.path for hit in answer.files]
        assert sorted(seen) == sorted(path.encode() for path in files)
        counted = engine.search(Request(Literal("needle"), frozenset({1}), limit=20, wants_total=True))
        assert (counted.total, counted.total_is_exact) == (230, True)
        assert counted.files == first.files
        assert counted.facets.languages == {"Python": 230}

    def test_a_change_between_two_pages_is_said_to_those_who_may_read_it(self, engine, build):
        files = {f"{n}.txt": f"needle {n}\n" for n in range(30)}
        one, three = build("1.git", files), build("3.git", {"a.txt": "needle three\n"})
        engine.index(plan(one, 1))
        following = engine.search(Request(Literal("needle"), frozenset({1}), limit=5)).next
        engine.index(plan(three, 3))
        assert engine.search(Request(Literal("needle"), frozenset({1}), limit=5, after=following)).notes == ()
        one.commit({"30.txt": "needle thirty\n"})
        engine.index(plan(one, 1))
        answer = engine.search(Request(Literal("needle"), frozenset({1}), limit=5, after=following))
        assert [note.kind for note in answer.notes] == ["changed"]

    def test_a_cursor_that_was_made_up_leads_to_the_first_page(self, engine, build):
        engine.index(plan(build(files={"a.txt": "needle\n"})))
        for cursor in ("", "x", "bm9uc2Vuc2U=", "W10="):
            assert len(engine.search(Request(Literal("needle"), frozenset({1}), after=cursor)).files) == 1

    # Time

    def test_at_the_deadline_the_answer_says_how_far_it_came(self, engine, build):
        files = {f"{n}.txt": f"line {n}\n" * 500 for n in range(60)}
        engine.index(plan(build(files=files)))
        answer = engine.search(Request(Regex("z.*z"), frozenset({1}), deadline_seconds=0))
        assert not answer.total_is_exact
        (note,) = [note for note in answer.notes if note.kind == "time"]
        assert re.search(r"about [\d,]+ of 60 files", note.words)

    # Order

    def test_order_prefers_words_names_and_code_that_people_wrote(self, engine, build):
        files = {
            "vendor/lib/parcel.py": "parcel = 1\n",
            "tests/test_parcel.py": "parcel = 2\n",
            "src/parcel.py": "parcel = 3\n",
            "src/other.py": "parcel = 4\n",
            "src/inner.py": "parcels = 5\n",
        }
        engine.index(plan(build(files=files)))
        answer = engine.search(Request(Literal("parcel"), frozenset({1})))
        assert [hit.path.decode() for hit in answer.files[:3]] == [
            "src/parcel.py",
            "src/other.py",
            "tests/test_parcel.py",
        ]
        assert all(abs(hit.score - sum(hit.terms.values())) < 0.01 for hit in answer.files)
        assert "whole word" in answer.files[0].terms

    def test_better_projects_come_first(self, engine, build):
        for number in (1, 2):
            engine.index(plan(build(f"{number}.git", {"a.txt": f"needle {number}\n"}), number))
        request = Request(Literal("needle"), frozenset({1, 2}), ranks={2: 0.9})
        assert [hit.repository_id for hit in engine.search(request).files] == [2, 1]

    # Indexing

    def test_only_new_content_is_read(self, engine, build):
        builder = build(files={f"{n}.txt": f"content {n}\n" for n in range(50)})
        assert engine.index(plan(builder)).new_blobs == 50
        assert engine.index(plan(builder)).new_blobs == 0
        builder.commit({"1.txt": "changed\n", "moved.txt": "content 2\n", "2.txt": None})
        outcome = engine.index(plan(builder))
        assert (outcome.new_blobs, outcome.removed_blobs, outcome.files) == (1, 1, 50)
        assert (1, "1.txt") not in paths(engine, Literal("content"))
        assert paths(engine, Regex("^content 2$")) == [(1, "moved.txt")]
        assert paths(engine, Literal("changed")) == [(1, "1.txt")]

    def test_forced_pushes_and_removed_repositories_leave_nothing(self, engine, build):
        builder = build(files={"a.txt": "first words\n"})
        engine.index(plan(builder))
        builder.commit({"b.txt": "second words\n"}, parents=())
        engine.index(plan(builder))
        assert paths(engine, Literal("words")) == [(1, "b.txt")]
        engine.index(IndexPlan(1, builder.path, ()))
        assert paths(engine, Literal("words")) == []
        engine.index(plan(builder))
        engine.forget(1)
        engine.forget(1)
        assert paths(engine, Literal("words")) == []
        assert engine.repositories() == frozenset()
        assert (engine.status().files, engine.status().blobs) == (0, 0)

    def test_what_is_left_out_is_told_with_the_reason(self, engine, build):
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
        files = {
            "fine.txt": "fine\n",
            "large.txt": "large\n" * 300_000,
            "pic.png": b"\x89PNG\0\0",
            "model.bin": pointer,
            "link": ("120000", b"fine.txt"),
            "sub": ("160000", "1" * 40),
            "noise.txt": bytes(range(1, 32)) * 40,
        }
        outcome = engine.index(plan(build(files=files)))
        reasons = {each.path.decode(): each.reason for each in outcome.skipped}
        assert reasons == {
            "large.txt": "large",
            "pic.png": "binary",
            "model.bin": "lfs",
            "link": "symlink",
            "sub": "submodule",
            "noise.txt": "undecodable",
        }
        assert outcome.skipped_counts == dict.fromkeys(reasons.values(), 1)
        assert outcome.files == 1

    def test_it_answers_while_it_is_written(self, engine, build):
        builder = build(files={f"{n}.txt": f"steady needle {n}\n" for n in range(30)})
        engine.index(plan(builder))
        counts, done = [], threading.Event()

        def ask():
            while not done.is_set():
                request = Request(Literal("needle"), frozenset({1}), wants_total=True, deadline_seconds=60)
                counts.append(engine.search(request).total)

        reader = threading.Thread(target=ask)
        reader.start()
        for n in range(8):
            builder.commit({f"{n}.txt": f"other needle {n} {n}\n"})
            engine.index(plan(builder))
        done.set()
        reader.join()
        assert set(counts) == {30}


EXPRESSIONS = [
    *(
        "foo|bar_baz",
        "^foo",
        "foo$",
        "^$",
        "^\\s*$",
        "[Ff]oo[A-Z]",
        "x{2}",
        "\\bx\\b",
        "\\d+\\.\\d+",
        "f.o",
        "f..",
        "a.b",
    ),
    *(
        "(foo|bar).*x",
        "^[^ ]+$",
        "größe",
        "gr.ße",
        "[äöü]",
        "日.語",
        "\\$\\{\\w+\\}",
        "#in(clude|sert)",
        "\\(\\)",
        "^.{0,3}$",
    ),
    *(
        "(?i)FOO",
        "(?i:f)oo",
        "=>|!=",
        "foo.*foo",
        "(x|y)+",
        "\\S+\\t\\S+",
        "[[:upper:]]{3}",
        "\\x41",
        "emoji.ok",
        "a*",
        "z*",
    ),
    *(
        "0x[0-9A-F]+",
        "(ab|a-b)",
        "\\.[bc]",
        "[^a-z ]{4}",
        "\\\\n",
        "'s\\b",
        "x?y",
        "(foo)?Bar",
        ".",
        "\\r$",
        "foo\\r?$",
    ),
]


def _part(chance):
    """One to six characters of something that is there, or nearly."""
    text = " ".join(chance.choices(WORDS, k=3))
    start = chance.randrange(len(text))
    part = text[start : start + chance.randrange(1, 7)]
    return part if chance.random() < 0.9 else part[::-1]


def _expression(chance):
    """Random joints of escaped parts."""
    parts = [re.escape(_part(chance).replace("\t", " ")).replace("\\ ", " ") for _ in range(3)]
    shape = chance.choice(["{0}|{1}", "{0}.*{1}", "({0}|{1}){2}", "({0})+{1}", "{0}({1})?", "^.*{0}", "{0}[ a-z]*$"])
    return shape.format(*parts)
