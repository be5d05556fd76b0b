"""The words in the messages of commits: an index in the database's own way, and questions to it.

SQLite: `commit_text`, an FTS5 table without content, whose row number is the moment of the commit (`moment_of`), so
that it gives the newest first without sorting; the import writes it. PostgreSQL: a GIN index over title and words,
which keeps itself. Both hold plain words without case and accents; English endings are put to the question instead.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from activity.bulk import lists
from projects.catalog.words import FILLER

CHARACTERS = 200
MOST_WORDS = 12
BEGINNING = 3  # the last word is taken as a beginning too, from this length on
LOW_BITS = 24
FEW = 5_000  # PostgreSQL: so many matches are fetched and sorted; for more, commits are walked from the newest
WALKED = 4_000  # commits looked at in one step of such a walk, at most; the first looks at a quarter
OFTEN = 10  # so many in the first step: there are about as many in each of the next, and the index is not asked
_LOW = (1 << LOW_BITS) - 1
_LATEST = (1 << 39) - 1  # seconds: after every commit
_WORD = re.compile(r"[^\W_]+")
_MARK = "\ue000"  # private use: nobody can type it, so marked words are ours
_VALUES = (
    f"(authored_at << {LOW_BITS}) | (id & {_LOW}), "
    f"title || ' ' || words || ' {_MARK}r' || repository_id || ' {_MARK}a' || raw_author_id FROM activity_commit"
)
_STORE = f"INSERT INTO commit_text (rowid, words) SELECT {_VALUES} WHERE id IN ({{marks}})"
_FORGET = f"INSERT INTO commit_text (commit_text, rowid, words) SELECT 'delete', {_VALUES} WHERE id IN ({{marks}})"
_ALL = "commit_words(title || ' ' || words)"
_NEWEST = f"""
    SELECT c.id, c.authored_at FROM commit_text t
    CROSS JOIN activity_commit c ON c.authored_at = t.rowid >> {LOW_BITS} AND c.id & {_LOW} = t.rowid & {_LOW}
    WHERE commit_text MATCH %s AND t.rowid < %s AND t.rowid >= %s AND {{readable}} ORDER BY t.rowid DESC LIMIT %s
"""  # noqa: S608  (numbers)
_FIRST_FEW = f"SELECT id, authored_at FROM activity_commit WHERE {_ALL} @@ %s::tsquery AND {{narrow}} LIMIT %s"  # noqa: S608  (constants)
# Taking a message apart costs more than reading it: it is done where the letters of the words are, or letters that are
# compared as others.
_WALK = f"""
    SELECT id, authored_at, CASE
        WHEN lower(title || ' ' || words) LIKE ALL(%s) OR octet_length(title || words) <> length(title || words)
        THEN {_ALL} @@ %s::tsquery ELSE FALSE END
    FROM (SELECT id, authored_at, title, words FROM activity_commit WHERE {{narrow}}
        ORDER BY authored_at DESC, id DESC LIMIT %s) AS newest
    ORDER BY authored_at DESC, id DESC
"""  # noqa: S608  (constants)

Place = tuple[int, int]  # author time and id of a commit: newest first, this is the order
Part = tuple[list[Place], Place | None]  # what was found, and how far it was looked; None at the end


@dataclass(frozen=True)
class Narrow:
    """Where to look: ids, or None for everywhere; times in seconds, `until` excluded. `raw_authors`: the names that Git
    has for `authors`, which no merge and no mailmap changes.

    `readable`: a statement for the repositories that the viewer may read, with its values. What stands elsewhere is
    passed over by the database, so that it shows neither in the number of steps nor in the time limit.
    """

    repositories: frozenset[int] | None = None
    authors: frozenset[int] | None = None
    raw_authors: frozenset[int] | None = None
    since: int = 0
    until: int = _LATEST
    readable: tuple[str, tuple[Any, ...]] | None = None

    def is_readable(self, column: str) -> tuple[str, tuple[Any, ...]]:
        """A condition that no planner turns into a join: commits stay in the order in which they are read."""
        return (f"({column} IN ({self.readable[0]})) IS TRUE", self.readable[1]) if self.readable else ("TRUE", ())


def read_words(text: str) -> list[str]:
    """What somebody typed as words without case and accents; small words are dropped unless there is nothing else."""
    plain = unicodedata.normalize("NFKD", text[:CHARACTERS])
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    words = list(dict.fromkeys(_WORD.findall(unicodedata.normalize("NFKC", bare))))
    return ([word for word in words if word not in FILLER] or words)[:MOST_WORDS]


def forms(word: str) -> list[str]:
    """The word with other English endings: `retries` and `retry` find each other. Others than words cost little."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return [word]
    bases = {word} | ({word[:-1]} if word.endswith("s") and not word.endswith("ss") else set())
    for ending, instead in (("ies", "y"), ("ied", "y"), ("es", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e")):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            bases.add(word.removesuffix(ending) + instead)
    bases |= {base[:-1] for base in bases if len(base) > 3 and base[-1] == base[-2]}
    found = set[str]()
    for base in bases:
        found |= {
            base,
            base + "s",
            base + "es",
            base + "ed",
            base + "ing",
            base + base[-1] + "ed",
            base + base[-1] + "ing",
        }
        if base.endswith("e"):
            found |= {base + "d", base[:-1] + "ing"}
        if base.endswith("y"):
            found |= {base[:-1] + "ies", base[:-1] + "ied"}
    return [word, *sorted(found - {word})]


def matches(words: list[str], narrow: Narrow, before: Place | None, size: int) -> Iterator[Part]:
    """Commits with all these words in their message, the newest first, in parts beginning with `size` of them.

    A part may be empty: nothing was found so far. `before`: only those after this place in the order.
    """
    if connection.vendor == "sqlite":
        return _from_fts(words, narrow, before, size)
    return _from_gin(words, narrow, before)


def store(pks: Iterable[int]) -> None:
    """Index the words of these commits, which are not in the index; in the transaction that wrote their words."""
    _change(_STORE, pks)


def forget(pks: Iterable[int]) -> None:
    """Drop these commits from the index, all of which are in it; before their words change or they are deleted."""
    _change(_FORGET, pks)


def _change(statement: str, pks: Iterable[int]) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for part in lists(sorted(pks)):
                cursor.execute(statement.format(marks=", ".join(["%s"] * len(part))), part)


def moment_of(place: Place) -> int:
    """The row number of a commit in `commit_text`."""
    return place[0] << LOW_BITS | place[1] & _LOW


def _from_fts(words: list[str], narrow: Narrow, before: Place | None, size: int) -> Iterator[Part]:
    last = min(narrow.until, _LATEST) << LOW_BITS
    last = min(last, moment_of(before)) if before else last
    expression = _fts_expression(words, narrow)
    readable, values = narrow.is_readable("+c.repository_id")
    statement = _NEWEST.format(readable=readable)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [expression, last, narrow.since << LOW_BITS, *values, size])
            found = [(at, pk) for pk, at in cursor.fetchall()]
        yield found, found[-1] if len(found) == size else None
        if len(found) < size:
            return
        last, size = moment_of(found[-1]), min(size * 2, 2_000)


def _fts_expression(words: list[str], narrow: Narrow) -> str:
    choices = [[f'"{form}"' for form in forms(word)] for word in words]
    if len(words[-1]) >= BEGINNING:
        choices[-1] = [f'"{words[-1]}" *', *choices[-1][1:]]
    for letter, ids in (("r", narrow.repositories), ("a", narrow.raw_authors)):
        if ids is not None:
            choices.append([f'"{_MARK}{letter}{pk}"' for pk in sorted(ids)] or [f'"{_MARK}"'])
    return " AND ".join(f"({' OR '.join(one)})" for one in choices)


def _from_gin(words: list[str], narrow: Narrow, before: Place | None) -> Iterator[Part]:
    """The newest few commits are walked; then, where hardly any of them has the words, the index is asked.

    Commits of several repositories or names are in no order of their own, so for these the index is asked at once.
    """
    size, found = max(1, WALKED // 4), list[Place]()
    if not any(ids is not None and len(ids) > 1 for ids in (narrow.repositories, narrow.authors)):
        found, before = _walk(words, narrow, before, size)
        yield found, before
        if before is None:
            return
    if len(found) < OFTEN:
        where, values = _conditions(narrow, before)
        with connection.cursor() as cursor:
            cursor.execute(_FIRST_FEW.format(narrow=where), [_tsquery(words), *values, FEW + 1])
            found = [(at, pk) for pk, at in cursor.fetchall()]
        if len(found) <= FEW:
            yield sorted(found, reverse=True), None
            return
    while True:
        size = min(2 * size, WALKED)
        found, before = _walk(words, narrow, before, size)
        yield found, before
        if before is None:
            return


def _walk(words: list[str], narrow: Narrow, before: Place | None, size: int) -> Part:
    """Those with the words among so many commits, from the newest on."""
    where, values = _conditions(narrow, before)
    letters = [f"%{_beginning(forms(word))}%" for word in words]
    with connection.cursor() as cursor:
        cursor.execute(_WALK.format(narrow=where), [letters, _tsquery(words), *values, size])
        rows = cursor.fetchall()
    return [(at, pk) for pk, at, fits in rows if fits], (rows[-1][1], rows[-1][0]) if len(rows) == size else None


def _beginning(words: list[str]) -> str:
    """What they all begin with."""
    first, last = min(words), max(words)
    return first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _tsquery(words: list[str]) -> str:
    choices = [[f"'{form}'" for form in forms(word)] for word in words]
    if len(words[-1]) >= BEGINNING:
        choices[-1] = [f"'{words[-1]}':*", *choices[-1][1:]]
    return " & ".join(f"({' | '.join(one)})" for one in choices)


def _conditions(narrow: Narrow, before: Place | None) -> tuple[str, list[Any]]:
    readable, known = narrow.is_readable("repository_id")
    parts, values = ["authored_at >= %s AND authored_at < %s", readable], [narrow.since, narrow.until, *known]
    if before:
        parts.append("(authored_at, id) < (%s, %s)")
        values += before
    for column, ids in (("repository_id", narrow.repositories), ("author_id", narrow.authors)):
        if ids is not None:
            parts.append(f"{column} = ANY(%s)")
            values.append(sorted(ids))
    return " AND ".join(parts), values
