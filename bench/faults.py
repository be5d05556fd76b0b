"""Random kill -9 of the worker and of its git processes, and a disk that is full for a while (where root may mount);
one more sweep must then give the rows of an undisturbed run.

FAULT_KILLS sets the number of kills, FAULT_REPOSITORIES how many repositories, FAULT_SEED the dice.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

KILLS = int(os.environ.get("FAULT_KILLS", "100"))
REPOSITORIES = int(os.environ.get("FAULT_REPOSITORIES", "50"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
ROOT = Path(__file__).resolve().parent.parent
ROWS = """
import json
from activity.models import ActivityDay, Contributor
from projects.models import FieldValue, Language, Package, Project, Readme, Release, Repository
tables = [
    Project.objects.values_list("slug", "name", "tagline", "commits_total", "contributors_total", "last_commit_at"),
    Repository.objects.values_list("clone_url", "default_branch", "head_commit", "root_commit", "ref_count"),
    ActivityDay.objects.values_list("project__slug", "contributor__email", "day", "commits"),
    Contributor.objects.values_list("project__slug", "email", "name", "commits", "first_at", "last_at"),
    FieldValue.objects.values_list("project__slug", "field", "source", "value"),
    Language.objects.values_list("project__slug", "name", "bytes"),
    Release.objects.values_list("project__slug", "tag", "commit"),
    Package.objects.values_list("project__slug", "name"),
    Readme.objects.values_list("project__slug", "html"),
]
print(json.dumps(sorted(json.dumps([n, *row], default=str) for n, table in enumerate(tables) for row in table)))
"""


class Portal:
    """One data folder, driven through processes."""

    def __init__(self, folder: Path, remotes: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "PORTAL_SECRET_KEY": "f" * 50,
            "PORTAL_EMBEDDED": "1",
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_GIT_LOCAL_ROOTS": str(remotes),
            "PORTAL_LOG_LEVEL": "WARNING",
        }
        self.manage("migrate", "-v0")
        self.manage("register_folder", str(remotes))

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        command = [sys.executable, "-W", "ignore", "manage.py", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, **options)

    def manage(self, *arguments: str) -> str:
        with self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            out, errors = process.communicate()
        if process.returncode:
            print(errors[-2000:])
        return out

    def rows(self) -> list[str]:
        return json.loads(self.manage("shell", "-v0", "-c", ROWS))

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as connection, connection:
            return connection.execute(statement, values).fetchall()


def make_remotes(folder: Path, dice: random.Random) -> dict[Path, list[str]]:
    """Repositories of 20 to 400 commits; for each the commits its main branch may stand on."""
    from gitstore.fastimport import FastImport, Modify, Signature

    start = datetime(2024, 1, 1, tzinfo=UTC)
    remotes = {}
    for number in range(REPOSITORIES):
        path = folder / f"repository-{number}.git"
        with FastImport(path) as stream:
            for step in range(dice.choice([20, 100, 400])):
                person = dice.randrange(12)
                who = Signature(f"Person {person}", f"p{person}@example.com", start + timedelta(hours=7 * step))
                changes = [
                    Modify(
                        b"README.md", b"# Number %d\n\nThe repository with the number %d of all.\n" % (number, number)
                    ),
                    Modify(b"src/part%d.py" % (step % 15), dice.randbytes(800).hex().encode()),
                ]
                mark = stream.commit("main", f"Change {step}", who, changes=changes)
                if step % 50 == 10:
                    stream.tag(f"v1.{step}.0", mark)
        remotes[path] = git(path, "rev-list", "main").split()
    return remotes


def git(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", "--git-dir", path, *arguments], capture_output=True, check=True, text=True).stdout


def stir(portal: Portal, remotes: dict[Path, list[str]], dice: random.Random) -> None:
    """Move some branches, also backwards, and ask for these repositories and some that must be read from scratch."""
    for path in dice.sample(sorted(remotes), 8):
        git(path, "update-ref", "refs/heads/main", dice.choice(remotes[path]))
    portal.sql(
        "UPDATE sync_syncjob SET generation = generation + 1, due_at = datetime('now', '-1 second'), "
        "facts_commit = '', activity_commit = '', crashes = 0 WHERE state <> 'quarantined' AND abs(random()) % 4 = 0"
    )


def children_of(pid: int) -> list[tuple[int, str]]:
    """Children of a process: id and name."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found.append((int(child), Path(f"/proc/{child}/comm").read_text().strip()))
    return found


def start_worker(portal: Portal) -> subprocess.Popen:
    worker = portal.start("run_worker", stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    return worker


def kill_child(worker: subprocess.Popen, dice: random.Random) -> str:
    """Kill whatever the worker has started, as soon as there is something; its name, or nothing after some seconds."""
    for _ in range(400):
        if children := children_of(worker.pid):
            pid, name = dice.choice(children)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return name
        time.sleep(0.005)
    return ""


def disturb(portal: Portal, remotes: dict[Path, list[str]], dice: random.Random) -> Counter:
    """Kill at random moments; counts of what was killed."""
    killed: Counter = Counter()
    worker = start_worker(portal)
    while killed.total() < KILLS:
        stir(portal, remotes, dice)
        time.sleep(dice.uniform(0.5, 3.5))
        if dice.random() < 0.5 and (name := kill_child(worker, dice)):
            killed[name] += 1
        else:
            worker.kill()
            worker.wait()
            killed["worker"] += 1
            worker = start_worker(portal)
    print(f"Faults: {fill_disk(portal, remotes, dice)} jobs met a full disk")
    worker.terminate()
    worker.wait(60)
    return killed


@contextmanager
def full_disk(folder: Path) -> Iterator[bool]:
    """Put a file system without room over `folder`; False where that is not allowed."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    mounted = os.geteuid() == 0 and subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill_disk(portal: Portal, remotes: dict[Path, list[str]], dice: random.Random) -> int:
    """Number of jobs that found the disk full and said so; nought where it cannot be filled."""
    full = "SELECT count(*) FROM sync_syncjob WHERE error_code = 'disk'"
    with full_disk(portal.folder / "mirrors") as filled:
        deadline = time.monotonic() + 20 * filled
        while time.monotonic() < deadline and not portal.sql(full)[0][0]:
            stir(portal, remotes, dice)
            time.sleep(1)
    return portal.sql(full)[0][0]


def stuck(portal: Portal) -> list[str]:
    """Jobs that are not waiting and files a killed git left."""
    jobs = portal.sql(
        "SELECT id, state, error_code, lease_holder FROM sync_syncjob WHERE state <> 'waiting' OR error_code <> ''"
    )
    mirrors = portal.folder / "mirrors"
    left = [
        path
        for pattern in ("*.git/**/*.lock", "*.git/objects/pack/*tmp_*", ".*.new")
        for path in mirrors.glob(f"*/{pattern}")
    ]
    return [*map(str, jobs), *map(str, left)]


def main() -> list[str]:
    """Run it; returns what went wrong."""
    sys.path.insert(0, str(ROOT))
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="portal-faults-") as name:
        folder = Path(name)
        remotes = make_remotes(folder / "remotes", dice)
        tips = {path: commits[0] for path, commits in remotes.items()}
        disturbed = Portal(folder / "disturbed", folder / "remotes")
        began = time.monotonic()
        killed = disturb(disturbed, remotes, dice)
        for path, tip in tips.items():
            git(path, "update-ref", "refs/heads/main", tip)
        before = Counter(dict(disturbed.sql("SELECT state, count(*) FROM sync_syncjob GROUP BY state")))
        lost = disturbed.sql("SELECT count(*) FROM sync_syncrun WHERE outcome = 'lost'")[0][0]
        disturbed.sql(
            "UPDATE sync_syncjob SET lease_until = datetime('now', '-1 second') WHERE lease_until IS NOT NULL"
        )
        disturbed.manage("sync_repositories", "--all")
        undisturbed = Portal(folder / "undisturbed", folder / "remotes")
        undisturbed.manage("sync_repositories", "--all")
        ours, wanted = disturbed.rows(), undisturbed.rows()
        wrong = stuck(disturbed)
    print(f"Faults: {dict(killed)} killed in {time.monotonic() - began:.0f} s over {REPOSITORIES} repositories")
    print(f"  runs lost {lost}; jobs before the last sweep {dict(before)}")
    different = sorted(set(ours) ^ set(wanted))
    print(f"  rows {len(ours)}, of an undisturbed run {len(wanted)}, different {len(different)}, stuck {len(wrong)}")
    for line in [*different[:5], *wrong[:5]]:
        print(f"    {line[:300]}")
    return [f"{len(different)} rows differ"] * bool(different) + [f"{len(wrong)} stuck"] * bool(wrong)


if __name__ == "__main__":
    sys.exit(bool(main()))
