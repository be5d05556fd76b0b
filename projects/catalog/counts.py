"""How many projects of a set have each value of a facet: by looking at them one by one, or by cutting sets."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Protocol

FEW = 1500  # so many rows are looked at sooner than the sets of all values are cut
KEPT = 400

Counted = dict[str, int]


class HasValues(Protocol):
    """A row with pairs of a facet and a value, each once."""

    values: tuple[tuple[str, str], ...]


class Counts:
    """Keeps the last answers: the plain catalog and each of its facets are asked for again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Counted] = {}

    def forget(self) -> None:
        self._known.clear()

    def one_by_one(self, facet: str, bits: int, rows: Callable[[], Sequence[HasValues]]) -> Counted:
        """Counted over these rows, which are those of the set; in the order of values."""
        if (facet, bits) not in self._known:
            every: dict[str, Counted] = {facet: {}}
            counted = Counter(chain.from_iterable(row.values for row in rows()))
            for (key, value), count in sorted(counted.items(), key=_alphabetical):
                every.setdefault(key, {})[value] = count
            self._keep({(key, bits): every[key] for key in every})
        return self._known[facet, bits]

    def by_sets(self, facet: str, bits: int, sets: Mapping[str, int]) -> Counted:
        """Counted by cutting the set of each value."""
        if (facet, bits) not in self._known:
            counted = {value: count for value, one in sets.items() if (count := (one & bits).bit_count())}
            self._keep({(facet, bits): counted})
        return self._known[facet, bits]

    def _keep(self, more: dict[tuple[str, int], Counted]) -> None:
        if len(self._known) > KEPT:
            self._known.clear()
        self._known |= more


def _alphabetical(item: tuple[tuple[str, str], int]) -> tuple[str, str]:
    return item[0][1].casefold(), item[0][1]
