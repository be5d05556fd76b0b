"""Real workers, a real schedule and a real Redis: kill -9 and a restarted broker cost time, never a job."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import environ
import pytest
from django.db.utils import ConnectionHandler

from tests.gitstore.builder import RepositoryBuilder
from tests.servers import restart_redis, running_postgresql, running_redis

pytestmark = pytest.mark.servers

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "innersource_portal"]
WORKER = ["worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "INFO"]
NAMES = ["billing", "ledger", "mailer", "search"]
LONG_AGO = "2020-01-01 00:00:00"
COMMITS = 1500
SETTLED = "state = 'waiting' AND lease_holder = '' AND lease_until IS NULL AND error_code = '' AND remote_digest <> ''"
PENDING = f"SELECT count(*) FROM sync_syncjob WHERE NOT ({SETTLED}) OR served_generation < generation"
READ_AGAIN = """
UPDATE sync_syncjob SET generation = generation + 1, facts_commit = '', activity_commit = '', due_at = %s
"""
JOBS = (
    "SELECT id, state, lease_holder, error_code, crashes, generation, served_generation, lease_until FROM sync_syncjob"
)
ROWS = """
SELECT r.clone_url, r.head_commit, p.commits_total, p.tagline, e.name, e.removed, e.last_commit_at = p.last_commit_at
FROM projects_project p
JOIN projects_repository r ON r.id = p.repository_id
JOIN projects_catalogentry e ON e.project_id = p.id
"""


class Portal:
    """A production portal in a folder of its own; the test looks into its database with plain SQL."""

    def __init__(self, folder, remotes, database_url, redis_url, stack):
        self.folder, self.stack = folder, stack
        self.environment = {
            "PATH": os.environ["PATH"],
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_SECRET_KEY": "s" * 50,
            "PORTAL_ALLOWED_HOSTS": "portal.example.com",
            "PORTAL_GIT_LOCAL_ROOTS": str(remotes),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
        }
        handler = ConnectionHandler({"default": environ.Env.db_url_config(database_url)})
        self.connection = handler["default"]
        stack.callback(self.connection.close)

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self, name, *arguments):
        """A Celery process that leads a group of its own, all of which ends with the test."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            [*CELERY, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.stack.callback(end_group, process)
        return process

    def sql(self, statement, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def wait(self, query, until, seconds):
        deadline = time.monotonic() + seconds
        while not until(self.sql(query)[0][0]):
            if time.monotonic() > deadline:
                logs = [path.read_text()[-1500:] for path in sorted(self.folder.glob("*.log"))]
                pytest.fail("\n".join(["not in time", *map(str, self.sql(JOBS)), *logs]))
            time.sleep(0.02)

    def wait_until_settled(self):
        self.wait(PENDING, lambda count: count == 0, seconds=120)


def end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def remotes(tmp_path):
    """Four repositories of so many commits that a run lasts long enough to be killed."""
    builders = {}
    for name in NAMES:
        builder = builders[name] = RepositoryBuilder(tmp_path / "remotes" / f"{name}.git")
        builder.commits(COMMITS)
        builder.commit({"README.md": f"# {name}\n\nThe {name} of the whole company, read by workers.\n"})
    return builders


@pytest.fixture
def portal(tmp_path, remotes, django_db_blocker):
    folder = tmp_path / "portal"
    folder.mkdir()
    with django_db_blocker.unblock(), contextlib.ExitStack() as stack:
        redis_url = stack.enter_context(running_redis())
        if not redis_url:
            pytest.skip("redis-server is not installed")
        database_url = f"sqlite:///{folder / 'portal.sqlite3'}"
        if os.environ.get("DATABASE_URL"):
            database_url = stack.enter_context(running_postgresql())
            if not database_url:
                pytest.skip("PostgreSQL is not installed")
        portal = Portal(folder, tmp_path / "remotes", database_url, redis_url, stack)
        portal.manage("migrate", "-v0")
        portal.manage("register_folder", str(tmp_path / "remotes"))
        yield portal


def expected(remotes):
    return sorted(
        (str(builder.path), builder.oid("main"), int(builder.git("rev-list", "--count", "main")), name)
        for name, builder in remotes.items()
    )


def found(portal):
    return sorted(
        (url.removeprefix("file://"), head, total, name.lower()) for url, head, total, _, name, *_ in portal.sql(ROWS)
    )


def push(remotes):
    for name, builder in remotes.items():
        builder.commit({"more.txt": f"more of {name}\n"})


class TestServers:
    def test_everything_is_read_whatever_is_killed(self, portal, remotes):
        beat = portal.start("beat", "beat", "--schedule", str(portal.folder / "beat"), "--pidfile=")
        worker = portal.start("worker-1", *WORKER)
        portal.wait_until_settled()
        assert found(portal) == expected(remotes)

        push(remotes)
        portal.sql(READ_AGAIN, LONG_AGO)
        portal.wait("SELECT count(*) FROM sync_syncjob WHERE state = 'running'", bool, seconds=120)
        worker.kill()
        worker.wait()
        assert portal.sql("SELECT count(*) FROM sync_syncrun WHERE outcome = 'running'")[0][0]
        restart_redis(portal.environment["REDIS_URL"], portal.stack)
        # The leases' two minutes pass.
        portal.sql("UPDATE sync_syncjob SET lease_until = %s WHERE lease_until IS NOT NULL", LONG_AGO)
        portal.start("worker-2", *WORKER)
        portal.wait_until_settled()

        assert beat.poll() is None
        assert found(portal) == expected(remotes)
        assert {(bool(removed), bool(same)) for *_, removed, same in portal.sql(ROWS)} == {(False, True)}
        assert portal.sql("SELECT count(*) FROM sync_syncrun WHERE outcome = 'running'") == [(0,)]
        assert portal.sql("SELECT count(*) FROM sync_syncrun WHERE outcome = 'lost'")[0][0] >= 1

    @pytest.mark.parametrize("pool", [["--pool", "prefork"], ["--pool", "threads"]])
    def test_a_worker_told_to_end_gives_its_runs_back(self, portal, remotes, pool):
        portal.start("beat", "beat", "--schedule", str(portal.folder / "beat"), "--pidfile=")
        worker = portal.start("worker-1", *WORKER, *pool)
        portal.wait("SELECT count(*) FROM sync_syncjob WHERE state = 'running'", bool, seconds=120)
        worker.terminate()
        worker.wait(120)

        held = "SELECT count(*) FROM sync_syncjob WHERE state = 'running' OR lease_holder <> '' OR crashes > 0"
        assert portal.sql(held) == [(0,)], portal.sql(JOBS)
        # A run that was all but done may have ended in the moment between.
        runs = "SELECT outcome, phase FROM sync_syncrun ORDER BY id DESC LIMIT 1"
        outcome, phase = portal.sql(runs)[0]
        assert outcome == "ok" or (outcome == "lost" and phase.startswith("Stopped")), (outcome, phase)
        portal.start("worker-2", *WORKER)
        portal.wait_until_settled()
        assert found(portal) == expected(remotes)
