import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from gitstore import errors
from projects.models import Credential, Repository
from sync import policy, queue, sweep
from sync.models import SyncJob, SyncRun
from tests.sync.conftest import build, git


@pytest.fixture
def remotes(tmp_path):
    return [build(tmp_path / "remotes" / f"{number}.git", commits=1) for number in range(4)]


@pytest.fixture
def known(db, remotes):
    """Jobs of repositories that were read completely and are due for a look."""
    jobs = []
    for remote in remotes:
        state = policy.ask(policy.check(str(remote)), None)
        repository = Repository.objects.create(clone_url=str(remote), address_key=f"file:{remote}")
        jobs.append(
            SyncJob.objects.create(
                repository=repository,
                remote_digest=state.digest,
                remote_head=policy.head_words(state.head),
                due_at=timezone.now() - dt.timedelta(minutes=5),
            )
        )
    return jobs


def settled():
    """Nothing is leased, and nothing is due."""
    left = SyncJob.objects.exclude(lease_holder="") | SyncJob.objects.exclude(state="waiting")
    return not left.exists() and not SyncJob.objects.pollable(timezone.now()).exists()


class TestSweep:
    def test_unchanged_repositories_never_become_a_run(self, known):
        tally = sweep.sweep()
        assert (tally.unchanged, tally.failed, tally.changed) == (4, 0, [])
        assert SyncRun.objects.count() == 0
        assert settled()
        assert SyncJob.objects.filter(checked_at=None).count() == 0
        assert len(set(SyncJob.objects.values_list("due_at", flat=True))) == 4

    def test_changed_ones_are_left_for_a_run_by_the_next_dispatch(self, known, remotes):
        git(remotes[1], "tag", "v1", "main")
        git(remotes[2], "branch", "-m", "main", "trunk")
        git(remotes[2], "symbolic-ref", "HEAD", "refs/heads/trunk")
        tally = sweep.sweep()
        assert tally.unchanged == 2
        assert sorted(tally.changed) == sorted([known[1].pk, known[2].pk])
        assert sorted(queue.claim_due(9)) == sorted(tally.changed)

    def test_unchanged_ones_are_read_again_when_the_rules_of_reading_have_changed(self, known):
        SyncJob.objects.filter(pk=known[0].pk).update(facts_commit=f"c0ffee:tags:{policy.RULES}")
        SyncJob.objects.filter(pk=known[1].pk).update(facts_commit=f"c0ffee:tags:{policy.RULES - 1}")
        assert sweep.sweep().changed == [known[1].pk]

    def test_one_that_went_away_is_recorded_and_stops_no_other(self, known, remotes):
        remotes[0].rename(remotes[0].with_name("gone"))
        tally = sweep.sweep()
        assert (tally.unchanged, tally.failed) == (3, 1)
        known[0].refresh_from_db()
        assert (known[0].error_code, known[0].attempt) == ("not_found", 1)
        assert known[0].remote_digest
        assert known[0].due_at > timezone.now() + dt.timedelta(hours=5)
        assert SyncRun.objects.get().outcome == "failed"

    def test_success_after_failures_clears_them(self, known):
        SyncJob.objects.update(attempt=3, error_code="unreachable", error_message="x")
        sweep.sweep()
        assert SyncJob.objects.failing().count() == 0

    def test_a_request_during_the_sweep_is_not_forgotten(self, known, monkeypatch):
        real = policy.ask

        def asked_meanwhile(*arguments):
            state = real(*arguments)
            busy.append(True)
            return state

        busy = []
        monkeypatch.setattr(policy, "ask", asked_meanwhile)
        holder = queue.new_holder()
        polls = sweep.claim_polls(holder, 9)
        queue.make_due(known[0].repository, "push")
        sweep._record(holder, polls, [policy.ask(policy.check(poll.clone_url), None) for poll in polls])
        assert queue.claim_due(9) == [known[0].pk]

    def test_a_sweep_that_lost_its_lease_writes_nothing(self, known):
        holder = queue.new_holder()
        polls = sweep.claim_polls(holder, 9)
        SyncJob.objects.update(lease_holder="another sweep")
        tally = sweep._record(holder, polls, [errors_of("x") for _ in polls])
        assert tally.failed == 0
        assert SyncJob.objects.failing().count() == 0

    def test_a_worker_told_to_end_gives_its_batch_back(self, known, monkeypatch):
        def told_to_end(*_):
            raise SystemExit(0)

        monkeypatch.setattr(sweep, "_record", told_to_end)
        with pytest.raises(SystemExit):
            sweep.sweep()
        assert SyncJob.objects.due(timezone.now()).filter(lease_holder="", lease_until=None).count() == len(known)

    def test_one_batch_is_claimed_by_one_of_two_sweeps(self, known):
        first = sweep.claim_polls("one", 3)
        second = sweep.claim_polls("two", 3)
        assert len(first) == 3 and len(second) == 1
        assert not {poll.job_id for poll in first} & {poll.job_id for poll in second}

    @pytest.mark.parametrize("count", [2, 20])
    def test_the_number_of_statements_does_not_grow(self, db, remotes, count, django_assert_num_queries):
        state = policy.ask(policy.check(str(remotes[0])), None)
        for number in range(count):
            repository = Repository.objects.create(clone_url=str(remotes[0]), address_key=f"file:{number}")
            SyncJob.objects.create(
                repository=repository, remote_digest=state.digest, remote_head=policy.head_words(state.head)
            )
        with ThreadPoolExecutor(4) as pool, django_assert_num_queries(6):
            assert sweep.sweep_batch(pool).unchanged == count

    def test_a_secret_that_cannot_be_opened_is_a_failure_of_that_one(self, known):
        credential = Credential.objects.create(name="old", kind="token", encrypted=b"not ours")
        Repository.objects.filter(pk=known[3].repository_id).update(credential=credential)
        tally = sweep.sweep()
        assert (tally.unchanged, tally.failed) == (3, 1)
        known[3].refresh_from_db()
        assert known[3].error_code == "refused"

    def test_no_more_than_a_few_at_once_ask_the_same_host(self, monkeypatch):
        polls = [sweep.Poll(n, n, f"https://one.example/{n}", None, "", "", None, 0) for n in range(24)]
        here, most, lock = [0], [0], threading.Lock()

        def slow(*_):
            with lock:
                here[0] += 1
                most[0] = max(most[0], here[0])
            threading.Event().wait(0.01)
            with lock:
                here[0] -= 1
            raise errors.Unreachable("No answer.")

        monkeypatch.setattr(policy, "check", lambda url, _answers: url)
        monkeypatch.setattr(policy, "ask", slow)
        monkeypatch.setattr(sweep.Credential.objects, "filter", lambda **_: [])
        with ThreadPoolExecutor(sweep.THREADS) as pool:
            answers = list(pool.map(sweep._Asker(polls), polls))
        assert most[0] == sweep.PER_HOST
        assert {answer.code for answer in answers} == {"unreachable"}


def errors_of(words):
    return policy.failure(errors.Unreachable(words))


class TestDispatchSweeps:
    def test_workers_are_woken_once_in_a_while(self, known, monkeypatch):
        sweep.cache.clear()
        sent = []
        monkeypatch.setattr(queue, "publish", lambda name, **_: sent.append(name) or True)
        assert [sweep.dispatch_sweeps(), sweep.dispatch_sweeps()] == [1, 0]
        assert sent == ["sync.sweep"]

    def test_nobody_is_woken_for_nothing(self, db):
        sweep.cache.clear()
        assert sweep.dispatch_sweeps() == 0
