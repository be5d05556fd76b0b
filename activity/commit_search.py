"""Commits by words of their message, author, dates and project, the newest first, as far as the viewer may read."""

import datetime as dt
import heapq
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import and_

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from accounts.models import User
from activity import commit_words
from activity.bulk import lists
from activity.commit_words import Narrow, Part, Place
from activity.models import Commit, FolderCommit, Identity, MailmapEntry, Person
from activity.models.history import day_start
from activity.people_search import people_named
from projects.models import Project

SECONDS = 1.0
MOST_IDS = 200  # more repositories or names than this do not narrow the look into the index, only what comes out of it
_CURSOR = re.compile(r"([0-9]{1,12})-([0-9]{1,18})\Z")
_OID = re.compile(r"[0-9a-fA-F]{7,64}\Z")

Viewer = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class CommitHit:
    """A commit with who wrote it and the projects that have it and that the viewer may read, in the order of names."""

    commit: Commit
    person: Person
    projects: tuple[Project, ...]


@dataclass(frozen=True, slots=True)
class CommitPage:
    """`next`: cursor for what follows, or None at the end. `complete`: not ended early because it took too long.

    Where it ended early, `hits` may be few or none although more follow; `next` goes on from there. `unknown_author`:
    nobody whom the viewer may see has this name.
    """

    hits: list[CommitHit]
    next: str | None
    complete: bool = True
    unknown_author: bool = False


def search_commits(
    viewer: Viewer,
    words: str,
    *,
    author: "str | Person | None" = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
    projects: Iterable[Project] | None = None,
    after: str | None = None,
    limit: int = 50,
    seconds: float = SECONDS,
) -> CommitPage:
    """One page. Every word must occur, in any English form; the last one may be a beginning. Any text is allowed.

    `words` may also be the beginning of a commit id. `author`: a person, or a name, login or whole address. Days
    are of UTC, both included. `projects`: only there. `after`: `next` of the page before; nonsense counts as absent.
    """
    people = _people(viewer, author)
    if people is not None and not people:
        return CommitPage([], None, unknown_author=True)
    chosen = None if projects is None else list(projects)
    wanted = _wanted(viewer, people, since, until, chosen)
    narrow = _narrow(viewer, people, since, until, chosen)
    place = _place(after)
    if _OID.match(words.strip()) and (hits := _by_oid(viewer, wanted, words.strip().lower(), limit)):
        return CommitPage(hits, None)
    typed = commit_words.read_words(words)
    if words.strip() and not typed:
        return CommitPage([], None)
    parts = (
        commit_words.matches(typed, narrow, place, limit + 1) if typed else _newest(narrow, people, place, limit + 1)
    )
    found, reached = _collect(viewer, parts, wanted, limit, time.monotonic() + seconds)
    more = found[limit - 1] if len(found) > limit else reached
    hits = _hits(viewer, [pk for _, pk in found[:limit]])
    return CommitPage(hits, f"{more[0]}-{more[1]}" if more else None, complete=reached is None)


def _people(viewer: Viewer, author: "str | Person | None") -> list[int] | None:
    if isinstance(author, Person):
        return [author.merged_into_id or author.pk]
    return people_named(viewer, author) if author and author.strip() else None


def _wanted(
    viewer: Viewer,
    people: list[int] | None,
    since: dt.date | None,
    until: dt.date | None,
    projects: list[Project] | None,
) -> "Q":
    """What a commit must be, apart from its words and from being visible."""
    parts = [Q(pk__gt=0)]
    if people is not None:
        parts.append(Q(author__person__in=people))
    if since is not None:
        parts.append(Q(authored_at__gte=day_start(since)))
    if until is not None:
        parts.append(Q(authored_at__lt=day_start(until) + 86_400))
    if projects is not None:
        visible = Project.objects.visible_to(viewer).filter(pk__in=[project.pk for project in projects])
        folders = FolderCommit.objects.filter(commit=OuterRef("pk"), project__in=visible.exclude(subdirectory=""))
        parts.append(Q(repository__in=visible.filter(subdirectory="").values("repository_id")) | Q(Exists(folders)))
    return reduce(and_, parts)


def _narrow(
    viewer: Viewer,
    people: list[int] | None,
    since: dt.date | None,
    until: dt.date | None,
    projects: list[Project] | None,
) -> Narrow:
    """The same as far as an index knows it; never stricter."""
    default = Narrow()
    return Narrow(
        repositories=_few(None if projects is None else (project.repository_id for project in projects)),
        authors=_few(None if people is None else _own_identities(people)),
        raw_authors=_few(None if people is None else _raw_identities(people)),
        since=default.since if since is None else max(0, day_start(since)),
        until=default.until if until is None else max(0, min(default.until, day_start(until) + 86_400)),
        readable=Project.objects.visible_to(viewer).order_by().values("repository_id").query.sql_with_params(),
    )


def _few(ids: Iterable[int] | None) -> frozenset[int] | None:
    known = None if ids is None else frozenset(islice(ids, 10 * MOST_IDS))
    return known if known is not None and len(known) <= MOST_IDS else None


def _own_identities(people: list[int]) -> Iterable[int]:
    return Identity.objects.filter(person__in=people).values_list("pk", flat=True)


def _raw_identities(people: list[int]) -> Iterator[int]:
    """Names under which Git has what these people wrote: their own, and those a mailmap calls theirs."""
    yield from _own_identities(people)
    yield from MailmapEntry.objects.filter(proper__person__in=people).values_list("identity", flat=True)


def _newest(narrow: Narrow, people: list[int] | None, before: Place | None, size: int) -> Iterator[Part]:
    """All commits there, the newest first. Each repository, or name, gives its newest by its own index."""
    readable, values = narrow.is_readable("activity_commit.repository_id")
    rest = Q(authored_at__gte=narrow.since, authored_at__lt=narrow.until)
    rest &= Q(RawSQL(readable, values, BooleanField()))  # noqa: S611 (Django's own statement)
    sources = [Q(pk__gt=0)]
    if people is not None:
        names = Identity.objects.filter(person__in=people)[: 10 * MOST_IDS]
        sources = [Q(author=pk) for pk in names.values_list("pk", flat=True)]
    elif narrow.repositories is not None:
        sources = [Q(repository=pk) for pk in narrow.repositories]
    while True:
        later = Q()
        if before is not None:
            later = Q(authored_at__lte=before[0]) & (Q(authored_at__lt=before[0]) | Q(pk__lt=before[1]))
        commits = Commit.objects.filter(rest, later).order_by("-authored_at", "-pk").values_list("authored_at", "pk")
        found = list(islice(heapq.merge(*(commits.filter(one)[:size] for one in sources), reverse=True), size))
        before = found[-1] if len(found) == size else None
        yield found, before
        if before is None:
            return
        size = min(size * 2, 2_000)


def _collect(
    viewer: Viewer, parts: Iterator[Part], wanted: Q, limit: int, deadline: float
) -> tuple[list[Place], Place | None]:
    """Up to `limit` + 1 of them that are wanted and visible; and how far it was looked, if time was over before."""
    found: list[Place] = []
    for part, reached in parts:
        for places in lists(part):
            fitting = Commit.objects.visible_to(viewer).filter(wanted, pk__in=[pk for _, pk in places])
            pks = set(fitting.values_list("pk", flat=True))
            found += [place for place in places if place[1] in pks]
            if len(found) > limit:
                return found[: limit + 1], None
            if time.monotonic() > deadline and places:
                return found, places[-1]
        if reached is None:
            return found, None
        if time.monotonic() > deadline:
            return found, reached
    return found, None


def _by_oid(viewer: Viewer, wanted: Q, digits: str, limit: int) -> list[CommitHit]:
    low, high = digits + "0" * (len(digits) % 2), digits.ljust(64, "f")
    commits = (
        Commit.objects.filter(oid__gte=low, oid__lte=high).order_by("-authored_at", "-pk").values_list("pk", flat=True)
    )
    near = list(commits[: 10 * MOST_IDS])
    seen = Commit.objects.visible_to(viewer).filter(wanted, pk__in=near).values_list("pk", flat=True)
    return _hits(viewer, [pk for pk in near if pk in set(seen)][:limit])


def _hits(viewer: Viewer, pks: list[int]) -> list[CommitHit]:
    """In this order; copies of one commit on the same page become one."""
    commits = Commit.objects.select_related("author__person").defer("words").in_bulk(pks)
    folders: defaultdict[int, set[int]] = defaultdict(set)
    for pk, project in FolderCommit.objects.filter(commit__in=pks).values_list("commit", "project"):
        folders[pk].add(project)
    visible: defaultdict[int, list[Project]] = defaultdict(list)
    repositories = {commit.repository_id for commit in commits.values()}
    for one in Project.objects.visible_to(viewer).filter(repository__in=repositories).defer("motivation", "weeks"):
        visible[one.repository_id].append(one)
    merged: dict[str, tuple[Commit, list[Project]]] = {}
    for commit in (commits[pk] for pk in pks if pk in commits):
        known = visible[commit.repository_id]
        whose = [one for one in known if not one.subdirectory or one.pk in folders[commit.pk]]
        merged.setdefault(commit.oid, (commit, []))[1].extend(whose)
    return [
        CommitHit(commit, commit.author.person, tuple(sorted(whose, key=lambda one: (one.name, one.pk))))
        for commit, whose in merged.values()
        if whose
    ]


def _place(cursor: str | None) -> Place | None:
    known = _CURSOR.match(cursor or "")
    return (int(known[1]), int(known[2])) if known else None
