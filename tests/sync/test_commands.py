import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import BaseCommand, CommandError, call_command, get_commands, load_command_class
from django.db import connection

from innersource_portal.celery import app
from projects.models import Project
from sync.management.commands import run_worker
from sync.models import SyncJob
from tests.sync.conftest import build, commit

DOC = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
ROOMS = {"accounts", "activity", "contributions", "demo", "pages", "projects", "search", "source", "sync"}
OWN = sorted(name for name, app in get_commands().items() if app in ROOMS)


def call(*arguments, **options):
    """Output, and exit code as a shell would see it."""
    out = io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=io.StringIO(), **options)
    except SystemExit as end:
        return out.getvalue(), end.code
    except CommandError as error:
        return str(error), error.returncode
    return out.getvalue(), 0


class TestRegisterRepository:
    def test_registers_and_says_so_as_data(self, bare, team):
        out, code = call("register_repository", str(bare), "--team=payments", "--slug=bills", "--json")
        assert (json.loads(out)["slug"], code) == ("bills", 0)
        assert Project.objects.get().owner == team

    @pytest.mark.parametrize("address", ["ext::sh -c id", "/etc", "https://169.254.169.254/x", "https://127.0.0.1/x"])
    def test_hostile_addresses_end_with_one(self, db, address):
        out, code = call("register_repository", address)
        assert code == 1 and out
        out, code = call("register_repository", address, "--json")
        assert (json.loads(out)["error"]["field"], code) == ("address", 1)

    def test_an_unknown_team_ends_with_one(self, bare, db):
        assert call("register_repository", str(bare), "--team=nobody")[1] == 1

    def test_wrong_usage_ends_with_two(self):
        done = subprocess.run(
            [sys.executable, "manage.py", "register_repository"],
            cwd=DOC.parents[1],
            env={"PORTAL_DEBUG": "1", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 2


class TestRegisterFolder:
    def test_finds_all_and_is_calm_the_second_time(self, db, tmp_path):
        for name in ("a.git", "deep/er/b.git"):
            build(tmp_path / "code" / name, commits=1)
        out, code = call("register_folder", str(tmp_path / "code"))
        assert (out, code) == ("2 registered, 0 known before, 0 not registered.\n", 0)
        out, code = call("register_folder", str(tmp_path / "code"), "--json")
        assert code == 0
        assert [row["registered"] for row in json.loads(out)] == [False, False]

    def test_a_folder_that_is_not_allowed_ends_with_one(self, db):
        assert call("register_folder", "/etc")[1] == 1


class TestSyncRepositories:
    def test_due_reads_what_is_new_and_passes_over_the_unchanged(self, project, bare, tmp_path):
        assert call("sync_repositories", "--due")[0].startswith("1 read, 0 failed")
        SyncJob.objects.update(due_at=project.created_at)
        assert call("sync_repositories")[0] == "0 read, 0 failed, 0 left to another worker, 1 unchanged.\n"
        commit(bare, tmp_path)
        SyncJob.objects.update(due_at=project.created_at)
        out, code = call("sync_repositories", "--json")
        assert (json.loads(out)["runs"][0]["outcome"], code) == ("ok", 0)

    def test_one_by_name_even_from_quarantine(self, project):
        SyncJob.objects.update(state="quarantined", crashes=3)
        assert call("sync_repositories", project.slug) == (
            "1 read, 0 failed, 0 left to another worker, 0 unchanged.\n",
            0,
        )

    def test_failures_end_with_one_and_the_others_are_read(self, project, bare, tmp_path):
        call("register_repository", str(build(tmp_path / "other.git")))
        bare.rename(bare.with_name("gone"))
        out, code = call("sync_repositories", "--all", "--json")
        assert code == 1
        assert sorted(run["outcome"] for run in json.loads(out)["runs"]) == ["failed", "ok"]

    def test_unknown_names_and_contradictions_end_with_two(self, project):
        assert call("sync_repositories", "nobody")[1] == 2
        assert call("sync_repositories", "--due", "--all")[1] == 2
        assert call("sync_repositories", project.slug, "--all")[1] == 2


class TestRunWorker:
    def test_with_redis_it_points_to_the_real_workers(self, settings):
        settings.REDIS_URL = "redis://127.0.0.1:6379/0"
        out, code = call("run_worker")
        assert code == 2 and "celery" in out

    def test_without_it_everything_on_the_schedule_is_done(self, db, monkeypatch):
        monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction
        threads = {repeater.name: repeater for repeater in run_worker.repeaters(app)}
        planned = {entry["task"] for entry in app.conf.beat_schedule.values()} - {"sync.dispatch_jobs"}
        assert {task.rpartition(".")[2] for task in planned} <= threads.keys()
        assert {"dispatch", "sweep"} <= threads.keys()
        for repeater in threads.values():
            repeater.call()


class TestDocumentation:
    @pytest.mark.parametrize("name", OWN)
    def test_every_command_is_described_with_its_options(self, name):
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        common = BaseCommand().create_parser("manage.py", name)._option_string_actions
        options = {option for option in parser._option_string_actions if option not in common}
        section = re.search(rf"^## `?{name}\b.*?(?=^## |\Z)", DOC.read_text(), re.MULTILINE | re.DOTALL)
        assert section, f"docs/commands.md has no section on {name}"
        described = set(re.findall(r"^\| `(--[a-z-]+)", section[0], re.MULTILINE))
        assert described == options
