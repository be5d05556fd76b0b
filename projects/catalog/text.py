"""Text search over the catalog: which words each project has, and in which part of what is known about it.

Words are folded and cut to stems here (`words`, `stems`), not by the database, so that SQLite (FTS5) and PostgreSQL
(`tsvector`) only look up the same entries and give the same answers. An entry is a letter for the part and a word or
stem: `nledger` is "ledger" in a name. Each word of a project is kept in the best part that has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from projects.catalog import spelling
from projects.catalog.stems import stem

# Name and address, also former ones; topics and packages; first line; headings of the README; team and people;
# languages and licences; README. The number is what a word there is worth.
PARTS = {"n": 10.0, "t": 6.0, "s": 5.0, "h": 3.0, "p": 3.0, "l": 2.0, "r": 1.0}
HEAD = "ntshpl"
SPELLED = "ntshp"
WHOLE, BEGINNING, ALIKE = 1.0, 0.6, 0.3
BEGINNING_LETTERS = 2  # the last word is taken as a beginning too, from this length on and outside the README
ROOT_LETTERS = 5
ENTRIES_AT_ONCE = 500
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

Texts = Mapping[str, str]  # letter of a part to its folded text


@dataclass(frozen=True)
class Asked:
    """Projects that have any of these entries (`*`: beginnings) and none of the others; `number` is that of a level."""

    number: int
    entries: list[str]
    others: tuple[str, ...] = ()


def whole(word: str) -> list[Asked]:
    """The word itself, in each part."""
    return [Asked(_NUMBER[part, WHOLE], _forms(part, word)) for part in PARTS]


def beginning(word: str) -> list[Asked]:
    """Longer words, in each part but the README; none of those that the word itself finds there."""
    if len(word) < BEGINNING_LETTERS:
        return []
    return [Asked(_NUMBER[part, BEGINNING], [f"{part}{word}*"], tuple(_forms(part, word))) for part in HEAD]


def anywhere(word: str) -> Asked:
    """The word itself, in those parts whose words are known for spelling."""
    return Asked(0, [part + word[:LONGEST_WORD] for part in SPELLED])


def alike(word: str, near: Sequence[str]) -> list[Asked]:
    """Words spelled alike, which are `near`, or beginning like its stem."""
    asked = []
    for part in (*SPELLED, "r"):
        entries = [*_root(part, word), *(entry for one in near for entry in _forms(part, one))]
        starts = range(0, len(entries), ENTRIES_AT_ONCE)
        asked += [Asked(_NUMBER[part, ALIKE], entries[at : at + ENTRIES_AT_ONCE]) for at in starts]
    return asked


def look_up(asked: Sequence[Asked]) -> list[list[int]]:
    """The projects for each, in one query; visibility is the caller's part."""
    if not asked:
        return []
    statement, write = (_LOOK_UP_FTS, _fts) if connection.vendor == "sqlite" else (_LOOK_UP_TSV, _tsv)
    values = [value for number, one in enumerate(asked) for value in (number, write(one))]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=", ".join(["(%s, %s)"] * len(asked))), values)
        lists = dict(cursor.fetchall())
    return [list(map(int, found.split(","))) if (found := lists[number]) else [] for number in range(len(asked))]


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


def _forms(part: str, word: str) -> list[str]:
    cut = word[:LONGEST_WORD]
    return list(dict.fromkeys([part + cut, part + stem(cut)]))


def _root(part: str, word: str) -> list[str]:
    """`classify` leads to `classification`, although their stems differ."""
    root = stem(word).removesuffix("i")
    return [part + root + "*"] if ROOT_LETTERS <= len(root) <= LONGEST_WORD else []


def _fts(asked: Asked) -> str:
    # Entries hold letters and digits only, so quoting them is enough.
    entries = " OR ".join(f'"{entry[:-1]}" *' if entry.endswith("*") else f'"{entry}"' for entry in asked.entries)
    others = " OR ".join(f'"{entry}"' for entry in asked.others)
    return f"({entries}) NOT ({others})" if others else entries


def _tsv(asked: Asked) -> str:
    entries = " | ".join(f"'{entry[:-1]}':*" if entry.endswith("*") else f"'{entry}'" for entry in asked.entries)
    return " & ".join([f"({entries})", *(f"!'{entry}'" for entry in asked.others)])
