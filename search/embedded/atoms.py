"""Finding atoms of content in UTF-8 text, line by line, in linear time."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import re2

from search.engine import BadPattern, Literal, Regex
from search.filters import Contains, Filter, filter_for

MEMORY = 16 * 1024**2
_PIECE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\[Az]|\\.|\(\?[a-zA-Z]*-[a-zA-Z]+[:)]|\[\^?\]?|\]|.", re.DOTALL)


class Finder(Protocol):
    """Looks for one atom. Texts end where a line ends; an empty line after the last newline is none."""

    def occurs(self, text: bytes) -> bool:
        """Whether a line of the text matches."""
        ...

    def lines(self, text: bytes) -> Iterator[int]:
        """Where matching lines begin, in bytes."""
        ...

    def marks(self, line: bytes) -> Iterator[tuple[int, int]]:
        """What of a single line, given without its newline, matches; in bytes, empty matches left out."""
        ...


def finder_for(atom: Literal | Regex) -> Finder:
    """Raises BadPattern."""
    if isinstance(atom, Regex):
        return _Expression(atom.pattern, atom.case_sensitive)
    if not atom.text or "\n" in atom.text:
        return _Expression(re2.escape(atom.text), True)
    if atom.case_sensitive:
        return _Exact(atom.text.encode())
    return _Folded(atom.text)


def filter_of(atom: Literal | Regex) -> Filter:
    """What a text must contain, at least, for the atom to occur."""
    if isinstance(atom, Regex):
        return filter_for(atom.pattern, ignore_case=not atom.case_sensitive)
    if atom.case_sensitive:
        return Contains(atom.text)
    return filter_for(re2.escape(atom.text), ignore_case=True)


class _Exact:
    def __init__(self, needle: bytes) -> None:
        self.needle = needle

    def occurs(self, text: bytes) -> bool:
        return self.needle in text

    def lines(self, text: bytes) -> Iterator[int]:
        at = text.find(self.needle)
        while at >= 0:
            yield text.rfind(b"\n", 0, at) + 1
            end = text.find(b"\n", at)
            at = text.find(self.needle, end) if end >= 0 else -1

    def marks(self, line: bytes) -> Iterator[tuple[int, int]]:
        at = line.find(self.needle)
        while at >= 0:
            yield at, at + len(self.needle)
            at = line.find(self.needle, at + len(self.needle))


class _Folded:
    """Without case. ASCII text is compared as it is in lower case; else RE2 knows which letters are the same."""

    def __init__(self, text: str) -> None:
        self.expression = _Expression(re2.escape(text), False)
        self.small = _Exact(text.lower().encode()) if text.isascii() else None
        # The Kelvin sign is a k and the long s an s, and neither is in ASCII.
        self.safe = self.small is not None and not set("kKsS") & set(text)

    def _quick(self, text: bytes) -> _Exact | None:
        return self.small if self.safe or (self.small and text.isascii()) else None

    def occurs(self, text: bytes) -> bool:
        quick = self._quick(text)
        return quick.occurs(text.lower()) if quick else self.expression.occurs(text)

    def lines(self, text: bytes) -> Iterator[int]:
        quick = self._quick(text)
        return quick.lines(text.lower()) if quick else self.expression.lines(text)

    def marks(self, line: bytes) -> Iterator[tuple[int, int]]:
        quick = self._quick(line)
        return quick.marks(line.lower()) if quick else self.expression.marks(line)


class _Expression:
    def __init__(self, pattern: str, case_sensitive: bool) -> None:
        self.compiled = _compiled(pattern, case_sensitive)

    def _search(self, text: bytes, at: int) -> int:
        found = self.compiled.search(text, at) if at < len(text) else None
        start: int = found.start() if found else -1
        return -1 if start == len(text) and text.endswith(b"\n") else start

    def occurs(self, text: bytes) -> bool:
        return self._search(text, 0) >= 0

    def lines(self, text: bytes) -> Iterator[int]:
        at = self._search(text, 0)
        while at >= 0:
            yield text.rfind(b"\n", 0, at) + 1
            end = text.find(b"\n", at)
            at = self._search(text, end + 1) if end >= 0 else -1

    def marks(self, line: bytes) -> Iterator[tuple[int, int]]:
        at = 0
        while at < len(line) and (found := self.compiled.search(line, at)):
            start, end = found.span()
            if end > start:
                yield start, end
            at = max(end, start + 1)


@lru_cache(maxsize=500)
def _compiled(pattern: str, case_sensitive: bool) -> "re2._Regexp":
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    options.never_nl = True
    options.case_sensitive = case_sensitive
    try:
        return re2.compile(b"(?m)" + by_line(pattern).encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise BadPattern(_words(error)) from None


def by_line(pattern: str) -> str:
    """The pattern with marks for the ends of the text changed into those of the line, which is all it can see."""
    done = []
    inside = False
    for found in _PIECE.finditer(pattern):
        piece = found[0]
        if piece.startswith("[") and not inside:
            inside = True
        elif piece == "]" and inside:
            inside = False
        elif not inside:
            piece = _changed(piece)
        done.append(piece)
    return "".join(done)


def _changed(piece: str) -> str:
    if piece in (r"\A", r"\z"):
        return "^" if piece == r"\A" else "$"
    if piece.startswith("(?") and "-" in piece:  # never out of the mode in which ^ and $ are those of a line
        on, _, off = piece[2:-1].partition("-")
        kept = off.replace("m", "")
        return f"(?{on}-{kept}{piece[-1]}" if kept else f"(?{on}{piece[-1]}"
    return piece


def _words(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
