"""Rows of a shard: contents with their pieces, trigrams and symbols, and the paths of files.

A piece holds one part of a long text, or several short texts that one run has brought, with a newline between two.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from search.embedded import symbols, texts
from search.embedded.planning import SAMPLED
from search.embedded.shard import KINDS, PER_KIND
from search.symbols import Named

T = TypeVar("T")
MOST_SHARED = 32  # contents of one piece: a page of results ends with a whole piece


@dataclass(slots=True)
class NewBlob:
    """Content on its way into the index, in UTF-8."""

    oid: str
    kind: int
    text: bytes
    language: str = ""
    named: Named = field(default_factory=Named)
    number: int = 0  # of its row, once stored


def add_blobs(db: sqlite3.Connection, batch: list[NewBlob], repository: int) -> None:
    """Store content that is not there yet, marked as waiting for this repository's files."""
    follows = _counters(db)
    known = blob_ids(db, {blob.oid for blob in batch})
    # FTS5 writes out what it holds whenever numbers go down, so pieces come in the order of their numbers.
    fresh = sorted((blob for blob in batch if blob.oid not in known), key=lambda each: (each.kind, each.language))
    for kind, same in groupby(fresh, key=lambda each: each.kind):
        for group in _groups(same):
            follows[kind] += _add_group(db, follows[kind], group, repository)
    symbols.store(db, ((blob.number, blob.named) for blob in fresh))
    db.executemany("REPLACE INTO meta VALUES (?, ?)", [(f"next{kind}", str(n)) for kind, n in enumerate(follows)])


def _groups(blobs: Iterator[NewBlob]) -> Iterator[list[NewBlob]]:
    """Short texts that fit into one piece together; long ones alone."""
    held: list[NewBlob] = []
    size = 0
    for blob in blobs:
        length = len(blob.text) + 1
        if length > texts.PIECE_BYTES:
            yield [blob]
            continue
        if size + length > texts.PIECE_BYTES or len(held) == MOST_SHARED:
            yield held
            held, size = [], 0
        held.append(blob)
        size += length
    if held:
        yield held


def _add_group(db: sqlite3.Connection, first: int, group: list[NewBlob], repository: int) -> int:
    """Number of pieces that these contents have become."""
    shared = len(group[0].text) < texts.PIECE_BYTES
    parts = [b"\n".join(blob.text for blob in group)] if shared else list(texts.cut(group[0].text))
    at = 0
    for blob in group:
        state = symbols.state_of(blob.named)
        row = (bytes.fromhex(blob.oid), len(blob.text), first, len(parts), at, repository, state)
        columns = "oid, size, first, pieces, at, pending, symbols"
        added = db.execute(f"INSERT INTO blob({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        blob.number = added.lastrowid or 0
        at += len(blob.text) + 1
    for number, part in enumerate(parts, first):
        words = texts.condensed(part)
        db.execute("INSERT INTO piece VALUES (?, ?, ?, ?)", (number, first, shared, texts.pack(part)))
        db.execute("INSERT INTO tri(rowid, t) VALUES (?, ?)", (number, words))
        if number % SAMPLED == 1:
            _sample(db, words)
    return len(parts)


def text_of(db: sqlite3.Connection, blob: int) -> bytes:
    """A content's text. Raises Spoilt."""
    first, pieces, at, size = db.execute("SELECT first, pieces, at, size FROM blob WHERE id = ?", (blob,)).fetchone()
    rows = db.execute("SELECT packed FROM piece WHERE id >= ? AND id < ? ORDER BY id", (first, first + pieces))
    data = b"".join([texts.unpack(row[0]) for row in rows])
    return data if len(data) == size else data[at : at + size]


def remove_blobs(db: sqlite3.Connection, blobs: list[int]) -> int:
    """Delete content from table and index; number deleted. What it shared a piece with stays in a smaller one."""
    found = f"SELECT DISTINCT first, pieces FROM blob WHERE id IN ({marks(blobs)}) ORDER BY first"  # noqa: S608
    groups = db.execute(found, blobs).fetchall()
    left = {first: _left(db, first, set(blobs)) for first, pieces in groups}
    for first, pieces in groups:
        for number in range(first, first + pieces):
            (packed,) = db.execute("SELECT packed FROM piece WHERE id = ?", (number,)).fetchone()
            words = texts.condensed(texts.unpack(packed))
            db.execute("INSERT INTO tri(tri, rowid, t) VALUES ('delete', ?, ?)", (number, words))
            db.execute("DELETE FROM piece WHERE id = ?", (number,))
    for first, stay in left.items():  # after all that goes: FTS5 writes out what it holds whenever numbers go down
        if stay:
            _put_together(db, first, stay)
    for blob in blobs:
        symbols.remove(db, blob)
    db.executemany("DELETE FROM blob WHERE id = ?", [(blob,) for blob in blobs])
    return len(blobs)


def _left(db: sqlite3.Connection, first: int, going: set[int]) -> list[tuple[int, bytes]]:
    """(number, text) of contents that stay when these go."""
    rows = db.execute("SELECT id FROM blob WHERE first = ? ORDER BY at", (first,)).fetchall()
    return [(blob, text_of(db, blob)) for (blob,) in rows if blob not in going]


def _put_together(db: sqlite3.Connection, number: int, contents: list[tuple[int, bytes]]) -> None:
    data = b"\n".join(text for _, text in contents)
    db.execute("INSERT INTO piece VALUES (?, ?, 1, ?)", (number, number, texts.pack(data)))
    db.execute("INSERT INTO tri(rowid, t) VALUES (?, ?)", (number, texts.condensed(data)))
    at = 0
    for blob, text in contents:
        db.execute("UPDATE blob SET at = ? WHERE id = ?", (at, blob))
        at += len(text) + 1


def _counters(db: sqlite3.Connection) -> list[int]:
    known = dict(db.execute("SELECT key, value FROM meta WHERE key LIKE 'next%'"))
    return [int(known.get(f"next{kind}", kind * PER_KIND + 1)) for kind in range(KINDS)]


def _sample(db: sqlite3.Connection, words: str) -> None:
    small = words.lower()
    trigrams = {small[at : at + 3] for at in range(len(small) - 2)}
    db.executemany(
        "INSERT INTO frequency VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1",
        [(each,) for each in sorted(trigrams)],
    )


def blob_ids(db: sqlite3.Connection, oids: set[str]) -> dict[str, int]:
    return {
        oid.hex(): pk
        for part in parts(sorted(oids), 500)
        for oid, pk in db.execute(
            f"SELECT oid, id FROM blob WHERE oid IN ({marks(part)})",  # noqa: S608
            [bytes.fromhex(each) for each in part],
        )
    }


def count_pieces(db: sqlite3.Connection, repository: int) -> int:
    row = db.execute(
        "SELECT coalesce(sum(pieces), 0) FROM (SELECT DISTINCT first, pieces FROM blob"
        " WHERE id IN (SELECT blob_id FROM file WHERE repo_id = ?))",
        (repository,),
    ).fetchone()
    return int(row[0])


def path_number(db: sqlite3.Connection, raw: bytes) -> int:
    row = db.execute("SELECT id FROM path WHERE raw = ?", (raw,)).fetchone()
    if row is None:
        number = db.execute("INSERT INTO path(raw) VALUES (?)", (raw,)).lastrowid
        db.execute("INSERT INTO pathtri(rowid, t) VALUES (?, ?)", (number, path_text(raw)))
        return int(number or 0)
    return int(row[0])


def remove_paths(db: sqlite3.Connection, numbers: list[int]) -> None:
    """Delete those of these paths that no file has any more."""
    for number in set(numbers):
        if db.execute("SELECT 1 FROM file WHERE path_id = ? LIMIT 1", (number,)).fetchone():
            continue
        (raw,) = db.execute("SELECT raw FROM path WHERE id = ?", (number,)).fetchone()
        db.execute("INSERT INTO pathtri(pathtri, rowid, t) VALUES ('delete', ?, ?)", (number, path_text(raw)))
        db.execute("DELETE FROM path WHERE id = ?", (number,))


def path_text(raw: bytes) -> str:
    """A path as its index of trigrams has it."""
    return texts.alike(raw.decode("utf-8", "replace"))


def number_of(db: sqlite3.Connection, table: str, column: str, value: str) -> int:
    db.execute(f"INSERT OR IGNORE INTO {table}({column}) VALUES (?)", (value,))  # noqa: S608
    row = db.execute(f"SELECT id FROM {table} WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
    return int(row[0])


def parts(items: list[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(part: Sequence[object]) -> str:
    return ",".join("?" * len(part))
