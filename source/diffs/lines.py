"""Text from a repository as safe HTML: escaped, and what could mislead the eye made visible."""

import re
from collections.abc import Sequence
from html import escape

from source.diffs.words import Span

LONGEST = 5000  # characters shown of one line
# Controls, and characters that have no width or turn the direction of reading.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


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
    html = escape(text)
    return _ODD.sub(_named, html) if _ODD.search(html) else html


def _named(found: re.Match[str]) -> str:
    code = ord(found[0])
    picture = chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else f"U+{code:04X}"
    return f'<span class="odd" title="U+{code:04X}">{picture}</span>'
