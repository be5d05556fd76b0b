"""Text search over the catalog: which words each project has, and in which part of what is known about it.

Words are folded and cut to stems here (`words`, `stems`), not by the database, so that SQLite (FTS5) and PostgreSQL
(`tsvector`) only look up the same entries and give the same answers. An entry is a letter for the part and a word or
stem: `nledger` is "ledger" in a name. Each word of a project is kept in the best part that has it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from projects.catalog import spelling
from projects.catalog.stems import stem
from projects.catalog.words import Word

# Name and address, also former ones; topics and packages; first line; headings of the README; team and people;
# languages and licences; README. The number is what a word there is worth.
PARTS = {"n": 10.0, "t": 6.0, "s": 5.0, "h": 3.0, "p": 3.0, "l": 2.0, "r": 1.0}
HEAD = "ntshpl"
SPELLED = "ntshp"
WHOLE, BEGINNING, ALIKE = 1.0, 0.6, 0.3
BEGINNING_LETTERS = 2  # the last word is taken as a beginning too, from this length on and outside the README
ROOT_LETTERS = 5
LONGEST_WORD = 100
_LOOK_UP_FTS = """
    WITH asked (number, expression) AS (VALUES {rows})
    SELECT number, (SELECT group_concat(rowid) FROM catalog_text WHERE catalog_text MATCH expression) FROM asked
"""
_LOOK_UP_TSV = """
    SET LOCAL enable_seqscan = off;
    SELECT number, (SELECT string_agg(project_id::text, ',') FROM catalog_text WHERE words @@ expression::tsquery)
    FROM (VALUES {rows}) AS asked (number, expression)
"""


@dataclass(frozen=True)
class Level:
    """How a word occurs: in which part, and whether it does as a whole, as a beginning or as a word spelled alike."""

    part: str
    manner: float

    @property
    def value(self) -> float:
        return PARTS[self.part] * self.manner


# The best first: where a project has a word in several ways, the first one counts.
LEVELS = sorted(
    [Level(part, manner) for manner in (WHOLE, BEGINNING, ALIKE) for part in PARTS],
    key=lambda level: (-level.value, -level.manner),
)
_NUMBER = {(level.part, level.manner): number for number, level in enumerate(LEVELS)}

Matches = dict[int, int]  # project to number in LEVELS
Texts = Mapping[str, str]  # letter of a part to its folded text


def matching(words: Sequence[Word]) -> list[Matches]:
    """For each word the projects that have it; the last word may be a beginning. Visibility is the caller's part."""
    asked: list[tuple[int, int, list[str]]] = []
    pieces = [(word.text, *word.parts) for word in words]
    for at, piece in enumerate(piece for group in pieces for piece in group):
        asked += [(at, _NUMBER[part, WHOLE], _whole(part, piece)) for part in PARTS]
    last = words[-1].text if words else ""
    if len(last) >= BEGINNING_LETTERS:
        at = sum(map(len, pieces)) - len(pieces[-1])
        asked += [(at, _NUMBER[part, BEGINNING], [part + last + "*"]) for part in HEAD]
    found = _look_up(asked, sum(map(len, pieces)))
    return [_together(found[start : start + len(group)]) for start, group in _starts(pieces)]


def matching_alike(words: Sequence[str]) -> list[Matches]:
    """For each word the projects that have one spelled alike or beginning like its stem."""
    alike = spelling.alike(words)
    asked = [
        (at, _NUMBER[part, ALIKE], [*_root(part, words[at]), *(entry for one in near for entry in _whole(part, one))])
        for at, near in enumerate(alike)
        for part in (*SPELLED, "r")
        if near or _root(part, words[at])
    ]
    return _look_up(asked, len(words))


def store(project_ids: Sequence[int], texts: Mapping[int, Texts]) -> None:
    """Bring the text index in step: projects without texts have none."""
    entries = {pk: _entries(texts[pk]) for pk in project_ids if pk in texts}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany("DELETE FROM catalog_text WHERE rowid = %s", [(pk,) for pk in project_ids])
            rows = [(pk, " ".join(words)) for pk, words in entries.items()]
            cursor.executemany("INSERT INTO catalog_text (rowid, words) VALUES (%s, %s)", rows)
        else:
            cursor.execute("DELETE FROM catalog_text WHERE project_id = ANY(%s)", [list(project_ids)])
            statement = "INSERT INTO catalog_text (project_id, words) VALUES (%s, array_to_tsvector(%s))"
            cursor.executemany(statement, list(entries.items()))
    spelling.learn({word for one in texts.values() for part in SPELLED for word in one[part].split()})


def _entries(texts: Texts) -> list[str]:
    """Each word and stem once, in the best part; of the README only stems."""
    parts: dict[str, str] = {}
    for part in PARTS:
        for word in texts[part].split():
            cut = word[:LONGEST_WORD]
            if part != "r":
                parts.setdefault(cut, part)
            parts.setdefault(stem(cut), part)
    return [part + word for word, part in parts.items()]


def _whole(part: str, word: str) -> list[str]:
    cut = word[:LONGEST_WORD]
    return list(dict.fromkeys([part + cut, part + stem(cut)]))


def _root(part: str, word: str) -> list[str]:
    """`classify` leads to `classification`, although their stems differ."""
    root = stem(word).removesuffix("i")
    return [part + root + "*"] if ROOT_LETTERS <= len(root) <= LONGEST_WORD else []


def _starts(pieces: Sequence[tuple[str, ...]]) -> Iterable[tuple[int, tuple[str, ...]]]:
    start = 0
    for group in pieces:
        yield start, group
        start += len(group)


def _together(found: list[Matches]) -> Matches:
    """A word, or else all its pieces; these are worth as much as the worst of them."""
    whole, *parts = found
    if not parts:
        return whole
    everywhere = set(parts[0]).intersection(*parts[1:])
    pieces = {pk: max(part[pk] for part in parts) for pk in everywhere}
    return pieces | {pk: min(number, pieces.get(pk, number)) for pk, number in whole.items()}


def _look_up(asked: list[tuple[int, int, list[str]]], size: int) -> list[Matches]:
    """Word, number of a level, entries any of which will do (`*`: beginnings); the best level of each project."""
    found: list[Matches] = [{} for _ in range(size)]
    if not asked:
        return found
    sqlite = connection.vendor == "sqlite"
    write = _fts if sqlite else _tsv
    values = [value for number, one in enumerate(asked) for value in (number, write(one[2]))]
    statement = _LOOK_UP_FTS if sqlite else _LOOK_UP_TSV
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=", ".join(["(%s, %s)"] * len(asked))), values)
        lists = dict(cursor.fetchall())
    for number, (at, level, _) in sorted(enumerate(asked), key=lambda pair: -pair[1][1]):
        if lists[number]:
            found[at].update(dict.fromkeys(map(int, lists[number].split(",")), level))
    return found


def _fts(entries: list[str]) -> str:
    # Entries hold letters and digits only, so quoting them is enough.
    return " OR ".join(f'"{entry[:-1]}" *' if entry.endswith("*") else f'"{entry}"' for entry in entries)


def _tsv(entries: list[str]) -> str:
    return " | ".join(f"'{entry[:-1]}':*" if entry.endswith("*") else f"'{entry}'" for entry in entries)
