import hashlib

import pytest

from gitstore.changes import change_ids, commit_diffs
from gitstore.errors import GitError, LimitExceeded
from gitstore.patch_mails import MAX_BYTES, BadPatch, patched_files, read_patches
from gitstore.patches import check_branch, check_patches
from gitstore.records import Limits

LINES = "".join(f"line number {number}\n" for number in range(1, 41))


def lines(**changed):
    """The file of forty lines with some replaced: lines(l7="seven")."""
    rows = LINES.splitlines()
    for key, text in changed.items():
        rows[int(key[1:]) - 1] = text
    return "\n".join(rows) + "\n"


@pytest.fixture
def base(origin):
    return origin.commit({"a.txt": LINES, "dir/b.txt": LINES, "crlf.txt": LINES.replace("\n", "\r\n")})


@pytest.fixture
def offered(origin, base):
    """`offered(files, message, …)` gives the mail of a change made on top of the base, the mirror being as before."""

    def make(*steps, **options):
        tip = base
        for number, files in enumerate(steps):
            message = options.get("message", f"Step {number + 1}\n\nFor a reason.")
            tip = origin.commit(files, branch="offer", message=message, parents=[tip])
        words = ["format-patch", "--stdout", *options.get("words", ()), f"{base}..{tip}"]
        return origin.git(*words)

    return make


def files_of(folder):
    """What is in each file; git may renew times of packs that it finds objects in."""
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


class TestReadPatches:
    def test_several_commits_with_messages(self, offered):
        mails = read_patches(offered({"a.txt": lines(l3="x")}, {"a.txt": lines(l3="x", l9="y")}))
        assert [mail.message for mail in mails] == ["Step 1\n\nFor a reason.", "Step 2\n\nFor a reason."]
        assert mails[0].author == "Ann <ann@example.org>"
        assert b"+x" in mails[0].diff
        assert b"2.39" not in mails[1].diff

    def test_encoded_words_in_headers(self, origin, base):
        tip = origin.commit(
            {"a.txt": lines(l3="x")},
            branch="o",
            parents=[base],
            message="Größe prüfen: 日本語の長い件名でもこわれない",
            author="Jürgen Müßig <j@example.org>",
        )
        (mail,) = read_patches(origin.git("format-patch", "--stdout", "-1", tip))
        assert mail.subject == "Größe prüfen: 日本語の長い件名でもこわれない"
        assert mail.author == "Jürgen Müßig <j@example.org>"

    def test_encoded_word_of_an_unknown_charset(self, offered):
        data = offered({"a.txt": lines(l3="x")}).replace(b"[PATCH] Step 1", b"=?x-unknown?q?W=F6rter?=")
        assert read_patches(data)[0].subject == "Wörter"

    def test_headers_in_plain_utf_8(self, offered):
        data = offered({"a.txt": lines(l3="x")}).replace(b"[PATCH] Step 1", "[PATCH] Größe".encode())
        assert read_patches(data)[0].subject == "Größe"

    def test_plain_diff(self, origin, base, offered):
        offered({"a.txt": lines(l3="x")})
        (mail,) = read_patches(origin.git("diff", base, "offer"))
        assert (mail.author, mail.message) == ("", "")
        assert mail.diff.startswith(b"diff --git a/a.txt")

    @pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
    def test_content_that_a_mail_program_encoded(self, offered, encoding):
        import base64
        import quopri

        head, body = offered({"a.txt": lines(l3="é=")}).split(b"\n\n", 1)
        encoded = base64.encodebytes(body) if encoding == "base64" else quopri.encodestring(body)
        head = head.replace(b"8bit", encoding.encode())
        if b"Transfer" not in head:
            head += b"\nContent-Transfer-Encoding: " + encoding.encode()
        (mail,) = read_patches(head + b"\n\n" + encoded)
        assert "+é=".encode() in mail.diff

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "empty"),
            (b" \r\n ", "empty"),
            (b"Please fix the bug.\n", "no change"),
            (b"From a Mon Sep 17 00:00:00 2001\n\n" * 50_000, "50000 mails"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no change"),
            (b"From: a@b\nSubject: [PATCH 0/2] cover\n\nhello\n", "no change"),
            (b"diff --git a/x b/x\n" + b"+" * MAX_BYTES, "MB"),
            (b"diff --git a/.git/config b/.git/config\n--- a/.git/config\n+++ b/.git/config\n", ".git/config"),
            (b"diff --git a/x/.GIT/hooks b/x/.GIT/hooks\nnew file mode 100755\n", ".GIT/hooks"),
            (b"diff --git a/../x b/../x\n--- a/../x\n+++ b/../x\n", "../x"),
            (b"diff --git a//etc/x b//etc/x\n--- a//etc/x\n+++ b//etc/x\n", "/etc/x"),
            (b"--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "../x"),
            (b'diff --git "a/\\056git/x" "b/\\056git/x"\nnew file mode 100644\n', ".git/x"),
            (b"diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 99999999999\nzcmV\n", "too large"),
        ],
    )
    def test_what_is_refused(self, data, words):
        with pytest.raises(BadPatch) as raised:
            read_patches(data)
        assert words in raised.value.message

    def test_files_from_their_own_lines(self, origin, base):
        tip = origin.commit(
            {"a.txt": None, "moved to.txt": LINES, "dir/b.txt": ("100755", lines(l1="x")), "new é.txt": "n\n", "e": ""},
            branch="o",
            parents=[base],
        )
        found = patched_files(origin.git("diff", "-M", base, tip))
        assert {(change.status, change.old_path, change.path, patch.added) for change, patch in found} == {
            ("R", b"a.txt", b"moved to.txt", 0),
            ("M", b"dir/b.txt", b"dir/b.txt", 1),
            ("A", "new é.txt".encode(), "new é.txt".encode(), 1),
            ("A", b"e", b"e", 0),
        }
        assert next(change.new_mode for change, _ in found if change.path == b"dir/b.txt") == 0o100755


class TestCheckPatches:
    def check(self, origin, base, data):
        before = files_of(origin.path)
        try:
            return check_patches(origin.path, base, read_patches(data))
        finally:
            assert files_of(origin.path) == before  # nothing written into the mirror

    def test_applies(self, origin, base, offered):
        data = offered({"a.txt": lines(l3="x")}, {"dir/b.txt": None})
        checked = self.check(origin, base, data)
        assert checked.applies
        assert not checked.merged
        assert checked.tree == origin.oid("offer^{tree}")
        assert checked.paths == {b"a.txt", b"dir/b.txt"}
        assert len(checked.steps) == 2
        assert checked.diff == origin.git("diff", "--full-index", base, "offer")

    def test_sha256(self, repository_builder):
        origin = repository_builder("other.git", object_format="sha256")
        base = origin.commit({"a.txt": LINES})
        tip = origin.commit({"a.txt": lines(l3="x")}, branch="o", parents=[base])
        assert self.check(origin, base, origin.git("format-patch", "--stdout", "-1", tip)).tree == origin.oid(
            "o^{tree}"
        )

    def test_conflict_names_file_and_line(self, origin, offered):
        data = offered({"a.txt": lines(l7="theirs"), "dir/b.txt": lines(l7="theirs")})
        moved = origin.commit({"a.txt": lines(l7="ours")})
        checked = self.check(origin, moved, data)
        assert not checked.applies
        assert [(conflict.path, conflict.why) for conflict in checked.conflicts] == [
            (b"a.txt", "both sides changed the same lines")
        ]
        assert b"+theirs" in checked.diff

    def test_conflict_without_the_file_it_was_made_for(self, origin, base, offered, repository_builder):
        data = offered({"a.txt": lines(l7="theirs"), "dir/b.txt": lines(l2="b"), "new.txt": "n\n"})
        other = repository_builder("other.git")
        moved = other.commit({"a.txt": lines(l7="ours", l8="ours"), "new.txt": "there\n"})
        found = {conflict.path: conflict for conflict in self.check(other, moved, data).conflicts}
        assert found[b"a.txt"].line == 4
        assert "differ" in found[b"a.txt"].why
        assert "not there" in found[b"dir/b.txt"].why
        assert "there already" in found[b"new.txt"].why

    def test_lines_around_changed_but_a_merge_finds_the_place(self, origin, offered):
        data = offered({"a.txt": lines(l7="theirs")})
        moved = origin.commit({"a.txt": lines(l9="ours")})
        checked = self.check(origin, moved, data)
        assert checked.applies
        assert checked.merged

    def test_pasted_with_cr_lf(self, origin, base, offered):
        data = offered({"a.txt": lines(l3="x")}).replace(b"\n", b"\r\n")
        assert self.check(origin, base, data).applies

    def test_file_with_cr_lf_pasted_or_uploaded(self, origin, base, offered):
        data = offered({"crlf.txt": lines(l3="x").replace("\n", "\r\n")})
        wanted = origin.oid("offer^{tree}")
        assert self.check(origin, base, data).tree == wanted
        assert self.check(origin, base, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).tree == wanted

    def test_binary_with_content(self, origin, base, offered):
        data = offered({"pic.png": bytes(range(256)) * 40})
        checked = self.check(origin, base, data)
        assert checked.tree == origin.oid("offer^{tree}")
        assert b"Binary files" in checked.diff

    def test_binary_without_content(self, origin, base, offered):
        data = offered({"pic.png": bytes(range(256)) * 40}, words=["--no-binary"])
        with pytest.raises(BadPatch, match="--binary"):
            self.check(origin, base, data)

    def test_damaged(self, origin, base, offered):
        data = offered({"a.txt": lines(l3="x", l4="y")}).replace(b"+y\n", b"")
        with pytest.raises(BadPatch, match="damaged"):
            self.check(origin, base, data)

    def test_time_is_for_all_of_it_together(self, origin, base, offered):
        mails = read_patches(offered({"a.txt": lines(l3="x")}))
        with pytest.raises(LimitExceeded, match="longer than allowed"):
            check_patches(origin.path, base, mails, Limits(seconds=0))

    def test_all_there_already(self, origin, base, offered):
        data = offered({"a.txt": lines(l3="x")}, {"a.txt": LINES})
        with pytest.raises(BadPatch, match="changes nothing"):
            self.check(origin, base, data)

    def test_links_are_never_followed(self, origin, offered, tmp_path):
        target = tmp_path / "outside"
        target.mkdir()
        moved = origin.commit({"link": ("120000", str(target))})
        data = (
            b"diff --git a/link/x b/link/x\nnew file mode 100644\n--- /dev/null\n+++ b/link/x\n@@ -0,0 +1 @@\n+hello\n"
        )
        checked = self.check(origin, moved, data)
        assert not checked.applies
        assert list(target.iterdir()) == []

    def test_no_hook_no_filter_runs(self, origin, base, tmp_path):
        flag = tmp_path / "ran"
        hooks = origin.path / "hooks"
        hooks.mkdir(exist_ok=True)
        for name in ("post-index-change", "pre-applypatch", "post-applypatch"):
            (hooks / name).write_text(f"#!/bin/sh\ntouch {flag}\n")
            (hooks / name).chmod(0o755)
        tip = origin.commit({".gitattributes": "* filter=x merge=x diff=x\n", "a.txt": lines(l1="x")}, parents=[base])
        checked = self.check(origin, base, origin.git("format-patch", "--stdout", "-1", tip))
        assert checked.applies
        assert not flag.exists()


class TestCheckBranch:
    def test_merges(self, origin, base, offered):
        offered({"a.txt": lines(l3="x")}, {"a.txt": lines(l3="x", l4="y")})
        moved = origin.commit({"a.txt": lines(l30="ours")})
        before = files_of(origin.path)
        checked = check_branch(origin.path, moved, origin.oid("offer"))
        assert files_of(origin.path) == before
        assert checked.conflicts == ()
        assert len(checked.steps) == 2
        assert checked.diff == origin.git("diff", "--full-index", base, "offer")

    def test_conflict(self, origin, base, offered):
        offered({"a.txt": lines(l3="x")})
        moved = origin.commit({"a.txt": lines(l3="ours")})
        checked = check_branch(origin.path, moved, origin.oid("offer"))
        assert [conflict.path for conflict in checked.conflicts] == [b"a.txt"]
        assert not checked.applies

    def test_nothing_new(self, origin, base):
        with pytest.raises(BadPatch, match="nothing"):
            check_branch(origin.path, base, base)

    def test_unrelated(self, origin, base):
        other = origin.commit({"z": "z\n"}, branch="z", parents=())
        with pytest.raises(GitError, match="no history"):
            check_branch(origin.path, base, other)


class TestChangeIds:
    def test_survive_a_rebase_and_another_message(self, origin, base, offered):
        offered({"a.txt": lines(l20="changed in the middle")})
        (offer,) = commit_diffs(origin.path, [origin.oid("offer")]).values()
        moved = origin.commit({"a.txt": "before\n" + LINES}, message="Other")
        again = origin.commit(
            {"a.txt": "before\n" + lines(l20="changed in the middle")}, message="Now so", parents=[moved]
        )
        (landed,) = commit_diffs(origin.path, [again]).values()
        assert change_ids([offer]) == change_ids([landed])

    def test_lines_around_may_differ_for_the_second_one(self, origin, base, offered):
        offered({"a.txt": lines(l20="changed in the middle")})
        moved = origin.commit({"a.txt": lines(l19="close by")})
        again = origin.commit({"a.txt": lines(l19="close by", l20="changed in the middle")}, parents=[moved])
        diffs = commit_diffs(origin.path, [origin.oid("offer"), again])
        one, other = change_ids(list(diffs.values()))
        assert one.patch != other.patch
        assert one.lines == other.lines

    def test_too_little_to_tell(self, origin, base):
        tip = origin.commit({"a.txt": lines(l3="")}, parents=[base])
        (found,) = change_ids(list(commit_diffs(origin.path, [tip]).values()))
        assert found.patch
        assert not found.lines

    def test_same_as_git(self, origin, base, offered):
        offered({"a.txt": lines(l3="x"), "dir/b.txt": None, "new": "n\n"})
        tip = origin.oid("offer")
        wanted = origin.git("patch-id", "--stable", stdin=origin.git("show", "--no-renames", tip)).split()[0].decode()
        diffs = commit_diffs(origin.path, [tip, base])
        assert change_ids([diffs[tip], diffs[base]])[0].patch == wanted
        assert len(wanted) == hashlib.sha1().digest_size * 2
