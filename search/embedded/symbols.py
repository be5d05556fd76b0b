"""Definitions in a shard: each content's names, with kind and line, read once by Universal Ctags.

`symbol` leads from names to contents, `defined` from a content to its definitions.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from search.embedded.atoms import Finder, finder_for
from search.embedded.texts import pack, unpack
from search.engine import Definition, Literal, Note, Symbol
from search.symbols import Named, names_of

# What is known of a content's symbols; NULL while nobody has looked, since the program is missing.
READ, FAILED = 1, 2
SCHEMA = """
CREATE TABLE symbol(name TEXT NOT NULL COLLATE NOCASE, blob_id INTEGER NOT NULL, PRIMARY KEY(name, blob_id))
    WITHOUT ROWID;
CREATE TABLE defined(blob_id INTEGER PRIMARY KEY, packed BLOB NOT NULL);
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


def state_of(named: Named) -> int | None:
    return FAILED if named.failed else READ if named.looked else None


def store(db: sqlite3.Connection, found: Iterable[tuple[int, Named]]) -> None:
    """What these contents define. Of names that differ by case alone, `symbol` keeps one; `defined` has them all."""
    names: set[tuple[str, int]] = set()
    packed = []
    for blob, named in found:
        if named.definitions:
            names.update((each.name, blob) for each in named.definitions)
            rows = [[each.name, each.kind, each.line] for each in named.definitions]
            packed.append((blob, pack(json.dumps(rows).encode())))
    db.executemany("INSERT OR IGNORE INTO symbol VALUES (?, ?)", sorted(names))
    db.executemany("INSERT INTO defined VALUES (?, ?)", packed)


def remove(db: sqlite3.Connection, blob: int) -> None:
    names = {each.name for each in _definitions(db, blob)}
    db.executemany("DELETE FROM symbol WHERE name = ? AND blob_id = ?", [(name, blob) for name in names])
    db.execute("DELETE FROM defined WHERE blob_id = ?", (blob,))


# Asking


def defining(wanted: Symbol) -> tuple[str, tuple[str, ...]]:
    """The statement that gives contents with such a symbol, of whichever case."""
    if wanted.exact:
        return "SELECT blob_id FROM symbol WHERE name = ?1", (wanted.name,)
    if wanted.prefix:
        return "SELECT blob_id FROM symbol WHERE name >= ?1 AND name < ?2", (wanted.name, wanted.name + "\U0010ffff")
    return "SELECT blob_id FROM symbol WHERE instr(lower(name), ?1) > 0", (_small(wanted.name),)


def which_define(db: sqlite3.Connection, blobs: Iterable[int], wanted: Symbol) -> set[int]:
    """Those of these contents that define it."""
    found = set(blobs)
    if wanted.exact:
        statement, values = defining(wanted)
        sql = f"{statement} AND blob_id IN (SELECT value FROM json_each(?2))"  # noqa: S608
        found = {row[0] for row in db.execute(sql, (*values, json.dumps(sorted(found))))}
    if wanted.exact and not wanted.case_sensitive:
        return found
    return {blob for blob in found if any(_is(wanted, each.name) for each in _definitions(db, blob))}


def defined_in(db: sqlite3.Connection, blob: int, wanted: Iterable[Symbol]) -> tuple[Definition, ...]:
    """The definitions of one content that any of these mean, in the order of lines."""
    asked = list(wanted)
    found = {each for each in _definitions(db, blob) if any(_is(symbol, each.name) for symbol in asked)}
    return tuple(sorted(found, key=lambda each: (each.line, each.name, each.kind)))


def _definitions(db: sqlite3.Connection, blob: int) -> list[Definition]:
    row = db.execute("SELECT packed FROM defined WHERE blob_id = ?", (blob,)).fetchone()
    return [Definition(*each) for each in json.loads(unpack(row[0]))] if row else []


def _is(wanted: Symbol, name: str) -> bool:
    sought, name = (wanted.name, name) if wanted.case_sensitive else (_small(wanted.name), _small(name))
    if wanted.exact:
        return sought == name
    return name.startswith(sought) if wanted.prefix else sought in name


def _small(text: str) -> str:
    """In lower case as SQLite has it: letters of ASCII."""
    return text.encode().lower().decode()


def unread(db: sqlite3.Connection, repositories: Iterable[int]) -> tuple[bool, int]:
    """Whether the program was missing, and how many contents it failed on; of these repositories."""
    held = f"EXISTS (SELECT 1 FROM file WHERE blob_id = blob.id AND repo_id IN ({_WANTED}))"  # noqa: S608
    asked = (json.dumps(sorted(repositories)),)
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
