"""Who wrote which lines of a file, in parts of some hundred lines, as far as git has found out.

What git found is kept by the commit that last changed the file, so a push that leaves the file alone changes nothing.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.core.cache import caches
from django.utils.safestring import SafeString, mark_safe

from gitstore.blame import Blame, BlameCommit, Hunk, read_blame, read_ignore_revs
from gitstore.pathhistory import Filter, list_commits
from gitstore.records import TreeEntry
from source.access import PAGE_LIMITS, Code
from source.blame_rows import EMPTY, Sources, line
from source.files import File
from source.names import shown_text

MAX_BYTES = 1024**2
PART = 400  # lines on a page
FIRST_SECONDS = 0.15
MORE_SECONDS = 15.0
IGNORE_FILE = b".git-blame-ignore-revs"
MAX_IGNORED = 5_000
_DAY = 86_400
AGES = tuple(days * _DAY for days in (30, 90, 180, 365, 2 * 365, 4 * 365, 8 * 365))
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Ignoring:
    """Revisions that the file of the blamed revision tells to look through. `oid`: of that file, empty without one;
    `unusable` lines of it are no whole ids, `unknown` ids are of no commit here."""

    oid: str = ""
    revisions: tuple[str, ...] = ()
    unusable: int = 0
    unknown: int = 0


@dataclass
class Group:
    """Neighbouring lines of one commit, and where they come from; `commit` is None as long as that is not known.

    `age`: 0 (new) to 7.
    """

    commit: BlameCommit | None
    hunk: Hunk | None
    age: int
    words: SafeString = EMPTY
    lines: list[str] = field(default_factory=list)

    @property
    def html(self) -> SafeString:
        return mark_safe("".join(self.lines))  # noqa: S308 lines of `source.rendering`, escaped


def readable(content: bytes | None) -> str:
    """Why a file cannot be blamed: "large" (None is for more than MAX_BYTES), "binary", "empty"; empty if it can."""
    if content is None:
        return "large"
    if b"\0" in content[:8000]:
        return "binary"
    return "" if content else "empty"


def ignoring(code: Code) -> Ignoring:
    """What the blamed revision wants to be looked through."""
    entry = code.reader.at(code.revision.commit.tree, IGNORE_FILE)
    found = code.reader.read(entry.oid, MAX_BYTES) if entry and entry.type == "blob" else None
    if found is None or found.content is None:
        return Ignoring()
    said = read_ignore_revs(found.content)
    width = len(code.revision.oid)
    usable = [oid for oid in said.oids if len(oid) == width][:MAX_IGNORED]
    known = code.reader.sizes(usable)
    revisions = tuple(oid for oid in usable if oid in known)
    return Ignoring(found.oid, revisions, said.unusable + len(said.oids) - len(usable), len(usable) - len(revisions))


def file_blame(code: Code, path: bytes, ignored: Ignoring, seconds: float) -> Blame:
    """Blame of the file at the path, complete if it is kept or found within about so many seconds."""
    store = caches["code"]
    began = time.monotonic()
    commit, names = _last_change(code, path), mailmap(code)
    what = b"\0".join([commit.encode(), path, ignored.oid.encode(), names.encode()])
    key = f"blame:{_VERSION}:{code.repository.uid.hex}:{hashlib.sha256(what).hexdigest()}"
    found: Blame | None = store.get(key)
    if found is not None:
        return found
    left = max(seconds / 2, seconds - (time.monotonic() - began))
    limits = replace(PAGE_LIMITS, seconds=left)
    found = read_blame(code.mirror.path, commit, path, limits, ignored=ignored.revisions, mailmap=names)
    if found.complete:
        store.set(key, found)
    return found


def mailmap(code: Code) -> str:
    """Object name of the mailmap that `git log` takes, which is the default branch's; empty without one."""
    head = code.reader.commit(code.default_ref) if code.default_ref else None
    entry = code.reader.at(head.tree, b".mailmap") if head else None
    return entry.oid if entry and entry.type == "blob" and not entry.is_symlink else ""


def groups(code: Code, blame: Blame, lines: list[SafeString], first: int, people: Mapping[str, str]) -> list[Group]:
    """The lines, numbered from `first` on, by where they come from. `people`: where names of authors lead."""
    found: list[Group] = []
    sources, now = Sources(code, people), time.time()
    hunks = iter(hunk for hunk in blame.hunks if hunk.start + hunk.count > first)
    hunk = next(hunks, None)
    for number, html in enumerate(lines, first):
        while hunk is not None and hunk.start + hunk.count <= number:
            hunk = next(hunks, None)
        source = hunk if hunk is not None and hunk.start <= number else None
        if not found or not _same(found[-1].hunk, source):
            commit = blame.commits[source.oid] if source else None
            words = sources.words(commit, source) if commit and source else EMPTY
            found.append(Group(commit, source, _age(commit, now), words))
        found[-1].lines.append(line(number, html))
    return found


def file_lines(code: Code, entry: TreeEntry, content: bytes) -> list[SafeString]:
    """Lines of a file as HTML, as git counts them; with the colours that are there or come at once."""
    drawn = File(code, entry).lines()
    if drawn is not None:
        lines = drawn.html.split("\n")
        if len(lines) == content.count(b"\n") + (not content.endswith(b"\n")):
            return [SafeString(line) for line in lines]
    return _plain_lines(content)


def _plain_lines(content: bytes) -> list[SafeString]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [shown_text(line.removesuffix("\r")) for line in lines]


def _same(one: Hunk | None, other: Hunk | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.oid, one.path) == (other.oid, other.path)


def _age(commit: BlameCommit | None, now: float) -> int:
    return sum(now - commit.author.time > age for age in AGES) if commit else 0


def _last_change(code: Code, path: bytes) -> str:
    """The last commit that changed the file, whose blame is the same; the revision itself if that takes too long."""
    commit = code.revision.oid
    limits = replace(PAGE_LIMITS, seconds=FIRST_SECONDS / 2)
    found, _ = list_commits(code.mirror.path, commit, path, Filter(), limits, skip=0, count=1)
    return found[0] if found else commit
