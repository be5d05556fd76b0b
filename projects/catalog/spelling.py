"""Words that somebody may have meant: those of the catalog that differ in a letter or two.

Asked only for a word that hardly any project has. The first letter is taken to be right, or to have changed places with
the second, which leaves so few words that they can be compared one by one, on every database alike. In longer words the
first letter may be what is wrong, if nothing else is: there are not more such words than letters to try.
"""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_
from string import ascii_lowercase

from django.db import connection
from django.db.models import Q

from projects.models import CatalogWord

SHORTEST, LONGEST = 4, 30
TWO_FROM = 8  # from this length on two letters may be wrong
FIRST_FROM = 6  # from this length on the first letter may be wrong; shorter words only rhyme


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

    All of them, however many: were some left out, words of hidden projects could crowd out those that the viewer may
    know. One query, or none.
    """
    asked = [word if _may_be_known(word) else "" for word in words]
    near = [_near(word) for word in asked if word]
    known = list(CatalogWord.objects.filter(reduce(or_, near)).values_list("word", flat=True)) if near else []
    return [_nearest(word, known) if word else [] for word in asked]


def _may_be_known(word: str) -> bool:
    return SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def _near(word: str) -> Q:
    lengths = Q(length__gte=len(word) - _most(word), length__lte=len(word) + _most(word))
    same_start = Q(initial__in=sorted({word[0], word[1]})) & lengths
    return same_start | Q(word__in=sorted(others)) if (others := _other_starts(word)) else same_start


def _other_starts(word: str) -> set[str]:
    """With another first letter, without the first, or with one more before it."""
    if len(word) < FIRST_FROM:
        return set()
    return {word[1:], *(letter + rest for letter in ascii_lowercase for rest in (word[1:], word))} - {word}


def _most(word: str) -> int:
    return 2 if len(word) >= TWO_FROM else 1


def _nearest(word: str, known: Sequence[str]) -> list[str]:
    most, letters, others = _most(word), set(word), _other_starts(word)
    close = (one for one in known if (one[0] in word[:2] and abs(len(one) - len(word)) <= most) or one in others)
    close = (one for one in close if len(letters.symmetric_difference(one)) <= 2 * most)  # most others fail here
    return [one for one in close if 0 < distance(word, one, most) <= most]


def distance(one: str, other: str, most: int) -> int:
    """Letters to change, add, drop, or swap with their neighbour; `most` + 1 where it is more than `most`."""
    return next((steps for steps in range(most + 1) if _within(one, other, steps)), most + 1)


def _within(one: str, other: str, steps: int) -> bool:
    """Whether so many steps lead from one to the other: where they first differ, each kind of step is tried."""
    if abs(len(one) - len(other)) > steps:
        return False
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), -1)
    if start < 0 or steps == 0:
        return start < 0
    a, b = one[start:], other[start:]
    rest = steps - 1
    swapped = a[:2] == b[1::-1] and len(b) > 1 and _within(a[2:], b[2:], rest)
    return swapped or _within(a[1:], b[1:], rest) or _within(a[1:], b, rest) or _within(a, b[1:], rest)
