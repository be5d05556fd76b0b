"""A page of the history of a project, folder or file.

A page is addressed by the commit that its list began with and how many of its commits come before, so that it stays
what it is when new commits arrive. The history of a file is kept as far as it is known and searched on from there.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from django.core.cache import caches
from django.http import HttpRequest
from django.utils import timezone

from gitstore.objects import OID, CommitObject
from gitstore.pathhistory import Filter, Follow, Logged, Step, follow, list_commits, read_commits, select_commits
from source.access import PAGE_LIMITS, Code, Missing
from source.blame import mailmap

A_PAGE = 50
FIRST_SECONDS = 0.1
MORE_SECONDS = 8.0
MAX_SKIP = 10_000_000
_VERSION = 1
EVERY = Filter()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: the commit that the list starts from, and how many commits of the list come before."""

    start: str
    skip: int

    @property
    def cursor(self) -> str:
        return f"{self.start}.{self.skip}"


@dataclass(frozen=True, slots=True)
class Row:
    """A commit of the list; `path` is what the file was called in it, `before` what it was called until then."""

    commit: Logged
    path: bytes
    before: bytes


@dataclass
class Page:
    """`complete` is False where git was not done in the time given; `older` begins the next page, None at the end."""

    rows: list[Row] = field(default_factory=list)
    complete: bool = True
    older: Place | None = None
    newer: Place | None = None

    @property
    def days(self) -> list[tuple[dt.date, list[Row]]]:
        """Commits by the day they were made, in the portal's time zone."""
        return [(day, list(rows)) for day, rows in groupby(self.rows, key=lambda row: _day(row.commit))]


def read_place(code: Code, request: HttpRequest) -> Place:
    """Where the page begins. Raises Missing when the address names a commit that is not there."""
    text = request.GET.get("after", "")
    start, _, skip = text.partition(".")
    if not text:
        return Place(code.revision.oid, 0)
    if not OID.match(start) or not re.fullmatch(r"[0-9]{1,8}", skip) or code.reader.commit(start) is None:
        raise Missing("There is no such page of the history.", code.revision, code.path)
    return Place(start, min(int(skip), MAX_SKIP))


def read_page(code: Code, place: Place, wanted: Filter, seconds: float) -> Page:
    """The commits of a page; those of a file across its earlier names, as many as are found in so many seconds."""
    start = code.reader.commit(place.start)
    if start is None or not code.path or _is_folder(code, start):
        return _listed(code, place, wanted)
    return _followed(code, place, wanted, seconds)


def file_steps(code: Code, commit: str, path: bytes, want: int, seconds: float) -> Follow:
    """The history of a file as far as it is known after searching for about so many seconds."""
    store = caches["code"]
    what = hashlib.sha256(b"%b %b" % (commit.encode("ascii"), path)).hexdigest()
    key = f"follow:{_VERSION}:{code.repository.uid.hex}:{what}"
    walk: Follow = store.get(key) or Follow(commit, path)
    known = walk.position
    if len(walk.steps) < want and not walk.complete:
        follow(code.mirror.path, walk, want, seconds, PAGE_LIMITS)
    if not walk.steps and not walk.complete:
        follow(code.mirror.path, walk, 1, MORE_SECONDS, PAGE_LIMITS)
    if walk.position != known:
        store.set(key, walk)
    return walk


def _is_folder(code: Code, commit: CommitObject) -> bool:
    """Whether there is a folder at the path, or nothing any more."""
    entry = code.reader.at(commit.tree, code.path)
    return entry is None or entry.type == "tree"


def _listed(code: Code, place: Place, wanted: Filter) -> Page:
    limits = replace(PAGE_LIMITS, seconds=MORE_SECONDS)
    names = mailmap(code)
    oids, complete = list_commits(
        code.mirror.path, place.start, code.path, wanted, limits, skip=place.skip, count=A_PAGE + 1, mailmap=names
    )
    steps = [Step(oid, code.path) for oid in oids]
    return _page(code, place, steps, more=len(steps) > A_PAGE, complete=complete, names=names, wanted=wanted)


def _followed(code: Code, place: Place, wanted: Filter, seconds: float) -> Page:
    names = mailmap(code)
    end = place.skip + A_PAGE
    if not wanted:
        walk = file_steps(code, place.start, code.path, end + 1, seconds)
        steps = walk.steps[place.skip : end + 1]
        known = walk.complete or len(steps) > A_PAGE
        return _page(code, place, steps, more=len(steps) > A_PAGE, complete=known, names=names)
    walk = file_steps(code, place.start, code.path, MAX_SKIP, max(seconds, MORE_SECONDS))
    oids = [step.oid for step in walk.steps]
    through = select_commits(code.mirror.path, oids, wanted, PAGE_LIMITS, names) if oids else set()
    steps = [step for step in walk.steps if step.oid in through][place.skip : end + 1]
    return _page(code, place, steps, more=len(steps) > A_PAGE, complete=walk.complete, names=names, wanted=wanted)


def _page(
    code: Code, place: Place, steps: Sequence[Step], *, more: bool, complete: bool, names: str, wanted: Filter = EVERY
) -> Page:
    shown = steps[:A_PAGE]
    found = read_commits(code.mirror.path, [step.oid for step in shown], PAGE_LIMITS, names)
    commits = code.erased.within(found)
    rows = [
        Row(commit, step.path, step.before)
        for commit, step, before in zip(commits, shown, found, strict=True)
        # Who asks for the name of somebody erased would learn the pseudonym.
        if not wanted.author or commit.author == before.author
    ]
    page = Page(rows, complete)
    if more or not complete:
        page.older = Place(place.start, place.skip + len(shown))
    if place.skip:
        page.newer = Place(place.start, max(0, place.skip - A_PAGE))
    return page


def _day(commit: Logged) -> dt.date:
    moment = dt.datetime.fromtimestamp(commit.committer.time, dt.UTC)
    return timezone.localtime(moment).date()
