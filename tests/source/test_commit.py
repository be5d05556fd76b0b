import os
import re
import subprocess

import pytest
from django.urls import reverse

from gitstore.addresses import parse_address
from gitstore.diffs import empty_tree
from source.addresses import address
from tests.gitstore.builder import ENVIRONMENT

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"
PROSE = "".join(f"line {number}\n" for number in range(60))


def get(browser, project, oid, path=b"", query="", **more):
    return browser.get(address(project, "commit", oid.encode(), path) + query, **more)


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html, kind):
    """Text of the rows of one kind."""
    found = re.findall(rf'<tr class="{kind}">.*?<td class="c">(.*?)</td></tr>', html)
    return [re.sub(r"<[^>]+>", "", row) for row in found]


class TestCommit:
    def test_message_people_and_changes(self, planted, builder, browser):
        builder.commit({"a.txt": "one\ntwo\n", "b.txt": "x\n"})
        oid = builder.commit(
            {"a.txt": "one\nzwei\n", "c.txt": "new\n"},
            message="Say it in German\n\nBecause.\n\nReviewed-by: Bo <bo@example.org>\n",
            committer="Cy <cy@example.org>",
        )
        html = text(get(browser, planted(builder), oid))
        assert "Say it in German" in html and "Because." in html
        assert "<dt>Reviewed-by</dt><dd>Bo &lt;bo@example.org&gt;</dd>" in html
        assert "Ann" in html and "Committer" in html and "Cy" in html
        assert "2 files changed" in html and "b.txt" not in html
        assert (rows(html, "del"), rows(html, "add")) == (["two"], ["zwei", "new"])

    def test_committer_is_left_out_where_it_is_the_author(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        assert "Committer" not in text(get(browser, planted(builder), oid))

    def test_any_name_leads_to_the_id(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        builder.tag("v/1", message="One")
        project = planted(builder)
        for name in (b"main", b"v/1", oid[:9].encode(), b"HEAD"):
            answer = browser.get(address(project, "commit", name) + "?view=split")
            assert answer["Location"] == address(project, "commit", oid.encode()) + "?view=split"

    def test_a_root_commit_and_an_empty_one(self, planted, builder, browser):
        root = builder.commit({"a": "1\n"})
        empty = builder.commit({})
        project = planted(builder)
        assert rows(text(get(browser, project, root)), "add") == ["1"]
        assert "Nothing differs" in text(get(browser, project, empty))

    def test_a_merge_is_seen_against_each_parent(self, planted, builder, browser):
        base = builder.commit({"a": "1\n"})
        side = builder.commit({"side": "s\n"}, branch="side", parents=[base])
        main = builder.commit({"main": "m\n"})
        merge = builder.commit({"side": "s\n"}, parents=[main, side])
        project = planted(builder)
        assert rows(text(get(browser, project, merge)), "add") == ["s"]
        html = text(get(browser, project, merge, query="?parent=2"))
        assert rows(html, "add") == ["m"] and "parent=2" in html and "?parent=1" in html
        assert get(browser, project, merge, query="?parent=3").status_code == 404
        assert get(browser, project, merge, query="?parent=x").status_code == 200

    def test_two_columns_and_white_space(self, planted, builder, browser):
        builder.commit({"a": "if x:\n  one\n  two words here\n"})
        oid = builder.commit({"a": "if x:\n    one\n  three words here\n"})
        project = planted(builder)
        html = text(get(browser, project, oid, query="?view=split&space=ignore"))
        assert '<td class="c del">  <del>two</del> words here</td>' in html
        assert '<td class="c add">  <ins>three</ins> words here</td>' in html
        assert "one" in html and 'class="c add">    one' not in html

    def test_kinds_of_changes_are_named(self, planted, builder, browser):
        module = builder.commit({"m": "1"}, branch="other")
        builder.commit({"old.txt": PROSE, "run": "1\n", "link": ("120000", "x"), "bin": b"\0" * 100, "end": "a\n"})
        oid = builder.commit(
            {
                "old.txt": None,
                "new.txt": PROSE + "more\n",
                "run": ("100755", "1\n"),
                "link": "text\n",
                "bin": b"\0" * 90,
                "end": "a",
                "sub": ("160000", module),
                "empty": "",
            }
        )
        html = text(get(browser, planted(builder), oid))
        for words in (
            "renamed, 98 % alike",
            "file → executable file",
            "content unchanged",
            "symbolic link → file",
            "binary file, not shown",
            "No newline at the end",
            "submodule",
            "empty file",
        ):
            assert words in html, words
        assert "old.txt" in html and f"Subproject commit {module}" in html

    def test_a_submodule_leads_to_its_project(self, planted, repository_builder, builder, browser):
        for visibility in ("internal", "restricted"):
            other = repository_builder(visibility)
            tip = other.commit({"m": visibility})
            project = planted(other, slug=visibility, visibility=visibility)
            project.name = f"Tools {visibility}"
            project.save()
            modules = f'[submodule "x"]\n\tpath = x\n\turl = {project.repository.clone_url}\n'
            oid = builder.commit({".gitmodules": modules, "x": ("160000", tip)})
            repository = project.repository
            repository.address_key = parse_address(repository.clone_url).key
            repository.save()
            if visibility == "internal":
                internal, known = oid, tip
        project = planted(builder)
        html = text(get(browser, project, internal))
        assert f'<a href="/projects/internal/tree/{known}">Tools internal</a>' in html
        answer = get(browser, project, oid)
        assert "Tools" not in text(answer) and "no-store" in answer["Cache-Control"]

    def test_links_in_messages_and_nothing_else(self, planted, builder, browser):
        first = builder.commit({"a": "1"})
        message = (
            f"Undo {first[:10]} and not deadbeef01\n\nSee (https://example.org/a?b=1&c=2). {HOSTILE}\n"
            'javascript:alert(1) https://x.example/"onmouseover="alert(2)\n'
        )
        oid = builder.commit({"a": "2"}, message=message, author=f"{HOSTILE.replace('<', '').replace('>', '')} <a@b>")
        project = planted(builder)
        html = text(get(browser, project, oid))
        assert f'<a class="oid" href="{address(project, "commit", first.encode())}">{first[:10]}</a>' in html
        assert '<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noreferrer">' in html
        assert '<a href="https://x.example/" rel' in html and "deadbeef01</a>" not in html
        assert "<script>alert" not in html and "\u202e" not in html and "\x1b" not in html
        assert 'href="javascript' not in html and 'onmouseover="alert' not in html

    def test_hostile_names_and_lines(self, planted, builder, browser):
        path = f'a/{HOSTILE}\n"b" \xff'.encode("latin-1", "ignore")
        builder.commit({path: "x\n"})
        oid = builder.commit({path: HOSTILE + "\x00".replace("\x00", "") + "\r\n", b"\xff\xfe": b"caf\xe9\n"})
        html = text(get(browser, planted(builder), oid))
        assert "<script>alert" not in html and "\u202e" not in html and "\x1b" not in html
        assert 'title="right-to-left override">U+202E<' in html and "caf\u00e9" in html

    def test_one_file_of_it(self, planted, builder, browser):
        builder.commit({"dir/a": "1\n", "dir/b": "1\n", "c": PROSE})
        oid = builder.commit({"dir/a": "2\n", "dir/b": "3\n", "c": None, "d": PROSE})
        project = planted(builder)
        assert rows(text(get(browser, project, oid, b"dir/b")), "add") == ["3"]
        assert rows(text(get(browser, project, oid, b"dir")), "add") == ["2", "3"]
        assert "renamed" in text(get(browser, project, oid, b"d")) and "renamed" in text(
            get(browser, project, oid, b"c")
        )
        assert get(browser, project, oid, b"nothing").status_code == 404
        part = text(get(browser, project, oid, b"dir/b", headers={"HX-Request": "true"}))
        assert part.lstrip().startswith("<details") and "<html" not in part

    def test_large_files_are_folded_and_reachable(self, planted, builder, browser):
        builder.commit({"big": "x\n", "small": "x\n"})
        oid = builder.commit({"big": "".join(f"{n}\n" for n in range(3000)), "small": "y\n", "wide": "w" * 3_000_000})
        project = planted(builder)
        html = text(get(browser, project, oid))
        assert rows(html, "add") == ["y"] and "Large: 3,0" in html
        assert f'href="{address(project, "commit", oid.encode(), b"big")}"' in html
        assert len(rows(text(get(browser, project, oid, b"big")), "add")) == 3000
        assert "Too large to be shown" in text(get(browser, project, oid, b"wide"))

    def test_many_files_come_in_pages(self, planted, builder, browser):
        oid = builder.commit({f"d/f{number:04d}": f"{number}\n" for number in range(650)})
        project = planted(builder)
        html = text(get(browser, project, oid))
        assert "650 files changed" in html and "at least" in html and len(rows(html, "add")) == 300
        last = text(get(browser, project, oid, query="?page=3"))
        assert rows(last, "add") == [str(number) for number in range(600, 650)]
        assert text(get(browser, project, oid, query="?page=99999")) and text(
            get(browser, project, oid, query="?page=-1")
        )

    def test_names_follow_the_mailmap_openly(self, planted, builder, browser):
        oid = builder.commit({"a": "1"}, author="ann <ann@old.example>")
        builder.commit({".mailmap": "Ann Right <ann@new.example> <ann@old.example>\n"})
        html = text(get(browser, planted(builder), oid))
        assert "Ann Right" in html and "recorded as ann &lt;ann@old.example&gt;" in html

    def test_what_it_is_part_of(self, planted, builder, browser):
        first = builder.commit({"a": "1"})
        second = builder.commit({"a": "2"}, message="On top")
        builder.tag("v1", second)
        builder.commit({"a": "1"}, branch="alone", parents=())
        project = planted(builder)
        html = text(get(browser, project, first, query="?part=refs"))
        assert "<html" in html and ">main<" in html and ">v1<" in html and "On top" in html and "alone" not in html
        part = text(get(browser, project, first, query="?part=refs", headers={"HX-Request": "true"}))
        assert "<html" not in part and ">main<" in part

    def test_sha256(self, planted, repository_builder, browser):
        builder = repository_builder(object_format="sha256")
        root = builder.commit({"a": "1\n"})
        oid = builder.commit({"a": "2\n"})
        project = planted(builder)
        assert rows(text(get(browser, project, root)), "add") == ["1"]
        assert rows(text(get(browser, project, oid)), "add") == ["2"]

    def test_missing_objects_make_a_clear_page(self, planted, builder, browser):
        builder.commit({"a": "1\n"})
        oid = builder.commit({"a": "2\n"})
        project = planted(builder)
        blob = builder.git("rev-parse", "main:a").decode().strip()
        for pack in (builder.path / "objects" / "pack").glob("pack-*"):
            target = builder.path / pack.name
            pack.rename(target)
            if target.suffix == ".pack":
                kept = target
        builder.git("unpack-objects", "-q", stdin=kept.read_bytes())
        for rest in (builder.path / "objects" / "pack").glob("pack-*"):
            rest.unlink()
        (builder.path / "objects" / blob[:2] / blob[2:]).unlink()
        answer = get(browser, project, oid)
        assert answer.status_code == 500 and b"Traceback" not in answer.content

    @pytest.mark.parametrize("rest", ["nope", "-1", "--output=x", "main~1", "%00", "a..b", "0" * 40, "x" * 4000, ""])
    def test_what_is_not_there_is_404(self, planted, builder, browser, rest):
        builder.commit({"a": "1"})
        planted(builder)
        assert browser.get(f"/projects/widget/commit/{rest}").status_code == 404

    def test_same_queries_for_any_number_of_files(self, planted, builder, browser, django_assert_max_num_queries):
        few = builder.commit({"a": "1"})
        many = builder.commit({f"f{number}": "1" for number in range(50)})
        project = planted(builder)
        get(browser, project, few)
        with django_assert_max_num_queries(6):
            get(browser, project, many)

    def test_the_browser_asks_again_and_gets_304(self, planted, builder, browser):
        oid = builder.commit({"a": "1"})
        project = planted(builder)
        answer = get(browser, project, oid)
        assert "private" in answer["Cache-Control"]
        again = get(browser, project, oid, headers={"If-None-Match": answer["ETag"]})
        assert again.status_code == 304


class TestTexts:
    def test_they_are_what_git_prints(self, planted, builder, browser):
        root = builder.commit({"a": PROSE, b"t\tb \xff": "x\n"}, message="Gr\u00f6\u00dfer\n\nBody\n")
        oid = builder.commit({"a": PROSE.replace("7", "8"), "bin": bytes(range(256))}, author="Z\u00f6e <z@e>")
        project = planted(builder)
        for commit, old in ((root, empty_tree(root)), (oid, root)):
            answer = browser.get(address(project, "commit", commit.encode()) + ".diff")
            assert b"".join(answer.streaming_content) == builder.git("diff", old, commit)
            answer = browser.get(address(project, "commit", commit.encode()) + ".patch")
            assert b"".join(answer.streaming_content) == builder.git("format-patch", "--stdout", "--root", "-1", commit)
            assert answer["Content-Type"] == "text/plain; charset=utf-8"
            assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
            assert answer["Cache-Control"].startswith("private") and "immutable" in answer["Cache-Control"]

    def test_a_patch_makes_the_same_tree(self, planted, builder, browser, tmp_path):
        old = builder.commit(
            {"a": PROSE, "gone": "x\n", "run": "1\n", "link": ("120000", "a"), "bin": bytes(range(256))}
        )
        new = builder.commit(
            {"a": PROSE.replace("7", "8").rstrip("\n"), "gone": None, "run": ("100755", "1\n"), "sp ace\t": "n\r\n"}
            | {"link": ("120000", "b"), "bin": bytes(range(255))},
            message="Title\n\n--- not a header\n+++ b\n",
        )
        project = planted(builder)
        patch = b"".join(browser.get(address(project, "commit", new.encode()) + ".patch").streaming_content)
        work = tmp_path / "work"
        names = ENVIRONMENT | {"GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@e"}
        subprocess.run(["git", "clone", "-q", builder.path, work], env=names, check=True)
        subprocess.run(["git", "reset", "-q", "--hard", old], cwd=work, env=names, check=True)
        subprocess.run(["git", "am", "-q", "--keep-cr"], cwd=work, env=names, check=True, input=patch)
        tree = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=work, env=names, check=True, capture_output=True)
        assert tree.stdout == builder.git("rev-parse", f"{new}^{{tree}}")

    def test_other_names_lead_to_the_id(self, planted, builder, browser):
        oid = builder.commit({"a": "1\n"})
        builder.set_ref("refs/heads/odd.patch", oid)
        project = planted(builder)
        for name in (b"main", oid[:8].encode(), b"odd.patch"):
            answer = browser.get(address(project, "commit", name) + ".diff")
            assert answer["Location"] == address(project, "commit", oid.encode()) + ".diff"
        assert browser.get(address(project, "commit", b"odd.patch"))["Location"].endswith(oid)

    def test_a_merge_has_a_diff_against_each_parent_and_no_patch(self, planted, builder, browser):
        base = builder.commit({"a": "1\n"})
        side = builder.commit({"s": "1\n"}, branch="side", parents=[base])
        merge = builder.commit({"s": "1\n"}, parents=[base, side])
        project = planted(builder)
        url = address(project, "commit", merge.encode())
        assert browser.get(url + ".patch").status_code == 404
        assert b"".join(browser.get(url + ".diff").streaming_content) == builder.git("diff", base, merge)
        assert b"".join(browser.get(url + ".diff?parent=2").streaming_content) == builder.git("diff", side, merge)
        assert browser.get(url + ".diff?parent=3").status_code == 404

    def test_head_and_304_start_nothing(self, planted, builder, browser):
        oid = builder.commit({"a": "1\n"})
        url = address(planted(builder), "commit", oid.encode()) + ".patch"
        answer = browser.head(url)
        assert answer.status_code == 200 and answer["ETag"]
        assert browser.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304

    def test_leaving_early_stops_git(self, planted, builder, browser):
        oid = builder.commit({f"f{number}": os.urandom(300_000).hex() for number in range(10)})
        answer = browser.get(address(planted(builder), "commit", oid.encode()) + ".diff")
        next(answer.streaming_content)
        answer.close()
        found = subprocess.run(["pgrep", "-f", f"git-dir={builder.path} diff-tree"], capture_output=True, check=False)
        assert found.stdout == b""


@pytest.mark.parametrize(
    "rest",
    [
        "commit/{oid}",
        "commit/{oid}/a",
        "commit/{oid}.patch",
        "commit/{oid}.diff",
        "commit/{oid}?part=refs",
        "compare/main...main",
        "compare/main...main.diff",
        "compare/",
        "branches/",
        "tags/",
        "archive/main.zip",
    ],
)
def test_a_stranger_learns_nothing_of_restricted_code(planted, builder, browser, client, rest):
    oid = builder.commit({"a": "1"})
    planted(builder, visibility="restricted")
    url = f"/projects/widget/{rest.format(oid=oid)}"
    assert browser.get(url).status_code == 404
    assert reverse("account_login") in client.get(url).headers.get("Location", "")
