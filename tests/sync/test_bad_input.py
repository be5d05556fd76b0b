"""Repositories with every fault that git lets pass or that a disk makes, through a sync: what can be read is there, the
rest is named, no page breaks."""

import subprocess

import pytest
from django.urls import reverse

from activity.commits import UNREADABLE
from activity.models import Commit, History
from sync.queue import Success
from sync.registration import register
from tests.gitstore.builder import RepositoryBuilder
from tests.sync.test_pipeline import run

GOOD = b"author Ann <ann@x> 1600000000 +0100\ncommitter Ann <ann@x> 1600000000 +0100\n\nGood\n"
# The lines of author and committer, and what becomes of them: name, address, time, zone, time of the commit.
AUTHORS = [
    (b"author Ann 1600000000 +0000\ncommitter Ann 1600000000 +0000\n", ("", "", 0, 0, 0)),
    (b"author A <a@x> 1600000000\ncommitter A <a@x>\n", ("A", "a@x", 0, 0, 0)),
    (b"author A <a@x> 99999999999999999999999 +0000\ncommitter A <a@x> 0x5f +0000\n", ("A", "a@x", 0, 0, 0)),
    (
        b"author A <a@x> 253402300800 +0000\ncommitter A <a@x> 9223372036854775807 +0000\n",
        ("A", "a@x", 253_370_764_800, 0, 253_370_764_800),
    ),
    (b"author A <a@x> -5000 +0000\ncommitter A <a@x> -1 -0000\n", ("A", "a@x", 0, 0, 0)),
    (b"author A <a@x> 1600000000 +99999999\ncommitter A <a@x> 5 EST\n", ("A", "a@x", 1_600_000_000, 0, 0)),
    (b"committer C <c@x> 5 +0000\n", ("", "", 0, 0, 5)),
    (b"author A <a@x> 5 -0130\n", ("A", "a@x", 5, -90, 0)),
    (b"author A <a@x> 5 +0000\nauthor B <b@x> 6 +0000\ncommitter C <c@x> 7 +0000\n", ("B", "b@x", 6, 0, 7)),
    (b"", ("", "", 0, 0, 0)),
    (b"author A\r <a@x> 5 +0000\r\ncommitter C <c@x> 7 +0000\r\n", ("A", "a@x", 5, 0, 7)),
]


@pytest.fixture
def origin(tmp_path):
    return RepositoryBuilder(tmp_path / "remotes" / "odd.git")


@pytest.fixture
def synced(origin, team):
    """Gives a function that syncs a repository, registered at its first call; returns the project and the outcome."""
    registered = {}

    def sync(builder=origin):
        project = registered.setdefault(builder, None) or register(str(builder.path), by=None, team=team)
        registered[builder] = project
        project.repository.sync_job.refresh_from_db()
        outcome = run(project.repository.sync_job)
        project.refresh_from_db()
        return project, outcome

    return sync


def written(builder, text, parent=""):
    """A commit written as it stands behind its parents, and main moved to it."""
    tree = builder.git("mktree", stdin=b"")
    body = b"tree " + tree + (f"parent {parent}\n".encode() if parent else b"") + text
    oid = builder.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=body).decode().strip()
    builder.set_ref("refs/heads/main", oid)
    return oid


def cut_off(git_dir, oid):
    """Leave half of an object, as a full disk does."""
    for pack in list((git_dir / "objects" / "pack").glob("*.pack")):
        data = pack.read_bytes()
        for file in (pack, pack.with_suffix(".idx"), pack.with_suffix(".rev")):
            file.unlink(missing_ok=True)
        words = ["git", f"--git-dir={git_dir}", "unpack-objects", "-q"]
        subprocess.run(words, input=data, check=True)
    path = git_dir / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:20])


def pages_answer(client, user, project, oid):
    client.force_login(user)
    addresses = [
        reverse("pages:project", args=[project.slug]),
        reverse("pages:activity", args=[project.slug]),
        reverse("source:commits", args=[project.slug, oid]),
        reverse("source:commit", args=[project.slug, oid]),
        reverse("sync:repository", args=[project.repository_id]),
    ]
    statuses = {address: client.get(address).status_code for address in addresses}
    assert set(statuses.values()) == {200}, statuses
    return client.get(addresses[-1]).content.decode()


class TestAuthors:
    def test_lines_that_no_git_writes_hide_nothing(self, origin, synced, client, owner):
        oid = written(origin, GOOD)
        said = {}
        for lines, expected in AUTHORS:
            oid = written(origin, lines + b"\nOdd\n", oid)
            said[oid] = expected
        project, _ = synced()
        columns = ("author__name", "author__email", "authored_at", "author_zone", "committed_at")
        found = {oid: tuple(row) for oid, *row in Commit.objects.values_list("oid", *columns)}
        assert {oid: found[oid] for oid in said} == said
        assert (project.commits_total, History.objects.get().problems) == (len(said) + 1, [])
        pages_answer(client, owner, project, list(said)[6])

    def test_a_commit_that_git_refuses_is_named_and_what_was_read_stays(self, origin, synced, client, owner):
        first = written(origin, GOOD)
        synced()
        bad = written(origin, b"author Ann\0 <ann@x> 5 +0000\ncommitter Ann <ann@x> 5 +0000\n\nx\n", first)
        project, outcome = synced()
        assert "nulInHeader" in outcome.message and bad in outcome.message
        assert project.commits_total == 1
        assert bad in pages_answer(client, owner, project, first)


class TestDamagedOriginals:
    def test_the_damage_is_named_and_what_was_read_stays(self, origin, synced, repository_of_three):
        first, bad = repository_of_three(origin)
        project, outcome = synced()
        assert (outcome.code, bad in outcome.message) == ("broken", True)
        assert "not a Git repository" not in outcome.message
        tip = origin.oid("refs/heads/main")
        origin.set_ref("refs/heads/main", first)
        project, outcome = synced()
        assert project.commits_total == 1
        origin.set_ref("refs/heads/main", tip)
        project, outcome = synced()
        assert (outcome.code, bad in outcome.message) == ("broken", True)
        assert project.commits_total == 1

    def test_grafts_and_replacements_in_a_circle_hide_nothing(self, origin, synced):
        first, second, third = (origin.commit({"a": f"{number}\n"}) for number in range(3))
        (origin.path / "info").mkdir(exist_ok=True)
        (origin.path / "info" / "grafts").write_text(f"{third} {first}\n{first} {third}\nnonsense\n")
        origin.set_ref(f"refs/replace/{first}", second)
        origin.set_ref(f"refs/replace/{second}", first)
        project, _ = synced()
        assert set(Commit.objects.values_list("oid", "parents")) == {(first, 0), (second, 1), (third, 1)}
        assert project.commits_total == 3


@pytest.fixture
def repository_of_three():
    def build(origin):
        first, bad, _ = (origin.commit({"a": f"{number}\n"}) for number in range(3))
        cut_off(origin.path, bad)
        return first, bad

    return build


class TestShallowOriginals:
    def test_where_it_ends_is_named_and_what_comes_later_is_read(self, origin, synced, tmp_path):
        oids = [origin.commit({"a": f"{number}\n", f"f{number}": "x\n"}) for number in range(4)]
        clone = tmp_path / "remotes" / "shallow.git"
        words = ["git", "clone", "--quiet", "--bare", "--depth=2", f"file://{origin.path}", str(clone)]
        subprocess.run(words, check=True)
        shallow = RepositoryBuilder(clone)
        project, _ = synced(shallow)
        assert project.commits_total == 2
        [[place, words]] = History.objects.get().problems
        assert place == f"commit {oids[2]}" and "shallow" in words
        assert not project.repository.root_commit
        shallow.git("fetch", "--quiet", "--unshallow", f"file://{origin.path}")
        project, _ = synced(shallow)
        assert (project.commits_total, History.objects.get().problems) == (4, [])
        assert dict(Commit.objects.values_list("oid", "added")) == dict(zip(oids, (2, 2, 2, 2), strict=True))
        project.repository.refresh_from_db()
        assert project.repository.root_commit == oids[0]


class TestDamagedMirrors:
    def test_what_the_disk_lost_is_fetched_anew_with_the_next_commit(self, origin, synced, client, owner):
        oids = [origin.commit({"a": f"{number}\n"}) for number in range(3)]
        project, _ = synced()
        cut_off(project.repository.mirror_path, oids[1])
        oids.append(origin.commit({"b": "1\n"}))
        project, outcome = synced()
        assert isinstance(outcome, Success)
        assert set(Commit.objects.values_list("oid", flat=True)) == set(oids)
        pages_answer(client, owner, project, oids[1])

    def test_what_an_import_passed_over_is_named_to_maintainers_alone(self, origin, synced, client, owner, stranger):
        lost = origin.commit({".mailmap": "what is this\n"})
        project, _ = synced()
        History.objects.update(problems=[*History.objects.get().problems, [f"commit {lost}", UNREADABLE]])
        page = pages_answer(client, owner, project, lost)
        assert ".mailmap, line 1" in page and UNREADABLE in page
        assert UNREADABLE in client.get(reverse("pages:project", args=[project.slug])).content.decode()
        client.force_login(stranger)
        page = client.get(reverse("pages:project", args=[project.slug])).content.decode()
        assert "line 1" not in page and UNREADABLE not in page
