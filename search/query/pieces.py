"""The pieces of a query, in a row: words, phrases, patterns, operators with their values, and what joins them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from search.query import patterns
from search.query.operators import BY_NAME, FOREIGN, Operator
from search.query.tree import Field, Hint, Kind, Pattern, QueryError, Text
from search.query.words import Reader, quoted

PieceKind = Literal["(", ")", "AND", "OR", "NOT", "fields", "atom"]
VALUES = 50
_NAMED = re.compile(r"([A-Za-z]{1,20}):")
_JOINS: dict[str, PieceKind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
_NEGATES = re.compile(r"-[\w\"/(]")


@dataclass(frozen=True, slots=True)
class Piece:
    """`atom` for a word, phrase or pattern; `fields` for an operator: one field for each of its values."""

    kind: PieceKind
    start: int
    end: int
    atom: Text | Pattern | None = None
    fields: tuple[Field, ...] = ()


@dataclass
class Pieces:
    """Reads a query piece by piece; `hints` says afterwards what was perhaps not understood as meant."""

    reader: Reader
    hints: list[Hint]

    def __iter__(self) -> Iterator[Piece]:
        opened: list[int] = []
        while self.reader.skip_blanks():
            piece = self._next()
            if piece.kind == "(":
                opened.append(piece.start)
            elif piece.kind == ")":
                opened.pop()
            self.reader.groups = len(opened)
            yield piece
        if opened:
            raise self._never_closed(opened[-1])

    def _next(self) -> Piece:
        reader, start = self.reader, self.reader.at
        c = reader.text[start]
        if c == "(" and not reader.text.startswith("()", start):
            reader.at += 1
            return Piece("(", start, reader.at)
        if c == ")":
            if not reader.groups:
                raise self._closes_nothing(start)
            reader.at += 1
            return Piece(")", start, reader.at)
        if c == "-" and _NEGATES.match(reader.text, start) and not reader.text[start + 1].isdigit():
            reader.at += 1
            return Piece("NOT", start, reader.at)
        return self._operator(start) or self._atom(start)

    def _atom(self, start: int) -> Piece:
        reader = self.reader
        c = reader.text[start]
        if c == '"' and (phrase := reader.phrase()) is not None:
            if not phrase:
                raise QueryError("There is nothing between these quotes.", start, reader.at)
            return Piece("atom", start, reader.at, Text(phrase, start, reader.at, quoted=True))
        if c == "/" and (regex := reader.pattern()) is not None:
            self._check(regex, start)
            return Piece("atom", start, reader.at, Pattern(regex, start, reader.at))
        word = reader.word()
        if joins := _JOINS.get(word):
            return Piece(joins, start, reader.at)
        return Piece("atom", start, reader.at, Text(word, start, reader.at))

    def _operator(self, start: int) -> Piece | None:
        """An operator with its values; None for text that only looks like one, such as `std::string` or `http://x`."""
        reader = self.reader
        named = _NAMED.match(reader.text, start)
        if named is None or reader.text.startswith((":", "//"), named.end()):
            return None
        operator = BY_NAME.get(named[1].casefold())
        if operator is None:
            self._hint_unknown(named[1], start)
            return None
        if reader.ends(named.end()):
            message = f"Nothing follows {operator.name}: directly, so it was taken as text."
            self.hints.append(Hint(message, start, named.end()))
            return None
        reader.at = named.end()
        fields = tuple(self._values(operator, start))
        return Piece("fields", start, reader.at, fields=fields)

    def _values(self, operator: Operator, start: int) -> Iterator[Field]:
        reader, number = self.reader, 0
        while True:
            at = reader.at
            kind, value = self._value(operator)
            if not value:
                raise QueryError(
                    f"A value of {operator.name}: is missing here.", max(start, at - 1), max(at, start + 1)
                )
            number += 1
            if number > VALUES:
                raise QueryError(f"At most {VALUES} values may follow {operator.name}:.", at, reader.at)
            yield Field(operator.name, value, kind, start, reader.at, at)
            if not operator.listed or not reader.text.startswith(",", reader.at):
                return
            reader.at += 1

    def _value(self, operator: Operator) -> tuple[Kind, str]:
        reader, at = self.reader, self.reader.at
        also = "," if operator.listed else ""
        if reader.text.startswith('"', at) and (phrase := reader.phrase(also)) is not None:
            return "phrase", phrase
        if operator.regex and reader.text.startswith("/", at) and (regex := reader.pattern()) is not None:
            self._check(regex, at)
            return "regex", regex
        return "text", reader.word(also)

    def _check(self, regex: str, start: int) -> None:
        try:
            patterns.check(regex, start + 1)
        except QueryError as error:
            text = self.reader.text
            literal = text[:start] + quoted(regex) + text[self.reader.at :]
            raise QueryError(error.message, error.start, error.end, (literal,)) from None

    def _hint_unknown(self, name: str, start: int) -> None:
        """Said only where an operator seems to be meant: of another tool, or a slip of the keyboard."""
        text, lowered = self.reader.text, name.casefold()
        behind = text[start + len(name) + 1 :]
        near = [] if lowered in FOREIGN else get_close_matches(lowered, list(BY_NAME), n=2, cutoff=0.75)
        if not behind or behind[0].isspace() or (lowered not in FOREIGN and not near):
            return
        instead = [FOREIGN[lowered]] if lowered in FOREIGN else [f"{other}:" for other in near]
        suggestions = tuple(f"{text[:start]}{other}{behind}" for other in instead)
        message = f"There is no operator {name}:, so this was searched for as text."
        self.hints.append(Hint(message, start, start + len(name) + 1, suggestions))

    def _never_closed(self, start: int) -> QueryError:
        text = self.reader.text
        end = next((at for at in range(start, len(text)) if text[at].isspace()), len(text))
        last = text.split()[-1].lstrip("(")
        closing = " )" if last.count("(") > last.count(")") else ")"  # behind `f(` it would belong to the word
        instead = (text + closing, text[:start] + quoted(text[start:end]) + text[end:])
        message = "This parenthesis is never closed. To search for it, put it between quotes."
        return QueryError(message, start, start + 1, instead)

    def _closes_nothing(self, start: int) -> QueryError:
        text = self.reader.text
        end = next((at for at in range(start, len(text)) if text[at].isspace()), len(text))
        instead = (text[:start] + quoted(text[start:end]) + text[end:],)
        message = "This parenthesis closes nothing. To search for it, put it between quotes."
        return QueryError(message, start, start + 1, instead)
