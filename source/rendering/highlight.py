"""Source as lines of HTML with the classes of css/code.css. Runs where it can be killed: see `reading`."""

import html
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name, find_lexer_class_for_filename
from pygments.token import STANDARD_TYPES, _TokenType
from pygments.util import ClassNotFound

from source.names import marked_code

# What css/code.css gives a colour; a class without one would only make pages larger.
STYLED = frozenset(
    "k kc kd kn kp kr ow kt nc nn no nd ne nt nf fm nb bp na py nl s sa sb sc dl sd s2 se sh si sx sr s1 ss "  # noqa: SIM905
    "m mb mf mh mi il mo nv vc vg vi vm l ld c ch cm c1 cs cp cpf gp go gh gu gs ge gd gi gr".split()
)
LOOK_EVERY = 200  # tokens between two looks at the clock


@dataclass(frozen=True, slots=True)
class Coloured:
    """Lines of HTML; the first `coloured` of them have colours."""

    lines: list[str]
    coloured: int


def lexer_for(name: str, language: str) -> Lexer | None:
    """A lexer by the language or the file's name, never by its content: guessing runs every lexer there is."""
    for found in (_by_language(language), _by_name(name)):
        if found is not None:
            return found(stripnl=False, ensurenl=False)
    return None


def plain_lines(lines: Iterable[str]) -> list[str]:
    return [marked_code(html.escape(line, quote=False)) for line in lines]


def coloured_lines(lines: list[str], lexer: Lexer, seconds: float) -> Coloured:
    """Colours for as many lines as the time allows; the rest is plain. None of the text is ever changed."""
    text = "\n".join(lines) + "\n"
    until = time.monotonic() + seconds
    done: list[str] = []
    line: list[str] = []
    for words, opening in _pieces(text, lexer, until):
        parts = words.split("\n")
        for at, part in enumerate(parts):
            if at:
                done.append("".join(line))
                line = []
            if part:
                escaped = html.escape(part, quote=False)
                line.append(f"{opening}{escaped}</span>" if opening else escaped)
    done = [marked_code(each) for each in done[: len(lines)]]
    return Coloured(done + plain_lines(lines[len(done) :]), len(done))


def _pieces(text: str, lexer: Lexer, until: float) -> Iterator[tuple[str, str]]:
    """Runs of text with the opening tag of their class; ends early when time is up or the lexer loses text."""
    position, run, opening = 0, "", ""
    for count, (index, kind, value) in enumerate(lexer.get_tokens_unprocessed(text)):
        if index != position or (count % LOOK_EVERY == 0 and time.monotonic() > until):
            break
        position += len(value)
        tag = _opening(kind)
        if tag == opening or not value.strip(" \n\t"):
            run += value
        else:
            yield run, opening
            run, opening = value, tag
    yield run, opening


_openings: dict[_TokenType, str] = {}


def _opening(kind: _TokenType) -> str:
    if kind not in _openings:
        near = kind
        while near not in STANDARD_TYPES and near.parent is not None:
            near = near.parent
        short = STANDARD_TYPES.get(near, "")
        _openings[kind] = f'<span class="tok-{short}">' if short in STYLED else ""
    return _openings[kind]


def _by_language(language: str) -> type[Lexer] | None:
    words = language.lower()
    for alias in dict.fromkeys((words, words.replace(" ", "-"), words.replace(" ", ""), words.split(" ")[0])):
        if not alias:
            continue
        try:
            return find_lexer_class_by_name(alias)
        except ClassNotFound:
            continue
    return None


def _by_name(name: str) -> type[Lexer] | None:
    found: type[Lexer] | None = find_lexer_class_for_filename(name)
    return found
