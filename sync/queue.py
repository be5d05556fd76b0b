"""The verbs of the queue of record. Every change is one filtered UPDATE that goes on only if a row changed,
so any number of dispatchers and workers may call them at once.

waiting -> queued -> running -> waiting (or quarantined); a lease that nobody renews brings the job back.
"""

import logging
import os
import socket
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from accounts.models import User, record_event
from common import heartbeat
from projects.models import Repository
from sync import schedule
from sync.models import SyncJob, SyncRun

logger = logging.getLogger(__name__)

RUN_LEASE = timedelta(seconds=120)
QUEUE_LEASE = timedelta(seconds=40)  # what a wake-up costs that is lost with a worker or a broker
RENEW_SECONDS = 30
CRASHES_ALLOWED = 3
AHEAD = 16  # jobs handed to the broker at once; the table, not the broker, is the queue
LIMIT_CODES = frozenset({"limit", "killed"})
FREE = {"lease_holder": "", "lease_until": None}

State = SyncJob.State


@dataclass(frozen=True)
class Claim:
    """One run that this process owns until its lease ends."""

    job_id: int
    repository_id: int
    run_id: int
    holder: str
    generation: int
    attempt: int
    crashes: int


@dataclass(frozen=True)
class Failure:
    """Why a run failed, in words that are safe to show."""

    code: str
    message: str
    hint: str = ""
    retry_soon: bool = False


@dataclass(frozen=True)
class Success:
    """What a complete run has established; digest and head as the remote told them."""

    digest: str
    head: str
    active_at: datetime | None


def new_holder() -> str:
    """A name for one claim: host, process, and something unique."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}:{uuid.uuid4().hex[:16]}"


def make_due(repository: Repository, reason: str, by: User | None = None) -> SyncJob:
    """Ask for a run now. During a run this leads to exactly one more; a person's request ends a quarantine."""
    job, _ = SyncJob.objects.get_or_create(repository=repository)
    mine = SyncJob.objects.filter(pk=job.pk)
    mine.update(generation=F("generation") + 1, reason=reason[:60])
    mine.filter(state=State.WAITING).update(due_at=timezone.now())
    if by is not None:
        mine.quarantined().update(state=State.WAITING, crashes=0, attempt=0, due_at=timezone.now())
        record_event(by, "repository.sync", repository, {"reason": [None, reason[:60]]})
    job.refresh_from_db()
    return job


def claim_due(limit: int) -> list[int]:
    """Move up to `limit` due jobs from waiting to queued, the longest waiting first; ids of those this call moved."""
    now, holder = timezone.now(), new_holder()
    with transaction.atomic():
        wanted = SyncJob.objects.claimable(now).order_by("due_at").select_for_update(skip_locked=True)
        ids = list(wanted.values_list("pk", flat=True)[: max(limit, 0)])
        mine = SyncJob.objects.due(now).filter(pk__in=ids)
        mine.update(state=State.QUEUED, lease_holder=holder, lease_until=now + QUEUE_LEASE)
        claimed = SyncJob.objects.filter(state=State.QUEUED, lease_holder=holder)
        ids = list(claimed.values_list("pk", flat=True))
        claimed.update(lease_holder="")  # from here on whichever worker comes first
    return ids


def publish(name: str, *args: Any, seconds: float) -> bool:
    """Send a wake-up that is worth something for `seconds`. With the broker down: say so, the table still knows."""
    try:
        current_app.send_task(name, args=args, expires=seconds, retry=False, ignore_result=True)
    except (BrokerDown, OSError) as error:
        logger.warning("The broker is down, %s was not sent: %s", name, type(error).__name__)
        return False
    return True


def dispatch() -> int:
    """Bring lost jobs back and hand due ones to the workers; number handed out. Any number of processes may call it."""
    heartbeat.beat()
    reclaim_expired()
    ahead = SyncJob.objects.filter(state=State.QUEUED, lease_holder="").count()
    handed = claim_due(AHEAD - ahead)
    for job_id in handed:
        publish("sync.run_job", job_id, seconds=QUEUE_LEASE.total_seconds())
    return len(handed)


def start(job_id: int, holder: str, *, from_waiting: bool = False) -> Claim | None:
    """Claim one job for a run; None when it is gone, running, or somebody was faster."""
    states = [State.QUEUED, State.WAITING] if from_waiting else [State.QUEUED]
    with transaction.atomic():
        free = SyncJob.objects.filter(pk=job_id, state__in=states, lease_holder="")
        lease = timezone.now() + RUN_LEASE
        if not free.update(state=State.RUNNING, lease_holder=holder, lease_until=lease):
            return None
        job = SyncJob.objects.get(pk=job_id)
        run = SyncRun.objects.create(job=job, reason=job.reason or "schedule", phase="Starting")
    return Claim(job.pk, job.repository_id, run.pk, holder, job.generation, job.attempt, job.crashes)


def renew(holder: str) -> bool:
    """Push the lease of everything `holder` has into the future; False when it has nothing any more."""
    held = SyncJob.objects.filter(lease_holder=holder)
    return bool(held.update(lease_until=timezone.now() + RUN_LEASE))


class Renewal:
    """Renews a holder's lease from a thread of its own while the `with` block runs; `lost` tells when it failed."""

    def __init__(self, holder: str, every: float = RENEW_SECONDS) -> None:
        self.holder = holder
        self.every = every
        self.lost = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"renew-{holder}", daemon=True)

    def __enter__(self) -> "Renewal":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._done.wait(self.every):
            try:
                if not renew(self.holder):
                    self.lost.set()
                    return
            except Exception:
                # A database that is away for a moment must not end the renewal; the lease outlives three such misses.
                logger.exception("The lease of %s was not renewed", self.holder)
            finally:
                connection.close()


def finish(claim: Claim, outcome: Success | Failure) -> bool:
    """Record how a run ended and when to look again; False (and nothing written) when the lease was lost."""
    now = timezone.now()
    values = _succeeded(outcome, now) if isinstance(outcome, Success) else _failed(claim, outcome, now)
    return _close(claim, values, SyncRun.Outcome.OK if isinstance(outcome, Success) else SyncRun.Outcome.FAILED, now)


def _succeeded(outcome: Success, now: datetime) -> dict[str, Any]:
    return {
        "state": State.WAITING,
        "due_at": now + schedule.regular_delay(outcome.active_at, now),
        "attempt": 0,
        "crashes": 0,
        "error_code": "",
        "error_message": "",
        "error_hint": "",
        "remote_digest": outcome.digest,
        "remote_head": outcome.head[:500],
        "active_at": outcome.active_at,
        "succeeded_at": now,
    }


def _failed(claim: Claim, failure: Failure, now: datetime) -> dict[str, Any]:
    crashes = claim.crashes + (failure.code in LIMIT_CODES)
    soon = failure.retry_soon or failure.code in LIMIT_CODES
    return {
        "state": State.QUARANTINED if crashes >= CRASHES_ALLOWED else State.WAITING,
        "due_at": now + schedule.retry_delay(claim.attempt + 1, soon=soon),
        "attempt": claim.attempt + 1,
        "crashes": crashes,
        "error_code": failure.code[:20],
        "error_message": failure.message[:1000],
        "error_hint": failure.hint[:1000],
        "remote_digest": "",  # a half-done run must not pass for unchanged
    }


def _close(claim: Claim, values: dict[str, Any], outcome: SyncRun.Outcome, now: datetime) -> bool:
    asked_again = {"generation__gt": claim.generation}
    values["due_at"] = Case(When(**asked_again, then=Value(now)), default=Value(values["due_at"]))
    values["reason"] = Case(When(**asked_again, then=F("reason")), default=Value(""))
    values |= FREE | {"served_generation": claim.generation, "checked_at": now}
    with transaction.atomic():
        held = SyncJob.objects.running().filter(pk=claim.job_id, lease_holder=claim.holder)
        if not held.update(**values):
            return False
        SyncRun.objects.filter(pk=claim.run_id).update(outcome=outcome, finished_at=now)
    return True


def give_back(holder: str, words: str) -> bool:
    """Return what `holder` is running to the queue without blame: the worker was asked to stop."""
    now = timezone.now()
    held = SyncJob.objects.running().filter(lease_holder=holder)
    with transaction.atomic():
        job_id = held.values_list("pk", flat=True).first()
        if not held.update(state=State.WAITING, due_at=now, remote_digest="", **FREE):
            return False
        unfinished = SyncRun.objects.filter(job=job_id, outcome=SyncRun.Outcome.RUNNING)
        unfinished.update(outcome=SyncRun.Outcome.LOST, finished_at=now, phase=words[:60])
    return True


def reclaim_expired(now: datetime | None = None) -> int:
    """Bring back jobs whose lease ended, the third time in a row into quarantine; number brought back."""
    now = now or timezone.now()
    return sum(_reclaim(job, now) for job in SyncJob.objects.expired(now))


def _reclaim(job: SyncJob, now: datetime) -> bool:
    same = SyncJob.objects.filter(
        pk=job.pk, state=job.state, lease_holder=job.lease_holder, lease_until=job.lease_until
    )
    if job.state == State.QUEUED:
        return bool(same.update(state=State.WAITING, **FREE))
    crashes = job.crashes + 1
    with transaction.atomic():
        moved = same.update(
            state=State.QUARANTINED if crashes >= CRASHES_ALLOWED else State.WAITING,
            due_at=now + schedule.lost_delay(crashes),
            crashes=crashes,
            remote_digest="",
            error_code="lost",
            error_message="The worker that was reading this repository ended without a word.",
            error_hint="If it happens again, look at the worker's log and its memory limit.",
            **FREE,
        )
        if moved:
            logger.warning("Job %s was lost by %s (%s in a row)", job.pk, job.lease_holder, crashes)
            job.runs.filter(outcome=SyncRun.Outcome.RUNNING).update(outcome=SyncRun.Outcome.LOST, finished_at=now)
    return bool(moved)


def release_orphans() -> int:
    """For a worker that starts where it is the only one: end the leases of dead processes of this host at once."""
    host = f"{socket.gethostname()[:50]}:"
    past = timezone.now() - timedelta(seconds=1)
    count = SyncJob.objects.filter(state=State.QUEUED, lease_holder="").update(lease_until=past)
    for job in SyncJob.objects.filter(lease_holder__startswith=host):
        if not _alive(job.lease_holder):
            count += SyncJob.objects.filter(pk=job.pk, lease_holder=job.lease_holder).update(lease_until=past)
    return count


def _alive(holder: str) -> bool:
    try:
        pid = int(holder.split(":")[1])
        if pid == os.getpid():  # a container restarts with the same numbers; this process has claimed nothing yet
            return False
        os.kill(pid, 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        pass
    return True
