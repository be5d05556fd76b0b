import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gitstore.archives import open_archive
from gitstore.errors import Broken, Busy, LimitExceeded, NotFound, Refused
from gitstore.mirrors import Mirror
from gitstore.records import Limits
from gitstore.remote import list_remote


def own_refs(mirror):
    words = ["git", f"--git-dir={mirror.path}", "for-each-ref", "--format=%(objectname) %(refname)"]
    return subprocess.run(words, capture_output=True, check=True).stdout


def head_of(mirror):
    return (mirror.path / "HEAD").read_text().strip()


def assert_sound(mirror):
    subprocess.run(["git", f"--git-dir={mirror.path}", "fsck", "--strict"], capture_output=True, check=True)


class TestFetch:
    def test_first_fetch_brings_branches_tags_and_head(self, origin, mirror, fetch):
        first = origin.commit({"a.txt": "one"}, branch="trunk")
        origin.commit({"a.txt": "two"}, branch="side/work")
        origin.tag("v1", "trunk", message="First")
        origin.set_head("trunk")
        assert not mirror.exists
        result = fetch(origin)
        assert mirror.exists
        assert (result.head, result.commit) == (b"refs/heads/trunk", first)
        assert {change.name for change in result.changes} == {
            b"refs/heads/trunk",
            b"refs/heads/side/work",
            b"refs/tags/v1",
        }
        assert own_refs(mirror) == origin.refs()
        assert head_of(mirror) == "ref: refs/heads/trunk"

    def test_second_fetch_changes_nothing(self, origin, mirror, fetch):
        origin.commit({"a.txt": "one"})
        before = fetch(origin)
        again = fetch(origin)
        assert again.changes == () and again.commit == before.commit and again.remote == before.remote

    def test_pull_request_refs_stay_away(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"})
        origin.set_ref("refs/pull/1/head", oid)
        fetch(origin)
        assert own_refs(mirror) == origin.refs()

    def test_forced_push_moved_tag_and_deletion(self, origin, mirror, fetch):
        old = origin.commit({"a": "1"})
        origin.commit({"a": "x"}, branch="gone")
        origin.tag("nightly")
        fetch(origin)
        new = origin.commit({"b": "2"}, parents=())
        origin.tag("nightly")
        origin.delete_branch("gone")
        changes = {change.name: (change.old, change.new) for change in fetch(origin).changes}
        assert changes[b"refs/heads/main"] == (old, new)
        assert changes[b"refs/tags/nightly"] == (old, new)
        assert changes[b"refs/heads/gone"][1] is None
        assert own_refs(mirror) == origin.refs()

    def test_default_branch_renamed(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"}, branch="master")
        origin.set_head("master")
        fetch(origin)
        origin.set_ref("refs/heads/main", oid)
        origin.delete_branch("master")
        origin.set_head("main")
        assert fetch(origin).head == b"refs/heads/main"
        assert own_refs(mirror) == origin.refs()
        assert head_of(mirror) == "ref: refs/heads/main"

    def test_head_switches_without_any_other_change(self, origin, mirror, fetch):
        origin.commit({"a": "1"})
        develop = origin.commit({"b": "1"}, branch="develop")
        before = fetch(origin)
        origin.set_head("develop")
        after = fetch(origin)
        assert after.changes == () and (after.head, after.commit) == (b"refs/heads/develop", develop)
        assert after.remote.digest != before.remote.digest
        assert head_of(mirror) == "ref: refs/heads/develop"

    @pytest.mark.parametrize(
        ("branches", "expected"),
        [(["main", "a"], "main"), (["a", "master"], "master"), (["zeta", "beta"], "beta")],
    )
    def test_deleted_default_branch_falls_back(self, origin, fetch, branches, expected):
        for name in branches:
            origin.commit({"a": name}, branch=name)
        origin.set_head("deleted")
        assert fetch(origin).head == f"refs/heads/{expected}".encode()

    def test_detached_head(self, origin, fetch):
        origin.commit({"a": "1"})
        wanted = origin.commit({"a": "2"}, branch="release")
        (origin.path / "HEAD").write_text(wanted + "\n")
        assert fetch(origin).head == b"refs/heads/release"

    def test_configured_branch_wins_while_it_exists(self, origin, fetch):
        origin.commit({"a": "1"})
        oid = origin.commit({"a": "2"}, branch="stable")
        assert (fetch(origin, branch="stable").commit) == oid
        assert fetch(origin, branch="missing").head == b"refs/heads/main"

    def test_branch_becomes_a_folder_of_branches_and_back(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"})
        origin.set_ref("refs/heads/df", oid)
        fetch(origin)
        origin.delete_branch("df")
        origin.set_ref("refs/heads/df/x", oid)
        fetch(origin)
        assert own_refs(mirror) == origin.refs()
        origin.delete_branch("df/x")
        origin.set_ref("refs/heads/df", oid)
        fetch(origin)
        assert own_refs(mirror) == origin.refs()

    def test_empty_repository_then_filled_then_emptied(self, origin, mirror, fetch):
        result = fetch(origin)
        assert mirror.exists and (result.head, result.commit, result.changes) == (None, None, ())
        assert mirror.refs() == [] and mirror.tags() == []
        oid = origin.commit({"a": "1"})
        assert fetch(origin).commit == oid
        origin.delete_branch("main")
        emptied = fetch(origin)
        assert emptied.head is None and own_refs(mirror) == b""

    def test_sha256(self, repository_builder, mirror, fetch):
        origin = repository_builder(object_format="sha256")
        oid = origin.commit({"a": "1", "d/b": "2"})
        origin.tag("v1", message="One")
        result = fetch(origin)
        assert len(oid) == 64 and result.commit == oid and result.remote.object_format == "sha256"
        with mirror.snapshot(oid) as snapshot:
            assert snapshot.read(snapshot.find(b"d/b"), 10) == b"2"
        assert [record.oid for record in mirror.log(oid)] == [oid]
        assert mirror.resolve("v1") == oid and mirror.root_commits(oid) == (oid,)
        assert fetch(origin).changes == ()

    def test_empty_mirror_takes_on_the_format_of_the_remote(self, repository_builder, mirror, fetch):
        with mirror.locked():
            mirror.create()
        origin = repository_builder(object_format="sha256")
        oid = origin.commit({"a": "1"})
        assert fetch(origin).commit == oid

    def test_refs_that_differ_in_case_or_leave_ascii(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"})
        other = origin.commit({"a": "2"})
        names = ["Feature", "feature", "FEATURE", "größe", "日本/語", "emoji-🎉", "-dash", "a'quote", 'a"b', "HEAD"]
        for number, name in enumerate(names):
            origin.set_ref(f"refs/heads/{name}", (oid, other)[number % 2])
        origin.git("update-ref", "--stdin", stdin=b"create refs/heads/caf\xe9 " + oid.encode() + b"\n")
        fetch(origin)
        assert own_refs(mirror) == origin.refs()
        assert mirror.resolve("feature") == other and mirror.resolve("Feature") == oid
        assert mirror.resolve("größe") == other
        origin.set_head("größe")
        assert fetch(origin).head == "refs/heads/größe".encode()
        assert fetch(origin).commit == other

    def test_many_refs_are_packed_and_limited(self, origin, mirror, checked, fetch):
        oid = origin.commit({"a": "1"})
        lines = "".join(f"create refs/heads/b{number} {oid}\n" for number in range(3000))
        origin.git("update-ref", "--stdin", stdin=lines.encode())
        fetch(origin)
        assert own_refs(mirror) == origin.refs()
        assert not any(path.is_file() for path in (mirror.path / "refs").rglob("*"))
        small = Mirror(mirror.path.with_name("small.git"), Limits(seconds=60, refs=100))
        with pytest.raises(LimitExceeded, match="3,001"), small.locked():
            small.fetch(checked(origin), None)
        assert not small.exists

    def test_shallow_source_that_is_deepened_later(self, origin, repository_builder, tmp_path, mirror, fetch):
        origin.commits(5)
        clone = tmp_path / "remotes" / "shallow.git"
        subprocess.run(["git", "clone", "-q", "--bare", "--depth=2", f"file://{origin.path}", str(clone)], check=True)
        tip = fetch(clone).commit
        assert mirror.count_commits(tip) == 2
        subprocess.run(["git", f"--git-dir={clone}", "fetch", "-q", "--unshallow"], check=True)
        origin.commit({"new": "1"})
        assert mirror.count_commits(fetch(origin).commit) == 6

    def test_not_a_repository(self, tmp_path, mirror, fetch):
        (tmp_path / "remotes" / "plain").mkdir(parents=True)
        with pytest.raises(NotFound):
            fetch(tmp_path / "remotes" / "plain")
        assert not mirror.exists

    def test_forbidden_objects_are_named(self, origin, mirror, fetch):
        origin.commit({".gitmodules": '[submodule "a"]\n\tpath = a\n\turl = --upload-pack=evil\n'})
        with pytest.raises(Broken, match="gitmodulesUrl"):
            fetch(origin)
        assert not mirror.exists

    @pytest.mark.parametrize("name", [".git", "..", ".", ".GIT"])
    def test_names_that_are_traps_hold_up_nothing_but_archives(self, origin, mirror, fetch, name):
        blob = origin.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
        rows = sorted([(name, blob), ("safe.txt", blob)])
        tree = origin.git("mktree", stdin="".join(f"100644 blob {oid}\t{path}\n" for path, oid in rows).encode())
        words = ["-c", "user.name=M", "-c", "user.email=m@example.org", "commit-tree", "-m", "odd"]
        origin.set_ref("refs/heads/main", origin.git(*words, tree.decode().strip()).decode().strip())
        commit = fetch(origin).commit
        with mirror.snapshot(commit) as snapshot:
            assert snapshot.find(b"safe.txt")
        with pytest.raises(Refused, match="trap"):
            open_archive(mirror.path, commit, "zip", mirror.limits, prefix="x")

    def test_attributes_beyond_the_bounds_of_git_hold_up_nothing(self, origin, mirror, fetch):
        origin.commit({".gitattributes": "* text\n" + "a" * 5000 + "\n", "a.py": "1"})
        assert fetch(origin).commit == mirror.resolve("HEAD")

    def test_progress_is_told(self, origin, fetch):
        origin.commits(500)
        seen = []
        fetch(origin, on_progress=seen.append)
        last = [progress for progress in seen if progress.phase == "Receiving objects"][-1]
        assert last.done == last.total == 1500 and last.received_bytes > 0

    def test_a_listener_that_raises_stops_the_fetch(self, origin, mirror, fetch):
        origin.commits(50)

        def stop(progress):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fetch(origin, on_progress=stop)
        assert not mirror.exists
        assert fetch(origin).commit

    def test_file_size_limit(self, origin, mirror, checked):
        origin.commit({"big": os.urandom(3_000_000)})
        small = Mirror(mirror.path, Limits(seconds=60, file_bytes=1_000_000))
        with pytest.raises(LimitExceeded) as caught, small.locked():
            small.fetch(checked(origin), None)
        assert "larger" in caught.value.message
        assert not small.exists

    def test_nothing_of_the_remote_is_written_into_the_config(self, origin, mirror, fetch):
        origin.commit({"a": "1"})
        fetch(origin)
        assert str(origin.path) not in (mirror.path / "config").read_text()
        assert not (mirror.path / "FETCH_HEAD").exists() and not (mirror.path / "hooks").exists()

    def test_another_owner_of_an_allowed_folder(self, origin, mirror, fetch):
        if os.geteuid() != 0:
            pytest.xfail("only root can give files away")
        origin.commit({"a": "1"})
        for place, folders, files in os.walk(origin.path):
            for name in (*folders, *files, "."):
                os.chown(os.path.join(place, name), 12345, 12345)
        assert fetch(origin).commit


class TestHealing:
    def test_leftovers_of_a_killed_git_go(self, origin, mirror, fetch):
        origin.commit({"a": "1"})
        fetch(origin)
        oid = origin.commit({"a": "2"})
        stale = ["HEAD.lock", "packed-refs.lock", "config.lock", "refs/heads/main.lock", "refs/heads/x/y.lock"]
        stale += ["objects/pack/tmp_pack_abc", "objects/pack/.tmp-1-pack-x.pack", "shallow.lock"]
        stale += ["objects/info/commit-graphs/commit-graph-chain.lock"]
        for name in stale:
            file = mirror.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
        assert fetch(origin).commit == oid
        assert not [name for name in stale if (mirror.path / name).exists()]

    def test_half_made_clone_goes(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"})
        half = mirror.path.with_name(".mirror.git.new")
        (half / "objects").mkdir(parents=True)
        assert fetch(origin).commit == oid
        assert sorted(path.name for path in mirror.path.parent.iterdir()) == ["mirror.git", "mirror.git.lock"]

    @pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.2])
    def test_kill_9_in_the_middle_of_a_fetch(self, origin, mirror, fetch, delay, tmp_path):
        origin.commit({"a": "1"})
        fetch(origin)
        origin.commits(300)
        origin.commit({"big": os.urandom(4_000_000)})
        lines = "".join(f"create refs/heads/b{number} {origin.oid('main')}\n" for number in range(300))
        origin.git("update-ref", "--stdin", stdin=lines.encode())
        worker = subprocess.Popen([sys.executable, "-c", FETCH_FOREVER, str(mirror.path), str(origin.path)])
        wait_for_git(mirror.path)
        time.sleep(delay)
        for pid in git_processes(mirror.path):
            kill(pid)
        worker.kill()
        worker.wait()
        with mirror.locked(timeout=20):
            pass
        assert fetch(origin).commit == origin.oid("main")
        assert own_refs(mirror) == origin.refs()
        assert_sound(mirror)

    def test_an_orphaned_git_keeps_the_lock(self, origin, mirror, forge):
        origin.commits(20)
        forge.behaviour = "hang"
        script = FETCH_FOREVER
        worker = subprocess.Popen([sys.executable, "-c", script, str(mirror.path), forge.url()])
        wait_until(lambda: forge.requests)
        worker.kill()
        worker.wait()
        with pytest.raises(Busy), mirror.locked():
            pass
        forge.released.set()
        with mirror.locked(timeout=20):
            pass


# A worker of its own, to be killed: it inherits nothing of the test.
FETCH_FOREVER = """
import sys
from pathlib import Path
from gitstore.addresses import AddressPolicy, check_address, parse_address
from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.process import run_git
policy = AddressPolicy(("http",), allow_private=True, local_roots=(Path("/"),))
address = check_address(parse_address(sys.argv[2]), policy)
mirror = Mirror(Path(sys.argv[1]))
with mirror.locked():
    if sys.argv[2].startswith("http"):
        words = ["fetch", address.url, "+refs/heads/*:refs/heads/*"]
        mirror.create()
        run_git(words, git_dir=mirror.path, limits=mirror.limits, config=[("protocol.http.allow", "always")],
                pass_fds=(mirror._lock,))
    try:
        mirror.fetch(address, None)
    except GitError:
        pass
"""


def git_processes(path):
    """Ids of processes that work on this mirror."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(str(path)) in words and b"git\0" in words.split(b"--git-dir")[0]:
                found.append(int(entry.name))
    return found


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)


def wait_until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def wait_for_git(path):
    wait_until(lambda: git_processes(path))


class TestLock:
    def test_writing_outside_the_lock_raises(self, origin, mirror, checked):
        for write in (
            lambda: mirror.fetch(checked(origin), None),
            mirror.create,
            mirror.maintain,
            mirror.remove_leftovers,
            mirror.collect_garbage,
        ):
            with pytest.raises(RuntimeError):
                write()
        with mirror.locked():
            pass
        with pytest.raises(RuntimeError):
            mirror.create()

    def test_one_holder_at_a_time(self, mirror):
        other = Mirror(mirror.path)
        with mirror.locked():
            with pytest.raises(Busy) as caught, other.locked():
                pass
            assert caught.value.retry_soon
        with other.locked():
            pass

    def test_across_processes_and_waiting(self, mirror):
        script = (
            "import sys\nfrom pathlib import Path\nfrom gitstore.mirrors import Mirror\n"
            "with Mirror(Path(sys.argv[1])).locked():\n    print('held', flush=True)\n    sys.stdin.read()\n"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", script, str(mirror.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy), mirror.locked(timeout=0.1):
            pass
        threading.Timer(0.2, holder.stdin.close).start()
        with mirror.locked(timeout=20):
            pass
        holder.wait()
        holder.stdout.close()

    def test_readers_need_no_lock(self, origin, mirror, fetch):
        oid = origin.commit({"a": "1"})
        fetch(origin)
        with Mirror(mirror.path).locked():
            assert mirror.resolve("main") == oid


class TestMaintenance:
    def test_few_packs_and_the_same_content(self, origin, mirror, fetch):
        for number in range(23):
            origin.commit({f"f{number}": "x" * number})
            fetch(origin)
        packs = mirror.path / "objects" / "pack"
        assert len(list(packs.glob("*.pack"))) > 20
        with mirror.locked():
            mirror.maintain()
        assert len(list(packs.glob("*.pack"))) < 5
        assert list((mirror.path / "objects" / "info").rglob("*.graph"))
        assert mirror.count_commits(origin.oid("main")) == 23
        with mirror.locked():
            mirror.collect_garbage()
        assert fetch(origin).changes == ()
        assert_sound(mirror)

    def test_fetch_after_a_rewrite_with_commit_graph(self, origin, mirror, fetch):
        origin.commits(30)
        fetch(origin)
        with mirror.locked():
            mirror.maintain()
        origin.commit({"z": "1"}, parents=())
        new = fetch(origin).commit
        with mirror.locked():
            mirror.maintain()
            mirror.collect_garbage()
        assert mirror.count_commits(new) == 1

    def test_size(self, origin, mirror, fetch):
        origin.commit({"big": os.urandom(200_000)})
        fetch(origin)
        assert 200_000 < mirror.size_bytes() < 300_000


class TestRemote:
    def test_digest_follows_heads_and_tags_only(self, origin, checked):
        oid = origin.commit({"a": "1"})
        first = list_remote(checked(origin), None, Limits())
        assert (first.head, first.refs) == (b"refs/heads/main", 1)
        origin.set_ref("refs/pull/1/head", oid)
        assert list_remote(checked(origin), None, Limits()) == first
        origin.tag("v1", message="One")
        second = list_remote(checked(origin), None, Limits())
        assert second.refs == 2 and second.digest != first.digest

    def test_empty_and_missing(self, origin, checked, tmp_path):
        state = list_remote(checked(origin), None, Limits())
        assert (state.head, state.refs) == (None, 0)
        with pytest.raises(NotFound):
            list_remote(checked(tmp_path / "remotes"), None, Limits())
