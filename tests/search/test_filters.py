"""What the index looks for first is never stricter than the expression itself."""

import sqlite3

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from search.embedded.atoms import filter_of, finder_for
from search.embedded.planning import _Trigrams
from search.embedded.texts import alike
from search.engine import BadPattern, Literal, Regex
from search.filters import NOTHING_KNOWN, filter_for, holds

LETTERS = "abkKsSBx01 _-.=(){}[]|\\é\u212aſßΣςσ日\u0390\u1fd3ﬅﬆ\u1c80в\U00010400\U00010428"
PIECES = [
    *(
        "a",
        "b",
        "ab",
        "abc",
        "kelvin",
        "Stop",
        "(",
        ")",
        "(?:",
        "(?i)",
        "(?i:",
        "(?-i:",
        "(?s)",
        "(?P<n>",
        "|",
        "|",
        "*",
        "+",
    ),
    *(
        "?",
        "*?",
        "+?",
        "{2}",
        "{1,3}",
        "{0}",
        "{,2}",
        "{2,}",
        ".",
        "^",
        "$",
        "[ab]",
        "[^a]",
        "[a-d]",
        "[k-s]",
        "[[:alpha:]]",
    ),
    *(
        "[]a]",
        "[^]x]",
        "[a\\d]",
        "[\\x61-c]",
        "\\d",
        "\\w",
        "\\W",
        "\\s",
        "\\b",
        "\\B",
        "\\A",
        "\\z",
        "\\pL",
        "\\p{Greek}",
    ),
    *(
        "\\Qa+b\\E",
        "\\Q(",
        "\\x41",
        "\\x{1F642}",
        "\\101",
        "\\0",
        "\\t",
        "\\.",
        "\\\\",
        "\\-",
        "é",
        "ß",
        "ς",
        "K",
        "ſ",
        "日本",
    ),
    *("{", "}", "]", "-", "=>", "//", "\\/", "\u0390", "ﬅ", "Вода", "\u1c80"),
]


def passes(wanted, text):
    """Whether SQLite finds the text by the filter, asked as the engine asks."""
    db = sqlite3.connect(":memory:")
    try:
        db.execute("CREATE VIRTUAL TABLE tri USING fts5(t, content='', columnsize=0, tokenize='trigram', detail=none)")
        db.execute("CREATE TABLE frequency(t TEXT PRIMARY KEY, n INTEGER)")
        db.execute("INSERT INTO tri(rowid, t) VALUES (1, ?)", (alike(text),))
        query = _Trigrams(db, wanted).query
        return not query or bool(db.execute("SELECT 1 FROM tri WHERE tri MATCH ?", (query,)).fetchone())
    finally:
        db.close()


def check(atom, text):
    try:
        finder = finder_for(atom)
    except BadPattern:
        return
    if finder.occurs(text.encode()):
        assert passes(filter_of(atom), text), (atom, text)


class TestNeverStricter:
    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8), st.data(), st.booleans())
    def test_expressions(self, pieces, data, case_sensitive):
        pattern = "".join(pieces)
        near = st.sampled_from(
            [*LETTERS, "abc", "abab", "kelvin", "\u212aELVIN", "STOP", "ſtop", "a+b", "ВОДА", "日本"]
        )
        for _ in range(4):
            check(Regex(pattern, case_sensitive), "".join(data.draw(st.lists(near, max_size=12))))

    @settings(max_examples=120, deadline=None)
    @given(st.data(), st.booleans())
    def test_expressions_against_texts_made_from_them(self, data, case_sensitive):
        """Such texts match far more often than random ones."""
        plain = st.text(LETTERS.replace("\\", ""), min_size=1, max_size=5)
        words = data.draw(st.lists(plain, min_size=1, max_size=4))
        shape = data.draw(
            st.sampled_from(["{}", "({})", "({})+", "(?:{})?", "({}|zzz)", "(zz|{})", "{}x*", "[q]?{}", "{}.?"])
        )
        pattern = "".join(shape.format(re2.escape(word)) for word in words)
        text = "".join(words)
        for spelled in (text, text.upper(), text.lower(), text.swapcase(), f"q{text}x"):
            check(Regex(pattern, case_sensitive), spelled)

    @settings(max_examples=150, deadline=None)
    @given(st.text(LETTERS, min_size=1, max_size=8), st.booleans())
    def test_literals(self, text, case_sensitive):
        for spelled in (text, text.upper(), text.lower(), text.swapcase()):
            check(Literal(text, case_sensitive), f"before {spelled} after")

    def test_every_letter_that_re2_holds_for_another_is_found_by_it(self):
        db = sqlite3.connect(":memory:")
        db.execute("CREATE VIRTUAL TABLE tri USING fts5(t, content='', columnsize=0, tokenize='trigram', detail=none)")
        every = [chr(n) for n in range(128, 0x1F000) if not 0xD800 <= n < 0xE000]
        cased = [c for c in every if c.lower() != c or c.upper() != c or c.casefold() != c]
        db.executemany("INSERT INTO tri(rowid, t) VALUES (?, ?)", [(ord(c), alike(c) * 3) for c in cased])
        text = "".join(cased).encode()
        for letter in cased:
            if filter_of(Literal(letter * 3)) == NOTHING_KNOWN:
                continue
            rows = {
                row[0] for row in db.execute("SELECT rowid FROM tri WHERE tri MATCH ?", (f'"{alike(letter) * 3}"',))
            }
            same = {ord(found.group().decode()) for found in re2.compile(f"(?i){letter}".encode()).finditer(text)}
            assert same <= rows, letter
        db.close()


class TestUseful:
    """A filter that lets everything pass would never be stricter either."""

    @pytest.mark.parametrize(
        ("pattern", "passing", "failing"),
        [
            ("foo.*barbaz", "foo and barbaz", "foo and bar"),
            ("(GET|POST) /api", "POST /api", "PUT /api"),
            ("colou?r_of", "color_of", "colouur"),
            ("err(or)?_[0-9]+_code", "error_5_code", "warn_5"),
            (r"void\s+\w+_init\(", "void x_init(", "void x_exit("),
            ("(?i)HeLLo", "say hello", "say hallo"),
            ("x{3}yy", "xxxyy", "xxyy"),
            ("[ab]cde", "bcde", "ccde"),
            (r"\Q$(a+b)\E=", "$(a+b)=", "$(a-b)="),
            ("(a|b)\\.(get|post)\\(", "a.post(", "a.put("),
        ],
    )
    def test_texts_without_the_words_are_left_out(self, pattern, passing, failing):
        wanted = filter_for(pattern)
        assert holds(wanted, passing, same=str.lower)
        assert not holds(wanted, failing, same=str.lower)
        assert passes(wanted, passing)
        assert not passes(wanted, failing)

    @pytest.mark.parametrize("pattern", [".*", "a|.", "x?", "ab", "[a-z]+", r"\d\d\d", "(foo)?", "(?:)"])
    def test_where_nothing_is_known_nothing_is_asked(self, pattern):
        assert filter_for(pattern) == NOTHING_KNOWN
