"""Many rows at once, faster than the ORM makes them: SQLite's executemany, PostgreSQL's COPY. Both can be repeated."""

import io
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
TOGETHER = 50  # rows in one statement of SQLite: each statement costs as much as half a row
MOST = 1000  # such statements in one go


def insert_missing(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows whose unique keys are not there yet; `columns` are those of the table. Binary values as bytes.

    Call it within a transaction. Values are taken as they are: no defaults, no checks.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")  # noqa: S608
            cursor.copy_expert(f"COPY staged ({names}) FROM STDIN", io.StringIO("".join(map(_line, rows))))
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM staged ON CONFLICT DO NOTHING")  # noqa: S608
            cursor.execute("DROP TABLE staged")
        else:
            marks = f"({', '.join(['%s'] * len(columns))})"
            for part in lists(rows, TOGETHER * MOST):
                together = len(part) // TOGETHER * TOGETHER
                flat = chain.from_iterable(part[:together])
                several, width = ", ".join([marks] * TOGETHER), TOGETHER * len(columns)
                statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES "  # noqa: S608
                cursor.executemany(statement + several, list(lists(flat, width)))
                cursor.executemany(statement + marks, part[together:])


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Set `columns` of rows of this table; each row is its values and, last, its id."""
    if not rows:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    quoted = [connection.ops.quote_name(name) for name in columns]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ", ".join([*quoted, "id"])
            cursor.execute(f"CREATE TEMP TABLE staged ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0")  # noqa: S608
            cursor.copy_expert(f"COPY staged ({names}) FROM STDIN", io.StringIO("".join(map(_line, rows))))
            values = ", ".join(f"{name} = staged.{name}" for name in quoted)
            cursor.execute(f"UPDATE {table} SET {values} FROM staged WHERE {table}.id = staged.id")  # noqa: S608
            cursor.execute("DROP TABLE staged")
        else:
            values = ", ".join(f"{name} = %s" for name in quoted)
            cursor.executemany(f"UPDATE {table} SET {values} WHERE id = %s", rows)  # noqa: S608


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": ""})


def _line(row: Row) -> str:
    return "\t".join(map(_text, row)) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return "\\\\x" + value.hex() if isinstance(value, bytes) else str(value)


def lists(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """The values in lists of at most `size`, taken as they are needed."""
    rest = iter(values)
    return iter(lambda: list(islice(rest, size)), [])
