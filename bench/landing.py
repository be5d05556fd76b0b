"""Are changes recognised when they land? Patches cut from a repository's own history, offered as requests while the
default branch stands at their parent; then the history moves on, and the sync looks.

Half of them land as they were; the other half rebased on a later commit, with another message, author and date.
BENCH_SOURCE names bare repositories on this machine, or folders of such, separated by commas; without it one is
generated. BENCH_PATCHES sets how many patches of each repository.
"""

import os
import statistics
import subprocess
import time
from collections import Counter
from pathlib import Path

from bench._apart import run_apart
from bench.sync import ENVIRONMENT, write_repository

PATCHES = int(os.environ.get("BENCH_PATCHES", "40"))
APART = 12  # commits between two patches
MAX_PATCH_BYTES = 1024**2
SOMEBODY = {
    "GIT_AUTHOR_NAME": "Somebody Else",
    "GIT_AUTHOR_EMAIL": "else@example.com",
    "GIT_COMMITTER_NAME": "Somebody Else",
    "GIT_COMMITTER_EMAIL": "else@example.com",
}


def main():
    return run_apart("bench.landing", PORTAL_EMBEDDED="1", PORTAL_GIT_LOCAL_ROOTS="/")


def sources(folder):
    """Bare repositories by name."""
    found = []
    for text in filter(None, os.environ.get("BENCH_SOURCE", "").split(",")):
        path = Path(text).resolve()
        found += [path] if (path / "HEAD").exists() else sorted(path.glob("*.git"))
    if not found:
        found = [folder / "generated.git"]
        write_repository(found[0], PATCHES * APART * 2)
    return {path.name.removesuffix(".git"): path for path in found}


class Origin:
    """A copy of a repository whose default branch is moved by hand through its own history."""

    def __init__(self, source, path):
        command = ["git", "clone", "--quiet", "--bare", "--shared", str(source), str(path)]
        subprocess.run(command, env=ENVIRONMENT, check=True)
        self.path = path
        self.branch = self.git("symbolic-ref", "HEAD").decode().strip()
        self.line = self.git("rev-list", "--first-parent", "--reverse", "HEAD").decode().split()
        refs = self.git("for-each-ref", "--format=%(refname)").decode().split()
        for name in refs:
            if name != self.branch:
                self.git("update-ref", "-d", name)

    def git(self, *words, data=None, **env):
        command = ["git", "-C", str(self.path), *words]
        done = subprocess.run(command, env=ENVIRONMENT | env, input=data, check=True, capture_output=True)
        return done.stdout

    def move(self, oid):
        self.git("update-ref", self.branch, oid)

    def patch(self, oid):
        """The mail of a commit; empty where it changes nothing, is a merge, or is too large to be offered."""
        if len(self.git("rev-list", "--parents", "-1", oid).split()) != 2:
            return b""
        patch = self.git("format-patch", "--stdout", "-1", oid)
        return patch if b"\ndiff --git " in patch and len(patch) < MAX_PATCH_BYTES else b""

    def apply(self, parent, change, **who):
        """A commit on `parent` that changes what `change` did; None where that does not apply."""
        index = {"GIT_INDEX_FILE": str(self.path / "bench-index")}
        diff = self.git("diff-tree", "-p", "--binary", "--full-index", f"{change}^", change)
        self.git("read-tree", parent, **index)
        try:
            self.git("apply", "--cached", "--3way", data=diff, **index)
        except subprocess.CalledProcessError:
            return None
        return self.commit(self.git("write-tree", **index).decode().strip(), parent, **who)

    def commit(self, tree, parent, message="Something that happened meanwhile"):
        return self.git("commit-tree", tree, "-p", parent, "-m", message, **SOMEBODY).decode().strip()

    def rebased(self, head, change, later):
        """`head` with one of the later changes that goes well before this one, then this one in other words."""
        for other in later:
            below = self.apply(head, other)
            landed = below and self.apply(below, change, message="Other words for it\n\nReviewed twice.")
            if landed:
                return landed
        tree = self.git("rev-parse", f"{change}^{{tree}}").decode().strip()
        return self.commit(tree, head, "Other words for it")  # nothing that came next goes before it


class Walk:
    """One repository registered in the portal: requests offered at their parent, then what became of them."""

    def __init__(self, name, source, folder):
        from accounts.models import User
        from sync import registration

        self.origin = Origin(source, folder / f"{name}-origin.git")
        self.author, _ = User.objects.get_or_create(username="author")
        self.chosen = self._choose()
        self.origin.move(f"{self.chosen[0][0]}^")
        by, _ = User.objects.get_or_create(username="bench", defaults={"is_superuser": True})
        self.project = registration.register(str(self.origin.path), by=by, slug=name)
        self.offers, self.syncs, self.expected = [], [], {}

    def _choose(self):
        """(commit, patch, the next commits), oldest first, spread over the end of the history."""
        line, chosen = self.origin.line, []
        place = max(1, len(line) - PATCHES * APART)
        while place < len(line) - 6 and len(chosen) < PATCHES:
            if patch := self.origin.patch(line[place]):
                chosen.append((line[place], patch, line[place + 1 : place + 6]))
                place += APART - 1
            place += 1
        return chosen

    def sync(self):
        from sync import pipeline
        from sync.models import SyncJob

        job = SyncJob.objects.get(repository=self.project.repository)
        begun = time.perf_counter()
        outcome = pipeline.run_job(job.pk, from_waiting=True)
        assert type(outcome).__name__ == "Success", outcome
        self.syncs.append(time.perf_counter() - begun)
        self.project.repository.refresh_from_db()

    def offer(self, oid, patch):
        from contributions import requests
        from contributions.checking import try_patch

        begun = time.perf_counter()
        change = try_patch(self.project.repository, patch)
        self.offers.append(time.perf_counter() - begun)
        made = requests.offer(self.project, self.author, requests.Wish(f"Change {oid[:10]}", "It is better."), change)
        return made.pk

    def run(self):
        """As they were for the first half, rebased for the second."""
        half, head = len(self.chosen) // 2, ""
        for number, (oid, patch, later) in enumerate(self.chosen):
            tree = self.origin.git("rev-parse", f"{oid}^^{{tree}}").decode().strip()
            head = f"{oid}^" if number < half else self.origin.commit(tree, head)
            self.origin.move(head)
            self.sync()
            pk = self.offer(oid, patch)
            landed = oid if number < half else self.origin.rebased(head, oid, later)
            self.expected[pk] = (landed, number >= half)
            head = landed
            self.origin.move(landed)
        self.sync()

    def report(self, name):
        from contributions.models import ChangeRequest

        rows = ChangeRequest.objects.in_bulk(self.expected)
        right, asked, evidence = Counter(), Counter(), Counter()
        for pk, (landed, rebased) in self.expected.items():
            asked[rebased] += 1
            right[rebased] += rows[pk].state == "landed" and rows[pk].landed_commit == landed
            evidence[rows[pk].evidence or rows[pk].state] += 1
        ways = ", ".join(f"{number} by {way}" for way, number in evidence.most_common())
        print(f"{name}, {len(self.origin.line):,} commits on the default branch: landed with the right commit")
        print(f"  as they were {right[False]} of {asked[False]}, rebased in other words {right[True]} of {asked[True]}")
        print(f"  {ways}; checking a patch {statistics.median(self.offers) * 1000:.0f} ms", end="")
        print(f", a sync after the first {statistics.median(self.syncs[1:]):.1f} s (medians)", flush=True)
        for rebased, words in ((False, "as they were"), (True, "rebased")):
            if right[rebased] < asked[rebased]:
                print(f"  missed: {name}, {words}: {asked[rebased] - right[rebased]} not recognised")


def measure():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    folder = Path(os.environ["BENCH_FOLDER"])
    for name, source in sources(folder).items():
        walk = Walk(name, source, folder)
        walk.run()
        walk.report(name)


if __name__ == "__main__":
    measure()
