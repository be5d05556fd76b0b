"""Lines of a file with what was found in them marked, long ones cut around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from source.names import shown_text

CHARACTERS = 400
_BEFORE = 80


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line; `gap` when lines are left out before it; `url` leads to it at the indexed commit."""

    number: int
    html: SafeString
    is_match: bool
    gap: bool
    url: str


def marked(text: str, marks: Sequence[tuple[int, int]]) -> SafeString:
    """The line as HTML. `marks` are (start, end) in characters, in order and apart."""
    text = text.rstrip("\r\n")
    begin, end = _window(len(text), marks[0][0] if marks else 0)
    pieces = ["…"] if begin else []
    at = begin
    for mark in marks:
        start, stop = max(at, min(mark[0], end)), min(mark[1], end)
        if stop <= start:
            continue
        pieces += [shown_text(text[at:start]), "<mark>", shown_text(text[start:stop]), "</mark>"]
        at = stop
    pieces.append(shown_text(text[at:end]))
    if end < len(text):
        pieces.append("…")
    return mark_safe("".join(pieces))  # noqa: S308 shown_text escapes


def _window(length: int, first: int) -> tuple[int, int]:
    """Which part of a line to show so that the first mark is in it."""
    if length <= CHARACTERS or first + _BEFORE < CHARACTERS:
        return 0, min(length, CHARACTERS)
    begin = first - _BEFORE
    return begin, min(length, begin + CHARACTERS)
