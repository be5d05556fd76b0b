"""How well projects answer the words of a question, for one viewer: computed from what this viewer may see, alone.

A word counts by the best place where a project has it, the more the rarer it is among the visible projects.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from projects.catalog import occurrences
from projects.catalog.bits import column
from projects.catalog.index import Index
from projects.catalog.occurrences import Found
from projects.catalog.text import LEVELS, Level
from projects.catalog.words import Question

RELAXED_FROM = 3  # from so many words on, most of them will do where nothing has all
RELAXED_SHARE = 0.5


@dataclass(frozen=True)
class Answer:
    """`words`: for each word of the question where it occurs. `found`: the set of positions that match.

    `alike`: words that were taken for others, which are not told, as hidden projects may have them. `relaxed`: nothing
    visible has all words, these have most.
    """

    words: list[Found] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    found: int = 0
    alike: tuple[str, ...] = ()
    relaxed: bool = False
    positions: Mapping[int, int] = field(default_factory=dict)

    def scores(self, positions: Sequence[int], size: int) -> list[float]:
        """One for each of these positions, at least one and all below `size`; greater is better."""
        columns = []
        for weight, found in zip(self.weights, self.words, strict=True):
            worth = [0.0, *(weight * LEVELS[number].value for number, _ in found)]
            places = column(enumerate((bits for _, bits in found), 1), size)
            columns.append(map(worth.__getitem__, map(places.__getitem__, positions)))
        return list(columns[0]) if len(columns) == 1 else list(map(sum, zip(*columns, strict=True)))

    def levels(self, project_id: int) -> list[Level | None]:
        """For each word how this project has it."""
        at = self.positions.get(project_id)
        if at is None:
            return [None] * len(self.words)
        return [next((LEVELS[number] for number, bits in found if bits >> at & 1), None) for found in self.words]


def answer(question: Question, index: Index, visible: int, kept: dict[str, Found]) -> Answer:
    """One look into the text index; where no visible project has a word, one into the known words and a second one.

    `kept`: what was looked up before in the same index.
    """
    if not question.words:
        return Answer()
    words = occurrences.of(question.words, index, kept)
    sets = [_everywhere(word) & visible for word in words]
    alike: tuple[str, ...] = ()
    if unknown := [at for at, found in enumerate(sets) if not found]:
        near = occurrences.alike([question.words[at].text for at in unknown], index, kept)
        for at, more in zip(unknown, near, strict=True):
            if found := _everywhere(more) & visible:
                alike, words[at], sets[at] = (*alike, question.words[at].text), more, found
    number = visible.bit_count()
    weights = [round(math.log(1 + (number + 1) / (found.bit_count() + 1)), 6) for found in sets]
    everything = _at_least(sets, len(sets))
    enough = math.ceil(RELAXED_SHARE * len(sets))
    if everything or len(sets) < RELAXED_FROM:
        return Answer(words, weights, everything, alike, positions=index.position)
    some = _at_least(sets, enough)
    return Answer(words, weights, some, alike, relaxed=bool(some), positions=index.position)


def _everywhere(found: Found) -> int:
    return reduce(or_, (bits for _, bits in found), 0)


def _at_least(sets: Sequence[int], number: int) -> int:
    """What is in so many of the sets: `counts[n]` holds what was in more than n of those seen."""
    counts = [0] * number
    for one in sets:
        for at in range(number - 1, 0, -1):
            counts[at] |= counts[at - 1] & one
        counts[0] |= one
    return counts[-1]
