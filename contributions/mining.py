"""Starter tasks that the code suggests: looked for once in each new head, proposed to maintainers, never posted.

A note counts once it is old: its age is that of the line as blame has it, whatever was only indented anew. What
somebody dismissed stays dismissed as long as the same words stand in the same file.
"""

import datetime as dt
import posixpath
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from contributions import opportunity_news as news
from contributions.mining_rules import Suggestion, broken_commands, broken_paths, notes_in
from contributions.models import StarterScan, StarterTask
from gitstore.blame import read_blame
from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.records import Limits, TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.languages import counted_candidates
from projects.models import Project

AGED = dt.timedelta(days=180)
LIMITS = Limits(seconds=30, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
LEASE = dt.timedelta(minutes=10)
PROJECTS_AT_ONCE = 3
MAX_FILES = 3000
MAX_FILE_BYTES = 256 * 1024
MAX_BLAMED = 60
MOST_PROPOSED = 40
SECONDS = 60.0
DOCUMENTS = (b"README.md", b"readme.md", b"CONTRIBUTING.md", b".github/CONTRIBUTING.md", b"docs/README.md")


def mine_due() -> int:
    """Look through the projects whose code changed since the last look; how many were looked through."""
    due = Project.objects.live().exclude(lifecycle=Project.Lifecycle.ARCHIVED).exclude(repository__head_commit="")
    changed = ~Q(starter_scan__commit=F("repository__head_commit")) | Q(starter_scan=None)
    found = due.filter(changed).exclude(starter_scan__claimed_until__gt=timezone.now())
    projects = found.select_related("repository").order_by(F("starter_scan__scanned_at").asc(nulls_first=True))
    return sum(mine(project) for project in projects[:PROJECTS_AT_ONCE])


def mine(project: Project) -> bool:
    """Look through one project's code; False where somebody else does, or there is nothing new."""
    head = project.repository.head_commit
    now = timezone.now()
    StarterScan.objects.get_or_create(project=project, defaults={"claimed_until": now})
    claim = StarterScan.objects.filter(project=project, claimed_until__lte=timezone.now()).exclude(commit=head)
    if claim.update(claimed_until=now + LEASE) != 1:
        return False
    try:
        found = _look(project, head)
    except GitError:
        return False  # the lease ends, and somebody looks again
    with transaction.atomic():
        number = _write(project, found)
        StarterScan.objects.filter(project=project).update(commit=head, scanned_at=now, claimed_until=now)
        if number:
            news.proposed(project, number, reverse("contributions:starter_tasks", args=[project.slug]))
    return True


def _look(project: Project, head: str) -> dict[Suggestion, dt.datetime | None]:
    """Suggestions, notes with the day they were written."""
    mirror = project.repository.mirror()
    folder = project.subdirectory.encode("utf-8", "surrogateescape")
    with mirror.snapshot(head, LIMITS) as whole:
        snapshot: Snapshot = whole.under(folder) if folder else whole
        documents = list(_from_documents(snapshot))
        notes = list(_notes(snapshot))
    return dict.fromkeys(documents) | _dated(mirror, head, project.subdirectory, notes)


def _notes(snapshot: Snapshot) -> Iterator[Suggestion]:
    deadline = time.monotonic() + SECONDS
    for number, candidate in enumerate(counted_candidates(snapshot)):
        if number >= MAX_FILES or time.monotonic() > deadline:
            return
        text = _text(snapshot, candidate.entry)
        if text and ("TODO" in text or "FIXME" in text):
            yield from notes_in(_name(candidate.entry.path), text)


def _from_documents(snapshot: Snapshot) -> Iterator[Suggestion]:
    files = {_name(entry.path) for entry in snapshot.entries}
    folders = {parent for path in files for parent in _parents(path)}

    def exists(path: str) -> bool:
        return snapshot.truncated or path in files or path in folders

    def read(path: str) -> str | None:
        entry = snapshot.find(path.encode("utf-8", "surrogateescape"))
        return _text(snapshot, entry) if entry else None

    for path in DOCUMENTS:
        entry = snapshot.find(path)
        text = _text(snapshot, entry) if entry else None
        if text:
            yield from broken_paths(_name(path), text, exists)
            yield from broken_commands(_name(path), text, exists, read)


def _dated(mirror: Mirror, head: str, folder: str, notes: Iterable[Suggestion]) -> dict[Suggestion, dt.datetime | None]:
    """Notes that are old enough; those of too many files are left for another time."""
    by_path: defaultdict[str, list[Suggestion]] = defaultdict(list)
    for note in notes:
        by_path[note.path].append(note)
    dated: dict[Suggestion, dt.datetime | None] = {}
    oldest = timezone.now() - AGED
    for path, several in list(by_path.items())[:MAX_BLAMED]:
        full = posixpath.join(folder, path).encode("utf-8", "surrogateescape")
        blame = read_blame(mirror.path, head, full, LIMITS, ignore_space=True)
        for note in several:
            hunk = next((one for one in blame.hunks if one.start <= note.line < one.start + one.count), None)
            if hunk is None:
                continue
            written = dt.datetime.fromtimestamp(blame.commits[hunk.oid].author.time, dt.UTC)
            if written <= oldest:
                dated[note] = written
    return dated


def _write(project: Project, found: dict[Suggestion, dt.datetime | None]) -> int:
    """Rows for what is new, marks on what has gone; how many new ones are proposed."""
    wanted = {one.key: (one, written) for one, written in found.items()}
    rows = {row.key: row for row in StarterTask.objects.filter(project=project)}
    gone = [row.pk for key, row in rows.items() if key not in wanted and row.gone_at is None]
    StarterTask.objects.filter(pk__in=gone).update(gone_at=timezone.now())
    for key, row in rows.items():
        if key in wanted and (row.gone_at or row.line != wanted[key][0].line):
            StarterTask.objects.filter(pk=row.pk).update(gone_at=None, line=wanted[key][0].line)
    room = MOST_PROPOSED - StarterTask.objects.filter(project=project).waiting().count()
    fresh = sorted((pair for key, pair in wanted.items() if key not in rows), key=_oldest_first)[: max(0, room)]
    StarterTask.objects.bulk_create(
        StarterTask(
            project=project,
            key=one.key,
            kind=one.kind,
            path=one.path[:1000],
            line=one.line,
            text=one.text,
            written_at=written,
        )
        for one, written in fresh
    )
    return len(fresh)


def _oldest_first(pair: tuple[Suggestion, dt.datetime | None]) -> tuple[float, str, int]:
    """Broken documents first: they mislead every newcomer."""
    suggestion, written = pair
    return (written.timestamp() if written else 0.0, suggestion.path, suggestion.line)


def _text(snapshot: Snapshot, entry: TreeEntry) -> str | None:
    content = snapshot.read(entry, MAX_FILE_BYTES) if (entry.size or 0) <= MAX_FILE_BYTES else None
    if content is None or b"\0" in content:
        return None
    return content.decode("utf-8", "replace").replace("\r\n", "\n")


def _name(path: bytes) -> str:
    """As text that any database takes."""
    return path.decode("utf-8", "backslashreplace")


def _parents(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path
