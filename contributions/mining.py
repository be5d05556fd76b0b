"""Starter tasks that the code suggests: looked for once in each new head, proposed to maintainers, never posted.

Of a large tree each look takes a part in the order of paths and remembers where the next one goes on, so that every
file has its turn however fast the head moves.
A note counts once it is old: its age is that of the line as blame has it, whatever was only indented anew. What
somebody dismissed stays dismissed as long as the same words stand in the same file.
"""

import datetime as dt
import posixpath
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from contributions import opportunity_news as news
from contributions.mining_rules import Suggestion, broken_commands, broken_paths, notes_in
from contributions.models import StarterScan, StarterTask
from gitstore.blame import read_blame
from gitstore.errors import GitError, LimitExceeded
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


@dataclass
class Look:
    """What one look found, notes with the day they were written. `looked`: paths that it tells everything about;
    `paths`: those of the tree; then what `StarterScan` remembers of it, and how many files were blamed."""

    found: dict[Suggestion, dt.datetime | None]
    looked: set[str]
    paths: frozenset[str]
    position: str = ""
    files: int = 0
    left: int = 0
    truncated: bool = False
    blamed: int = 0

    def tells(self, path: str) -> bool:
        """Whether what was not found in this file is not there."""
        return path in self.looked or (path not in self.paths and not self.truncated)


def mine_due() -> int:
    """Look through the projects whose code changed since the last look; how many were looked through."""
    due = Project.objects.live().exclude(lifecycle=Project.Lifecycle.ARCHIVED).exclude(repository__head_commit="")
    changed = ~Q(starter_scan__commit=F("repository__head_commit")) | Q(starter_scan__left__gt=0) | Q(starter_scan=None)
    found = due.filter(changed).exclude(starter_scan__claimed_until__gt=timezone.now())
    projects = found.select_related("repository").order_by(F("starter_scan__scanned_at").asc(nulls_first=True))
    return sum(mine(project) for project in projects[:PROJECTS_AT_ONCE])


def mine(project: Project) -> bool:
    """Look through one project's code, or a part of it; False where somebody else does, or there is nothing new."""
    head = project.repository.head_commit
    now = timezone.now()
    StarterScan.objects.get_or_create(project=project, defaults={"claimed_until": now})
    claim = StarterScan.objects.filter(project=project, claimed_until__lte=timezone.now()).exclude(commit=head, left=0)
    if claim.update(claimed_until=now + LEASE) != 1:
        return False
    try:
        look = _look(project, head, StarterScan.objects.get(project=project))
    except GitError:
        return False  # the lease ends, and somebody looks again
    with transaction.atomic():
        number = _write(project, look)
        columns = {"position": look.position, "files": look.files, "left": look.left, "truncated": look.truncated}
        mine = StarterScan.objects.filter(project=project)
        mine.update(commit=head, scanned_at=now, claimed_until=now, **columns)
        if number:
            news.proposed(project, number, reverse("contributions:starter_tasks", args=[project.slug]))
    return True


def _look(project: Project, head: str, scan: StarterScan) -> Look:
    mirror = project.repository.mirror()
    folder = project.subdirectory.encode("utf-8", "surrogateescape")
    with mirror.snapshot(head, LIMITS) as whole:
        snapshot: Snapshot = whole.under(folder) if folder else whole
        paths = frozenset(_name(entry.path) for entry in snapshot.entries)
        look = Look(dict.fromkeys(_from_documents(snapshot, paths)), {_name(path) for path in DOCUMENTS}, paths)
        look.truncated = snapshot.truncated
        files = {_name(candidate.entry.path): candidate.entry for candidate in counted_candidates(snapshot)}
        names = sorted(files)
        start = bisect_right(names, scan.position)
        turn = [*names[start:], *names[:start]][: scan.left if scan.commit == head else None]
        look.files = len(names)
        done = 0
        for name in _in_time(turn, look):
            if notes := _notes(name, _text(snapshot, files[name])):
                look.blamed += 1
                look.found |= _dated(mirror, head, project.subdirectory, name, notes)
            look.looked.add(name)
            look.position, done = name, done + 1
    look.left = len(turn) - done
    look.position = look.position if look.left else ""
    return look


def _in_time(names: Iterable[str], look: Look) -> Iterator[str]:
    """As many as one look takes, at least one."""
    deadline = time.monotonic() + SECONDS
    for number, name in enumerate(names):
        if number and (number >= MAX_FILES or look.blamed >= MAX_BLAMED or time.monotonic() > deadline):
            return
        yield name


def _notes(path: str, text: str | None) -> list[Suggestion]:
    return list(notes_in(path, text)) if text and ("TODO" in text or "FIXME" in text) else []


def _from_documents(snapshot: Snapshot, files: frozenset[str]) -> Iterator[Suggestion]:
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


def _dated(mirror: Mirror, head: str, folder: str, path: str, notes: list[Suggestion]) -> dict[Suggestion, dt.datetime]:
    """Notes of one file that are old enough; none where blame takes too long."""
    full = posixpath.join(folder, path).encode("utf-8", "surrogateescape")
    try:
        blame = read_blame(mirror.path, head, full, LIMITS, ignore_space=True)
    except LimitExceeded:
        return {}
    dated: dict[Suggestion, dt.datetime] = {}
    oldest = timezone.now() - AGED
    for note in notes:
        hunk = next((one for one in blame.hunks if one.start <= note.line < one.start + one.count), None)
        if hunk is None:
            continue
        written = dt.datetime.fromtimestamp(blame.commits[hunk.oid].author.time, dt.UTC)
        if written <= oldest:
            dated[note] = written
    return dated


def _write(project: Project, look: Look) -> int:
    """Rows for what is new, marks on what has gone; how many new ones are proposed."""
    wanted = {one.key: (one, written) for one, written in look.found.items()}
    rows = {row.key: row for row in StarterTask.objects.filter(project=project)}
    gone = [row.pk for key, row in rows.items() if key not in wanted and row.gone_at is None and look.tells(row.path)]
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
