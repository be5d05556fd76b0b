import datetime as dt
import os
import threading

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AuditEvent
from projects.models import Repository
from sync import queue
from sync.models import SyncJob, SyncRun
from sync.queue import Failure, Success
from tests.patience import patiently

STATE = SyncJob.State
GOOD = Success(digest="d" * 64, head="refs/heads/main", active_at=None)
LIMIT = Failure("limit", "Git took longer than allowed and was stopped.", "Raise the time limit.")


def make_job(number=1, **fields):
    repository = Repository.objects.create(
        clone_url=f"https://git.example/{number}", address_key=f"git.example/{number}"
    )
    return SyncJob.objects.create(repository=repository, **fields)


def later(**span):
    return timezone.now() + dt.timedelta(**span)


@pytest.fixture
def job(db):
    return make_job()


def running(job):
    return queue.start(job.pk, queue.new_holder(), from_waiting=True)


def crash(job):
    """A run whose worker dies, and the dispatcher that notices."""
    claim = running(job)
    SyncJob.objects.filter(pk=job.pk).update(lease_until=later(seconds=-1))
    assert queue.reclaim_expired() == 1
    job.refresh_from_db()
    return claim


class TestClaimDue:
    def test_only_due_jobs_are_claimed_the_oldest_first(self, db):
        young = make_job(1, due_at=later(minutes=-1))
        make_job(2, due_at=later(minutes=1))
        old = make_job(3, due_at=later(minutes=-9))
        assert queue.claim_due(1) == [old.pk]
        assert queue.claim_due(5) == [young.pk]
        assert queue.claim_due(5) == []

    def test_limit_of_zero_or_less_claims_nothing(self, job):
        assert queue.claim_due(0) == queue.claim_due(-3) == []

    def test_a_complete_repository_that_nobody_asked_for_is_left_to_the_sweep(self, db):
        make_job(1, remote_digest="d" * 64)
        asked = make_job(2, remote_digest="d" * 64, generation=1)
        assert queue.claim_due(5) == [asked.pk]

    @pytest.mark.django_db(transaction=True)
    def test_two_dispatchers_never_claim_the_same_job(self):
        for number in range(12):
            make_job(number)
        claimed, begin = [], threading.Barrier(4)

        def dispatcher():
            begin.wait()
            try:
                for _ in range(4):
                    claimed.extend(patiently(queue.claim_due, 2))
            finally:
                queue.connection.close()

        threads = [threading.Thread(target=dispatcher) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(claimed) == len(set(claimed)) == 12


class TestStart:
    def test_only_one_of_two_messages_starts_the_job(self, job):
        queue.claim_due(1)
        assert queue.start(job.pk, "a").holder == "a"
        assert queue.start(job.pk, "b") is None
        assert SyncRun.objects.count() == 1

    def test_a_job_that_is_gone_is_passed_over(self, db):
        assert queue.start(4711, "a") is None

    def test_a_stray_message_cannot_start_a_waiting_or_swept_job(self, job):
        assert queue.start(job.pk, "a") is None
        SyncJob.objects.update(state=STATE.QUEUED, lease_holder="a sweep")
        assert queue.start(job.pk, "a") is None


class TestMakeDue:
    def test_a_request_during_a_run_leads_to_exactly_one_follow_up(self, job):
        claim = running(job)
        for _ in range(3):
            queue.make_due(job.repository, "push")
        assert queue.finish(claim, GOOD)
        assert queue.claim_due(5) == [job.pk]
        assert queue.finish(queue.start(job.pk, "next"), GOOD)
        job.refresh_from_db()
        assert (job.state, job.served_generation, job.reason) == (STATE.WAITING, 3, "")
        assert job.due_at > timezone.now()
        assert queue.claim_due(5) == []

    def test_only_a_person_ends_a_quarantine(self, job, administrator):
        SyncJob.objects.update(state=STATE.QUARANTINED, crashes=3)
        assert queue.make_due(job.repository, "push").state == STATE.QUARANTINED
        freed = queue.make_due(job.repository, "try again", by=administrator)
        assert (freed.state, freed.crashes) == (STATE.WAITING, 0)
        assert queue.claim_due(5) == [job.pk]
        assert AuditEvent.objects.get().action == "repository.sync"

    def test_a_job_is_made_for_a_repository_that_has_none(self, db):
        repository = Repository.objects.create(clone_url="https://git.example/new", address_key="git.example/new")
        assert queue.make_due(repository, "registered").generation == 1


class TestFinish:
    def test_success_clears_every_trace_of_failures(self, job):
        SyncJob.objects.update(attempt=4, crashes=2, error_code="unreachable", error_message="x", error_hint="y")
        claim = running(job)
        assert queue.finish(claim, GOOD)
        job.refresh_from_db()
        assert (job.attempt, job.crashes, job.error_code, job.error_message) == (0, 0, "", "")
        assert job.remote_digest == GOOD.digest
        assert job.lease_holder == ""
        assert SyncRun.objects.get().outcome == "ok"

    def test_unreachable_is_tried_again_soon_and_refused_is_not(self, job):
        queue.finish(running(job), Failure("unreachable", "No answer.", retry_soon=True))
        job.refresh_from_db()
        assert timezone.now() < job.due_at < later(seconds=61)
        queue.finish(running(job), Failure("refused", "Not allowed."))
        job.refresh_from_db()
        assert job.due_at > later(hours=5)
        assert (job.state, job.error_code, job.attempt) == (STATE.WAITING, "refused", 2)

    def test_the_third_limit_in_a_row_is_quarantine(self, job):
        for crashes in (1, 2):
            queue.finish(running(job), LIMIT)
            job.refresh_from_db()
            assert (job.state, job.crashes) == (STATE.WAITING, crashes)
        queue.finish(running(job), LIMIT)
        job.refresh_from_db()
        assert (job.state, job.error_message) == (STATE.QUARANTINED, LIMIT.message)
        SyncJob.objects.update(due_at=later(days=-1))
        assert queue.claim_due(5) == []

    def test_a_run_that_lost_its_lease_writes_nothing(self, job):
        claim = running(job)
        SyncJob.objects.update(lease_until=later(seconds=-1))
        queue.reclaim_expired()
        assert queue.finish(claim, GOOD) is False
        job.refresh_from_db()
        assert (job.remote_digest, job.crashes) == ("", 1)
        assert SyncRun.objects.get().outcome == "lost"


class TestReclaimExpired:
    def test_a_lost_run_comes_back_within_a_minute(self, job):
        crash(job)
        assert (job.state, job.crashes, job.error_code) == (STATE.WAITING, 1, "lost")
        with time_machine.travel(later(minutes=1)):
            assert queue.claim_due(5) == [job.pk]

    def test_the_third_loss_in_a_row_is_quarantine_with_a_reason(self, job):
        for _ in range(3):
            crash(job)
        assert job.state == STATE.QUARANTINED
        assert "worker" in job.error_message

    def test_a_wake_up_that_was_lost_is_sent_again_without_blame(self, job):
        queue.claim_due(1)
        assert queue.reclaim_expired(later(minutes=6)) == 1
        job.refresh_from_db()
        assert (job.state, job.crashes) == (STATE.WAITING, 0)

    def test_renewed_leases_are_left_alone(self, job):
        claim = running(job)
        with time_machine.travel(later(seconds=100)):
            assert queue.renew(claim.holder)
        with time_machine.travel(later(seconds=150)):
            assert queue.reclaim_expired() == 0
        assert queue.renew("nobody") is False

    def test_two_dispatchers_count_one_loss_once(self, job):
        running(job)
        SyncJob.objects.update(lease_until=later(seconds=-1))
        seen = list(SyncJob.objects.expired(timezone.now()))
        assert [queue._reclaim(one, timezone.now()) for one in (*seen, *seen)] == [True, False]
        job.refresh_from_db()
        assert job.crashes == 1


class TestRenewal:
    @pytest.mark.django_db(transaction=True)
    def test_the_lease_grows_while_the_block_runs_and_loss_is_noticed(self):
        job = make_job()
        claim = running(job)
        SyncJob.objects.update(lease_until=later(seconds=5))
        grown = SyncJob.objects.filter(lease_until__gt=later(seconds=60))
        with queue.Renewal(claim.holder, every=0.05) as lease:
            while not patiently(grown.exists):
                threading.Event().wait(0.01)
            patiently(lambda: SyncJob.objects.update(lease_holder="somebody else"))
            assert lease.lost.wait(60)


class TestGiveBack:
    def test_a_stopped_worker_returns_its_job_without_blame(self, job):
        claim = running(job)
        assert queue.give_back(claim.holder, "Stopped")
        job.refresh_from_db()
        assert (job.state, job.crashes, job.attempt) == (STATE.WAITING, 0, 0)
        assert queue.claim_due(1) == [job.pk]
        assert queue.finish(claim, GOOD) is False


class TestReleaseOrphans:
    def test_leases_of_dead_processes_end_and_those_of_living_ones_stay(self, job):
        host = queue.socket.gethostname()[:50]
        SyncJob.objects.update(state=STATE.RUNNING, lease_holder=f"{host}:999999999:x", lease_until=later(minutes=2))
        other = make_job(2, state=STATE.RUNNING, lease_holder=f"{host}:{os.getppid()}:x", lease_until=later(minutes=2))
        elsewhere = make_job(3, state=STATE.RUNNING, lease_holder="other:1:x", lease_until=later(minutes=2))
        assert queue.release_orphans() == 1
        queue.reclaim_expired()
        states = dict(SyncJob.objects.values_list("pk", "state"))
        assert states == {job.pk: "waiting", other.pk: "running", elsewhere.pk: "running"}


class TestDispatch:
    def test_a_broker_that_is_down_loses_nothing(self, job, monkeypatch):
        def down(*_args, **_kwargs):
            raise queue.BrokerDown("no connection")

        monkeypatch.setattr(queue.current_app, "send_task", down)
        assert queue.dispatch() == 1
        job.refresh_from_db()
        assert job.state == STATE.QUEUED
        with time_machine.travel(later(minutes=6)):
            sent = []
            monkeypatch.setattr(queue.current_app, "send_task", lambda name, **options: sent.append((name, options)))
            assert queue.dispatch() == 1
        assert [(name, options["args"]) for name, options in sent] == [("sync.run_job", (job.pk,))]

    def test_the_broker_never_holds_more_than_a_few(self, db, monkeypatch):
        monkeypatch.setattr(queue.current_app, "send_task", lambda *_args, **_options: None)
        for number in range(queue.AHEAD + 5):
            make_job(number)
        assert [queue.dispatch(), queue.dispatch()] == [queue.AHEAD, 0]
