"""kill -9 of a real worker process at chosen places; afterwards one more sweep gives the rows of an undisturbed run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sync.conftest import build

ROOT = Path(__file__).resolve().parents[2]
SETUP = """
import json, sys, time
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from activity import importing, lines
from projects import apply
from activity.models import Commit, FolderCommit, History, Participation, PersonArea, PersonDay, Trailer
from projects.models import FieldValue, Project, Readme
from sync import pipeline, progress
from sync.models import SyncJob

def hang(*_args, **_options):
    print("here", flush=True)
    time.sleep(600)
"""
FORGET = """
SyncJob.objects.update(facts_commit="", activity_commit="", remote_digest="")
Project.objects.update(tagline="", commits_total=0, contributors_total=0)
for model in (PersonArea, PersonDay, Participation, Trailer, FolderCommit, Commit, History, FieldValue, Readme):
    model.objects.all().delete()
"""
READ = """
SyncJob.objects.exclude(lease_until=None).update(lease_until=timezone.now())
call_command("sync_repositories", "--all", stdout=sys.stderr)
rows = [
    list(Project.objects.order_by("slug").values_list("slug", "tagline", "commits_total", "contributors_total")),
    list(Commit.objects.values_list("oid", "author__email", "files", "added", "removed", "areas")),
    list(PersonDay.objects.values_list("project__slug", "person__name", "day", "commits", "added", "removed")),
    list(Participation.objects.values_list("project__slug", "person__name", "commits", "added", "removed")),
    list(PersonArea.objects.values_list("project__slug", "person__name", "path", "commits")),
    list(History.objects.values_list("commit", "target", "lines_commit", "lines_left")),
    list(FieldValue.objects.order_by("project", "field", "source").values_list("field", "source", "value")),
    list(Readme.objects.values_list("path", "html")),
    list(SyncJob.objects.values_list("state", "error_code", "crashes", "lease_holder")),
]
print(json.dumps(sorted(json.dumps(row, default=str) for table in rows for row in table)))
"""
PLACES = {
    "while git sends": "progress.Progress.fetching = hang",
    "after the fetch": "pipeline._Run._record_fetch = hang",
    "between two tables": "apply._write_readme = hang",
    "before the watermark": "pipeline._Run._mark = hang",
    "within the history": "importing.Reader._store_trailers = hang",
    "before the sums": "importing.days.rebuild_sums = hang",
    "within the lines": "lines._write = hang",
    "before the line sums": "importing._Import._counted = hang",
    "before the end": "pipeline.queue.finish = hang",
}


class Portal:
    """A portal of its own, with its own database file, driven through processes."""

    def __init__(self, folder, remotes):
        folder.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "innersource_portal.settings",
            "PORTAL_DEBUG": "1",
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_GIT_LOCAL_ROOTS": str(remotes),
        }
        self.run(f'call_command("migrate", verbosity=0); call_command("register_folder", {str(remotes)!r})')

    def start(self, code):
        command = [sys.executable, "-c", SETUP + code]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, code):
        process = self.start(code)
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
        return out.decode()

    def kill_while(self, patch):
        """Start reading, wait until it hangs at the patched place, and kill it."""
        with self.start(f'{FORGET}{patch}\ncall_command("sync_repositories", "--all")') as process:
            assert process.stdout.readline() == b"here\n", process.stderr.read().decode()
            process.kill()

    def rows(self):
        return json.loads(self.run(READ))


@pytest.fixture(scope="module")
def remotes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("remotes")
    build(folder / "billing.git", commits=40)
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, remotes):
    return Portal(tmp_path_factory.mktemp("one") / "data", remotes).rows()


@pytest.fixture(scope="module")
def portal(tmp_path_factory, remotes):
    return Portal(tmp_path_factory.mktemp("two") / "data", remotes)


class TestKilled:
    @pytest.mark.parametrize("place", PLACES)
    def test_one_more_sweep_gives_the_same_rows(self, portal, undisturbed, place):
        portal.kill_while(PLACES[place])
        assert portal.rows() == undisturbed
