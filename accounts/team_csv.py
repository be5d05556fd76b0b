"""Teams as CSV: commas, semicolons or tabs, with a line of column names."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import TextIO

from accounts.team_files import Contents, UnreadableFile

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
    "joined": "start",
    "started_on": "start",
    "to": "end",
    "until": "end",
    "left": "end",
    "ended_on": "end",
    "main": "primary",
    "closed_on": "closed",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MAX_RESTARTS = 1000
_MAX_SPAN = 200
_LONGEST = 1 << 20  # characters of a line
_SEPARATOR = re.compile(r"sep=(.)\s*", re.I)


def read_csv(text: TextIO, contents: Contents) -> None:
    """Adds all teams and a part of the rows, reading line by line. Raises UnreadableFile for columns without sense."""
    columns: list[str] = []
    about_people: list[int] = []
    for line, cells in _Rows(text, contents):
        if not "".join(cells).strip():
            continue
        if not columns:
            columns = _columns(cells, line, contents)
            about_people = [at for at, name in enumerate(columns) if name in {"login", "email"}]
            continue
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            contents.bad_row(line, f"There are {len(cells)} cells for {len(columns)} columns.")
        elif any(at < len(cells) and cells[at] for at in about_people):
            if contents.takes(line):
                contents.add_member(_record(columns, cells), line)
        else:
            contents.add(_record(columns, cells), line)
    if not columns:
        raise UnreadableFile("The file has no line of column names.")


def _record(columns: list[str], cells: list[str]) -> dict[str, str]:
    return {name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name}


def _plain(cell: str) -> str:
    """Without the apostrophe that an export puts before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


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


class _Rows:
    """(number of its first line, cells) of each row. After a broken one reading begins again on the next line.

    At most the lines of one row are held.
    """

    def __init__(self, text: TextIO, contents: Contents) -> None:
        self._text, self._contents = text, contents
        self._before = 0  # lines before the row that is being read
        self._row: list[str] = []
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        delimiter = self._delimiter()
        for _ in range(_MAX_RESTARTS):
            try:
                for cells in csv.reader(self._lines(), delimiter=delimiter, strict=True):
                    yield self._before + 1, cells
                    self._before += len(self._row)
                    self._row.clear()
            except csv.Error as error:
                self._contents.bad_row(self._before + 1, f"The row cannot be read: {error}.")
                self._before += 1
                self._again.extendleft(reversed(self._row[1:]))
                self._row.clear()
            else:
                return
        self._contents.bad_row(self._before + 1, "Too many rows cannot be read. What follows was left out.")

    def _delimiter(self) -> str:
        """What parts the cells: said by a line of its own, else what the line of column names has most."""
        while not (line := self._next()).strip():
            if not line:
                raise UnreadableFile("The file is empty.")
            self._before += 1
        if told := _SEPARATOR.fullmatch(line):
            self._before += 1
            return told[1]
        self._again.append(line)
        return max(",;\t", key=line.count)

    def _lines(self) -> Iterator[str]:
        while line := self._next():
            self._row.append(line)
            if len(line) >= _LONGEST:
                raise csv.Error(f"the line is longer than {_LONGEST:,} characters")
            if len(self._row) > _MAX_SPAN:
                raise csv.Error("a quotation mark that opens here is not closed")
            yield line

    def _next(self) -> str:
        """One line with its end; of one that is too long the beginning, to be refused."""
        if self._again:
            return self._again.popleft()
        line = self._text.readline(_LONGEST)
        rest = line
        while len(rest) >= _LONGEST and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(_LONGEST)
        return line
