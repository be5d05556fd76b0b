"""Reads a query. `parse` never raises anything but QueryError, and takes time in proportion to the text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from search.query.operators import BY_NAME, COUNT_LIMIT, TYPES, type_called
from search.query.pieces import Piece, Pieces
from search.query.tree import And, Case, Field, Hint, Node, Not, Or, Query, QueryError
from search.query.words import Reader, quoted

CHARACTERS = 2_000
ATOMS = 100
DEPTH = 30
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def parse(text: str) -> Query:
    """Understand what somebody typed; raises QueryError with the place and with queries to ask instead."""
    _refuse(text)
    hints: list[Hint] = []
    whole = _Whole(text)
    reader = Reader(text)
    pieces = list(Pieces(reader, hints))
    tree = _Parser(text, pieces, whole).read()
    types = tuple(dict.fromkeys(whole.types))
    if whole.excluded:
        types = tuple(name for name in types or TYPES if name not in whole.excluded)
    return Query(text, tree, whole.case or "auto", types, whole.count, tuple(hints))


def _refuse(text: str) -> None:
    if len(text) > CHARACTERS:
        message = f"A query may have {CHARACTERS:,} characters; this one has {len(text):,}."
        raise QueryError(message, CHARACTERS, len(text))
    if found := _NOT_TEXT.search(text):
        name = "a NUL character" if found[0] == "\0" else "half a character"
        message = f"There is {name} here, which is in no file that is searched as text."
        raise QueryError(message, found.start(), found.end(), (_NOT_TEXT.sub("", text),))


@dataclass
class _Whole:
    """What holds for the whole query."""

    text: str
    case: Case | None = None
    count: int | None = None
    types: list[str] = field(default_factory=list)
    excluded: set[str] = field(default_factory=set)

    def take(self, given: Field, negated: bool) -> None:
        if given.name == "type":
            self._take_type(given, negated)
        elif given.name == "case":
            self._take_case(given, negated)
        elif self.count is not None:
            raise QueryError("count: is said twice.", given.start, given.end, self._without(given))
        else:
            self.count = self._number(given)

    def _take_type(self, given: Field, negated: bool) -> None:
        kind = type_called(given.value)
        if kind is None:
            raise self._wrong_value(given, TYPES)
        if negated:
            self.excluded.add(kind)
        else:
            self.types.append(kind)

    def _take_case(self, given: Field, negated: bool) -> None:
        value = given.value.casefold()
        if value not in BY_NAME["case"].values or (negated and value == "auto"):
            raise self._wrong_value(given, ("yes", "no") if negated else BY_NAME["case"].values)
        wanted = cast(Case, {"yes": "no", "no": "yes"}[value] if negated else value)
        if self.case not in {None, wanted}:
            message = "case: is said twice, with different values."
            raise QueryError(message, given.start, given.end, self._without(given))
        self.case = wanted

    def _number(self, given: Field) -> int:
        value = given.value
        if value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= COUNT_LIMIT and len(value) < 10:
            return int(value)
        message = f"count: takes a number from 1 to {COUNT_LIMIT}."
        raise QueryError(message, given.at, given.end, self._instead(given, ("50", str(COUNT_LIMIT))))

    def _wrong_value(self, given: Field, values: Iterable[str]) -> QueryError:
        values = tuple(values)
        message = f"{given.name}: takes {', '.join(values[:-1])} or {values[-1]}."
        literal = self.text[: given.start] + quoted(self.text[given.start : given.end]) + self.text[given.end :]
        return QueryError(message, given.at, given.end, (*self._instead(given, values), literal))

    def _instead(self, given: Field, values: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.text[: given.at] + value + self.text[given.end :] for value in values)

    def _without(self, given: Field) -> tuple[str, ...]:
        return (f"{self.text[: given.start].rstrip()} {self.text[given.end :].lstrip()}".strip(),)


class _Parser:
    """or := and ("OR" and)*   and := not ("AND"? not)*   not := "NOT" not | "(" or ")" | atom"""

    def __init__(self, text: str, pieces: list[Piece], whole: _Whole) -> None:
        self.text, self.pieces, self.whole = text, pieces, whole
        self.at = 0
        self.atoms = 0

    def read(self) -> Node | None:
        if not self.pieces:
            return None
        return self._or(depth=0)

    @property
    def piece(self) -> Piece | None:
        return self.pieces[self.at] if self.at < len(self.pieces) else None

    def _or(self, depth: int) -> Node | None:
        sides = [self._side(None, depth)]
        while (join := self.piece) and join.kind == "OR":
            if sides[-1] is None:
                raise self._nothing_beside(join, "before")
            self.at += 1
            sides.append(self._side(join, depth))
            if sides[-1] is None:
                raise self._nothing_beside(join, "behind")
        found = [side for side in sides if side is not None]
        return Or(tuple(found), found[0].start, found[-1].end) if len(found) > 1 else found[0] if found else None

    def _side(self, join: Piece | None, depth: int) -> Node | None:
        """One side of OR: everything that is joined by AND. None where only operators of the whole query stand."""
        found: list[Node] = []
        awaited: Piece | None = join
        any_piece = False
        while (piece := self.piece) and piece.kind not in {"OR", ")"}:
            if piece.kind == "AND":
                if awaited is piece or not any_piece:
                    raise self._nothing_beside(piece, "before")
                self.at += 1
                awaited, any_piece = piece, False
                continue
            node = self._not(depth, negated=False)
            any_piece, awaited = True, None
            if node is not None:
                found.append(node)
        if awaited is not None and not any_piece:
            raise self._nothing_beside(awaited, "behind")
        return And(tuple(found), found[0].start, found[-1].end) if len(found) > 1 else found[0] if found else None

    def _not(self, depth: int, negated: bool) -> Node | None:
        piece = self.piece
        assert piece is not None  # noqa: S101 callers have looked
        self.at += 1
        if depth > DEPTH:
            raise QueryError(f"Parentheses and NOT nest more than {DEPTH} deep here.", piece.start, piece.end)
        if piece.kind == "NOT":
            return self._negation(piece, depth, negated)
        if piece.kind == "(":
            return self._group(piece, depth)
        self._count(piece)
        if piece.atom is not None:
            return piece.atom
        if BY_NAME[piece.fields[0].name].whole:
            self._take_whole(piece, depth, negated)
            return None
        for given in piece.fields:
            self._check_closed(given)
        return Or(piece.fields, piece.start, piece.end) if len(piece.fields) > 1 else piece.fields[0]

    def _negation(self, sign: Piece, depth: int, negated: bool) -> Node | None:
        following = self.piece
        if following is None or following.kind in {")", "OR", "AND"}:
            raise self._nothing_beside(sign, "behind")
        whole = following.kind == "fields" and BY_NAME[following.fields[0].name].whole
        child = self._not(depth if whole else depth + 1, negated=not negated)
        return None if child is None else Not(child, sign.start, child.end)

    def _group(self, opening: Piece, depth: int) -> Node:
        inner = self._or(depth + 1)
        closing = self.piece
        if closing is None or inner is None:
            raise QueryError("There is nothing between these parentheses.", opening.start, self._end_of(opening))
        self.at += 1
        return inner

    def _end_of(self, opening: Piece) -> int:
        return self.piece.end if self.piece else opening.end

    def _take_whole(self, piece: Piece, depth: int, negated: bool) -> None:
        operator = BY_NAME[piece.fields[0].name]
        if depth:
            message = f"{operator.name}: holds for the whole query, so it cannot stand in parentheses."
            moved = self.text[: piece.start].rstrip() + self.text[piece.end :]
            instead = (f"{self.text[piece.start : piece.end]} {moved}",)
            raise QueryError(message, piece.start, piece.end, instead)
        if negated and not operator.negatable:
            raise QueryError(f"{operator.name}: cannot be negated.", piece.start, piece.end)
        for given in piece.fields:
            self.whole.take(given, negated)

    def _check_closed(self, given: Field) -> None:
        values = BY_NAME[given.name].values
        if values and given.value.casefold() not in values:
            message = f"{given.name}: takes {', '.join(values[:-1])} or {values[-1]}."
            instead = tuple(self.text[: given.at] + value + self.text[given.end :] for value in values)
            raise QueryError(message, given.at, given.end, instead)

    def _count(self, piece: Piece) -> None:
        self.atoms += max(1, len(piece.fields))
        if self.atoms > ATOMS:
            message = f"A query may have {ATOMS} parts; this is one more. Quotes make one part of several words."
            raise QueryError(message, piece.start, piece.end)

    def _nothing_beside(self, join: Piece, where: str) -> QueryError:
        word = self.text[join.start : join.end]
        literal = self.text[: join.start] + quoted(word) + self.text[join.end :]
        dropped = f"{self.text[: join.start].rstrip()} {self.text[join.end :].lstrip()}".strip()
        message = f"Something to search for is missing {where} {word}."
        return QueryError(message, join.start, join.end, (dropped, literal) if dropped else (literal,))
