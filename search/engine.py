"""What an engine of code search is asked and what it answers. Nothing here knows the query language or the database.

A line is what `git grep` calls one, and a match lies within one line. A file satisfies a matcher when its atoms occur
anywhere in it: `AllOf` joins on the level of files, and `NoneOf` means nowhere in the file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Protocol

# Matchers of content


@dataclass(frozen=True, slots=True)
class Literal:
    """These characters stand in a line of the file."""

    text: str
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A line of the file matches this expression (RE2's syntax; never across lines)."""

    pattern: str
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol of this name is defined; where not `exact`, its name contains this, or begins with it (`prefix`)."""

    name: str
    exact: bool = True
    case_sensitive: bool = False
    prefix: bool = False


# Matchers of files


@dataclass(frozen=True, slots=True)
class Path:
    """The path from the repository's root contains the text, or matches it as an expression."""

    pattern: str
    regex: bool = False
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class FileName:
    """Like `Path`, for the name without its folders."""

    pattern: str
    regex: bool = False
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """The file is in this language, as `projects.derive.language_rules` spells it (upper and lower case alike)."""

    name: str


@dataclass(frozen=True, slots=True)
class Branch:
    """The file is on an indexed branch or tag of this short name; `*` and `?` stand for any characters."""

    name: str


@dataclass(frozen=True, slots=True)
class Repositories:
    """The file is in one of these repositories."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Folder:
    """The file is in this folder of a repository; empty for the root, without a slash at either end."""

    repository_id: int
    prefix: bytes


# Joints


@dataclass(frozen=True, slots=True)
class AllOf:
    """True for all children; with none, for every file."""

    children: tuple["Matcher", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True for one of the children at least; with none, for no file."""

    children: tuple["Matcher", ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """True where the child is not."""

    child: "Matcher"


Atom = Literal | Regex | Symbol
Matcher = (
    Literal | Regex | Symbol | Path | FileName | Language | Branch | Repositories | Folder | AllOf | AnyOf | NoneOf
)


class BadPattern(ValueError):
    """An expression that RE2 refuses; the message is RE2's own. The query language refuses it first, with the place."""


# Question and answer


@dataclass(frozen=True, slots=True)
class Request:
    """`repositories`: ids of those the viewer may read, always given; nothing outside them is counted or timed.

    `after`: the `next` of the answer before. `context`: lines around a match. `lines`: matching lines shown of a file
    (None: all). `limit` 0 with `wants_total`: only counts and facets. `deadline_seconds`: what is known by then is the
    answer. `wants_total`: count all, in the time there is, instead of stopping after the page. `ranks`: how good the
    project of a repository is, 0 to 1.
    """

    matcher: Matcher
    repositories: frozenset[int]
    limit: int = 50
    after: str | None = None
    context: int = 2
    lines: int | None = 3
    deadline_seconds: float = 2.0
    wants_total: bool = False
    ranks: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its end. `marks`: (start, end) of matches in characters of `text`; context lines have none.

    Of a very long line `text` is the part around its first match: `cut_before` and `cut_after` characters are left out.
    """

    number: int
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    is_match: bool = False
    cut_before: int = 0
    cut_after: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file defines: what kind of thing it is ("function"), and in which line."""

    name: str
    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class FileHit:
    """One file that satisfies the matcher.

    `commit` is the indexed commit of the first of `branches` (short names, the default branch first). `lines` are in
    order of their numbers, with gaps; empty where no atom of content was asked for. `matches_in_file` counts matching
    lines. `copies`: other files with the same content that satisfy the matcher, best first, at most 100; `copy_count`
    counts all of them. `score` is the sum of `terms`. `definitions`: symbols that were asked for.
    """

    repository_id: int
    path: bytes
    blob: str
    commit: str
    branches: tuple[str, ...]
    language: str
    lines: tuple[Line, ...] = ()
    matches_in_file: int = 0
    copies: tuple[tuple[int, bytes], ...] = ()
    copy_count: int = 0
    score: float = 0.0
    terms: Mapping[str, float] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Why an answer is not the whole one, in words with numbers.

    `kind`: "time" (stopped at the deadline), "rebuilding" (part of the index is being made anew), "changed" (the index
    changed between two pages), "failed" (part of it could not be read), "behind", "skipped" (files not indexed),
    "difference" (this engine understands the query otherwise).
    """

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Matching files by repository id and by language (empty name: unknown). Exact where the total is."""

    repositories: Mapping[int, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`total` counts matching files, copies included; "at least" unless exact. `next` leads to the next page."""

    files: tuple[FileHit, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    facets: Facets = field(default_factory=Facets)
    notes: tuple[Note, ...] = ()
    next: str | None = None
    seconds: float = 0.0


# Indexing


@dataclass(frozen=True, slots=True)
class IndexedRef:
    """A branch or tag to index: short name, commit id. The default branch comes first in a plan."""

    name: str
    commit: str


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What of one repository shall be searchable: where its mirror is, and which branches and tags."""

    repository_id: int
    git_dir: FilePath
    refs: tuple[IndexedRef, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not indexed; `reason` is one of `SKIP_REASONS`. `ref` names the branch where it was met."""

    path: bytes
    reason: str
    size: int = 0
    ref: str = ""


SKIP_REASONS: Mapping[str, str] = {
    "large": "Larger than the limit",
    "binary": "Binary",
    "undecodable": "In an encoding that is not known",
    "symlink": "A symbolic link",
    "submodule": "A submodule",
    "lfs": "Kept in Git LFS, only its pointer is here",
    "missing": "Missing from the repository",
    "many": "Beyond the number of files read of one revision",
}


@dataclass(frozen=True, slots=True)
class IndexOutcome:
    """What indexing has established. `text_bytes` is the size of the searchable text; `skipped` holds at most 1,000."""

    files: int = 0
    text_bytes: int = 0
    new_blobs: int = 0
    removed_blobs: int = 0
    skipped_counts: Mapping[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`label` names engine, format and layout: an index with another label is made anew. Sizes in bytes.

    `damaged`: what was found broken and waits for its rebuilding, in words.
    """

    label: str
    repositories: int = 0
    files: int = 0
    blobs: int = 0
    text_bytes: int = 0
    disk_bytes: int = 0
    damaged: tuple[str, ...] = ()


# Told how far indexing is: pieces done, pieces there are. May raise to stop it; what is done by then is kept.
OnProgress = Callable[[int, int], None]


class Engine(Protocol):
    """An index of code that answers. All methods may be called by several processes at once."""

    def search(self, request: Request) -> Answer:
        """Raises BadPattern; everything else that goes wrong is said in the answer's notes."""
        ...

    def index(self, plan: IndexPlan, progress: OnProgress | None = None) -> IndexOutcome:
        """Make the index of a repository what the plan says; only what is new is read. Killed anywhere, calling it
        again completes it. A plan without refs empties it. Raises a GitError."""
        ...

    def forget(self, repository_id: int) -> None:
        """Remove a repository and all content that no other one holds."""
        ...

    def label_of(self, repository_id: int) -> str:
        """The label of the part of the index that holds a repository: it changes when that part was made anew."""
        ...

    def indexed(self, repository_id: int) -> tuple[IndexedRef, ...]:
        """What is searchable of a repository now; empty where nothing is."""
        ...

    def repositories(self) -> frozenset[int]:
        """Ids of all repositories of which something is searchable."""
        ...

    def status(self) -> EngineStatus: ...

    def check(self, *, thorough: bool = False) -> tuple[str, ...]:
        """Look for damage and set damaged parts aside; what was found, in words. `thorough` reads everything."""
        ...

    def tidy(self) -> None:
        """Make the index smaller and quicker where many writes have left traces. May take long, and may be killed."""
        ...

    def rebuild(self) -> None:
        """Throw everything away; every repository has to be indexed anew."""
        ...


def engine() -> Engine:
    """The engine that the settings name."""
    from search.engines import chosen

    return chosen()
