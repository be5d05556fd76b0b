import os
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gitstore.errors import Broken
from gitstore.fastimport import Delete, FastImport, Modify, Signature, quote_path

ANNE = Signature(
    "Anne Ødegård", "anne@example.org", datetime(2024, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
)
ROBO = Signature("robo", "robo@example.org", datetime(2024, 3, 2, tzinfo=timezone(timedelta(hours=-3))))


def git(path, *arguments):
    return subprocess.run(["git", f"--git-dir={path}", *arguments], check=True, capture_output=True).stdout


class TestCommits:
    def test_writes_author_committer_time_and_zone(self, tmp_path):
        with FastImport(tmp_path / "r.git") as writer:
            mark = writer.commit(
                "main", "Begin\n\nBecause.\n", ANNE, committer=ROBO, changes=[Modify(b"a.txt", b"one\n")]
            )
        shown = git(tmp_path / "r.git", "log", "--format=%H%n%an <%ae> %aI%n%cn %cI%n%B").decode()
        assert shown.splitlines()[:3] == [
            writer.oids[mark],
            "Anne Ødegård <anne@example.org> 2024-03-01T09:30:00+05:30",
            "robo 2024-03-02T00:00:00-03:00",
        ]
        assert "Begin\n\nBecause." in shown
        assert git(tmp_path / "r.git", "symbolic-ref", "HEAD") == b"refs/heads/main\n"

    def test_keeps_hostile_paths_and_content_byte_for_byte(self, tmp_path):
        files = {
            b'quote " and \\ back.txt': b"data 5\ncommit refs/heads/evil\n",
            b"line\nbreak\ttab": b"",
            b"caf\xe9/latin1": b"\x00\xff\n",
            "naïve/日本.md".encode(): b"no end of line",
        }
        with FastImport(tmp_path / "r.git") as writer:
            writer.commit("main", "data 3\nfoo\ndone\n", ANNE, changes=[Modify(p, c) for p, c in files.items()])
        names = git(tmp_path / "r.git", "ls-tree", "-rz", "--name-only", "main").split(b"\0")[:-1]
        assert set(names) == set(files)
        for path, content in files.items():
            assert git(tmp_path / "r.git", "cat-file", "blob", b"main:" + path) == content
        assert git(tmp_path / "r.git", "for-each-ref", "--format=%(refname)") == b"refs/heads/main\n"

    def test_merges_deletes_modes_and_follows_the_tip(self, tmp_path):
        with FastImport(tmp_path / "r.git", head="trunk") as writer:
            first = writer.commit("trunk", "one", ANNE, changes=[Modify(b"a", b"1"), Modify(b"b", b"1")])
            side = writer.commit("side", "two", ANNE, parents=[first], changes=[Modify(b"run", b"#!", "100755")])
            main = writer.commit("trunk", "three", ANNE, changes=[Delete(b"b"), Modify(b"link", b"a", "120000")])
            merge = writer.commit(
                "trunk", "merge", ANNE, parents=[main, side], changes=[Modify(b"run", b"#!", "100755")]
            )
            root = writer.commit("trunk2", "again", ANNE, parents=[merge])
            writer.commit("trunk2", "fresh root", ANNE, parents=())
            writer.reset("kept", root)
        listed = git(tmp_path / "r.git", "ls-tree", "-r", "trunk").decode().split("\n")
        assert [line.split()[0] + line.split()[-1] for line in listed if line] == ["100644a", "120000link", "100755run"]
        assert git(tmp_path / "r.git", "rev-list", "--parents", "-1", "trunk").split() == [
            writer.oids[m].encode() for m in (merge, main, side)
        ]
        assert git(tmp_path / "r.git", "rev-list", "--count", "trunk2") == b"1\n"
        assert git(tmp_path / "r.git", "rev-parse", "kept").strip().decode() == writer.oids[root]

    def test_tags_both_kinds(self, tmp_path):
        with FastImport(tmp_path / "r.git") as writer:
            mark = writer.commit("main", "one", ANNE)
            writer.tag("light", mark)
            writer.tag("v1.0.0", mark, message="Release 1.0.0\n", tagger=ROBO)
        kinds = git(tmp_path / "r.git", "for-each-ref", "--format=%(refname:short) %(objecttype)", "refs/tags")
        assert kinds == b"light commit\nv1.0.0 tag\n"
        assert git(tmp_path / "r.git", "fsck", "--strict") == b""

    def test_sha256(self, tmp_path):
        with FastImport(tmp_path / "r.git", object_format="sha256") as writer:
            mark = writer.commit("main", "one", ANNE)
        assert len(writer.oids[mark]) == 64


class TestRefusals:
    @pytest.mark.parametrize(
        "branch",
        ["", "a b", "a\nb", "-x", "a..b", "a.lock", "a/", "/a", "a//b", "a@{1", "a:b", "@", "a\\b", ".a", "a."],
    )
    def test_refuses_branch_names_git_would_not_take(self, tmp_path, branch):
        with FastImport(tmp_path / "r.git") as writer:
            with pytest.raises(ValueError):
                writer.commit(branch, "x", ANNE)
            with pytest.raises(ValueError):
                writer.reset(branch, "0" * 40)
            with pytest.raises(ValueError):
                writer.tag(branch, "0" * 40)

    @pytest.mark.parametrize(
        "who",
        [
            Signature("A\nB", "a@b", datetime(2024, 1, 1, tzinfo=UTC)),
            Signature("A", "a@b>\ncommit", datetime(2024, 1, 1, tzinfo=UTC)),
            Signature("A", "a@b", datetime(2024, 1, 1)),
        ],
    )
    def test_refuses_signatures_that_break_the_stream(self, tmp_path, who):
        with FastImport(tmp_path / "r.git") as writer, pytest.raises(ValueError):
            writer.commit("main", "x", who)

    def test_refuses_unknown_parents_modes_and_paths(self, tmp_path):
        with FastImport(tmp_path / "r.git") as writer:
            for parents, changes in [
                ([7], []),
                (["main"], []),
                (None, [Modify(b"a", b"", "777")]),
                (None, [Delete(b"")]),
            ]:
                with pytest.raises(ValueError):
                    writer.commit("main", "x", ANNE, parents=parents, changes=changes)

    def test_says_what_git_refused(self, tmp_path):
        with pytest.raises(Broken, match="fast-import refused"), FastImport(tmp_path / "r.git") as writer:
            writer.commit("main", "x", ANNE, parents=["1" * 40])

    def test_leaves_a_used_folder_alone(self, tmp_path):
        folder = tmp_path / "used"
        folder.mkdir()
        (folder / "mine").write_text("x")
        with pytest.raises(FileExistsError), FastImport(folder):
            pass
        assert [p.name for p in folder.iterdir()] == ["mine"]

    def test_an_error_inside_the_block_ends_git(self, tmp_path):
        with pytest.raises(KeyError), FastImport(tmp_path / "r.git") as writer:
            pid = writer._process.pid
            writer.commit("main", "x", ANNE)
            raise KeyError("mine")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    def test_quotes_every_byte_that_needs_it(self):
        assert quote_path(b'a"\\\n\xff') == b'"a\\042\\134\\012\\377"'
