"""Import of histories beside raw git and the libraries that do the same; memory on a very long history.

BENCH_HISTORY (comma-separated paths of repositories on this machine) replaces the generated one, BENCH_COMMITS is the
length of that, BENCH_LONG the length of the history for memory (1,000,000 for the full test; 0 leaves it out),
BENCH_ROUNDS the number of measured rounds. Processor seconds include those of children. BENCH_PYTHON names
another interpreter that has PyDriller and Perceval, which have no place among our own dependencies: make one with
`python -m venv X && X/bin/pip install -r bench/libraries.txt`.
"""

import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from bench._apart import run_apart
from bench.sync import ENVIRONMENT, cost, judge, processor_seconds, write_repository

GOAL_FACTS = 2.5
GOAL_LINES = 1.15
GOAL_MIB = 300
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
COMMITS = int(os.environ.get("BENCH_COMMITS", "8000"))
LONG = int(os.environ.get("BENCH_LONG", "100000"))
LIBRARY_COMMITS = 500
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
LIBRARIES = {
    "GitPython commit.stats": ("git", "for commit in git.Repo(path).iter_commits(max_count=n): commit.stats.total"),
    "PyDriller": (
        "pydriller",
        "for commit, _ in zip(pydriller.Repository(path, order='reverse').traverse_commits(), range(n)):\n"
        "    commit.insertions, commit.deletions",
    ),
    # By itself it begins with the oldest commits of all branches; given the log it asks for, it reads the same commits.
    "Perceval, with git's part": (
        "perceval",
        "import perceval.backends.core.git as backend, subprocess, tempfile\n"
        "options = backend.GitRepository.GIT_PRETTY_OUTPUT_OPTS\n"
        "words = ['git', '--git-dir=' + path, 'log', '-n', str(n), *options, 'HEAD']\n"
        "with tempfile.NamedTemporaryFile() as log:\n"
        "    subprocess.run(words, stdout=log, check=True)\n"
        "    assert len(list(backend.Git(path, log.name).fetch())) == n",
    ),
}


def main():
    """Measure in a process of its own with a data folder of its own; returns the goals missed."""
    return run_apart("bench.history")


def raw_git(path, *words):
    command = ["git", f"--git-dir={path}", *words]
    return cost(lambda: subprocess.run(command, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL))[0]


def bare_costs(path):
    """Processor seconds of git alone: the same facts, the same lines."""
    from gitstore import facts, lines

    one = raw_git(path, *facts.log_arguments(), "HEAD")
    words = [*facts.OPTIONS, *lines.COUNTING, "HEAD"]
    return one, raw_git(path, *words)


def floor_costs(path):
    """What no import in Python is without: cutting up what git prints, and rows into a table with indexes."""
    from django.core.management import call_command
    from django.db import transaction

    from activity.bulk import insert_missing
    from activity.commits import COLUMNS
    from activity.models import Commit
    from activity.models.history import TITLE
    from gitstore import facts
    from gitstore.records import Limits

    kept = []
    one, _ = cost(lambda: kept.extend(facts.read_facts(path, head(path), [], Limits())))
    call_command("flush", interactive=False, verbosity=0)
    start = planted(path, "floor").repository_id
    parts = [
        [
            (start, oid, 1, 1, 1, 1, at, 0, since, 0, 1, title[:TITLE], "", 0)
            for oid, at, since, title in zip(part.oids, part.authored_at, part.committed_at, part.titles, strict=True)
        ]
        for part in kept
    ]

    def store():
        for part in parts:
            with transaction.atomic():
                insert_missing(Commit, COLUMNS, part)

    return one, cost(store)[0]


TRUST = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


class Stopwatch:
    """Processor time by phase: facts, sums of them, what follows in the background, lines."""

    def __init__(self):
        self.part, self.since, self.spent = 0, processor_seconds(), [0.0] * 4

    def phase(self, words, _total=0):
        begins = {"Adding up": 1, "Adding up weeks": 2, "Counting lines": 3}
        part = max(self.part, begins.get(words, 0))  # after the lines, sums are made once more: they belong there
        now = processor_seconds()
        self.spent[self.part] += now - self.since
        self.part, self.since = part, now

    def commits(self, read):
        pass

    lines = commits

    def costs(self):
        self.phase("")
        return self.spent


def planted(path, name):
    """A project whose mirror is this repository."""
    from projects.models import Project, Repository

    repository = Repository.objects.create(clone_url=f"https://example.com/{name}", address_key=f"example.com/{name}")
    repository.mirror_path.parent.mkdir(parents=True, exist_ok=True)
    repository.mirror_path.unlink(missing_ok=True)
    repository.mirror_path.symlink_to(path)
    return Project.objects.create(slug=name, name=name, repository=repository)


def head(path):
    command = ["git", f"--git-dir={path}", "rev-parse", "HEAD"]
    return subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout.strip()


def import_costs(path, name):
    """Into empty tables: known people make an import cheaper, a copy of the same repository makes it dearer."""
    from django.core.management import call_command

    from activity.importing import import_history

    call_command("flush", interactive=False, verbosity=0)
    project = planted(path, name)
    watch = Stopwatch()
    import_history(project.repository, project.repository.mirror(), head(path), watch)
    project.refresh_from_db()
    return (*watch.costs(), project)


def beside_git(path, name):
    """Both phases and raw git in turn, the lowest of each: the machine may be busy."""
    rounds = [
        (*import_costs(path, f"{name}-{number}"), *bare_costs(path), *floor_costs(path)) for number in range(ROUNDS)
    ]
    project = rounds[0][4]
    best = [min(one[place] for one in rounds) if place != 4 else 0 for place in range(9)]
    facts, sums, after, lines, _, git_facts, git_lines, parsed, stored = best
    print(f"History of {name}, {project.commits_total:,} commits without merges, best of {ROUNDS}, processor time")
    print(f"  commit facts {facts:.2f} s, git log {git_facts:.2f} s, ratio {facts / git_facts:.2f} (goal {GOAL_FACTS})")
    floor = f"git log and its text cut up in Python {parsed:.2f} s, bare rows into the table {stored:.2f} s"
    print(f"    of that at least: {floor}, together ratio {(parsed + stored) / git_facts:.2f}")
    print(f"  with counts for people, {sums:.2f} s more, ratio {(facts + sums) / git_facts:.2f} (goal {GOAL_FACTS})")
    print(
        f"  then weeks and words of messages {after:.2f} s, in the background, ratio {after / git_facts:.2f} (no goal)"
    )
    print(f"  phase two {lines:.2f} s, --numstat {git_lines:.2f} s, ratio {lines / git_lines:.2f} (goal {GOAL_LINES})")
    judge(f"facts of {name}", facts / git_facts, GOAL_FACTS)
    judge(f"facts and counts of {name}", (facts + sums) / git_facts, GOAL_FACTS)
    judge(f"lines of {name}", lines / git_lines, GOAL_LINES)


def beside_libraries(path, name):
    """Lines of the newest commits: our chunks, and each library in a process of its own."""
    from gitstore import facts
    from gitstore.lines import count_lines
    from gitstore.records import Limits

    oids = next(facts.reachable(path, head(path), [], Limits()))[:LIBRARY_COMMITS]
    ours, _ = cost(lambda: list(count_lines(path, oids, Limits())))
    print(f"Lines of {len(oids)} commits of {name}, processor time: portal {ours:.2f} s")
    for library, (module, code) in LIBRARIES.items():
        text = f"import {module}\npath, n = {str(path)!r}, {len(oids)}\n{code}"
        environment = ENVIRONMENT | {"HOME": os.environ.get("HOME", "/")} | TRUST
        command = [PYTHON, "-W", "ignore", "-c", text]
        try:
            theirs, _ = cost(partial(subprocess.run, command, env=environment, check=True, stderr=subprocess.PIPE))
        except subprocess.CalledProcessError as error:
            words = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            hint = "; BENCH_PYTHON names an interpreter that has it" if words.startswith("ModuleNotFound") else ""
            print(f"  {library}: not measured: {words}{hint}")
            continue
        except OSError as error:
            print(f"  {library}: not measured: {error}")
            continue
        print(f"  {library}: {theirs:.2f} s, {theirs / ours:.1f} times as much")


def write_long(path, commits):
    """A history of small commits by 5,000 people in 300 folders, a merge among every hundred."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], env=ENVIRONMENT, check=True)
    command = ["git", f"--git-dir={path}", "fast-import", "--quiet"]
    with subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.PIPE) as process:
        for number in range(1, commits + 1):
            who = f"Person {number % 5000} <person{number % 5000}@example.com> {1_000_000_000 + number * 300} +0100"
            merge = f"merge :{number - 50}\n" if number % 100 == 99 else ""
            text = f"Change {number}\n"
            change = f"M 100644 inline f{number % 300}/file\ndata {len(text)}\n{text}"
            words = (
                f"commit refs/heads/main\nmark :{number}\ncommitter {who}\ndata {len(text)}\n{text}{merge}{change}\n"
            )
            process.stdin.write(words.encode())
    subprocess.run(["git", f"--git-dir={path}", "symbolic-ref", "HEAD", "refs/heads/main"], env=ENVIRONMENT, check=True)


def resident_mib():
    """Memory of this process: its own, and files mapped into it, which the system may drop at any time."""
    words = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return [int(words[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")]


class Peak:
    """Most memory of this process, git left out, while the block runs; in MiB above the beginning."""

    def __enter__(self):
        self.base = self.top = resident_mib()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def look(self):
        while not self.done.wait(0.05):
            self.top = [max(pair) for pair in zip(self.top, resident_mib(), strict=True)]

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.own, self.mapped = (top - base for top, base in zip(self.top, self.base, strict=True))


def memory(folder):
    path = folder / "very-long.git"
    write_long(path, LONG)
    began = time.perf_counter()
    with Peak() as peak:
        facts, sums, after, lines, project = import_costs(path, "very-long")
    print(f"Import of {project.commits_total:,} commits, {time.perf_counter() - began:.0f} s")
    print(f"  processor time: facts {facts:.1f} s, counts {sums:.1f} s")
    print(f"  weeks and words {after:.1f} s, lines {lines:.1f} s")
    print(f"  peak above the beginning: own memory {peak.own:.0f} MiB (goal {GOAL_MIB})")
    print(f"  and {peak.mapped:.0f} MiB of mapped files, mostly the SQLite database, which is in no goal")
    judge("memory of a long import MiB", peak.own, GOAL_MIB)


def measure():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    folder = Path(os.environ["BENCH_FOLDER"])
    paths = [Path(text) for text in os.environ.get("BENCH_HISTORY", "").split(",") if text]
    if not paths:
        write_repository(folder / "generated.git", COMMITS)
        paths = [folder / "generated.git"]
    if LONG:
        memory(folder)  # first: memory that an earlier import left behind would hide what this one takes
    for path in paths:
        beside_git(path.resolve(), path.name.removesuffix(".git"))
        beside_libraries(path.resolve(), path.name)
        sys.stdout.flush()


if __name__ == "__main__":
    measure()
