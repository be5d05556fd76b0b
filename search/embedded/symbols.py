"""Definitions in a shard: each content's names, with kind and line, read once by Universal Ctags."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from search.embedded.atoms import Finder, finder_for
from search.engine import Definition, Literal, Note, Symbol
from search.symbols import Named, names_of

# What is known of a content's symbols; NULL while nobody has looked, since the program is missing.
READ, FAILED = 1, 2
SCHEMA = """
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE INDEX name_alike ON name(text COLLATE NOCASE);
CREATE TABLE symbolkind(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE symbol(name_id INTEGER NOT NULL, blob_id INTEGER NOT NULL, line INTEGER NOT NULL, kind_id INTEGER NOT NULL,
    PRIMARY KEY(name_id, blob_id, line, kind_id)) WITHOUT ROWID;
CREATE INDEX symbol_blob ON symbol(blob_id);
CREATE INDEX blob_unread ON blob(symbols) WHERE symbols IS NOT 1;
"""
_WANTED = "SELECT value FROM json_each(?)"


# Writing


def read_all(texts: Sequence[tuple[bytes, str]]) -> list[Named]:
    """For each (text, language) what it defines."""
    by_language: dict[str, list[int]] = defaultdict(list)
    for number, (_, language) in enumerate(texts):
        by_language[language].append(number)
    found: list[Named] = [Named()] * len(texts)
    for language, numbers in by_language.items():
        for number, named in zip(numbers, names_of([texts[n][0] for n in numbers], language), strict=True):
            found[number] = named
    return found


def store(db: sqlite3.Connection, blob: int, named: Named) -> None:
    state = FAILED if named.failed else READ if named.looked else None
    db.execute("UPDATE blob SET symbols = ? WHERE id = ?", (state, blob))
    rows = [(_name_number(db, each.name), blob, each.line, _kind_number(db, each.kind)) for each in named.definitions]
    db.executemany("INSERT OR IGNORE INTO symbol VALUES (?, ?, ?, ?)", rows)


def remove(db: sqlite3.Connection, blob: int) -> None:
    names = [row[0] for row in db.execute("SELECT DISTINCT name_id FROM symbol WHERE blob_id = ?", (blob,))]
    db.execute("DELETE FROM symbol WHERE blob_id = ?", (blob,))
    db.execute(
        f"DELETE FROM name WHERE id IN ({_WANTED}) AND NOT EXISTS (SELECT 1 FROM symbol WHERE name_id = name.id)",  # noqa: S608
        (json.dumps(names),),
    )


def _name_number(db: sqlite3.Connection, text: str) -> int:
    row = db.execute("SELECT id FROM name WHERE text = ?1 COLLATE NOCASE AND text = ?1", (text,)).fetchone()
    return int(row[0] if row else db.execute("INSERT INTO name(text) VALUES (?)", (text,)).lastrowid or 0)


def _kind_number(db: sqlite3.Connection, text: str) -> int:
    row = db.execute("SELECT id FROM symbolkind WHERE name = ?", (text,)).fetchone()
    return int(row[0] if row else db.execute("INSERT INTO symbolkind(name) VALUES (?)", (text,)).lastrowid or 0)


# Asking


def named_like(wanted: Symbol) -> tuple[str, tuple[str, ...]]:
    """The statement that gives the numbers of names a symbol may have, and its values."""
    if wanted.exact:
        also = " AND text = ?1" if wanted.case_sensitive else ""
        return f"SELECT id FROM name WHERE text = ?1 COLLATE NOCASE{also}", (wanted.name,)  # noqa: S608
    text, name = ("text", wanted.name) if wanted.case_sensitive else ("lower(text)", wanted.name.lower())
    found = "= 1" if wanted.prefix else "> 0"
    return f"SELECT id FROM name WHERE instr({text}, ?1) {found}", (name,)  # noqa: S608


def defining(wanted: Symbol) -> tuple[str, tuple[str, ...]]:
    """The statement that gives contents with such a symbol."""
    names, values = named_like(wanted)
    return f"SELECT blob_id FROM symbol WHERE name_id IN ({names})", values  # noqa: S608


def which_define(db: sqlite3.Connection, blobs: Iterable[int], wanted: Symbol) -> set[int]:
    """Those of these contents that define it."""
    if wanted.exact:
        statement, values = defining(wanted)
        sql = f"{statement} AND blob_id IN (SELECT value FROM json_each(?2))"  # noqa: S608
        rows = db.execute(sql, (*values, _list(blobs)))
        return {row[0] for row in rows}
    names, values = named_like(wanted)
    condition = names.partition(" WHERE ")[2]
    rows = db.execute(
        "SELECT DISTINCT blob_id FROM json_each(?2) j CROSS JOIN symbol ON blob_id = j.value"  # noqa: S608
        f" JOIN name ON name.id = name_id WHERE {condition}",
        (*values, _list(blobs)),
    )
    return {row[0] for row in rows}


def defined_in(db: sqlite3.Connection, blob: int, wanted: Iterable[Symbol]) -> tuple[Definition, ...]:
    """The definitions of one content that any of these mean, in the order of lines."""
    found: set[Definition] = set()
    for each in wanted:
        condition = named_like(each)[0].partition(" WHERE ")[2]
        rows = db.execute(
            "SELECT text, symbolkind.name, line FROM symbol JOIN name ON name.id = name_id"  # noqa: S608
            f" JOIN symbolkind ON symbolkind.id = kind_id WHERE blob_id = ?2 AND {condition}",
            (*named_like(each)[1], blob),
        )
        found.update(Definition(*row) for row in rows)
    return tuple(sorted(found, key=lambda each: (each.line, each.name, each.kind)))


def unread(db: sqlite3.Connection, repositories: Iterable[int]) -> tuple[bool, int]:
    """Whether the program was missing, and how many contents it failed on; of these repositories."""
    held = f"EXISTS (SELECT 1 FROM file WHERE blob_id = blob.id AND repo_id IN ({_WANTED}))"  # noqa: S608
    asked = (_list(repositories),)
    none = f"SELECT 1 FROM blob WHERE symbols IS NULL AND {held} LIMIT 1"  # noqa: S608
    some = f"SELECT count(*) FROM blob WHERE symbols = {FAILED} AND symbols IS NOT 1 AND {held}"  # noqa: S608
    missing = db.execute(none, asked).fetchone()
    (failed,) = db.execute(some, asked).fetchone()
    return missing is not None, int(failed)


def notes(found: Iterable[tuple[bool, int]]) -> list[Note]:
    """What an answer about symbols may lack."""
    told = list(found)
    words = []
    if any(missing for missing, _ in told):
        words.append("Symbols of some files are not indexed: Universal Ctags was not installed when they were read.")
    if failed := sum(number for _, number in told):
        words.append(f"Symbols of {failed:,} file{'' if failed == 1 else 's'} could not be read.")
    return [Note("skipped", each) for each in words]


def _list(numbers: Iterable[int]) -> str:
    return json.dumps(sorted(numbers))


@dataclass(slots=True)
class DefiningLines:
    """A Finder of the lines that define something, in the one text whose definitions these are."""

    definitions: tuple[Definition, ...]

    def occurs(self, text: bytes) -> bool:
        return bool(text and self.definitions)

    def lines(self, text: bytes) -> Iterator[int]:
        wanted = {each.line for each in self.definitions}
        start = 0
        for number in range(1, max(wanted, default=0) + 1):
            if number in wanted:
                yield start
            start = text.find(b"\n", start) + 1
            if not start:
                return

    def marks(self, line: bytes) -> Iterator[tuple[int, int]]:
        finders: list[Finder] = [finder_for(Literal(name, True)) for name in {each.name for each in self.definitions}]
        for finder in finders:
            yield from finder.marks(line)
