"""What a file of teams says, row by row: CSV and YAML lead to the same rows, and a bad row never hides the good ones.

docs/teams.md describes both formats for people.
"""

import codecs
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from django.core.exceptions import ValidationError

from accounts.models import slug_validator

RESERVED = frozenset({"new", "import", "export", "suggestions", "export.csv", "export.yaml"})
PART_ROWS = 40_000  # memberships that are worked through at a time
MAX_TEAMS = 10_000
MAX_YAML_BYTES = 2 * 1024**2  # it is held in memory as a whole
_CHUNK = 1 << 20
_CONTROL = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# As commits have them: also kim@box.(none), kim@localhost and what a move from Subversion leaves, kim@1f2e-….
ADDRESS = re.compile(r"[^\s<>@,;:\"\\]+@[^\s<>@,;:\"\\]+")
_YES, _NO = frozenset({"yes", "true", "1", "y", "x"}), frozenset({"no", "false", "0", "n"})

Record = dict[str, str]


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the text says why, and where."""


class BadRow(Exception):
    """One row cannot be used; the text says why."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A row that was left out. `line` counts from 1; 0 is the file as a whole."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team. None: the file does not say. parent "": at the top. `since`: the first day below this parent."""

    line: int
    team: str
    name: str | None = None
    description: str | None = None
    parent: str | None = None
    since: dt.date | None = None
    closed_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody's time in a team, by login, address or both, in lower case. None: the file does not say."""

    line: int
    team: str
    login: str = ""
    email: str = ""
    name: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    primary: bool | None = None


@dataclass(slots=True)
class Contents:
    """The teams of a file, all of them, and one part of its memberships, so that memory does not grow with the file.

    `part` counts from 1. `rows` counts memberships and rows that cannot be read, whatever part they are in; `lines` are
    the first and last line of this part. `notes` are remarks on the file as a whole.
    """

    part: int = 1
    teams: list[TeamRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    lines: tuple[int, int] = (0, 0)
    team_rows: int = 0

    @property
    def parts(self) -> int:
        """How many parts the file has, once it is read."""
        return max(1, -(-self.rows // PART_ROWS))

    def add(self, record: Record, line: int) -> None:
        """One row, cleaned; a bad one becomes a problem."""
        if not (record.get("login") or record.get("email")):
            self._add_team(record, line)
        elif self.takes(line):
            self.add_member(record, line)

    def takes(self, line: int) -> bool:
        """Count one more row that is no team; whether this part has it."""
        self.rows += 1
        if (self.rows - 1) // PART_ROWS != self.part - 1:
            return False
        self.lines = (self.lines[0] or line, line)
        return True

    def add_member(self, record: Record, line: int) -> None:
        """A membership that was counted."""
        try:
            self.members.append(clean_member(record, line))
        except BadRow as error:
            self.problem(line, str(error))

    def bad_row(self, line: int, text: str) -> None:
        """A row of which nobody knows what it is."""
        if self.takes(line):
            self.problem(line, text)

    def problem(self, line: int, text: str) -> None:
        self.problems.append(Problem(line, text))

    def _add_team(self, record: Record, line: int) -> None:
        self.team_rows += 1
        if self.team_rows > MAX_TEAMS:
            if self.team_rows == MAX_TEAMS + 1:
                self.problem(
                    line, f"There are more than {MAX_TEAMS:,} teams: this one and those after it are left out."
                )
            return
        try:
            self.teams.append(clean_team(record, line))
        except BadRow as error:
            self.problem(line, str(error))


def read_file(file: BinaryIO, filename: str, part: int = 1) -> Contents:
    """The teams of a file and one part of its memberships; the end of its name tells YAML and JSON from CSV.

    Raises UnreadableFile.
    """
    from accounts.team_csv import read_csv
    from accounts.team_yaml import read_yaml

    contents = Contents(part)
    with _as_text(file, contents) as text:
        if filename.lower().endswith((".yaml", ".yml", ".json")):
            read_yaml(_whole(text), contents)
        else:
            read_csv(text, contents)
    return contents


def _whole(file: TextIO) -> str:
    text = file.read(MAX_YAML_BYTES + 1)
    if len(text) > MAX_YAML_BYTES:
        raise UnreadableFile(
            f"YAML and JSON are read up to {MAX_YAML_BYTES // 1024**2} MB. Write it as CSV, or split it by teams."
        )
    if not text.strip():
        raise UnreadableFile("The file is empty.")
    return text


@contextmanager
def _as_text(file: BinaryIO, contents: Contents) -> Iterator[TextIO]:
    """UTF-8, UTF-16 with its mark, else Windows-1252, which is how spreadsheets write Latin letters."""
    file.seek(0)
    start = file.read(2)
    encoding = "utf-16"
    if start not in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        line = _not_utf8(file, start)
        encoding = "cp1252" if line else "utf-8-sig"
        if line:
            contents.notes.append(
                f"Line {line} is not UTF-8, so the file was read as Latin-1 (Windows-1252). Check names with accents."
            )
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _not_utf8(file: BinaryIO, start: bytes) -> int:
    """Number of the first line that is not UTF-8, 0 if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, chunk = 1, start
    try:
        while chunk:
            decoder.decode(chunk)
            line += chunk.count(b"\n")
            chunk = file.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object.count(b"\n", 0, error.start)
    return 0


def clean_team(record: Record, line: int) -> TeamRow:
    parent = record.get("parent")
    return TeamRow(
        line,
        _slug(record, "team"),
        _text(record, "team_name", 200) or None,
        _text(record, "description", 2000, prose=True) or None,
        None if parent is None else _slug(record, "parent") if parent.strip() else "",
        _day(record, "since"),
        _day(record, "closed"),
    )


def clean_member(record: Record, line: int) -> MemberRow:
    email = _text(record, "email", 254).lower()
    if email and not ADDRESS.fullmatch(email):
        raise BadRow(f"“{email[:80]}” is not a mail address.")
    start, end = _day(record, "start"), _day(record, "end")
    if start and end and end <= start:
        raise BadRow(f"It ends on {end}, which is not after its start on {start}.")
    login = _text(record, "login", 150).lower().removeprefix("@")
    primary = _flag(record, "primary")
    return MemberRow(line, _slug(record, "team"), login, email, _text(record, "name", 200), start, end, primary)


def _slug(record: Record, column: str) -> str:
    text = _text(record, column, 200)
    if not text:
        raise BadRow(f"There is no {column}.")
    slug = text.lower()
    try:
        slug_validator(slug)
    except ValidationError:
        hint = slug_of(text)
        raise BadRow(f"“{text[:80]}” cannot be the address of a team. Write for example {hint}.") from None
    if slug in RESERVED:
        raise BadRow(f"“{slug}” is an address of the portal itself. Choose another one.")
    return slug


def slug_of(text: str) -> str:
    """A team's address made of a name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain)[:100].strip("._-") or "team"


def _text(record: Record, column: str, limit: int, *, prose: bool = False) -> str:
    text = unicodedata.normalize("NFC", record.get(column) or "")
    if "\0" in text:
        raise BadRow(f"There is a NUL byte in {column}.")
    text = text.strip() if prose else " ".join(text.split())
    if _CONTROL.search(text):
        raise BadRow(f"There is a control character in {column}.")
    if len(text) > limit:
        raise BadRow(f"{column} is longer than {limit} characters.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _day(record: Record, column: str) -> dt.date | None:
    text = _text(record, column, 100)
    if not text:
        return None
    match = _DAY.fullmatch(text)
    try:
        day = dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        day = None
    if day is None or not 1900 <= day.year <= 2199:
        raise BadRow(f"{column} is “{text[:40]}”. Write days as 2024-12-31.")
    return day


def _flag(record: Record, column: str) -> bool | None:
    text = _text(record, column, 100).lower()
    if text in _YES:
        return True
    if text and text not in _NO:
        raise BadRow(f"{column} is “{text[:40]}”. Write yes or no.")
    return False if text else None
