import os

import pytest
from celery import current_app

from sync import queue, tasks
from sync.models import SyncJob, SyncRun
from sync.upkeep import forget_old_runs

# Tasks drop a connection that is in the middle of a transaction, as Django does between requests.
pytestmark = pytest.mark.django_db(transaction=True)


class TestTasks:
    @pytest.mark.parametrize("name", ["sync.dispatch_jobs", "sync.sweep", "sync.run_job", "sync.refresh_rollups"])
    def test_names_are_stable(self, name):
        assert name in current_app.tasks

    def test_from_the_dispatcher_to_the_run(self, job, monkeypatch):
        sent = []
        monkeypatch.setattr(queue.current_app, "send_task", lambda name, args, **_: sent.append((name, args)))
        tasks.dispatch_jobs()
        for _ in range(2):
            for name, arguments in sent:
                current_app.tasks[name](*arguments)
        job.refresh_from_db()
        assert (job.state, job.error_code) == ("waiting", "")
        assert SyncRun.objects.count() == 1

    def test_a_job_that_is_gone_is_no_error(self, db):
        tasks.run_job(4711)

    def test_old_runs_are_forgotten_and_the_rest_is_kept(self, job, days_ago):
        for days in (1, 40):
            moment = days_ago(days)
            SyncRun.objects.create(job=job, started_at=moment, finished_at=moment, outcome="ok")
        SyncRun.objects.create(job=job, started_at=days_ago(50))
        assert [forget_old_runs(), forget_old_runs()] == [1, 0]
        assert SyncRun.objects.count() == 2
        assert SyncJob.objects.count() == 1


@pytest.fixture
def days_ago():
    import datetime as dt

    from django.utils import timezone

    return lambda days: timezone.now() - dt.timedelta(days=days)


def test_a_dispatch_is_the_sign_of_life_that_readiness_asks_for(client, db, settings):
    tasks.dispatch_jobs()
    assert client.get("/readyz").json()["checks"]["worker"] == "ok"
    os.utime(settings.DATA_DIR / "worker.heartbeat", (1, 1))
    assert client.get("/readyz").status_code == 503
