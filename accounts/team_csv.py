"""Teams as CSV: commas, semicolons or tabs, with a line of column names."""

import csv
import re
from collections.abc import Iterator
from itertools import islice

from accounts.team_files import Contents, Problem, UnreadableFile

COLUMNS = (
    "team", "team_name", "parent", "since", "description", "closed",
    "login", "email", "name", "start", "end", "primary",
)  # fmt: skip
_ALSO = {
    "slug": "team",
    "team_slug": "team",
    "e-mail": "email",
    "mail": "email",
    "username": "login",
    "user": "login",
    "from": "start",
    "started_on": "start",
    "until": "end",
    "ended_on": "end",
    "main": "primary",
    "closed_on": "closed",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MAX_RESTARTS = 50
_MAX_SPAN = 200
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_SEPARATOR = re.compile(r"sep=(.)\s*", re.I)


def read_csv(text: str, contents: Contents) -> None:
    """Adds all rows. Raises UnreadableFile when the columns make no sense."""
    lines = _LINES.findall(text)
    first, delimiter = _dialect(lines)
    rows = _rows(lines[first:], delimiter, first, contents.problems)
    columns: list[str] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _columns(cells, line, contents)
            continue
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            contents.problem(line, f"There are {len(cells)} cells for {len(columns)} columns.")
            continue
        contents.add({name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name}, line)
    if not columns:
        raise UnreadableFile("The file has no line of column names.")


def _plain(cell: str) -> str:
    """Without the apostrophe that an export puts before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _dialect(lines: list[str]) -> tuple[int, str]:
    """Number of lines before the column names, and what parts the cells."""
    at = next((number for number, line in enumerate(lines) if line.strip()), 0)
    told = _SEPARATOR.fullmatch(lines[at])
    if told and len(lines) > at + 1:
        return at + 1, told[1]
    return at, max(",;\t", key=lines[at].count)


def _columns(cells: list[str], line: int, contents: Contents) -> list[str]:
    names = []
    for cell in cells:
        name = re.sub(r"\s+", "_", cell.strip().lower())
        name = _ALSO.get(name, name)
        if name not in COLUMNS or name in names:
            if name:
                contents.notes.append(f"The column “{cell.strip()[:60]}” was passed over.")
            name = ""
        names.append(name)
    if "team" not in names:
        raise UnreadableFile(
            f"Line {line}: there is no column “team”. The first line names the columns: {', '.join(COLUMNS)}."
        )
    return names


def _rows(lines: list[str], delimiter: str, offset: int, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, cells) of each row. After a broken one reading begins again on the next line."""
    at = 0
    for _ in range(_MAX_RESTARTS):
        reader = csv.reader(islice(lines, at, None), delimiter=delimiter, strict=True)
        begun = at
        try:
            for cells in reader:
                line, begun = begun, at + reader.line_num
                if begun - line > _MAX_SPAN:
                    begun = line
                    raise csv.Error("a quotation mark that opens here is not closed")
                yield offset + line + 1, cells
        except csv.Error as error:
            problems.append(Problem(offset + begun + 1, f"The row cannot be read: {error}."))
            at = begun + 1
        else:
            return
    problems.append(Problem(offset + at, "Too many rows cannot be read. What follows was left out."))
