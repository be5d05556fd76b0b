"""What a commit page tells of a commit besides its changes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from django.core.cache import caches

from gitstore.comparing import Containing, children, containing
from gitstore.errors import GitError
from gitstore.objects import CommitObject, Signature
from gitstore.process import run_git
from gitstore.records import Limits
from gitstore.reflists import refs_digest
from gitstore.revisions import spell
from source.access import Code, Missing
from source.addresses import address
from source.commit_message import Message, read_message

MAX_PARENTS = 100
MAX_NAMES = 200
LIMITS = Limits(seconds=3, memory_bytes=2 * 1024**3, output_bytes=16 * 1024**2)


@dataclass(frozen=True, slots=True)
class Person:
    """Who and when, named as `git log` does; `exact` is the time on their own clock, `recorded` what the commit itself
    says where that differs."""

    name: str
    email: str
    at: datetime
    exact: str
    recorded: str


@dataclass(frozen=True, slots=True)
class Kin:
    """A parent or child: id, title (empty when the commit is not there), address."""

    oid: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """A commit for its page. `committer` is None where it is the author at the same time; `parent` is the one compared
    with, from 1, 0 for a root commit."""

    commit: CommitObject
    message: Message
    author: Person
    committer: Person | None
    parents: list[Kin]
    parent: int


@dataclass(frozen=True, slots=True)
class NameLink:
    """A branch or tag and its address."""

    name: bytes
    url: str


@dataclass(frozen=True, slots=True)
class PartOf:
    """Branches and tags that contain a commit and commits made on top of it. `more_…`: how many are not listed; the
    lists are None where git had not the time; `on_default` tells of the default branch alone."""

    branches: list[NameLink] | None
    tags: list[NameLink] | None
    children: list[Kin] | None
    more_branches: int
    more_tags: int


def commit_facts(code: Code, commit: CommitObject, parent: int) -> CommitFacts:
    """What to tell of a commit seen against its parent of this number. Raises Missing when it has no such parent."""
    if parent > max(1, len(commit.parents)):
        raise Missing("This commit has no such parent.", code.revision)
    author, committer = _people(code, commit)
    same = author == committer
    return CommitFacts(
        commit=commit,
        message=read_message(commit, lambda word: _find(code, word)),
        author=author,
        committer=None if same else committer,
        parents=[_kin(code, oid) for oid in commit.parents[:MAX_PARENTS]],
        parent=min(parent, len(commit.parents)),
    )


def part_of(code: Code, commit: str) -> PartOf:
    """Branches, tags and children of a commit, as far as they can be found in a few seconds."""
    found, born = _around(code, commit)
    branches = set(found.branches or ())
    return PartOf(
        branches=_names(code, found.branches, branches),
        tags=_names(code, found.tags, branches),
        children=None if born is None else [_kin(code, oid) for oid in born[:MAX_PARENTS]],
        more_branches=max(0, len(found.branches or ()) - MAX_NAMES),
        more_tags=max(0, len(found.tags or ()) - MAX_NAMES),
    )


def _around(code: Code, commit: str) -> tuple[Containing, tuple[str, ...] | None]:
    """Remembered until a branch or tag moves, unless git had not the time."""
    key = f"around1:{code.repository.uid.hex}:{refs_digest(code.mirror.path, LIMITS)}:{commit}"
    known: tuple[Containing, tuple[str, ...] | None] | None = caches["code"].get(key)
    if known is None:
        found, born = containing(code.mirror.path, commit, LIMITS), children(code.mirror.path, commit, LIMITS)
        known = (found, born)
        if None not in (found.branches, found.tags, born):
            caches["code"].set(key, known)
    return known


def _names(code: Code, refs: tuple[bytes, ...] | None, branches: set[bytes]) -> list[NameLink] | None:
    if refs is None:
        return None
    ordered = sorted(refs[: MAX_NAMES * 50], key=lambda ref: ref != code.default_ref)[:MAX_NAMES]
    return [NameLink(ref.split(b"/", 2)[2], address(code.project, "tree", spell(ref, branches))) for ref in ordered]


def _kin(code: Code, oid: str) -> Kin:
    commit = code.reader.commit(oid)
    return Kin(oid, commit.title[:200] if commit else "", address(code.project, "commit", oid.encode("ascii")))


def _find(code: Code, word: str) -> str | None:
    """The address of a commit whose id begins with a word of the message."""
    commit = code.reader.commit(word)
    if commit is None or not commit.oid.startswith(word):
        return None
    return address(code.project, "commit", commit.oid.encode("ascii"))


def _people(code: Code, commit: CommitObject) -> tuple[Person, Person]:
    signatures = (commit.author, commit.committer)
    proper = [(who.name, who.email) for who in signatures]
    mailmap = code.reader.commit(code.default_ref) if code.default_ref else None
    if mailmap and code.reader.at(mailmap.tree, b".mailmap"):
        mapped = _mapped(code, commit, mailmap.oid) or proper
        proper = [code.erased.contact(name, email) for name, email in mapped]
    author, committer = (_person(who, *name) for who, name in zip(signatures, proper, strict=True))
    return author, committer


def _mapped(code: Code, commit: CommitObject, head: str) -> list[tuple[str, str]] | None:
    """Names and addresses by the mailmap of the default branch, which is the one that `git log` takes."""
    form = "--format=%aN%x00%aE%x00%cN%x00%cE"
    args = ["log", "-1", "--no-walk", "--use-mailmap", "--encoding=UTF-8", "--no-patch", form, commit.oid, "--"]
    config = [("mailmap.blob", f"{head}:.mailmap")]
    try:
        output = run_git(args, git_dir=code.mirror.path, limits=LIMITS, config=config)
    except GitError:
        return None
    fields = output.decode("utf-8", "replace").removesuffix("\n").split("\0")
    return [(fields[0], fields[1]), (fields[2], fields[3])] if len(fields) == 4 else None


def _person(who: Signature, name: str, email: str) -> Person:
    at = datetime.fromtimestamp(who.time, UTC)
    exact = at.astimezone(timezone(timedelta(minutes=who.offset))).strftime("%-d %B %Y, %H:%M %z")
    recorded = "" if (name, email) == (who.name, who.email) else f"{who.name} <{who.email}>"
    return Person(name, email, at, exact, recorded)
