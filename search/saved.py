"""Runs saved searches: each claims its row, asks as its owner, and keeps what it had not found before."""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from search.engine import Answer, FileHit, engine
from search.found.projects import find_projects
from search.models import SavedHit, SavedSearch
from search.query import Query, QueryError, parse
from search.query.resolve import resolve
from source.names import plain

MINUTES = 60
WATCHED = 1_000
PAGE = 500
SEARCHES_EACH = 100  # of one person
_KEPT = dt.timedelta(days=90)
_LEASE = dt.timedelta(minutes=10)
_KINDS = {SavedSearch.Kind.SYMBOLS: "symbol"}
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    """The hits of one run by key. `message` says what is to be known of it; not `whole`: there may be others."""

    hits: dict[str, SavedHit]
    total: int
    message: str = ""
    whole: bool = True


def run_due(limit: int = 20) -> int:
    """Run what is due; how many ran. Safe to run twice at a time."""
    now = timezone.now()
    due = list(SavedSearch.objects.due(now).order_by("due_at").values_list("pk", flat=True)[:limit])
    return sum(run(pk) for pk in due)


def run(pk: int) -> bool:
    """Run one that is due; False when it is not, or somebody else does it."""
    now = timezone.now()
    if not SavedSearch.objects.due(now).filter(pk=pk).update(claimed_until=now + _LEASE):
        return False
    search = SavedSearch.objects.select_related("owner").get(pk=pk)
    try:
        found = _find(search)
    except QueryError as error:
        found = _Found({}, search.total, f"The query makes no sense any more: {error.message}", False)
    except (DatabaseError, OSError) as error:
        logger.warning("A saved search failed: %s", type(error).__name__)
        found = _Found({}, search.total, "The last run failed; the next one tries again.", False)
    _store(search, found, now)
    return True


def _find(search: SavedSearch) -> _Found:
    query = parse(search.text)
    if search.kind == SavedSearch.Kind.PROJECTS:
        return _projects(search, query, search.owner)
    return _files(search, query, search.owner)


def _projects(search: SavedSearch, query: Query, owner: User) -> _Found:
    ids = find_projects(query, owner).ids
    hits = {f"project:{pk}": SavedHit(search=search, key=f"project:{pk}", project_id=pk) for pk in ids[:WATCHED]}
    return _Found(hits, len(ids), _too_many(len(ids), "projects"))


def _files(search: SavedSearch, query: Query, owner: User) -> _Found:
    hits: dict[str, SavedHit] = {}
    message, total = "", 0
    for answer in _answers(query, owner, _KINDS.get(SavedSearch.Kind(search.kind), "code")):
        hits |= {hit.key: hit for file in answer.files for hit in _of(search, file)}
        total = answer.total if answer.total_is_exact else max(total, answer.total, len(hits))
        if cut := [note.words for note in answer.notes if note.kind in {"time", "failed", "rebuilding", "changed"}]:
            message = cut[0]
    return _Found(hits, max(total, len(hits)), message or _too_many(total, "files"), whole=not message)


def _answers(query: Query, owner: User, kind: str) -> Iterator[Answer]:
    """Pages of an answer, up to as many files as are watched."""
    request = replace(resolve(query, owner, (kind,)), limit=PAGE, context=0, lines=1)
    seen = 0
    while seen < WATCHED:
        answer = engine().search(request)
        yield answer
        seen += len(answer.files)
        if not answer.next or not answer.files:
            return
        request = replace(request, after=answer.next)


def _of(search: SavedSearch, file: FileHit) -> Iterator[SavedHit]:
    """The file and, apart, its copies: each is found where it is."""
    line = next((line for line in file.lines if line.is_match), None)
    for repository, path in ((file.repository_id, file.path), *file.copies):
        yield SavedHit(
            search=search,
            key=hashlib.sha256(b"%d:%s" % (repository, path)).hexdigest(),
            repository_id=repository,
            path=path,
            commit=file.commit if repository == file.repository_id else "",
            line=line.number if line else 0,
            excerpt=plain(line.text.strip(), 300) if line else "",
        )


def _too_many(total: int, things: str) -> str:
    return f"It finds {total:,} {things}; the best {WATCHED:,} are watched." if total > WATCHED else ""


def _store(search: SavedSearch, found: _Found, now: dt.datetime) -> None:
    """The first whole run is the beginning: nothing of it is new."""
    with transaction.atomic():
        first = search.began_at is None
        for hit in found.hits.values():
            hit.is_new, hit.found_at = not first, now
        SavedHit.objects.bulk_create(found.hits.values(), batch_size=500, ignore_conflicts=True)
        if found.whole:
            gone = Q(found_at__lt=now - _KEPT) & ~Q(key__in=list(found.hits))
            SavedHit.objects.filter(gone, search=search).delete()
        SavedSearch.objects.filter(pk=search.pk).update(
            claimed_until=None,
            due_at=now + dt.timedelta(minutes=MINUTES),
            ran_at=now,
            began_at=search.began_at or (now if found.whole else None),
            total=found.total,
            message=found.message[:500],
        )
