"""Names and texts out of repositories, shown so that nothing in them can hide, reorder or leave the line.

Git's names are bytes of no known encoding. Bytes that are not UTF-8, control characters, direction marks and other
invisible characters are shown by their code (`\\xff`, `U+202E`), never raw. Very long names lose their middle.
"""

import re
import unicodedata

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

SHOWN = 300  # characters of a name
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*\Z")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ODD_KINDS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What hides or turns text, as it is used to make code look like something else; line feeds and tabs are none of it.
_HIDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def text_of(name: bytes | str) -> str:
    """The name as text, bytes that are not UTF-8 as lone surrogates (never to be sent to a browser)."""
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name


def plain(name: bytes | str, limit: int = SHOWN) -> str:
    """The name for a title, an attribute or a log line: one line of visible characters. Not escaped."""
    return "".join(_code(c) if _is_odd(c) else c for c in _shortened(text_of(name), limit))


def shown(name: bytes | str, limit: int = SHOWN) -> SafeString:
    """The name as HTML, isolated from the direction of the words around it; odd characters as `<span class="odd">`."""
    text = text_of(name)
    if len(text) <= limit and _PLAIN.match(text):
        return escape(text)
    marked = _marked(_shortened(text, limit), "")
    return mark_safe(f"<bdi>{marked}</bdi>" if _RIGHT_TO_LEFT.search(text) else marked)  # noqa: S308 escaped in _marked


def shown_text(text: str) -> SafeString:
    """Text of many lines (a message, a page of a file) as HTML: line feeds and tabs stay, what is odd is marked."""
    return mark_safe(_marked(text.replace("\r\n", "\n"), "\n\t"))  # noqa: S308 escaped character by character


def marked_code(html: str) -> str:
    """HTML of code in which characters that hide or reorder it are marked; other unusual ones stay as they are."""
    return _HIDING.sub(lambda found: _mark(found[0]), html) if _HIDING.search(html) else html


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = limit // 5
    return f"{text[: limit - end - 1]}…{text[-end:]}"


def _marked(text: str, kept: str) -> str:
    if not any(_is_odd(c) and c not in kept for c in set(text)):
        return str(escape(text))
    pieces = []
    for c in text:
        if c in kept or not _is_odd(c):
            pieces.append(str(escape(c)))
        else:
            pieces.append(_mark(c))
    return "".join(pieces)


def _mark(c: str) -> str:
    return f'<span class="odd" title="{escape(_words(c))}">{_code(c)}</span>'


def _is_odd(c: str) -> bool:
    if " " <= c <= "~":
        return False
    kind = unicodedata.category(c)
    return kind in _ODD_KINDS or (kind == "Zs" and c != " ")


def _code(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if "\udc80" <= c <= "\udcff":
        return f"\\x{ord(c) - 0xDC00:02x}"
    return f"\\x{ord(c):02x}" if ord(c) < 0x80 else f"U+{ord(c):04X}"


def _words(c: str) -> str:
    if "\udc80" <= c <= "\udcff":
        return "a byte that is not UTF-8"
    return unicodedata.name(c, "control character").lower()
