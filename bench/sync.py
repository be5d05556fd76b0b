"""Sweep over unchanged repositories beside bare `git ls-remote`; first sync beside `git clone --mirror`; memory.

BENCH_SWEEP sets the number of repositories, BENCH_ROUNDS the measured rounds, BENCH_COMMITS the length of the long
history; BENCH_REPOSITORY (comma-separated paths) adds repositories on this machine to the first-sync figures.
Processor seconds include those of children.
"""

import hashlib
import os
import re
import resource
import statistics
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench._apart import run_apart

GOAL_SWEEP = 1.5
GOAL_FIRST_SYNC = 1.30
GOAL_GROWTH_MIB = 30
REPOSITORIES = int(os.environ.get("BENCH_SWEEP", "1000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
COMMITS = int(os.environ.get("BENCH_COMMITS", "12000"))
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C"}


def main():
    """Measure in a process of its own with a data folder of its own; returns the goals missed."""
    return run_apart("bench.sync", PORTAL_EMBEDDED="1", PORTAL_GIT_LOCAL_ROOTS="/")


def processor_seconds():
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def cost(action):
    """Processor and wall seconds of one call."""
    cpu, wall = processor_seconds(), time.perf_counter()
    action()
    return processor_seconds() - cpu, time.perf_counter() - wall


def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def write_repository(path, commits, files=200):
    """A history that touches `files` files in turn; each change rewrites an eighth of 200 incompressible lines."""
    from gitstore.fastimport import FastImport, Modify, Signature

    readme = Modify(b"README.md", b"# Sample\n\nA sample repository with a long history.\n")
    start = datetime.now(UTC) - timedelta(hours=commits)
    with FastImport(path) as stream:
        for number in range(commits):
            who = Signature(
                f"Person {number % 90}", f"person{number % 90}@example.com", start + timedelta(hours=number)
            )
            seeds = (line if line % 8 else line + number * 1000 for line in range(200))
            body = b"".join(b"%s\n" % hashlib.sha256(b"%d" % seed).hexdigest()[:40].encode() for seed in seeds)
            changes = [Modify(b"src/module%d.py" % (number % files), body), *([] if number else [readme])]
            stream.commit("main", f"Change {number}", who, changes=changes)


def sweep(folder):
    """1,000 unchanged repositories, one small repository each, registered by path."""
    from django.utils import timezone

    from projects.models import Repository
    from sync import sweep as sweeping
    from sync.models import SyncJob

    write_repository(folder / "small.git", 3)
    paths = []
    for number in range(REPOSITORIES):
        path = folder / "many" / f"r{number}.git"
        subprocess.run(["cp", "-r", str(folder / "small.git"), str(path)], check=True)
        paths.append(path)
    rows = [Repository(clone_url=str(path), address_key=str(path)) for path in paths]
    repositories = Repository.objects.bulk_create(rows, batch_size=500)
    SyncJob.objects.bulk_create((SyncJob(repository=one) for one in repositories), batch_size=500)
    first_look(paths)

    def again():
        SyncJob.objects.update(due_at=timezone.now())
        tally = sweeping.sweep()
        assert tally.unchanged == REPOSITORIES, tally

    def bare():
        for path in paths:
            subprocess.run(["git", "ls-remote", str(path)], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)

    again()
    before = resident_mib()
    pairs = [(cost(again)[0], cost(bare)[0]) for _ in range(ROUNDS)]
    growth = resident_mib() - before
    ratio = statistics.median(ours / raw for ours, raw in pairs)
    ours, raw = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"Sweep over {REPOSITORIES} unchanged repositories, median of {ROUNDS} pairs, processor time")
    print(f"  portal {ours:.2f} s, git ls-remote on each {raw:.2f} s, ratio {ratio:.2f} (goal {GOAL_SWEEP})")
    print(f"  memory grew by {growth:.1f} MiB over {REPOSITORIES * ROUNDS} looks (goal {GOAL_GROWTH_MIB})")
    judge("sweep ratio", ratio, GOAL_SWEEP)
    judge("memory growth MiB", growth, GOAL_GROWTH_MIB)


def first_look(paths):
    """Give every job the digest its remote has, as a finished first sync leaves it."""
    from sync import policy
    from sync.models import SyncJob

    state = policy.ask(policy.check(str(paths[0])), None)
    SyncJob.objects.update(remote_digest=state.digest, remote_head=policy.head_words(state.head))


def first_sync(source, folder, name):
    """Register and sync, beside `git clone --mirror` of the same repository, in turn."""
    from accounts.models import User
    from sync import pipeline, registration

    by, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
    pairs = []
    for number in range(ROUNDS):
        copy = folder / f"{name}-{number}.git"
        copy.symlink_to(source)
        clone = folder / f"{name}-clone-{number}"
        command = ["git", "clone", "--quiet", "--mirror", "--no-local", str(source), str(clone)]
        raw, _ = cost(lambda command=command: subprocess.run(command, env=ENVIRONMENT, check=True))
        project = registration.register(str(copy), by=by, slug=f"{name}-{number}")
        ours, _ = cost(lambda job=project.repository.sync_job: pipeline.run_job(job.pk, from_waiting=True))
        project.refresh_from_db()
        pairs.append((ours, raw))
    ratio = statistics.median(ours / raw for ours, raw in pairs)
    ours, raw = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"First sync of {name}, {project.commits_total:,} commits, median of {ROUNDS} pairs, processor time")
    print(f"  portal {ours:.2f} s, git clone --mirror {raw:.2f} s, ratio {ratio:.2f} (goal {GOAL_FIRST_SYNC})")
    judge(f"first sync ratio of {name}", ratio, GOAL_FIRST_SYNC)


def judge(name, figure, goal):
    if figure > goal:
        print(f"  missed: {name} {figure:.2f} > {goal}")


def measure():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    folder = Path(os.environ["BENCH_FOLDER"])
    (folder / "many").mkdir()
    sweep(folder)
    write_repository(folder / "long.git", COMMITS)
    sources = {"generated": folder / "long.git"}
    for extra in filter(None, os.environ.get("BENCH_REPOSITORY", "").split(",")):
        # Branches and tags only: what a portal mirrors, so that both sides move the same objects.
        name = "-".join(re.findall(r"[a-z0-9]+", extra.lower())[-3:])
        sources[name] = folder / f"{name}.git"
        command = ["git", "clone", "--quiet", "--bare", "--no-local", extra, str(sources[name])]
        subprocess.run(command, env=ENVIRONMENT, check=True)
    for name, source in sources.items():
        first_sync(source, folder, name)


if __name__ == "__main__":
    measure()
