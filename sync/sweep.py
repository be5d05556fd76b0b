"""Asking many remotes at once whether anything moved, so that unchanged repositories never become a run.

Measured for cost: an unchanged repository is one `git ls-remote` and its share of a few statements per batch.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from gitstore.credentials import Credential as GitCredential
from gitstore.errors import GitError
from gitstore.records import RemoteState
from projects.models import Credential
from sync import policy, queue, schedule
from sync.models import SyncJob, SyncJobQuerySet, SyncRun

logger = logging.getLogger(__name__)

BATCH = 200
THREADS = 16
PER_HOST = 4
MAX_SWEEPS = 4
ASK_EVERY_SECONDS = 10
WAKE_UP_SECONDS = 300.0

State = SyncJob.State
_COLUMNS = (
    "pk",
    "repository_id",
    "repository__clone_url",
    "repository__credential_id",
    "remote_digest",
    "remote_head",
    "active_at",
    "attempt",
    "facts_commit",
)


@dataclass(frozen=True, slots=True)
class Poll:
    """One repository to ask about."""

    job_id: int
    repository_id: int
    clone_url: str
    credential_id: int | None
    digest: str
    head: str
    active_at: datetime | None
    attempt: int
    facts: str = ""

    def same_as(self, answer: RemoteState) -> bool:
        """Whether nothing moved since the last complete run, and that run read by the rules of today."""
        read = not self.facts or self.facts.endswith(f":{policy.RULES}")
        return read and (answer.digest, policy.head_words(answer.head)) == (self.digest, self.head)


@dataclass
class Tally:
    """What a sweep found: numbers of repositories, and the ids of the jobs that need a run."""

    unchanged: int = 0
    failed: int = 0
    changed: list[int] = field(default_factory=list)


def dispatch_sweeps() -> int:
    """Wake as many workers as there are batches of due polls, at most `MAX_SWEEPS` every few seconds; number woken."""
    polls = SyncJob.objects.pollable(timezone.now())[: BATCH * MAX_SWEEPS].count()
    if not polls or not cache.add("sync:sweeps-asked", True, ASK_EVERY_SECONDS):
        return 0
    wanted = -(-polls // BATCH)
    return sum(queue.publish("sync.sweep", seconds=WAKE_UP_SECONDS) for _ in range(wanted))


def sweep() -> Tally:
    """Ask about due repositories, batch by batch, until none is due; changed ones are queued and published."""
    total = Tally()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sweep") as pool:
        while found := sweep_batch(pool):
            total.unchanged += found.unchanged
            total.failed += found.failed
            total.changed += found.changed
    return total


def sweep_batch(pool: ThreadPoolExecutor) -> Tally | None:
    """Claim one batch, ask, record; None when nothing was due."""
    holder = queue.new_holder()
    try:
        polls = claim_polls(holder, BATCH)
        if not polls:
            return None
        with queue.Renewal(holder):
            answers = list(pool.map(_Asker(polls), polls))
            return _record(holder, polls, answers)
    except SystemExit:  # the worker was told to end
        _held(holder).update(state=State.WAITING, **queue.FREE)
        raise


def claim_polls(holder: str, limit: int) -> list[Poll]:
    """Lease up to `limit` due polls to `holder` with one UPDATE."""
    now = timezone.now()
    with transaction.atomic():
        wanted = SyncJob.objects.pollable(now).order_by("due_at").select_for_update(skip_locked=True)
        ids = list(wanted.values_list("pk", flat=True)[:limit])
        free = SyncJob.objects.pollable(now).filter(pk__in=ids)
        if not free.update(state=State.QUEUED, lease_holder=holder, lease_until=now + queue.RUN_LEASE):
            return []
    rows = SyncJob.objects.filter(state=State.QUEUED, lease_holder=holder).values_list(*_COLUMNS)
    return [Poll(*row) for row in rows]


class _Asker:
    """Asks one remote at a time per thread, at most `PER_HOST` at once per host; touches no database."""

    def __init__(self, polls: list[Poll]) -> None:
        ids = {poll.credential_id for poll in polls if poll.credential_id}
        self._credentials = {row.pk: row for row in Credential.objects.filter(pk__in=ids)}
        self._answers: policy.Answers = {}
        self._host_of = {poll.clone_url: policy.host_of(poll.clone_url) for poll in polls}
        self._turn = {host: threading.Semaphore(PER_HOST if host else THREADS) for host in self._host_of.values()}

    def __call__(self, poll: Poll) -> RemoteState | queue.Failure:
        try:
            with self._turn[self._host_of[poll.clone_url]]:
                address = policy.check(poll.clone_url, self._answers)
                return policy.ask(address, self._secret(poll))
        except GitError as error:
            return policy.failure(error)
        except Exception as error:
            return policy.unexpected(error, f"asking about repository {poll.repository_id}")

    def _secret(self, poll: Poll) -> GitCredential | None:
        return self._credentials[poll.credential_id].reveal() if poll.credential_id else None


def _record(holder: str, polls: list[Poll], answers: list[RemoteState | queue.Failure]) -> Tally:
    tally = Tally()
    unchanged: list[Poll] = []
    changed: list[Poll] = []
    for poll, answer in zip(polls, answers, strict=True):
        if isinstance(answer, queue.Failure):
            tally.failed += _record_failure(holder, poll, answer)
        elif poll.same_as(answer):
            unchanged.append(poll)
        else:
            changed.append(poll)
    tally.unchanged = _stamp(holder, unchanged)
    tally.changed = _hand_over(holder, changed)
    return tally


def _stamp(holder: str, polls: list[Poll]) -> int:
    """Mark all as looked at, with one statement."""
    if not polls:
        return 0
    now = timezone.now()
    times = [When(generation__gt=F("served_generation"), then=Value(now))]
    times += [When(pk=poll.job_id, then=Value(now + schedule.regular_delay(poll.active_at, now))) for poll in polls]
    return (
        _held(holder)
        .filter(pk__in=[poll.job_id for poll in polls])
        .update(
            state=State.WAITING,
            due_at=Case(*times),
            checked_at=now,
            succeeded_at=now,
            attempt=0,
            crashes=0,
            error_code="",
            error_message="",
            error_hint="",
            **queue.FREE,
        )
    )


def _hand_over(holder: str, polls: list[Poll]) -> list[int]:
    """Leave changed ones due for a full run: without a digest the next dispatch takes them."""
    ids = [poll.job_id for poll in polls]
    if ids:
        _held(holder).filter(pk__in=ids).update(state=State.WAITING, remote_digest="", reason="changed", **queue.FREE)
    return ids


def _record_failure(holder: str, poll: Poll, failure: queue.Failure) -> bool:
    now = timezone.now()
    due_at = now + schedule.retry_delay(poll.attempt + 1, soon=failure.retry_soon)
    with transaction.atomic():
        failed = _held(holder).filter(pk=poll.job_id)
        if not failed.update(
            state=State.WAITING,
            due_at=Case(When(generation__gt=F("served_generation"), then=Value(now)), default=Value(due_at)),
            checked_at=now,
            attempt=poll.attempt + 1,
            error_code=failure.code,
            error_message=failure.message[:1000],
            error_hint=failure.hint[:1000],
            **queue.FREE,
        ):
            return False
        SyncRun.objects.create(
            job_id=poll.job_id,
            started_at=now,
            finished_at=now,
            outcome=SyncRun.Outcome.FAILED,
            reason="schedule",
            phase="Asking the remote",
            log=[[0, failure.message]],
        )
    return True


def _held(holder: str) -> SyncJobQuerySet:
    return SyncJob.objects.filter(state=State.QUEUED, lease_holder=holder)
