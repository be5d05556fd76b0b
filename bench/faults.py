"""Random kill -9 of web, worker, its processes and its git, while people register and click; Redis restarted, the disk
full for a while, repositories that end in quarantine. One more sweep must then give the rows of an undisturbed run.

Half of the kills fall on the embedded portal, half on one with PostgreSQL and Redis (where their binaries are
installed). FAULT_KILLS sets their number, FAULT_REPOSITORIES how many repositories, FAULT_SEED the dice.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench._portal import Portal, Visitors, children_of, kill_group, now
from tests.servers import find_binary

KILLS = int(os.environ.get("FAULT_KILLS", "100"))
REPOSITORIES = int(os.environ.get("FAULT_REPOSITORIES", "50"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
LIMIT_BYTES = 1024**2
QUARANTINED = "SELECT count(*) FROM sync_syncjob WHERE state = 'quarantined'"


@dataclass
class Remotes:
    """The outside world; `commits` are those a main branch may stand on, the tip first."""

    folder: Path
    commits: dict[Path, list[str]] = field(default_factory=dict)

    @property
    def late(self) -> list[Path]:
        """Registered through the web while processes are killed."""
        return sorted(self.commits)[::3]

    def reset(self) -> None:
        for path, commits in self.commits.items():
            move(path, commits[0])


def make_remotes(folder: Path, dice: random.Random) -> Remotes:
    """Repositories of 20 to 400 commits."""
    from gitstore.fastimport import FastImport, Modify, Signature

    start = datetime(2024, 1, 1, tzinfo=UTC)
    remotes = Remotes(folder)
    for number in range(REPOSITORIES):
        path = folder / f"repository-{number}.git"
        with FastImport(path) as stream:
            for step in range(dice.choice([20, 100, 400])):
                person = dice.randrange(12)
                who = Signature(f"Person {person}", f"p{person}@example.com", start + timedelta(hours=7 * step))
                readme = b"# Number %d\n\nThe repository with the number %d of all.\n" % (number, number)
                part = b"src/part%d.py" % (step % 15)
                changes = [Modify(b"README.md", readme), Modify(part, dice.randbytes(800).hex().encode())]
                mark = stream.commit("main", f"Change {step}", who, changes=changes)
                if step % 50 == 10:
                    stream.tag(f"v1.{step}.0", mark)
        remotes.commits[path] = git(path, "rev-list", "main").split()
    return remotes


def git(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", "--git-dir", path, *arguments], capture_output=True, check=True, text=True).stdout


def move(path: Path, commit: str) -> None:
    git(path, "update-ref", "refs/heads/main", commit)


class Disturber:
    """Kills processes of one portal at random moments; `killed` and `problems` tell what came of it."""

    def __init__(self, portal: Portal, remotes: Remotes, dice: random.Random) -> None:
        self.portal, self.remotes, self.dice = portal, remotes, dice
        self.killed: Counter[str] = Counter()
        self.problems: list[str] = []
        portal.manage("collectstatic", "--no-input", "-v0")
        for path in sorted(set(remotes.commits) - set(remotes.late)):
            portal.manage("register_repository", str(path))
        self.visitors = Visitors(portal, remotes.late, SEED)
        self.schedule = portal.start_schedule()
        self.worker, self.web = portal.start_worker(), portal.start_web()

    def run(self, kills: int) -> None:
        self.visitors.start()
        redis_at = kills // 2 if self.portal.redis else -1
        while self.killed.total() < kills:
            if self.killed.total() >= redis_at >= 0:
                self.portal.restart_redis()
                redis_at = -1
                print("  Redis restarted", flush=True)
            self.stir()
            time.sleep(self.dice.uniform(0.3, 2.6))
            self.kill_something()

    def stir(self) -> None:
        """Move some branches, also backwards, and ask for some repositories, as if none of their steps were done."""
        for path in self.dice.sample(sorted(self.remotes.commits), min(8, REPOSITORIES)):
            move(path, self.dice.choice(self.remotes.commits[path]))
        jobs = [row[0] for row in self.portal.sql("SELECT id FROM sync_syncjob WHERE state <> 'quarantined'")]
        for job in self.dice.sample(jobs, len(jobs) // 4):
            self.ask_for(job)

    def ask_for(self, job: int, *, forgive: bool = True) -> None:
        self.portal.sql(
            "UPDATE sync_syncjob SET generation = generation + 1, due_at = %s, facts_commit = '', "
            "activity_commit = '', crashes = CASE WHEN %s = 1 THEN 0 ELSE crashes END WHERE id = %s",
            now() - timedelta(seconds=1), int(forgive), job,
        )  # fmt: skip

    def kill_something(self) -> None:
        choice = self.dice.random()
        if choice < 0.3:
            self.kill_web()
        elif choice < 0.6 and (name := self.kill_descendant()):
            self.killed[name] += 1
        else:
            self.kill_worker()

    def kill_web(self) -> None:
        """All of it, or one of the processes that answer requests, which gunicorn then starts again."""
        processes = children_of(self.web.pid)
        if processes and self.dice.random() < 0.4:
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(processes)[0], signal.SIGKILL)
            self.killed["one web process"] += 1
            return
        kill_group(self.web)
        self.killed["all of web"] += 1
        self.web = self.portal.start_web()

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker.wait()
        self.killed["worker"] += 1
        if self.portal.redis:  # the embedded worker ends dead leases when it starts; elsewhere two minutes pass
            self.portal.sql(
                "UPDATE sync_syncjob SET lease_until = %s WHERE lease_until IS NOT NULL", now() - timedelta(seconds=1)
            )
        self.worker = self.portal.start_worker()

    def kill_descendant(self) -> str:
        """Whatever the worker has started, as soon as there is something; its name, or nothing after some seconds."""
        for _ in range(400):
            pool = children_of(self.worker.pid) if self.portal.redis else []
            found = [(pid, "pool process") for pid, _ in pool]
            for parent in [pid for pid, _ in pool] or [self.worker.pid]:
                found += [(pid, name if name == "git" else "parser") for pid, name in children_of(parent)] * 3
            if any(name != "pool process" for _, name in found):
                pid, name = self.dice.choice(found)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    return name
            time.sleep(0.005)
        return ""

    def expect(self, good: bool, words: str) -> None:
        if not good:
            self.problems.append(words)

    def quarantine_by_kills(self) -> None:
        """A repository in whose every run the worker dies ends quarantined, no other does; a click brings it back."""
        (job, repository), *_ = self.portal.sql("SELECT id, repository_id FROM sync_syncjob ORDER BY id LIMIT 1")
        self.portal.sql("UPDATE sync_syncjob SET crashes = 0")
        for _ in range(8):
            if self.portal.number(QUARANTINED):
                break
            self.ask_for(job, forgive=False)
            if self.portal.wait("SELECT count(*) FROM sync_syncjob WHERE id = %s AND state = 'running'", job):
                self.kill_worker()
                self.portal.wait("SELECT count(*) FROM sync_syncjob WHERE id = %s AND state <> 'running'", job)
        self.try_again(job, repository, "lost")

    def quarantine_by_limit(self) -> None:
        """A repository larger than allowed ends quarantined; it comes back once it is mended and somebody clicks."""
        path = self.remotes.folder / "repository-0.git"
        tip = self.remotes.commits[path][0]
        large = self.remotes.folder.parent / f"large-{self.portal.folder.name}"
        large.write_bytes(random.Random(SEED).randbytes(3 * LIMIT_BYTES))
        blob = git(path, "hash-object", "-w", "--no-filters", str(large)).strip()
        tree = subprocess.run(
            ["git", "--git-dir", path, "mktree"],
            input=f"100644 blob {blob}\tlarge.bin\n", capture_output=True, check=True, text=True,
        ).stdout.strip()  # fmt: skip
        who = ("-c", "user.name=Person", "-c", "user.email=p@example.com")
        move(path, git(path, *who, "commit-tree", tree, "-m", "Large").strip())
        (job, repository), *_ = self.portal.sql(
            "SELECT j.id, j.repository_id FROM sync_syncjob j JOIN projects_repository r ON r.id = j.repository_id "
            "WHERE r.clone_url LIKE %s", "%/repository-0.git",
        )  # fmt: skip
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not self.portal.number(QUARANTINED):
            self.ask_for(job, forgive=False)
            self.portal.wait("SELECT count(*) FROM sync_syncjob WHERE generation = served_generation AND id = %s", job)
        move(path, tip)
        self.try_again(job, repository, "limit")

    def try_again(self, job: int, repository: int, code: str) -> None:
        quarantined = self.portal.sql("SELECT id, error_code FROM sync_syncjob WHERE state = 'quarantined'")
        self.expect(quarantined == [(job, code)], f"quarantined {quarantined}, wanted only {(job, code)}")
        deadline = time.monotonic() + 60
        while self.visitors.ask("POST", f"/sync/{repository}/now/", x="") != 302 and time.monotonic() < deadline:
            time.sleep(0.3)
        healthy = "id = %s AND state = 'waiting' AND error_code = '' AND generation = served_generation"
        back = self.portal.wait(f"SELECT count(*) FROM sync_syncjob WHERE {healthy}", job)
        self.expect(back, f"the repository quarantined for {code!r} did not come back")
        print(f"  quarantined for {code!r}: 1 repository, no neighbour; read again after 'try again'", flush=True)

    def calm(self) -> None:
        """No more kills: everybody's registrations are answered, then all processes end as they would."""
        self.visitors.stop()
        self.visitors.register_rest()
        self.expect(not self.visitors.waiting, f"never registered: {self.visitors.waiting[:3]}")
        errors = {words: n for words, n in self.visitors.answers.items() if words.split()[1] in {"500", "403"}}
        self.expect(not errors, f"web answered {errors}")
        for process in filter(None, [self.schedule, self.worker, self.web]):
            process.terminate()
            process.wait(60)
            kill_group(process)

    def judge(self, wanted: list[str]) -> None:
        """One more sweep, then compare; problems are noted."""
        before = dict(self.portal.sql("SELECT state, count(*) FROM sync_syncjob GROUP BY state"))
        lost = self.portal.number("SELECT count(*) FROM sync_syncrun WHERE outcome = 'lost'")
        past = now() - timedelta(seconds=1)
        self.portal.sql("UPDATE sync_syncjob SET lease_until = %s WHERE lease_until IS NOT NULL", past)
        self.portal.manage("sync_repositories", "--all")
        ours, wrong = self.portal.rows(), self.stuck()
        different = sorted(set(ours) ^ set(wanted)) + [""] * abs(len(ours) - len(wanted))
        registered = self.portal.number("SELECT count(*) FROM accounts_auditevent WHERE action = 'project.register'")
        self.expect(registered == REPOSITORIES, f"{registered} registrations recorded of {REPOSITORIES}")
        self.expect(not different, f"{len(different)} rows differ, as {different[:2]}")
        self.expect(not wrong, f"{len(wrong)} stuck, as {wrong[:3]}")
        print(f"  killed {self.killed.total()}: {dict(self.killed)}")
        print(f"  web answered {dict(self.visitors.answers)}; runs lost {lost}; jobs before the last sweep {before}")
        print(
            f"  rows {len(ours)}, undisturbed {len(wanted)}, different {len(different)}, stuck {len(wrong)}", flush=True
        )

    def stuck(self) -> list[str]:
        """Jobs that are not waiting, runs that never ended, and files a killed git left."""
        jobs = self.portal.sql(
            "SELECT id, state, error_code, lease_holder FROM sync_syncjob WHERE state <> 'waiting' OR error_code <> ''"
        )
        runs = self.portal.sql("SELECT id, job_id, phase FROM sync_syncrun WHERE outcome = 'running'")
        mirrors = self.portal.folder / "mirrors"
        patterns = ("*.git/**/*.lock", "*.git/objects/pack/*tmp_*", ".*.new")
        return [*map(str, jobs), *map(str, runs), *(str(p) for word in patterns for p in mirrors.glob(f"*/{word}"))]


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


def fill_disk(disturber: Disturber) -> None:
    """Until a job found the disk full and said so; nothing where it cannot be filled."""
    full = "SELECT count(*) FROM sync_syncjob WHERE error_code = 'disk'"
    portal = disturber.portal
    with full_disk(portal.folder / "mirrors") as filled:
        deadline = time.monotonic() + 20 * filled
        while time.monotonic() < deadline and not portal.number(full):
            disturber.stir()
            time.sleep(1)
    print(f"  {portal.number(full)} jobs met a full disk", flush=True)
    # Their next try is minutes away: somebody freed some space and does not wait.
    portal.sql("UPDATE sync_syncjob SET generation = generation + 1, due_at = %s WHERE error_code = 'disk'", now())


def disturb(name: str, kills: int, remotes: Remotes, wanted: list[str], dice: random.Random) -> list[str]:
    """All of it on one portal; what went wrong."""
    began = time.monotonic()
    print(f"Faults, {name}, {REPOSITORIES} repositories", flush=True)
    limit = {"PORTAL_GIT_MAX_PACK_BYTES": str(LIMIT_BYTES)}
    with ExitStack() as stack:
        folder = remotes.folder.parent / name.partition(":")[0]
        portal = Portal(folder, remotes.folder, stack, servers="Redis" in name, **limit)
        disturber = Disturber(portal, remotes, dice)
        disturber.run(kills)
        if not portal.redis:
            fill_disk(disturber)
            disturber.quarantine_by_kills()
        disturber.quarantine_by_limit()
        disturber.calm()
        remotes.reset()
        disturber.judge(wanted)
    print(f"  {time.monotonic() - began:.0f} s", flush=True)
    return [f"{name}: {problem}" for problem in disturber.problems]


def main() -> list[str]:
    """Run it; returns what went wrong."""
    dice = random.Random(SEED)
    servers = all(map(find_binary, ("redis-server", "initdb", "postgres")))
    with tempfile.TemporaryDirectory(prefix="portal-faults-") as name, ExitStack() as stack:
        Path(name).chmod(0o755)
        remotes = make_remotes(Path(name) / "remotes", dice)
        undisturbed = Portal(Path(name) / "undisturbed", remotes.folder, stack)
        for path in sorted(remotes.commits):
            undisturbed.manage("register_repository", str(path))
        undisturbed.manage("sync_repositories", "--all")
        wanted = undisturbed.rows()
        embedded = KILLS // 2 if servers else KILLS
        problems = disturb("embedded", embedded, remotes, wanted, dice)
        if servers:
            problems += disturb("servers: PostgreSQL and Redis", KILLS - embedded, remotes, wanted, dice)
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(main()))
