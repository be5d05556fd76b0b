"""Reads RE2's syntax as far as filters need it. Whatever it is not sure of becomes `ANYTHING`."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MOST_LETTERS = 64
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<[^>]+>")
_ODD = frozenset("\u0390\u03b0\u1fd3\u1fe3\ufb05\ufb06")
_PLAIN = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_EMPTY_ESCAPES = "AbBz"
_CLASS_ESCAPES = "dDsSwW"


@dataclass(frozen=True, slots=True)
class Letters:
    """One character of these; of any when None. Without case, a letter stands for all its forms."""

    letters: str | None


@dataclass(frozen=True, slots=True)
class Row:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Branches:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part so many times; `most` None for no end."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    """`EMPTY` matches between characters, `ANYTHING` whatever there is."""

    name: str


Node = Letters | Row | Branches | Repeat | Mark
EMPTY: Final = Mark("empty")
ANYTHING: Final = Mark("anything")


class _Unsure(Exception):
    """Here the syntax is beyond this reader."""


def parse(pattern: str, *, ignore_case: bool = False) -> Node:
    """The structure of a pattern that RE2 accepts."""
    try:
        return _Parser(pattern, ignore_case).read()
    except (_Unsure, IndexError, RecursionError):
        return ANYTHING


class _Parser:
    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.pattern, self.ignore_case = pattern, ignore_case
        self.at = 0

    def read(self) -> Node:
        node = self._branches(0)
        if self.at < len(self.pattern):
            raise _Unsure
        return node

    def _branches(self, depth: int) -> Node:
        if depth > 200:
            raise _Unsure
        before = self.ignore_case
        rows = [self._row(depth)]
        while self._next("|"):
            rows.append(self._row(depth))
        self.ignore_case = before  # flags last until their group ends
        return rows[0] if len(rows) == 1 else Branches(tuple(rows))

    def _next(self, text: str) -> bool:
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _row(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            part = self._atom(depth)
            parts += self._repeated(part)
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self, part: list[Node]) -> list[Node]:
        """What follows an atom: at most one repetition, and a sign that makes it lazy. It binds to the last one."""
        least: int
        most: int | None
        pattern, at = self.pattern, self.at
        sign = pattern[at : at + 1]
        count = _COUNT.match(pattern, at) if sign == "{" else None
        if sign and sign in "*+?":
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
            self.at += 1
        elif count:
            least = int(count[1])
            most = least if not count[2] else int(count[3]) if count[3] else None
            self.at = count.end()
        else:
            return part
        self._next("?")
        if self.pattern[self.at : self.at + 1] in ("*", "+", "?") or _COUNT.match(self.pattern, self.at):
            raise _Unsure
        if not part:
            raise _Unsure
        return [*part[:-1], Repeat(part[-1], least, most)]

    def _atom(self, depth: int) -> list[Node]:
        character = self.pattern[self.at]
        if character == "(":
            return [self._group(depth)]
        if character == "[":
            return [self._class()]
        if character == "\\":
            return self._escape()
        self.at += 1
        if character == ".":
            return [Letters(None)]
        if character in "^$":
            return [EMPTY]
        return [self._letters(character)]

    def _group(self, depth: int) -> Node:
        flags = _FLAGS.match(self.pattern, self.at)
        before = self.ignore_case
        if flags:
            self.at = flags.end()
            if "i" in (flags[2] or ""):
                self.ignore_case = False
            elif "i" in flags[1]:
                self.ignore_case = True
            if flags[3] == ")":
                return EMPTY
        elif named := _NAMED.match(self.pattern, self.at):
            self.at = named.end()
        elif self.pattern.startswith("(?", self.at):
            raise _Unsure
        else:
            self.at += 1
        inner = self._branches(depth + 1)
        if not self._next(")"):
            raise _Unsure
        self.ignore_case = before
        return inner

    def _escape(self) -> list[Node]:
        kind = self.pattern[self.at + 1]
        if kind == "Q":
            end = self.pattern.find("\\E", self.at + 2)
            text = self.pattern[self.at + 2 : end if end >= 0 else None]
            self.at = end + 2 if end >= 0 else len(self.pattern)
            return [self._letters(each) for each in text]
        if kind in _EMPTY_ESCAPES:
            self.at += 2
            return [EMPTY]
        if kind in _CLASS_ESCAPES:
            self.at += 2
            return [Letters(None)]
        if kind in "pP":
            end = self.pattern.index("}", self.at) + 1 if self.pattern[self.at + 2] == "{" else self.at + 3
            self.at = end
            return [Letters(None)]
        return [self._letters(self._escaped())]

    def _escaped(self) -> str:
        """The character that an escape stands for."""
        kind = self.pattern[self.at + 1]
        if found := _HEX.match(self.pattern, self.at):
            self.at = found.end()
            return chr(int(found[1] or found[2], 16))
        if kind in "01234567":
            found = _OCTAL.match(self.pattern, self.at)
            if found is None or (kind != "0" and len(found[1]) < 2):
                raise _Unsure
            self.at = found.end()
            return chr(int(found[1], 8))
        self.at += 2
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind.isalnum():
            raise _Unsure
        return kind

    def _class(self) -> Node:
        """The letters of a bracket, or any letter where they are many or belong to a named set."""
        pattern = self.pattern
        self.at += 1
        negated = self._next("^")
        letters: set[str] = set()
        many, first = negated, True
        while first or pattern[self.at] != "]":
            first = False
            if pattern.startswith("[:", self.at) and ":]" in pattern[self.at + 2 :]:
                self.at = pattern.index(":]", self.at) + 2
                many = True
            elif pattern[self.at] == "\\" and pattern[self.at + 1] in _CLASS_ESCAPES + "pP":
                self._escape()
                many = True
            else:
                many = self._range(letters) or many
        self.at += 1
        if many or len(letters) > MOST_LETTERS:
            return Letters(None)
        if any(self._is_vague(each) for each in letters):
            return Letters(None)
        return Letters("".join(sorted(letters)))

    def _range(self, letters: set[str]) -> bool:
        """Add one character or one range; True when that is too many."""
        low = self._class_letter()
        high = low
        if self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
            self.at += 1
            high = self._class_letter()
        if ord(high) - ord(low) > MOST_LETTERS:
            return True
        letters.update(chr(number) for number in range(ord(low), ord(high) + 1))
        return False

    def _class_letter(self) -> str:
        if self.pattern[self.at] == "\\":
            return self._escaped()
        self.at += 1
        return self.pattern[self.at - 1]

    def _letters(self, character: str) -> Letters:
        return Letters(None) if self._is_vague(character) else Letters(character)

    def _is_vague(self, character: str) -> bool:
        """Whether an index that forgets about case may keep the forms of this letter apart, or cannot be asked."""
        return character in "\0\n" or (self.ignore_case and is_odd(character))


def is_odd(character: str) -> bool:
    """Whether RE2 may hold it for the same as another letter, without case, and `alike` does not."""
    return character in _ODD or (character > "\u024f" and unicodedata.category(character) == "Cn")
