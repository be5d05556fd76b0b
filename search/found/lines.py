"""Lines of a file with what was found in them marked, long ones cut around it."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from search.engine import Line
from source.names import shown_text

CHARACTERS = 400
_SEEN = 110  # so much of a line is in view on a wide screen
_BEFORE = 40


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line; `gap` when lines are left out before it; `url` leads to it at the indexed commit."""

    number: int
    html: SafeString
    is_match: bool
    gap: bool
    url: str


def marked(line: Line) -> SafeString:
    """The line as HTML, an ellipsis where it was cut."""
    text = line.text.rstrip("\r\n")
    begin, end = _window(len(text), line.marks[0] if line.marks else (0, 0))
    pieces = ["…"] if begin or line.cut_before else []
    at = begin
    for mark in line.marks:
        start, stop = max(at, min(mark[0], end)), min(mark[1], end)
        if stop <= start:
            continue
        pieces += [shown_text(text[at:start]), "<mark>", shown_text(text[start:stop]), "</mark>"]
        at = stop
    pieces.append(shown_text(text[at:end]))
    if end < len(text) or line.cut_after:
        pieces.append("…")
    return mark_safe("".join(pieces))  # noqa: S308 shown_text escapes


def _window(length: int, first: tuple[int, int]) -> tuple[int, int]:
    """Which part of a line to show so that its first mark is in view without scrolling, where that can be."""
    begin = 0 if length <= _SEEN or first[1] <= _SEEN else max(0, min(first[0] - _BEFORE, length - _SEEN))
    return begin, min(length, begin + CHARACTERS)
