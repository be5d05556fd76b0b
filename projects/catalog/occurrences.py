"""Where the words of a question occur, as sets of positions in the index.

What was looked up is kept until the catalog changes, for whoever asks: visibility is the caller's part. So facets,
orders and pages of the same words, and one more word behind them, cost no second look into the text.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from projects.catalog import spelling, text
from projects.catalog.bits import bits_of
from projects.catalog.index import Index
from projects.catalog.words import Word

KEPT = 500

# Numbers in `text.LEVELS`, best first, each with those who have the word in this way and in no better one.
Found = list[tuple[int, int]]


def of(words: Sequence[Word], index: Index, kept: dict[str, Found]) -> list[Found]:
    """For each word; the last one may be a beginning. `kept` holds earlier answers of the same index and gets these."""
    asked = {piece: text.whole(piece) for word in words for piece in (word.text, *word.parts)}
    last = words[-1].text + "*"
    found = _look_up(asked | {last: text.beginning(words[-1].text)}, index, kept)
    return [
        _best([*found[word.text], *_together([found[part] for part in word.parts]), *found[last] * (word is words[-1])])
        for word in words
    ]


def alike(words: Sequence[str], index: Index, kept: dict[str, Found]) -> list[Found]:
    """For each word those that have one spelled alike or beginning like its stem."""
    new = [word for word in words if "~" + word not in kept]
    near = dict(zip(new, spelling.alike(new), strict=True))
    found = _look_up({"~" + word: text.alike(word, near.get(word, ())) for word in words}, index, kept)
    return [found["~" + word] for word in words]


def _look_up(wanted: Mapping[str, list[text.Asked]], index: Index, kept: dict[str, Found]) -> dict[str, Found]:
    known = {key: kept[key] for key in wanted if key in kept}
    asked = [(key, one) for key, each in wanted.items() if key not in known for one in each]
    sets = defaultdict(list)
    for (key, one), ids in zip(asked, text.look_up([one for _, one in asked]), strict=True):
        sets[key].append((one.number, bits_of(index.positions(ids))))
    new = {key: _best(sets[key]) for key in wanted if key not in known}
    if len(kept) > KEPT:
        kept.clear()
    kept.update(new)
    return known | new


def _best(found: Iterable[tuple[int, int]]) -> Found:
    """Each position once, on its best level."""
    seen, result = 0, []
    for number, bits in sorted(found):
        if fresh := bits & ~seen:
            result.append((number, fresh))
            seen |= fresh
    return result


def _together(pieces: Sequence[Found]) -> Found:
    """Those that have all pieces, which are worth as much as the worst of them."""
    return reduce(_both, pieces) if pieces else []


def _both(one: Found, other: Found) -> Found:
    return [(max(a, b), both) for a, these in one for b, those in other if (both := these & those)]
