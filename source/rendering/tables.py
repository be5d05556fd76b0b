"""Comma- and tab-separated values as a table, as much of it as a page can hold. Runs where it can be killed."""

import csv
import html
import io
from collections.abc import Iterator
from itertools import islice

from common.safe_html import show_turns
from source.rendering.document import Document

MAX_ROWS = 500
MAX_COLUMNS = 60
MAX_CELL = 400
FIELD_BYTES = 1024**2
_DELIMITERS = (",", ";", "\t", "|")


def draw_table(text: str, tabs: bool) -> Document:
    """The first row is the header. Values are shown as they are: nothing is computed and nothing is a link."""
    csv.field_size_limit(FIELD_BYTES)
    text = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else _delimiter(text))
    try:
        shown, more = _some(rows)
    except csv.Error as error:
        return Document("", (f"This is not a table that can be read: {error}.",))
    if not shown:
        return Document("", ("There is no row in this file.",))
    width = max(map(len, shown))
    columns = min(width, MAX_COLUMNS)
    body = "".join(_row(number, row, columns) for number, row in enumerate(shown[1:], 2))
    head = "".join(f'<th scope="col">{_cell(value)}</th>' for value in _padded(shown[0], columns))
    number = '<th scope="col"><span class="sr">Row</span></th>'
    table = f'<table class="table csv"><thead><tr>{number}{head}</tr></thead><tbody>{body}</tbody></table>'
    return Document(show_turns(table), tuple(_notes(more, width)))


def _delimiter(text: str) -> str:
    """The one that parts the first rows into the most columns, each into as many."""

    def score(delimiter: str) -> tuple[bool, int]:
        rows = [
            row for row in islice(csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter), 20) if row
        ]
        widths = [len(row) for row in rows[:-1] or rows]
        return len(set(widths)) == 1 and widths[0] > 1, min(widths, default=0)

    try:
        return max(_DELIMITERS, key=score)
    except csv.Error:
        return ","


def _some(rows: Iterator[list[str]]) -> tuple[list[list[str]], int]:
    """Rows to show and the number of those left out."""
    filled = (row for row in rows if row)
    shown = list(islice(filled, MAX_ROWS + 1))
    return shown, sum(1 for _ in filled)


def _row(number: int, row: list[str], columns: int) -> str:
    cells = "".join(f"<td>{_cell(value)}</td>" for value in _padded(row, columns))
    return f'<tr><th scope="row">{number}</th>{cells}</tr>'


def _padded(row: list[str], columns: int) -> list[str]:
    return row[:columns] + [""] * (columns - len(row))


def _cell(value: str) -> str:
    return html.escape(value if len(value) <= MAX_CELL else f"{value[:MAX_CELL]}…", quote=False)


def _notes(more: int, width: int) -> Iterator[str]:
    if more:
        yield f"The first {MAX_ROWS} rows; {more:,} more are in the source."
    if width > MAX_COLUMNS:
        yield f"The first {MAX_COLUMNS} of {width:,} columns."
