"""Which branches of a repository are searchable, and bringing the engine's index and our tables in line with that."""

import fnmatch
import logging
import re
import sqlite3
import time
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Sum
from django.utils import timezone

from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.records import Ref
from projects.models import Project, Repository
from search.engine import Engine, IndexedRef, IndexOutcome, IndexPlan, Note, OnProgress, engine
from search.models import IndexState, IndexStateQuerySet, SkippedFile

logger = logging.getLogger(__name__)

AT_ONCE = 500


def index_repository(
    repository: Repository, mirror: Mirror, progress: OnProgress | None = None, *, anew: bool = False
) -> bool:
    """Make what is searchable of a repository what its branches say; False where nothing had to be done.

    Killed anywhere, the next call completes it. `anew` leaves out the question whether something changed. Raises a
    GitError, after noting it.
    """
    state, _ = IndexState.objects.get_or_create(repository=repository)
    chosen = engine()
    refs, left_out = chosen_refs(repository, mirror, state)
    if not anew and is_current(chosen, state, refs):
        return False
    try:
        outcome = chosen.index(IndexPlan(repository.pk, mirror.path, tuple(refs)), progress)
    except (GitError, sqlite3.Error, OSError) as error:
        told = error.message if isinstance(error, GitError) else "The index could not be written; the log says more."
        IndexState.objects.filter(pk=state.pk).update(error=told[:1000])
        raise
    _record(state, refs, left_out, outcome, chosen.label_of(repository.pk))
    return True


def is_current(chosen: Engine, state: IndexState, refs: Sequence[IndexedRef]) -> bool:
    """Whether the index holds exactly these, and is still the one that was written."""
    same = state.refs == [[ref.name, ref.commit] for ref in refs]
    return same and not state.error and state.engine == chosen.label_of(state.repository_id)


def chosen_refs(repository: Repository, mirror: Mirror, state: IndexState) -> tuple[list[IndexedRef], int]:
    """The default branch, then branches and tags that match a pattern, in their order; and how many were too many.

    Nothing of a repository whose projects were all removed.
    """
    if not repository.head_commit or not Project.objects.live().filter(repository=repository).exists():
        return [], 0
    default = repository.default_branch or "HEAD"
    refs = [IndexedRef(default, repository.head_commit)]
    if state.branch_patterns or state.tag_patterns:
        refs += _matching(mirror.refs(), state, default)
    limit = max(settings.SEARCH_MAX_REFS, 1)
    return refs[:limit], max(0, len(refs) - limit)


def _matching(refs: Iterable[Ref], state: IndexState, default: str) -> list[IndexedRef]:
    families = (("refs/heads/", state.branch_patterns), ("refs/tags/", state.tag_patterns))
    patterns = [(start, re.compile("|".join(map(_translated, globs)))) for start, globs in families if globs]
    found = []
    for ref in refs:
        name = ref.name.decode("utf-8", "replace")
        for start, pattern in patterns:
            short = name.removeprefix(start)
            if ref.commit and name.startswith(start) and short != default and pattern.match(short):
                found.append(IndexedRef(short, ref.commit))
    return found


def _translated(glob: str) -> str:
    return fnmatch.translate(glob.replace("[", "[[]"))


def _record(state: IndexState, refs: Sequence[IndexedRef], left_out: int, outcome: IndexOutcome, label: str) -> None:
    rows = [
        SkippedFile(
            state=state,
            path=each.path.decode("utf-8", "backslashreplace").replace("\0", ""),
            ref=each.ref,
            reason=each.reason,
            size_bytes=each.size,
        )
        for each in outcome.skipped
    ]
    with transaction.atomic():
        SkippedFile.objects.filter(state=state).delete()
        SkippedFile.objects.bulk_create(rows, batch_size=AT_ONCE)
        IndexState.objects.filter(pk=state.pk).update(
            engine=label,
            commit=refs[0].commit if refs else "",
            refs=[[ref.name, ref.commit] for ref in refs],
            refs_left_out=left_out,
            files=outcome.files,
            text_bytes=outcome.text_bytes,
            skipped_total=sum(outcome.skipped_counts.values()),
            skipped_counts=dict(outcome.skipped_counts),
            error="",
            indexed_at=timezone.now(),
        )


# Upkeep


def stale() -> list[int]:
    """Repositories whose part of the index is not the one that was written: it was lost, or the engine changed."""
    chosen = engine()
    rows = IndexState.objects.values_list("repository_id", "engine", "repository__head_commit")
    known = {pk: label for pk, label, _ in rows}
    live = Project.objects.live().values("repository")
    fetched = Repository.objects.filter(pk__in=live).exclude(head_commit="").values_list("pk", flat=True).order_by("pk")
    failed = set(IndexState.objects.exclude(error="").values_list("repository_id", flat=True))
    return [pk for pk in fetched if pk in failed or known.get(pk, "") != chosen.label_of(pk)]


def mend(seconds: float = 240) -> int:
    """Set damaged parts aside, forget what is gone, and for so long index what was lost; number indexed."""
    until = time.monotonic() + seconds
    chosen = engine()
    for words in chosen.check():
        logger.warning("Part of the index is made anew: %s", words)
    forget_gone()
    done = 0
    for pk in stale():
        if time.monotonic() > until:
            break
        repository = Repository.objects.filter(pk=pk).first()
        done += repository is not None and index_quietly(repository)
    chosen.tidy()
    return done


def index_quietly(repository: Repository, mirror: Mirror | None = None, progress: OnProgress | None = None) -> bool:
    """As `index_repository`; what goes wrong is logged and noted, and tried again by `mend`."""
    mirror = mirror or repository.mirror()
    if not mirror.exists:
        return False
    try:
        return index_repository(repository, mirror, progress)
    except (GitError, sqlite3.Error, OSError):
        logger.exception("Repository %s could not be indexed", repository.pk)
    return False


def forget_gone() -> int:
    """Remove from the index repositories that are gone or without a project; number removed."""
    chosen = engine()
    held = chosen.repositories()
    live = Project.objects.live().values("repository")
    gone = held - set(Repository.objects.filter(pk__in=live).values_list("pk", flat=True))
    for pk in sorted(gone):
        chosen.forget(pk)
        IndexState.objects.filter(repository=pk).update(engine="", commit="", refs=[], files=0, text_bytes=0)
    return len(gone)


def notes_for(repositories: frozenset[int]) -> list[Note]:
    """What the index does not hold of these repositories, which are the viewer's: behind, or files left out."""
    states = IndexState.objects.filter(repository__in=repositories)
    fetched = Repository.objects.filter(pk__in=repositories).exclude(head_commit="").count()
    current = states.filter(commit=F("repository__head_commit"), engine__in=_labels(states)).exclude(commit="").count()
    skipped = states.aggregate(files=Sum("skipped_total"))["files"] or 0
    notes = []
    if late := max(0, fetched - current):
        have = "repository has" if late == 1 else "repositories have"
        notes.append(Note("behind", f"{late:,} {have} changes that are not searchable yet."))
    if skipped:
        are = "file is" if skipped == 1 else "files are"
        notes.append(Note("skipped", f"{skipped:,} {are} not indexed."))
    return notes


def _labels(states: IndexStateQuerySet) -> list[str]:
    """Labels of parts of the index that are there: one question for each part, not for each repository."""
    chosen = engine()
    written = states.order_by().values_list("engine").annotate(one=Min("repository"))
    return [label for label, one in written if label and chosen.label_of(one) == label]
