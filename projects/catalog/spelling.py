"""Words that somebody may have meant: those of the catalog that differ in a letter or two.

Asked only for a word that hardly any project has. The first letter is taken to be right, or to have changed places with
the second, which leaves so few words that they can be compared one by one, on every database alike.
"""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q

from projects.models import CatalogWord

SHORTEST, LONGEST = 4, 30
TWO_FROM = 8  # from this length on two letters may be wrong
MOST = 300


def learn(words: Collection[str]) -> None:
    """Add these words, in the transaction that writes the text they come from. Words are never forgotten: one that no
    project has any more finds nothing."""
    known = sorted(filter(_may_be_known, words))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            rows = [(word, word[0], len(word)) for word in known]
            statement = "INSERT OR IGNORE INTO projects_catalogword (word, initial, length) VALUES (%s, %s, %s)"
            cursor.executemany(statement, rows)
        else:
            cursor.execute(
                "INSERT INTO projects_catalogword (word, initial, length) "
                "SELECT word, left(word, 1), length(word) FROM unnest(%s::text[]) AS word ON CONFLICT DO NOTHING",
                [known],
            )


def alike(words: Sequence[str]) -> list[list[str]]:
    """For each word, known words with a letter wrong, missing, too many or in its neighbour's place; two in long ones.

    The nearest come first, then by the alphabet. One query, or none.
    """
    asked = [word if _may_be_known(word) else "" for word in words]
    near = [
        Q(
            initial__in=sorted({word[0], word[1]}),
            length__gte=len(word) - _most(word),
            length__lte=len(word) + _most(word),
        )
        for word in asked
        if word
    ]
    known = list(CatalogWord.objects.filter(reduce(or_, near)).values_list("word", flat=True)) if near else []
    return [_nearest(word, known) if word else [] for word in asked]


def _may_be_known(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def _most(word: str) -> int:
    return 2 if len(word) >= TWO_FROM else 1


def _nearest(word: str, known: Sequence[str]) -> list[str]:
    most = _most(word)
    close = (one for one in known if one[0] in word[:2] and abs(len(one) - len(word)) <= most)
    found = [(distance(word, one, most), one) for one in close]
    return [one for steps, one in sorted(found) if 0 < steps <= most][:MOST]


def distance(one: str, other: str, most: int) -> int:
    """Letters to change, add, drop, or swap with their neighbour; `most` + 1 where it is more than `most`."""
    start = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        start += 1
    end = 0
    for a, b in zip(reversed(one[start:]), reversed(other[start:]), strict=False):
        if a != b:
            break
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if not one or not other:
        return len(one) + len(other)
    return min(_steps(one, other), most + 1)


def _steps(one: str, other: str) -> int:
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]
