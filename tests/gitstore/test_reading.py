import pytest

from gitstore.errors import NotFound
from gitstore.mirrors import Mirror
from gitstore.records import Limits

HOSTILE_PATHS = [
    b"new\nline",
    b"tab\tname",
    b"back\\slash",
    b"quote\"'name",
    b"bad-\xff\xfe-utf8",
    b"-option",
    b":(glob)**",
    b"CASE",
    b"case",
    "größe/日本.md".encode(),
    "nfc-é".encode(),
    "nfd-é".encode(),
    b" leading and trailing ",
    b"deep/" * 60 + b"end",
]


@pytest.fixture
def fetched(origin, mirror, fetch):
    """Fetches what the test put into the origin and returns the default branch's commit."""

    def run():
        return fetch(origin).commit

    return run


class TestSnapshot:
    def test_hostile_paths_are_listed_and_read(self, origin, mirror, fetched):
        origin.commit({path: b"content of " + path for path in HOSTILE_PATHS})
        with mirror.snapshot(fetched()) as snapshot:
            assert [entry.path for entry in snapshot.entries] == sorted(HOSTILE_PATHS)
            for path in HOSTILE_PATHS:
                entry = snapshot.find(path)
                assert snapshot.read(entry, 10_000) == b"content of " + path
                assert entry.size == len(b"content of " + path) and entry.type == "blob"
            assert snapshot.find(b"nothing") is None and not snapshot.truncated

    def test_links_and_submodules(self, origin, mirror, fetched):
        commit = origin.commit({"a": "1"})
        origin.commit(
            {
                "link": ("120000", "../../etc/passwd"),
                "loop": ("120000", "loop"),
                "module": ("160000", commit),
                "run.sh": ("100755", "#!/bin/sh\n"),
            }
        )
        with mirror.snapshot(fetched()) as snapshot:
            link, module = snapshot.find(b"link"), snapshot.find(b"module")
            assert link.is_symlink and snapshot.read(link, 100) == b"../../etc/passwd"
            assert (module.mode, module.type, module.size) == (0o160000, "commit", None)
            assert snapshot.read(module, 100) is None
            assert snapshot.find(b"run.sh").mode == 0o100755

    def test_size_is_checked_before_reading(self, origin, mirror, fetched):
        origin.commit({"big": b"x" * 5_000_000, "empty": "", "binary": bytes(range(256)) * 4, "newline": "\n\n"})
        with mirror.snapshot(fetched()) as snapshot:
            big = snapshot.find(b"big")
            assert snapshot.read(big, 4_999_999) is None
            assert snapshot.read(big, 5_000_000) == b"x" * 5_000_000
            assert snapshot.read(snapshot.find(b"empty"), 0) == b""
            assert snapshot.read(snapshot.find(b"binary"), 2000) == bytes(range(256)) * 4
            assert snapshot.read(snapshot.find(b"newline"), 2000) == b"\n\n"

    def test_from_a_subdirectory(self, origin, mirror, fetched):
        origin.commit({"lib/a.py": "a", "lib/sub/b.py": "b", "library/c.py": "c", "d": "d"})
        with mirror.snapshot(fetched()) as snapshot:
            inside = snapshot.under(b"lib/")
            assert [entry.path for entry in inside.entries] == [b"a.py", b"sub/b.py"]
            assert inside.read(inside.find(b"sub/b.py"), 10) == b"b"
            assert [entry.path for entry in inside.under(b"sub").entries] == [b"b.py"]
            assert snapshot.under(b"nothing").entries == []
            assert snapshot.under(b"").entries == snapshot.entries

    def test_more_files_than_allowed(self, origin, mirror, fetched):
        origin.commit({f"f{number:05d}": str(number) for number in range(3000)})
        commit = fetched()
        with mirror.snapshot(commit, Limits(files=100)) as snapshot:
            assert snapshot.truncated and len(snapshot.entries) == 100
            assert snapshot.entries[0].path == b"f00000" and snapshot.read(snapshot.entries[99], 10) == b"99"
        with mirror.snapshot(commit) as snapshot:
            assert not snapshot.truncated and len(snapshot.entries) == 3000

    def test_a_tree_of_a_billion_files(self, origin, mirror, fetched):
        """Each level names the next one ten times: small on disk, endless when listed."""
        kind, oid, mode = "blob", origin.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip(), "100644"
        for _ in range(10):
            rows = "".join(f"{mode} {kind} {oid}\tf{number}\n" for number in range(10))
            oid, kind, mode = origin.git("mktree", stdin=rows.encode()).decode().strip(), "tree", "040000"
        words = ["-c", "user.name=B", "-c", "user.email=b@example.org", "commit-tree", "-m", "bomb", oid]
        origin.set_ref("refs/heads/main", origin.git(*words).decode().strip())
        with mirror.snapshot(fetched(), Limits(files=5000, seconds=30)) as snapshot:
            assert snapshot.truncated and len(snapshot.entries) == 5000

    def test_empty_tree(self, origin, mirror, fetched):
        origin.commit({}, message="Nothing")
        with mirror.snapshot(fetched()) as snapshot:
            assert snapshot.entries == [] and snapshot.find(b"") is None

    def test_only_commit_ids_are_taken(self, mirror):
        for bad in ("main", "--output=x", "", "HEAD", "0" * 39):
            with pytest.raises(ValueError, match="commit id"), mirror.snapshot(bad):
                pass

    def test_the_reader_is_one_process_and_gone_afterwards(self, origin, mirror, fetched):
        origin.commit({f"f{number}": str(number) for number in range(50)})
        with mirror.snapshot(fetched()) as snapshot:
            contents = [snapshot.read(entry, 10) for entry in snapshot.entries]
            process = snapshot._reader._process
        assert len(contents) == 50 and process._process.poll() is not None


class TestLog:
    def test_facts_of_commits(self, origin, mirror, fetched):
        first = origin.commit({"a": "1"}, message="Begin\n\nBody.\n", when=1_600_000_000)
        side = origin.commit({"b": "1"}, branch="side", parents=[first], when=1_600_000_100)
        second = origin.commit(
            {"a": "2"},
            message="Größer\n\nWhy.\n\nCo-authored-by: Bo <bo@example.org>\nReviewed-by: Cy <cy@example.org>\n",
            author="Zoë <zoe@example.org>",
            when=1_600_000_200,
        )
        merge = origin.commit({"b": "1"}, parents=[second, side], message="Merge", when=1_600_000_300)
        records = {record.oid: record for record in mirror.log(fetched())}
        assert list(records) == [merge, second, side, first]
        assert records[merge].parents == (second, side) and records[first].parents == ()
        told = records[second]
        assert (told.author_name, told.author_email, told.subject) == ("Zoë", "zoe@example.org", "Größer")
        assert told.author_time == told.committer_time == 1_600_000_200
        assert told.trailers == (("Co-authored-by", "Bo <bo@example.org>"), ("Reviewed-by", "Cy <cy@example.org>"))
        assert mirror.count_commits(merge) == 4

    def test_mailmap_of_the_commit_itself(self, origin, mirror, fetched):
        origin.commit({"a": "1"}, author="ann <ann@old.example>")
        plain = fetched()
        origin.commit({".mailmap": "Ann Right <ann@new.example> <ann@old.example>\n"})
        mapped = fetched()
        assert {record.author_email for record in mirror.log(plain)} == {"ann@old.example"}
        assert [(r.author_name, r.author_email) for r in mirror.log(mapped)][-1] == ("Ann Right", "ann@new.example")

    def test_by_path_and_since(self, origin, mirror, fetched):
        one = origin.commit({"lib/a": "1", "*": "x"}, when=1_600_000_000)
        two = origin.commit({"other": "1"}, when=1_600_100_000)
        three = origin.commit({b"lib/bad-\xff": "1"}, when=1_600_200_000)
        tip = fetched()
        assert [record.oid for record in mirror.log(tip, path=b"lib")] == [three, one]
        assert [record.oid for record in mirror.log(tip, path=b"lib/bad-\xff")] == [three]
        assert [record.oid for record in mirror.log(tip, path=b"*")] == [one]
        assert [record.oid for record in mirror.log(tip, path=b":(glob)**")] == []
        assert [record.oid for record in mirror.log(tip, since=1_600_100_000)] == [three, two]

    @pytest.mark.parametrize(
        "message",
        [
            "",
            "\n\n",
            "one\x1etwo\x1f",
            "a\x00b",
            b"latin \xe9",
            "x" * 100_000,
            "Subject\nsecond line\n\nKey: a\x1fb: c\n",
        ],
    )
    def test_hostile_messages(self, origin, mirror, fetched, message):
        first = origin.commit({"a": "1"}, message=message)
        second = origin.commit({"a": "2"}, author="<>" if message == "" else "\x1f\ttab <a b@c>")
        assert [record.oid for record in mirror.log(fetched())] == [second, first]

    @pytest.mark.parametrize("date", ["-1", "99999999999999", "0", "4102444801"])
    def test_hostile_dates_are_clamped(self, origin, mirror, fetched, date):
        tree = origin.git("mktree", stdin=b"").decode().strip()
        raw = f"tree {tree}\nauthor A <a@b> {date} +0000\ncommitter A <a@b> {date} +0000\n\nx\n"
        oid = origin.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw.encode())
        (origin.path / "refs" / "heads" / "main").write_bytes(oid)
        for record in mirror.log(fetched()):
            assert 0 <= record.author_time <= 4_102_444_800 and 0 <= record.committer_time <= 4_102_444_800

    def test_a_history_larger_than_one_chunk(self, origin, mirror, fetched):
        tip = origin.commits(3000)
        records = list(mirror.log(fetched()))
        assert len({record.oid for record in records}) == 3000 and records[0].oid == tip
        assert mirror.count_commits(tip) == 3000

    def test_leaving_early(self, origin, mirror, fetched):
        origin.commits(3000)
        records = mirror.log(fetched())
        assert next(records).subject == "Step 3000"
        records.close()


class TestRefs:
    def test_tags(self, origin, mirror, fetched):
        commit = origin.commit({"a": "1"}, when=1_600_000_000)
        blob = origin.git("rev-parse", "main:a").decode().strip()
        origin.tag("light")
        origin.tag("v1.0", message="First\n\nwith a body")
        origin.tag("nested", "v1.0", message="Again")
        origin.tag("größe/1")
        origin.tag("of-a-blob", blob)
        origin.tag("of-a-tree", "main^{tree}", message="odd")
        fetched()
        tags = {tag.name: tag for tag in mirror.tags()}
        assert set(tags) == {"light", "v1.0", "nested", "größe/1"}
        assert {tag.commit for tag in tags.values()} == {commit}
        assert (tags["light"].annotated, tags["light"].time) == (False, 1_600_000_000)
        assert tags["v1.0"].annotated and tags["v1.0"].subject == "First"
        refs = {ref.name: ref for ref in mirror.refs()}
        assert refs[b"refs/tags/of-a-blob"].commit is None and refs[b"refs/tags/of-a-tree"].commit is None
        assert refs[b"refs/tags/nested"].commit == commit and refs[b"refs/heads/main"].oid == commit

    def test_resolve(self, origin, mirror, fetched):
        commit = origin.commit({"a": "1"})
        other = origin.commit({"a": "2"}, branch="other")
        origin.tag("main", "other", message="same name as a branch")
        origin.tag("v1", "main", message="One")
        fetched()
        assert mirror.resolve("main") == mirror.resolve(commit) == mirror.resolve(commit[:10]) == commit
        assert mirror.resolve("refs/tags/main") == mirror.resolve("other") == other
        assert mirror.resolve("HEAD") == commit

    @pytest.mark.parametrize(
        "rev",
        ["", "nothing", "-h", "--output=x", "main~1", "main^{/x}", "HEAD@{1}", ":/x", "a..b", "main\nother", "*", "@"],
    )
    def test_only_names_resolve(self, origin, mirror, fetched, rev):
        origin.commit({"a": "1"})
        origin.commit({"a": "2"})
        fetched()
        with pytest.raises(NotFound):
            mirror.resolve(rev)

    def test_root_commits(self, origin, mirror, fetched):
        first = origin.commit({"a": "1"})
        second = origin.commit({"b": "1"}, branch="import", parents=())
        merge = origin.commit({}, parents=[first, second])
        fetched()
        assert mirror.root_commits(merge) == tuple(sorted([first, second]))
        assert len(mirror.root_commits(merge, cap=1)) == 1
        assert Mirror(mirror.path).root_commits(first) == (first,)
