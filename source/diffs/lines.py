"""Text from a repository as safe HTML: escaped, and what could mislead the eye made visible."""

from collections.abc import Sequence
from html import escape

from source.diffs.words import Span
from source.names import marked_code

LONGEST = 5000  # characters shown of one line


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, else each byte as in Latin-1, where all of them mean something."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def line_html(text: str, spans: Sequence[Span] = (), mark: str = "ins") -> str:
    """A line as HTML, the spans inside elements named `mark`."""
    left_out = len(text) - LONGEST
    if left_out > 0:
        text = text[:LONGEST]
        spans = [(start, min(end, LONGEST)) for start, end in spans if start < LONGEST]
    if not spans:
        html = shown(text)
    else:
        parts, place = [], 0
        for start, end in spans:
            parts.append(f"{shown(text[place:start])}<{mark}>{shown(text[start:end])}</{mark}>")
            place = end
        html = "".join(parts) + shown(text[place:])
    return html + f'<span class="more">… {left_out:,} more characters</span>' if left_out > 0 else html


def shown(text: str) -> str:
    """Escaped text in which odd characters are named."""
    return marked_code(escape(text))
