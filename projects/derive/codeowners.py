"""Who owns which path: CODEOWNERS files in the dialects of GitHub, GitLab and Gitea."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import Problem, Unreadable, display_path, entries_in, has_folder, read_text
from projects.derive.owner_patterns import BadPattern, compile_gitea, compile_github, compile_gitlab

Dialect = Literal["github", "gitlab", "gitea"]
State = Literal["unmatched", "cleared", "owned"]

MAX_BYTES = 3 * 1024**2
MAX_RULES = 20_000
MAX_PROBLEMS = 20
_PLACES: tuple[tuple[bytes, Dialect | None], ...] = (
    (b".github", "github"),
    (b"", None),
    (b"docs", None),
    (b".gitlab", "gitlab"),
    (b".gitea", "gitea"),
    (b".forgejo", "gitea"),
)
_SECTION = re.compile(r"(\^?)\[([^\[\]]{1,200})\](?:\[(\d{1,4})\])?(?:\s+(.*))?")
_ROLE = r"@@[a-z]+|"
_NAME = r"@[\w.-]+(?:/[\w.-]+)*"
_EMAIL = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
_OWNER = {
    "github": re.compile(rf"{_NAME}|{_EMAIL}"),
    "gitlab": re.compile(rf"{_ROLE}{_NAME}|{_EMAIL}"),
    "gitea": re.compile(rf"{_NAME}|{_EMAIL}"),
}
_COMPILE: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "github": compile_github,
    "gitlab": compile_gitlab,
    "gitea": compile_gitea,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: `owners` with defaults filled in; a leading "!" `excludes` (GitLab) or is `negated` (Gitea)."""

    pattern: str
    owners: tuple[str, ...]
    line: int
    matches: Callable[[str], bool] = field(repr=False, compare=False)
    excludes: bool = False
    negated: bool = False

    def applies(self, path: str) -> bool:
        return self.matches(path) != self.negated


@dataclass(slots=True)
class Section:
    """Rules that are decided among themselves. name "" holds the lines outside sections; approvals are per section."""

    name: str
    optional: bool = False
    approvals: int = 1
    defaults: tuple[str, ...] = ()
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SectionResult:
    """What one section says of a path."""

    name: str
    state: State
    owners: tuple[str, ...]
    optional: bool
    approvals: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """unmatched: no line speaks of the path; cleared: the deciding line names nobody; owned: by `owners`, each once."""

    state: State
    owners: tuple[str, ...]
    sections: tuple[SectionResult, ...] = ()


@dataclass(slots=True)
class Codeowners:
    """A parsed file; path is "" when it was parsed from text alone."""

    dialect: Dialect
    sections: list[Section]
    problems: list[Problem]
    path: str = ""

    @property
    def owners(self) -> tuple[str, ...]:
        """Everybody named, in order of appearance."""
        return _once(owner for section in self.sections for rule in section.rules for owner in rule.owners)

    def owners_of(self, path: str) -> Ownership:
        """Who owns the file at `path` (from the root, no leading slash)."""
        results = tuple(self._section(section, path) for section in self.sections)
        spoken = tuple(result for result in results if result.state != "unmatched")
        owners = _once(owner for result in spoken for owner in result.owners)
        state: State = "owned" if owners else "cleared" if spoken else "unmatched"
        return Ownership(state, owners, spoken)

    def _section(self, section: Section, path: str) -> SectionResult:
        state, owners = self._decide(section.rules, path)
        return SectionResult(section.name, state, owners, section.optional, section.approvals)

    def _decide(self, rules: list[Rule], path: str) -> tuple[State, tuple[str, ...]]:
        if self.dialect == "gitea":
            owners = _once(owner for rule in rules if rule.applies(path) for owner in rule.owners)
            return ("owned", owners) if owners else ("unmatched", ())
        if any(rule.excludes and rule.applies(path) for rule in rules):
            return "unmatched", ()
        for rule in reversed(rules):
            if not rule.excludes and rule.applies(path):
                return ("owned", rule.owners) if rule.owners else ("cleared", ())
        return "unmatched", ()


def read_codeowners(snapshot: Snapshot, dialect: Dialect | None = None) -> tuple[Codeowners | None, list[Problem]]:
    """The file that counts, parsed in `dialect` or the one its place and content suggest; problems with it."""
    for folder, native in _PLACES:
        entry = _file_in(snapshot, folder)
        if entry is None:
            continue
        path = display_path(entry.path)
        try:
            text = read_text(snapshot, entry, MAX_BYTES)
        except Unreadable as error:
            return None, [Problem(path, f"{path} {error}. Forges ignore it too.")]
        chosen = dialect or native or guess_dialect(text, snapshot)
        parsed = parse_codeowners(text, chosen, path)
        return parsed, parsed.problems
    return None, []


def guess_dialect(text: str, snapshot: Snapshot | None = None) -> Dialect:
    """The dialect of a file in a place all forges share, by its content and by what else is in the tree."""
    lines = [line.strip() for line in text[: 256 * 1024].split("\n")]
    if any(_SECTION.fullmatch(line) for line in lines):
        return "gitlab"
    if any(
        re.match(r"!?(\.\*|\^|\S*\.\*|\S*\\\.\w+\$?)\S*\s+\S*@", line) for line in lines if not line.startswith("#")
    ):
        return "gitea"
    if snapshot is None or has_folder(snapshot, b".github"):
        return "github"
    if has_folder(snapshot, b".gitlab") or snapshot.find(b".gitlab-ci.yml") is not None:
        return "gitlab"
    return "github"


def parse_codeowners(text: str, dialect: Dialect, path: str = "") -> Codeowners:
    """Parse a file. Lines that the forge would skip are skipped and named in `problems`; never raises on content."""
    result = Codeowners(dialect, [Section("")], [], path)
    current, count = result.sections[0], 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        header = _SECTION.fullmatch(line) if dialect == "gitlab" else None
        if header:
            current = _open_section(result, header)
            continue
        count += 1
        if count > MAX_RULES:
            result.problems.append(Problem(path, f"Only the first {MAX_RULES:,} lines with a pattern were read."))
            break
        try:
            current.rules.append(_rule(line, number, dialect, current.defaults))
        except BadPattern as error:
            if len(result.problems) < MAX_PROBLEMS:
                result.problems.append(Problem(path, f"Line {number} is skipped: {error}."))
    return result


def _open_section(result: Codeowners, header: re.Match[str]) -> Section:
    """The named section, made or, when the name came before in any case, continued."""
    name = header[2].strip()
    defaults = tuple(word for word in _without_comment(header[4] or "").split() if _OWNER["gitlab"].fullmatch(word))
    for section in result.sections:
        if section.name and section.name.lower() == name.lower():
            section.defaults = defaults
            return section
    section = Section(name, bool(header[1]), int(header[3] or 1), defaults)
    result.sections.append(section)
    return section


def _rule(line: str, number: int, dialect: Dialect, defaults: tuple[str, ...]) -> Rule:
    words = re.findall(r"(?:\\.|[^\s\\])+|\\", _without_comment(line))
    if not words:
        raise BadPattern("it has no pattern")
    pattern, named = words[0], words[1:]
    wrong = [word for word in named if not _OWNER[dialect].fullmatch(word)]
    if wrong and dialect == "github":
        raise BadPattern(f"“{wrong[0][:60]}” is not a user, a team or an e-mail address")
    owners = tuple(word for word in named if word not in wrong) or defaults
    bang = pattern.startswith("!")
    if bang and dialect == "github":
        raise BadPattern("GitHub does not know patterns that begin with “!”")
    if dialect == "gitea" and not owners:
        raise BadPattern("it names no owner")
    matches = _COMPILE[dialect](pattern[1:] if bang else pattern)
    return Rule(
        pattern, owners, number, matches, excludes=bang and dialect == "gitlab", negated=bang and dialect == "gitea"
    )


def _without_comment(line: str) -> str:
    """The line up to a "#" that follows white space."""
    return re.split(r"\s#", line, maxsplit=1)[0]


def _file_in(snapshot: Snapshot, folder: bytes) -> TreeEntry | None:
    wanted = folder + b"/CODEOWNERS" if folder else b"CODEOWNERS"
    return next((entry for entry in entries_in(snapshot, folder) if entry.path == wanted), None)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
