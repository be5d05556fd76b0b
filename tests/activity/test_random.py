"""Random histories, pushed and force-pushed, killed and read again: always what git says, always as read afresh."""

import datetime as dt
import random
from contextlib import suppress

import pytest

from activity import importing
from activity.models import Commit, History, Participation, PersonArea, PersonDay
from projects.models import Project
from tests.activity.histories import git, imported, numstat, our_shortlog, planted, rows, shortlog

pytestmark = pytest.mark.django_db

PEOPLE = [
    "Ann <ann@x>", "ANN Other <Ann@X>", "Bo <bo@x>", "Bo <bo@home>", "Cy <1+cy@users.noreply.github.com>",
    "Cyrus <cy@users.noreply.github.com>", "x[bot] <x[bot]@x>", "Di <>", "Ed, 'Jr' <ed@x>",
]  # fmt: skip
MAILMAPS = [
    "Bo Proper <bo@x> <bo@home>\n",
    "Bo <bo@home> <bo@x>\n<ed@y> <ed@x>\n",
    "nonsense\n",
    "Di Named <di@x> Di <>\n",
]
PATHS = ["a", "lib/b", "lib/deep/er/c", "docs/d", "e/f"]


class Killed(Exception):
    """Stands for kill -9: nothing after it runs."""


class KillingWatch(importing.Unwatched):
    """Ends the import at the chosen call."""

    def __init__(self, at):
        self.left = at

    def phase(self, words, total=0):
        self.left -= 1
        if self.left < 0:
            raise Killed

    def commits(self, read):
        self.phase("")

    def lines(self, counted):
        self.phase("")


class World:
    """One repository that changes at random."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.builder, self.project = planted(f"world{seed}")
        self.known = [self.builder.commit({"a": "0\n", "lib/b": "0\n"})]

    def step(self):
        deed = self.random.choice(
            [self.commit] * 6 + [self.merge] * 2 + [self.rewind, self.root, self.mailmap, self.switch]
        )
        deed()

    def commit(self, parents=None):
        pick = self.random.choice
        files = {pick(PATHS): pick(["1\n", "1\n2\n", "3\n" * 20, b"\0\1", None]) for _ in range(pick([0, 1, 1, 2, 3]))}
        files = {path: text for path, text in files.items() if text is not None}
        trailer = f"\n\nCo-authored-by: {pick(PEOPLE)}\nCo-authored-by: {pick(PEOPLE)}" if pick([0, 0, 1]) else ""
        when = self.random.randrange(0, 4294967295) if pick([0, 0, 0, 1]) else None
        more = {} if parents is None else {"parents": parents}
        oid = self.builder.commit(
            files,
            message=f"Step\n\nbecause of {pick(PATHS)}{trailer}",
            author=pick(PEOPLE),
            committer=pick(PEOPLE),
            when=when,
            **more,
        )
        self.known.append(oid)

    def merge(self):
        tips = {self.builder.oid("refs/heads/main"), *self.random.sample(self.known, min(len(self.known), 2))}
        self.commit(list(tips))

    def rewind(self):
        self.builder.set_ref("refs/heads/main", self.random.choice(self.known))

    def root(self):
        self.commit(())

    def mailmap(self):
        self.known.append(self.builder.commit({".mailmap": self.random.choice(MAILMAPS)}, author="Bo <bo@x>"))

    def switch(self):
        self.builder.set_ref("refs/heads/other", self.random.choice(self.known))
        self.builder.set_head(self.random.choice(["main", "other"]))
        if self.random.random() < 0.5:
            self.builder.git("reflog", "expire", "--expire=now", "--all")
            self.builder.git("gc", "--quiet", "--prune=now")
            self.known = [oid for oid in self.known if self.builder.oid(f"{oid}^{{commit}}")]
            self.builder.set_head("main")


@pytest.mark.parametrize("seed", range(4))
def test_any_history_equals_git_and_a_fresh_import(seed, time_machine):
    # Dates of the future count as now, so now has to be the same for both imports.
    time_machine.move_to(dt.datetime.now(dt.UTC), tick=False)
    world = World(seed)
    folder = Project.objects.create(slug=f"lib{seed}", repository=world.project.repository, subdirectory="lib")
    for _ in range(6):
        for _ in range(world.random.randrange(1, 8)):
            world.step()
        if world.random.random() < 0.5:
            with suppress(Killed):
                imported(world.project, watch=KillingWatch(world.random.randrange(9)))
            if world.random.random() < 0.5:
                world.step()
        imported(world.project)
        agrees_with_git(world.project, folder)
    afresh(world.project)


def agrees_with_git(project, folder):
    repository = project.repository
    oids = set(git(repository, "rev-list", "HEAD").decode().split())
    assert set(Commit.objects.filter(repository=repository).values_list("oid", flat=True)) == oids
    assert our_shortlog(repository) == shortlog(repository, "--no-merges")
    said = numstat(repository)
    assert project.commits_total == len(said)
    stored = Commit.objects.filter(repository=repository).contributions()
    assert {row[0]: row[1:] for row in stored.values_list("oid", "files", "added", "removed")} == said
    days = PersonDay.objects.filter(project=project)
    assert sum(days.values_list("added", flat=True)) == sum(row[1] for row in said.values())
    folder.refresh_from_db()
    assert folder.commits_total == len(numstat(repository, "lib"))
    everything = PersonDay.objects.once(Project.objects.live())
    assert sum(everything.values_list("commits", flat=True)) == len(said)


def afresh(project):
    """Reading everything again from nothing gives the same rows."""
    before = rows(project.repository)
    for model in (PersonDay, Participation, PersonArea, Commit, History):
        model.objects.all().delete()
    imported(project)
    after = rows(project.repository)
    for table in before:
        assert after[table] == before[table], table
