"""How well projects answer the words of a question, for one viewer: computed from what this viewer may see, alone.

A word counts by the best place where a project has it, the more the rarer it is among the visible projects.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat

from projects.catalog.bits import bits_of
from projects.catalog.index import Index
from projects.catalog.text import LEVELS, Matches, matching, matching_alike
from projects.catalog.words import Question

RELAXED_FROM = 3  # from so many words on, most of them will do where nothing has all
RELAXED_SHARE = 0.5


@dataclass(frozen=True)
class Answer:
    """`words`: for each word of the question the projects that have it. `found`: the set of positions that match.

    `alike`: words that were taken for others, which are not told, as hidden projects may have them. `relaxed`: nothing
    visible has all words, these have most.
    """

    words: list[Matches] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    found: int = 0
    alike: tuple[str, ...] = ()
    relaxed: bool = False

    def scores(self, project_ids: Sequence[int]) -> list[float]:
        """One for each of these projects, at least one; greater is better."""
        columns = []
        for weight, word in zip(self.weights, self.words, strict=True):
            worth = [weight * level.value for level in LEVELS] + [0.0]
            columns.append(map(worth.__getitem__, map(word.get, project_ids, repeat(-1))))
        return list(columns[0]) if len(columns) == 1 else list(map(sum, zip(*columns, strict=True)))


def answer(question: Question, index: Index, visible: int) -> Answer:
    """One look into the text index; where no visible project has a word, one into the known words and a second one."""
    if not question.words:
        return Answer()
    words = matching(question.words)
    sets = [_positions(index, word) & visible for word in words]
    alike: tuple[str, ...] = ()
    if unknown := [at for at, found in enumerate(sets) if not found]:
        for at, more in zip(unknown, matching_alike([question.words[at].text for at in unknown]), strict=True):
            if found := _positions(index, more) & visible:
                alike, words[at], sets[at] = (*alike, question.words[at].text), more, found
    number = visible.bit_count()
    weights = [round(math.log(1 + (number + 1) / (found.bit_count() + 1)), 6) for found in sets]
    everything = _at_least(sets, len(sets))
    enough = math.ceil(RELAXED_SHARE * len(sets))
    if everything or len(sets) < RELAXED_FROM:
        return Answer(words, weights, everything, alike)
    return Answer(words, weights, found := _at_least(sets, enough), alike, relaxed=bool(found))


def _positions(index: Index, word: Matches) -> int:
    return bits_of(index.positions(word))


def _at_least(sets: Sequence[int], number: int) -> int:
    """What is in so many of the sets: `counts[n]` holds what was in more than n of those seen."""
    counts = [0] * number
    for one in sets:
        for at in range(number - 1, 0, -1):
            counts[at] |= counts[at - 1] & one
        counts[0] |= one
    return counts[-1]
