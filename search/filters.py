"""From a regular expression to what every line that matches it must contain: an index can look for that first.

The filter is never stricter than the expression (a property test holds it against RE2): where the reader of the syntax
does not know better, it says that anything may match.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from search.syntax import ANYTHING, Branches, Letters, Node, Repeat, Row, parse

MOST_STRINGS = 40
LONGEST = 40
FEW_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Contains:
    """The text contains this string."""

    text: str


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Filter", ...]


Filter = Contains | Every | Some
NOTHING_KNOWN = Every(())


def filter_for(pattern: str, *, ignore_case: bool = False) -> Filter:
    """What a matching line contains at least; `NOTHING_KNOWN` where nothing is known. With `ignore_case` (or a flag in
    the pattern) the strings stand for all their spellings."""
    return _Reader().whole(parse(pattern, ignore_case=ignore_case))


def holds(wanted: Filter, text: str, *, same: Callable[[str], str] = str) -> bool:
    """Whether a text passes. `same` is applied to strings and text alike."""
    if isinstance(wanted, Contains):
        return same(wanted.text) in same(text)
    joined = all if isinstance(wanted, Every) else any
    return joined(holds(part, text, same=same) for part in wanted.parts)


def every(parts: "Sequence[Filter]") -> Filter:
    """All of them, without what says nothing."""
    flat: list[Filter] = []
    for part in parts:
        flat += part.parts if isinstance(part, Every) else (part,)
    unique = tuple(dict.fromkeys(flat))
    return unique[0] if len(unique) == 1 else Every(unique)


def some(parts: "Sequence[Filter]") -> Filter:
    """One of them; nothing is known where one of them says nothing."""
    unique = tuple(dict.fromkeys(parts))
    if NOTHING_KNOWN in unique:
        return NOTHING_KNOWN
    return unique[0] if len(unique) == 1 else Some(unique)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the texts a part matches: all of them (`exact`), or how they begin and end, and a filter."""

    exact: frozenset[str] | None
    starts: frozenset[str]
    ends: frozenset[str]
    filter: Filter

    @property
    def beginnings(self) -> frozenset[str]:
        return self.starts if self.exact is None else self.exact

    @property
    def endings(self) -> frozenset[str]:
        return self.ends if self.exact is None else self.exact


_EMPTY = frozenset({""})
_ANY = _Known(None, _EMPTY, _EMPTY, NOTHING_KNOWN)
_NOTHING = _Known(_EMPTY, _EMPTY, _EMPTY, NOTHING_KNOWN)


def _exactly(strings: frozenset[str]) -> _Known:
    return _Known(strings, _EMPTY, _EMPTY, NOTHING_KNOWN)


def _of(strings: frozenset[str]) -> Filter:
    """One of these strings is in the text."""
    if any(len(each) < 3 for each in strings):
        return NOTHING_KNOWN
    return some([Contains(each) for each in sorted(strings)])


class _Reader:
    def whole(self, node: Node) -> Filter:
        return self._filter(self._known(node))

    def _filter(self, known: _Known) -> Filter:
        if known.exact is not None:
            return _of(known.exact)
        return every([known.filter, _of(known.starts), _of(known.ends)])

    def _known(self, node: Node) -> _Known:
        if isinstance(node, Letters):
            few = node.letters is not None and len(node.letters) <= FEW_LETTERS
            return _exactly(frozenset(node.letters)) if few and node.letters else _ANY
        if isinstance(node, Row):
            return self._row([self._known(part) for part in node.parts])
        if isinstance(node, Branches):
            return self._branches([self._known(part) for part in node.parts])
        if isinstance(node, Repeat):
            return self._repeat(node)
        return _ANY if node is ANYTHING else _NOTHING

    def _row(self, parts: list[_Known]) -> _Known:
        """Strings that may stand up to here are carried from part to part and looked for when they become too many."""
        carried: frozenset[str] = _EMPTY
        exact, starts = True, _EMPTY
        found: list[Filter] = []
        for part in parts:
            joined = _joined(carried, part.beginnings)
            if joined is None:  # too many: what came before is looked for, and a new string begins
                found.append(_of(carried))
                if exact:
                    exact, starts = False, carried
                joined = part.beginnings
                if part.exact is None:
                    found.append(_of(joined))
                    joined = None
            if part.exact is None:
                if joined is not None:
                    found.append(_of(joined))
                    if exact:
                        exact, starts = False, joined
                found.append(part.filter)
                carried = part.ends
            else:
                carried = joined or part.exact
        if exact:
            return _exactly(carried)
        return _Known(None, starts, carried, every(found))

    def _branches(self, parts: list[_Known]) -> _Known:
        exact = frozenset[str]().union(*(part.exact or () for part in parts))
        if all(part.exact is not None for part in parts) and len(exact) <= MOST_STRINGS:
            return _exactly(exact)
        starts = frozenset[str]().union(*(part.beginnings for part in parts))
        ends = frozenset[str]().union(*(part.endings for part in parts))
        few = len(starts) <= MOST_STRINGS and len(ends) <= MOST_STRINGS
        wanted = some([self._filter(part) for part in parts])
        return _Known(None, starts if few else _EMPTY, ends if few else _EMPTY, wanted)

    def _repeat(self, node: Repeat) -> _Known:
        inner = self._known(node.part)
        if node.least == 0:
            if node.most == 1 and inner.exact is not None and len(inner.exact) < MOST_STRINGS:
                return _exactly(inner.exact | _EMPTY)
            return _ANY
        least = min(node.least, 8)
        row = self._row([inner] * least)
        if node.most == node.least == least:
            return row
        return _Known(None, row.beginnings, row.endings, self._filter(row))


def _joined(before: frozenset[str], after: frozenset[str]) -> frozenset[str] | None:
    """Every string of the one followed by every string of the other; None where that would be too much."""
    if len(before) * len(after) > MOST_STRINGS:
        return None
    joined = frozenset(left + right for left, right in product(before, after))
    return None if any(len(each) > LONGEST for each in joined) else joined
