"""The tree of a query. Every node tells where it stands in the typed text: `start` and `end` count characters."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "phrase", "regex"]
Case = Literal["yes", "no", "auto"]


@dataclass(frozen=True, slots=True)
class Text:
    """A literal substring of a line; `quoted` when it was written as a phrase."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, without its slashes."""

    regex: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Field:
    """One operator with one value. `name` is the operator's own, never an alias; `at` is where the value begins."""

    name: str
    value: str
    kind: Kind
    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class And:
    children: tuple["Node", ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple["Node", ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    child: "Node"
    start: int
    end: int


Node = Text | Pattern | Field | And | Or | Not


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that was understood, though perhaps not as meant. `suggestions` are whole queries to ask instead."""

    message: str
    start: int
    end: int
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood. `types` in the order written; `count` is the number of results of a page."""

    text: str
    tree: Node | None
    case: Case = "auto"
    types: tuple[str, ...] = ()
    count: int | None = None
    hints: tuple[Hint, ...] = ()


class QueryError(ValueError):
    """The query makes no sense at `start` to `end` of the text; `suggestions` are whole queries to ask instead."""

    def __init__(self, message: str, start: int, end: int, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.suggestions = tuple(dict.fromkeys(suggestions))
