"""What a file of teams says, row by row: CSV and YAML lead to the same rows, and a bad row never hides the good ones.

docs/teams.md describes both formats for people.
"""

import codecs
import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import slug_validator

RESERVED = frozenset({"new", "import", "export", "suggestions", "export.csv", "export.yaml"})
MAX_ROWS = 50_000
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
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
    """All rows of a file. `notes` are remarks on the file as a whole."""

    teams: list[TeamRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, record: Record, line: int) -> None:
        """One row, cleaned; a bad one becomes a problem. Raises UnreadableFile when there are too many rows."""
        if len(self.teams) + len(self.members) >= MAX_ROWS:
            raise UnreadableFile(f"Line {line}: the file has more than {MAX_ROWS:,} rows. Split it.")
        try:
            if record.get("login") or record.get("email"):
                self.members.append(clean_member(record, line))
            else:
                self.teams.append(clean_team(record, line))
        except BadRow as error:
            self.problem(line, str(error))

    def problem(self, line: int, text: str) -> None:
        self.problems.append(Problem(line, text))


def read_file(content: bytes, filename: str) -> Contents:
    """The rows of a file; the end of its name tells YAML and JSON from CSV. Raises UnreadableFile."""
    from accounts.team_csv import read_csv
    from accounts.team_yaml import read_yaml

    contents = Contents()
    text = decode(content, contents)
    if not text.strip():
        raise UnreadableFile("The file is empty.")
    if filename.lower().endswith((".yaml", ".yml", ".json")):
        read_yaml(text, contents)
    else:
        read_csv(text, contents)
    return contents


def decode(content: bytes, contents: Contents) -> str:
    """UTF-8, UTF-16 with its mark, else Windows-1252, which is how spreadsheets write Latin letters."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        contents.notes.append(
            f"Line {line} is not UTF-8, so the file was read as Latin-1 (Windows-1252). Check names with accents."
        )
    return content.decode("cp1252", "replace")


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
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise BadRow(f"“{email[:80]}” is not a mail address.") from None
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
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t" for letter in text):
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
