"""From commits to rows: who committed how much on which day in a project."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from activity.bots import is_bot
from activity.models import ActivityDay, Contributor
from activity.rollups import refresh_rollups
from gitstore.records import CommitRecord
from projects import catalog
from projects.models import Project

BATCH = 500
PROGRESS_EVERY = 1000
DAY_SECONDS = 86_400
EPOCH = dt.date(1970, 1, 1)


class History(Protocol):
    """What the import needs of a mirror: the commits reachable from one, newest first."""

    def log(self, commit: str, path: bytes | None = None) -> Iterator[CommitRecord]: ...


@dataclass(slots=True)
class Identity:
    """One address: its newest name, times in seconds since 1970, commits by day number since 1970."""

    name: str
    named_at: int
    first: int
    last: int
    days: dict[int, int] = field(default_factory=dict)

    @property
    def commits(self) -> int:
        return sum(self.days.values())


@dataclass(slots=True)
class Tally:
    """All commits of a project; `first` and `last` in seconds since 1970, None without commits."""

    identities: dict[str, Identity]
    commits: int
    first: int | None
    last: int | None


def import_activity(
    project: Project, mirror: History, commit: str | None, on_progress: Callable[[int], None] | None = None
) -> int:
    """Make the project's contributors, days and counters say what the history of `commit` says; the commits read.

    `commit` None or empty means an empty repository. Git is read before the transaction; the rows are compared with
    what is there, so that a second run writes nothing and a rewritten history leaves nothing behind.
    """
    directory = project.subdirectory.encode("utf-8", "surrogateescape") or None
    records = mirror.log(commit, path=directory) if commit else iter(())
    tally = count(records, int(timezone.now().timestamp()), on_progress)
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        contributors = _write_contributors(locked, tally)
        _write_days(locked, tally, contributors)
        changed = _write_counters(locked, tally)
        if locked.pk not in refresh_rollups([locked.pk]) and changed:
            catalog.refresh([locked.pk])
    project.refresh_from_db()
    return tally.commits


def count(records: Iterable[CommitRecord], now: int, on_progress: Callable[[int], None] | None = None) -> Tally:
    """Add up commits by identity and day. Times after `now` (a wrong clock) count as now for first and last."""
    identities: dict[str, Identity] = {}
    commits, first, last = 0, now, 0
    for commits, record in enumerate(records, 1):
        time = record.author_time
        key = record.author_email.lower() or record.author_name.lower()
        identity = identities.get(key)
        if identity is None:
            identity = identities[key] = Identity(record.author_name, time, min(time, now), min(time, now))
        elif time > identity.last:
            identity.last = min(time, now)
            if time > identity.named_at:
                identity.name, identity.named_at = record.author_name, time
        elif time < identity.first:
            identity.first = time
        day = time // DAY_SECONDS
        identity.days[day] = identity.days.get(day, 0) + 1
        first = min(first, time)
        last = max(last, record.committer_time)
        if on_progress is not None and commits % PROGRESS_EVERY == 0:
            on_progress(commits)
    if on_progress is not None:
        on_progress(commits)
    return Tally(_fitting(identities), commits, first if commits else None, min(last, now) if commits else None)


def _fitting(identities: dict[str, Identity]) -> dict[str, Identity]:
    """Keys cut to what the table holds; two that become equal are added up."""
    fitting: dict[str, Identity] = {}
    for key, identity in identities.items():
        known = fitting.setdefault(key.strip()[:300] or "unknown", identity)
        if known is not identity:
            known.first, known.last = min(known.first, identity.first), max(known.last, identity.last)
            for day, commits in identity.days.items():
                known.days[day] = known.days.get(day, 0) + commits
    return fitting


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _write_contributors(project: Project, tally: Tally) -> dict[str, int]:
    """Ids by address of the contributors, after writing those that are new or differ and deleting the rest."""
    existing = {row.email: row for row in Contributor.objects.filter(project=project)}
    new, changed = [], []
    for email, identity in tally.identities.items():
        row = existing.get(email)
        facts = {
            "name": identity.name[:300] or email,
            "is_bot": is_bot(identity.name, email),
            "commits": identity.commits,
            "first_at": _moment(identity.first),
            "last_at": _moment(identity.last),
        }
        if row is None:
            new.append(Contributor(project=project, email=email, **facts))
        elif any(getattr(row, name) != value for name, value in facts.items()):
            for name, value in facts.items():
                setattr(row, name, value)
            changed.append(row)
    gone = [row.pk for email, row in existing.items() if email not in tally.identities]
    for start in range(0, len(gone), BATCH):
        Contributor.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    Contributor.objects.bulk_create(new, batch_size=BATCH)
    Contributor.objects.bulk_update(changed, ["name", "is_bot", "commits", "first_at", "last_at"], batch_size=BATCH)
    return dict(Contributor.objects.filter(project=project).values_list("email", "pk"))


def _write_days(project: Project, tally: Tally, contributors: dict[str, int]) -> None:
    rows = ActivityDay.objects.filter(project=project).values_list("contributor_id", "day", "pk", "commits")
    existing = {(contributor, day): (pk, commits) for contributor, day, pk, commits in rows.iterator()}
    new, changed = [], []
    for email, identity in tally.identities.items():
        contributor = contributors[email]
        for number, commits in identity.days.items():
            day = dt.date.fromordinal(EPOCH.toordinal() + number)
            pk, known = existing.pop((contributor, day), (None, 0))
            row = ActivityDay(pk=pk, project=project, contributor_id=contributor, day=day, commits=commits)
            if pk is None:
                new.append(row)
            elif known != commits:
                changed.append(row)
    gone = [pk for pk, _ in existing.values()]
    for start in range(0, len(gone), BATCH):
        ActivityDay.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    ActivityDay.objects.bulk_create(new, batch_size=BATCH)
    ActivityDay.objects.bulk_update(changed, ["commits"], batch_size=BATCH)


def _write_counters(project: Project, tally: Tally) -> bool:
    facts = {
        "commits_total": tally.commits,
        "contributors_total": Contributor.objects.filter(project=project, is_bot=False).count(),
        "first_commit_at": None if tally.first is None else _moment(tally.first),
        "last_commit_at": None if tally.last is None else _moment(tally.last),
    }
    if all(getattr(project, name) == value for name, value in facts.items()):
        return False
    for name, value in facts.items():
        setattr(project, name, value)
    project.save(update_fields=list(facts))
    return True
