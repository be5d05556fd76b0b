"""One run of one job: check, fetch, read, record. Killed anywhere, the next run goes on from the watermarks."""

import hashlib
import logging
import threading
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from activity.erased_texts import erased_texts
from activity.importing import import_history
from activity.models import History
from contributions import guides, landing, warranties
from gitstore.errors import GitError
from gitstore.mirrors import MANY_PACKS, Mirror
from gitstore.records import FetchResult
from projects.apply import apply_facts
from projects.models import Repository
from search.indexing import index_quietly
from sync import policy, queue
from sync.models import SyncJob
from sync.progress import Progress
from sync.queue import Claim, Failure, Success

logger = logging.getLogger(__name__)

EMPTY_WORDS = "Done: the repository is empty so far"
STOPPED = "Stopped: the worker was told to end"

_active: set[str] = set()
_ending = threading.Event()


class LeaseLost(Exception):
    """Somebody else owns the job now; whatever this run still has is not written."""


def run_job(job_id: int, *, from_waiting: bool = False) -> Success | Failure | None:
    """Claim the job, run it, record the outcome; None when it was not ours to run (or no longer)."""
    holder = queue.new_holder()
    _active.add(holder)  # before the claim, which may be written when the word to end comes
    try:
        claim = queue.start(job_id, holder, from_waiting=from_waiting)
        if claim is None or (_ending.is_set() and queue.give_back(holder, STOPPED)):
            return None
        with queue.Renewal(holder) as lease:
            outcome = _guarded(_Run(claim, lease))
        return outcome if outcome and queue.finish(claim, outcome) else None
    except SystemExit:  # the worker was told to end; git has been stopped on the way here
        queue.give_back(holder, STOPPED)
        raise
    finally:
        _active.discard(holder)


def release_all() -> int:
    """Give every job this process is running back to the queue: it is about to end. Number given back."""
    _ending.set()
    return sum(queue.give_back(holder, STOPPED) for holder in list(_active))


def _guarded(run: "_Run") -> Success | Failure | None:
    outcome: Success | Failure
    try:
        outcome = run.go()
        if isinstance(outcome, Success):
            return outcome
    except LeaseLost:
        logger.warning("Job %s: the lease was lost, the run ends here", run.claim.job_id)
        return None
    except GitError as error:
        outcome = policy.failure(error)
    except Exception as error:
        outcome = policy.unexpected(error, f"running job {run.claim.job_id}")
    run.progress.phase(outcome.message)
    return outcome


class _Run:
    """The steps of one run, in order, all with the same commit id."""

    def __init__(self, claim: Claim, lease: queue.Renewal) -> None:
        self.claim = claim
        self.lease = lease
        self.progress = Progress(claim.run_id)
        self.job = SyncJob.objects.select_related("repository__credential").get(pk=claim.job_id)
        self.repository: Repository = self.job.repository

    def go(self) -> Success | Failure:
        if full := policy.disk_problem(self.repository.mirror_path.parent):
            return full
        self.progress.phase("Checking the address")
        address = policy.check(self.repository.clone_url)
        secret = self.repository.credential.reveal() if self.repository.credential else None
        mirror = self.repository.mirror()
        with mirror.locked():
            self.progress.phase("Fetching")
            fetched = mirror.fetch(
                address, secret, on_progress=self.progress.fetching, branch=self.repository.wanted_branch or None
            )
            self._own()
            commit = self._record_fetch(mirror, fetched)
            if commit:
                self._read(mirror, commit)
            elif History.objects.filter(repository=self.repository).exists():
                self._import(mirror, "", "")  # all its branches are gone, and so are its figures
            self._index(mirror)
            self._tidy(mirror)
        self.progress.phase("Done" if commit else EMPTY_WORDS)
        return Success(fetched.remote.digest, policy.head_words(fetched.remote.head), self._active_at(fetched))

    def _own(self) -> None:
        """Raise `LeaseLost` unless the job is still ours: a stalled run must not overwrite a newer one's rows."""
        if self.lease.lost.is_set() or not queue.renew(self.claim.holder):
            raise LeaseLost

    def _record_fetch(self, mirror: Mirror, fetched: FetchResult) -> str:
        """Write the repository's columns; returns the commit to read, empty for an empty repository."""
        repository = self.repository
        repository.default_branch = policy.head_words(fetched.head).removeprefix("refs/heads/")[:250]
        repository.head_commit = fetched.commit or ""
        repository.ref_count = fetched.remote.refs
        repository.size_bytes = mirror.size_bytes()
        repository.fetched_at = timezone.now()
        if not repository.root_commit and fetched.commit and not mirror.boundary():
            repository.root_commit = next(iter(mirror.root_commits(fetched.commit)), "")
        repository.save(
            update_fields=["default_branch", "head_commit", "ref_count", "size_bytes", "fetched_at", "root_commit"]
        )
        return repository.head_commit

    def _read(self, mirror: Mirror, commit: str) -> None:
        tags = mirror.tags()
        facts_mark = f"{commit}:{_digest(f'{tag.name} {tag.commit}' for tag in tags)}:{policy.RULES}"
        if self.job.facts_commit != facts_mark:
            self.progress.phase("Reading files")
            with mirror.snapshot(commit) as snapshot:
                apply_facts(self.repository, snapshot, tags, commit, erased_texts().within)
            self._mark(facts_commit=facts_mark)
        boundary = mirror.boundary()
        activity_mark = f"{commit}:{policy.RULES}{':' + _digest(boundary) if boundary else ''}"
        if self.job.activity_commit != activity_mark:
            self._import(mirror, commit, activity_mark)
        self._own()
        guides.follow(self.repository, mirror, commit)
        landing.follow(self.repository, mirror, commit)
        warranties.look_after(self.repository, mirror, commit)

    def _import(self, mirror: Mirror, commit: str, activity_mark: str) -> None:
        import_history(self.repository, mirror, commit, self.progress, self._own)
        self._mark(activity_commit=activity_mark)

    def _index(self, mirror: Mirror) -> None:
        """Make the code searchable. Its watermark is the state that the index has of the repository."""
        self.progress.phase("Indexing code")
        index_quietly(self.repository, mirror, self._indexed)

    def _indexed(self, done: int, total: int) -> None:
        self.progress.files(done, total)
        self._own()

    def _tidy(self, mirror: Mirror) -> None:
        """Repack once many fetches have left many packs."""
        if len(list((mirror.path / "objects" / "pack").glob("*.pack"))) > MANY_PACKS:
            self._own()
            self.progress.phase("Tidying up")
            mirror.maintain()

    def _mark(self, **watermark: str) -> None:
        """Move a watermark, unless the job is no longer ours."""
        held = SyncJob.objects.running().filter(pk=self.job.pk, lease_holder=self.claim.holder)
        if not held.update(**watermark):
            raise LeaseLost

    def _active_at(self, fetched: FetchResult) -> datetime | None:
        """When something last moved: the newest commit at first sight, later the moment a change was noticed."""
        if fetched.changes and self.job.active_at:
            return timezone.now()
        newest: datetime | None = self.repository.projects.live().aggregate(at=Max("last_commit_at"))["at"]
        return max(filter(None, [newest, self.job.active_at]), default=None)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]
