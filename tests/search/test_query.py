"""The query language: what becomes of what people type, and where it points when it makes no sense."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.query import QueryError, parse
from search.query.operators import BY_NAME, COUNT_LIMIT, FOREIGN, OPERATORS, TYPES
from search.query.parser import ATOMS, CHARACTERS, DEPTH
from search.query.patterns import has_capital
from search.query.tree import And, Field, Not, Or, Pattern, Text

DOCS = Path(__file__).parents[2] / "docs" / "search.md"


def said(node):
    """The tree in one line, so that a table of queries can be read."""
    match node:
        case None:
            return ""
        case Text():
            return f"“{node.text}”"
        case Pattern():
            return f"/{node.regex}/"
        case Field():
            return f"{node.name}={'~' if node.kind == 'regex' else ''}{node.value}"
        case And():
            return "(" + " & ".join(map(said, node.children)) + ")"
        case Or():
            return "(" + " | ".join(map(said, node.children)) + ")"
        case Not():
            return "!" + said(node.child)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", ""),
        ("  \t ", ""),
        ("foo", "“foo”"),
        ("foo bar", "(“foo” & “bar”)"),
        ("foo AND bar", "(“foo” & “bar”)"),
        ('"foo  bar"', "“foo  bar”"),
        (r'"say \"hi\" \\o/ \n"', r"“say " r'"hi" \o/ \n”'),
        ("a OR b c", "(“a” | (“b” & “c”))"),
        ("(a OR b) c", "((“a” | “b”) & “c”)"),
        ("((a))", "“a”"),
        ("a -b NOT c", "(“a” & !“b” & !“c”)"),
        ('-(a OR b) -"x y" -/z+/', "(!(“a” | “b”) & !“x y” & !/z+/)"),
        ("NOT NOT a", "!!“a”"),
        ("or and not", "(“or” & “and” & “not”)"),
        ("/a b+/ c", "(/a b+/ & “c”)"),
        (r"/^src\/[/)]x/", r"/^src\/[/)]x/"),
        ("lang:java,Go x", "((lang=java | lang=Go) & “x”)"),
        ("LANGUAGE:go", "lang=go"),
        ('-lang:"Emacs Lisp",c', "!(lang=Emacs Lisp | lang=c)"),
        (r"path:/^src\// -file:*.md", r"(path=~^src\/ & !file=*.md)"),
        ("path:a,b", "path=a,b"),
        ("archived:no -archived:only", "(archived=no & !archived=only)"),
        ("(repo:x OR team:y) sym:Z", "((repo=x | team=y) & sym=Z)"),
    ],
)
def test_what_is_typed_becomes_a_tree(text, tree):
    assert said(parse(text).tree) == tree


@pytest.mark.parametrize(
    "text",
    [
        *(
            "foo(bar)",
            "foo(",
            "foo)",
            "()",
            "{}[]",
            "a[0]",
            "=>",
            "->",
            "--option",
            "-1",
            "-",
            "&&",
            "||",
            "!x",
            "~a",
            "^a$",
        ),
        *(
            "std::string",
            "path::join",
            "type::name",
            "http://x.example/a?b=c#d",
            "file:///etc/passwd",
            "localhost:8080",
        ),
        *(
            "10.0.0.1",
            "a.*b",
            "(?=x)y"[3:],
            "x|y",
            "\\d+",
            "C:\\temp",
            "it's",
            'x="a b"',
            '"name":',
            '"a b":1',
            "/usr/bin/env",
            "/",
            "//",
            "a/",
        ),
        *("case:", "$HOME", "@media", "#include", "<<<", "%s", "a,b", ";", "naïve", "名前", "+1"),
    ],
)
def test_punctuation_in_a_word_is_searched_for_as_it_stands(text):
    tree = parse(text).tree
    assert isinstance(tree, Text)
    assert (tree.text, tree.start, tree.end) == (text, 0, len(text))


def test_a_minus_before_an_address_leaves_it_out():
    assert said(parse("-http://x").tree) == "!“http://x”"


def test_a_group_may_hold_words_with_parentheses():
    assert said(parse("(f(x) OR g( OR h)").tree) == "(“f(x)” | “g(” | “h”)"


def test_operators_of_the_whole_query_stand_anywhere_outside_parentheses():
    query = parse("case:yes foo OR bar type:file,symbols -type:symbol count:20")
    assert said(query.tree) == "(“foo” | “bar”)"
    assert (query.case, query.types, query.count) == ("yes", ("file",), 20)
    assert parse("-case:yes x").case == "no"
    assert parse("-type:code x").types == tuple(name for name in TYPES if name != "code")
    assert parse("x").case == "auto"


@pytest.mark.parametrize(
    ("text", "place", "words", "suggestion"),
    [
        ("x (foo", "(", "never closed", "x (foo)"),
        ("(a", "(", "never closed", '"(a"'),
        ("a )", ")", "closes nothing", 'a ")"'),
        ("( )", "( )", "nothing between", None),
        ('x "foo bar', '"', "never closed", 'x "foo bar"'),
        ('""', '""', "nothing between", None),
        ("/(/", "(", "never closed", '"("'),
        ("x /a)/", ")", "closes nothing", 'x "a)"'),
        ("/[/", "[", "bracket is opened", '"["'),
        ("/a**/", "**", "Two repetitions", '"a**"'),
        ("/a{2000}/", "{2000}", "1000", '"a{2000}"'),
        ("/x(?<=y)z/", "(?<=", "AND and NOT", None),
        ("/(?!x)/", "(?!", "AND and NOT", None),
        (r"/(a)\1/", r"\1", "back to a group", None),
        ("/a++b/", "++", "possessive", None),
        ("path:/(/", "(", "never closed", 'path:"("'),
        ("a AND", "AND", "missing behind", "a"),
        ("OR a", "OR", "missing before", "a"),
        ("a OR OR b", "OR", "missing behind", "a OR b"),
        ("NOT", "NOT", "missing behind", '"NOT"'),
        ("lang:", None, None, None),
        ("lang:a,", ",", "missing", None),
        ("count:-1", "-1", "from 1 to", "count:50"),
        ("count:0 x", "0", "from 1 to", "count:50 x"),
        ("count:many", "many", "from 1 to", "count:50"),
        ("-count:5", "count:5", "negated", None),
        ("case:maybe", "maybe", "yes, no or auto", "case:yes"),
        ("type:kode x", "kode", "code, file", "type:code x"),
        ("archived:si", "si", "yes, no or only", "archived:no"),
        ("case:yes case:no", "case:no", "twice", "case:yes"),
        ("(case:yes a)", "case:yes", "whole query", None),
        ("a\0b", "\0", "NUL", "ab"),
        ("a\ud800", "\ud800", "half", "a"),
    ],
)
def test_an_error_points_at_the_place(text, place, words, suggestion):
    if place is None:
        assert parse(text).hints
        return
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert text[error.start : error.end] == place
    assert words in error.message
    if suggestion is not None:
        assert suggestion in error.suggestions
        parse(suggestion)


def test_what_is_too_long_or_too_deep_or_too_many_says_so():
    for text in ("x" * 10_000, "(" * 10_000, '"' * 9_999, "a OR " * 2_000):
        with pytest.raises(QueryError, match=f"{CHARACTERS:,} characters") as caught:
            parse(text)
        assert (caught.value.start, caught.value.end) == (CHARACTERS, len(text))
    with pytest.raises(QueryError, match="deep"):
        parse("(" * 40 + "a" + ")" * 40)
    with pytest.raises(QueryError, match="deep"):
        parse("NOT " * 100 + "a")
    with pytest.raises(QueryError, match=f"{ATOMS} parts"):
        parse("a " * (ATOMS + 1))


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("langauge:go x", "language:go x"), ("org:pay x", "team:pay x"), ("-sybmol:x", "-symbol:x"), ("key:value", None)],
)
def test_what_looks_like_a_slip_is_searched_for_with_a_hint(text, suggestion):
    query = parse(text)
    assert "org:pay" in said(query.tree) or ":" in said(query.tree)
    assert [hint.suggestions for hint in query.hints] == ([(suggestion,)] if suggestion else [])


@pytest.mark.parametrize("pattern", [r"\W\S", r"\pL\p{Lu}", "(?P<Name>x)", "[[:ALPHA:]]", "(?U:x)", r"\Bx"])
def test_letters_of_the_pattern_language_are_no_capitals(pattern):
    assert not has_capital(pattern)
    assert has_capital(pattern + "X")


QUERYISH = st.lists(
    st.sampled_from(
        [
            *'()"/-:,*\\[]?',
            " ",
            " OR ",
            " AND ",
            " NOT ",
            "a",
            "B",
            "lang:",
            "case:yes",
            "count:",
            "type:",
            "path:/",
            "sym:",
            "\0",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(QUERYISH, st.text(max_size=300), st.text(alphabet='()"/\\[]- ', max_size=200)))
def test_nothing_but_a_query_error_is_ever_raised(text):
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message
        return
    places(query.tree, 0, len(text))


def places(node, start, end):
    """Every node stands within its parent."""
    if node is None:
        return
    assert start <= node.start < node.end <= end
    children = node.children if isinstance(node, And | Or) else (node.child,) if isinstance(node, Not) else ()
    for child in children:
        places(child, node.start, node.end)


class _Counting(str):
    """Counts how often single characters are looked at."""

    looks = 0

    def __getitem__(self, key):
        type(self).looks += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("piece", ["(", ")", '"', "/", "/[", "-", "a:", "\\", 'x"', "OR ", "(a ", "lang:a,", "/a "])
def test_reading_takes_steps_in_proportion_to_the_text(piece):
    def steps(times):
        _Counting.looks = 0
        with contextlib.suppress(QueryError):
            parse(_Counting(piece * times))
        return _Counting.looks

    assert steps(400 // len(piece)) <= 5 * max(steps(100 // len(piece)), 50)


def test_the_table_of_operators_is_sound():
    names = [name for operator in OPERATORS for name in (operator.name, *operator.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)
    assert not set(FOREIGN) & set(BY_NAME)
    for operator in OPERATORS:
        parse(f"{operator.example} x")
        if operator.negatable:
            parse(f"-{operator.example} x")


def documented():
    """{operator: (aliases, meaning, example)} from the table of the documentation."""
    found = {}
    for line in DOCS.read_text(encoding="utf-8").partition("## Operators")[2].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        names = re.findall(r"`(\w+):`", cells[0])
        if names and line.startswith("|"):
            found[names[0]] = (tuple(names[1:]), cells[1], cells[3].strip("` |"), cells[2])
    return found


def test_the_documentation_has_every_operator_and_no_other():
    table = documented()
    assert list(table) == [operator.name for operator in OPERATORS]
    for operator in OPERATORS:
        aliases, meaning, example, values = table[operator.name]
        assert (aliases, meaning, example) == (operator.aliases, operator.meaning, operator.example)
        assert ("several" in values) == operator.listed
        assert ("regular expression" in values) == operator.regex
        assert all(f"`{value}`" in values for value in operator.values)


def test_the_documentation_has_the_limits():
    limits = re.search(r"([\d,]+) characters, (\d+) parts and (\d+) levels", DOCS.read_text(encoding="utf-8"))
    assert [int(number.replace(",", "")) for number in limits.groups()] == [CHARACTERS, ATOMS, DEPTH]
    assert f"1 to {COUNT_LIMIT}" in documented()["count"][3]


@pytest.mark.parametrize(
    "words", re.findall(r"`([^`\n]+)`", DOCS.read_text(encoding="utf-8").partition("## Operators")[0])
)
def test_every_example_of_the_documentation_is_a_query(words):
    if words not in {"AND", "OR", "NOT", '\\"', "\\\\", "\\/"}:
        parse(words.replace("\\|", "|"))
