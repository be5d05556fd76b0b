"""Rows of a shard: contents with their pieces, trigrams and symbols, and the paths of files."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from search.embedded import symbols, texts
from search.embedded.planning import SAMPLED
from search.embedded.shard import KINDS, PER_KIND
from search.symbols import Named

T = TypeVar("T")


@dataclass(slots=True)
class NewBlob:
    """Content on its way into the index."""

    oid: str
    kind: int
    size: int
    pieces: list[texts.Piece]
    language: str = ""
    named: Named = field(default_factory=Named)


def add_blobs(db: sqlite3.Connection, batch: list[NewBlob], repository: int) -> None:
    """Store content that is not there yet, marked as waiting for this repository's files."""
    follows = _counters(db)
    # FTS5 writes out what it holds whenever numbers go down, so pieces come in the order of their numbers.
    for blob in sorted(batch, key=lambda each: each.kind):
        first = follows[blob.kind]
        added = db.execute(
            "INSERT OR IGNORE INTO blob(oid, size, first, pieces, pending) VALUES (?, ?, ?, ?, ?)",
            (bytes.fromhex(blob.oid), blob.size, first, len(blob.pieces), repository),
        )
        if not added.rowcount:
            continue
        symbols.store(db, added.lastrowid or 0, blob.named)
        for number, piece in enumerate(blob.pieces, first):
            row = (number, added.lastrowid, piece.first_line, piece.packed)
            db.execute("INSERT INTO piece VALUES (?, ?, ?, ?)", row)
            db.execute("INSERT INTO tri(rowid, t) VALUES (?, ?)", (number, texts.alike(piece.text)))
            if number % SAMPLED == 1:
                _sample(db, piece.text)
        follows[blob.kind] = first + len(blob.pieces)
    db.executemany("REPLACE INTO meta VALUES (?, ?)", [(f"next{kind}", str(n)) for kind, n in enumerate(follows)])


def remove_blobs(db: sqlite3.Connection, blobs: list[int]) -> int:
    """Delete content from table and index; number deleted."""
    for blob in blobs:
        for number, packed in db.execute("SELECT id, packed FROM piece WHERE blob_id = ?", (blob,)).fetchall():
            text = texts.alike(texts.unpack(packed).decode())
            db.execute("INSERT INTO tri(tri, rowid, t) VALUES ('delete', ?, ?)", (number, text))
        db.execute("DELETE FROM piece WHERE blob_id = ?", (blob,))
        symbols.remove(db, blob)
        db.execute("DELETE FROM blob WHERE id = ?", (blob,))
    return len(blobs)


def _counters(db: sqlite3.Connection) -> list[int]:
    known = dict(db.execute("SELECT key, value FROM meta WHERE key LIKE 'next%'"))
    return [int(known.get(f"next{kind}", kind * PER_KIND + 1)) for kind in range(KINDS)]


def _sample(db: sqlite3.Connection, text: str) -> None:
    small = texts.alike(text).lower()
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
        "SELECT coalesce(sum(pieces), 0) FROM blob WHERE id IN (SELECT blob_id FROM file WHERE repo_id = ?)",
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
