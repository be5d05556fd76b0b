"""Repositories that are far too large, damaged or named to mislead: pages answer in plain words and hold little."""

import hashlib
import itertools
import json
import zlib
from dataclasses import replace

import pytest
from django.core.cache import caches

from common.markdown import render_document
from source import access
from source.addresses import address
from source.diffs import reading

MEGABYTE = 1024**2
ENTRIES = 100_000
CHANGED = 50_000


@pytest.fixture
def little_memory(monkeypatch):
    """Git may use a quarter of what a page of the large file would take to hold it."""
    monkeypatch.setattr(access, "PAGE_LIMITS", replace(access.PAGE_LIMITS, memory_bytes=256 * MEGABYTE))
    monkeypatch.setattr(reading, "LIMITS", replace(reading.LIMITS, memory_bytes=256 * MEGABYTE))


def get(browser, project, page, revision=b"main", path=b"", query=""):
    return browser.get(address(project, page, revision, path) + query)


def text(answer):
    return answer.content.decode()


def plant_entries(builder, count, content=b"1\n", branch="main", parent=None):
    """A commit with a folder `many` of so many files, all the same, and a file beside it; returns its id."""
    blob = builder.git("hash-object", "-w", "--stdin", stdin=content).strip()
    rows = b"".join(b"100644 blob %s\tfile-%06d.txt\n" % (blob, number) for number in range(count))
    many = builder.git("mktree", stdin=rows).strip()
    top = b"100644 blob %s\tbeside.txt\n040000 tree %s\tmany\n" % (blob, many)
    return commit_tree(builder, builder.git("mktree", stdin=top).strip().decode(), branch, parent)


def commit_tree(builder, tree, branch="main", parent=None):
    words = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit-tree", tree, "-m", "Change"]
    oid = builder.git(*words, *(["-p", parent] if parent else [])).decode().strip()
    builder.set_ref(f"refs/heads/{branch}", oid)
    return oid


def plant_huge(builder, size=1024 * MEGABYTE):
    """An object of so many zeros, whose compressed form repeats itself; returns its id, which git does not check."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"blob %d\0" % size) + packer.flush(zlib.Z_FULL_FLUSH)
    packer.compress(bytes(MEGABYTE))
    packer.flush(zlib.Z_FULL_FLUSH)
    unit = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    start = zlib.adler32(b"blob %d\0" % size)
    low, high = start & 0xFFFF, start >> 16
    check = (high + size * low) % 65521 << 16 | low
    oid = hashlib.sha1(b"huge").hexdigest()
    folder = builder.path / "objects" / oid[:2]
    folder.mkdir()
    (folder / oid[2:]).write_bytes(head + unit * (size // MEGABYTE) + b"\x03\x00" + check.to_bytes(4, "big"))
    return oid


class TestManyEntries:
    @pytest.fixture
    def project(self, planted, repository_builder):
        builder = repository_builder()
        plant_entries(builder, ENTRIES)
        return planted(builder)

    def test_every_page_shows_a_part_of_it(self, browser, project):
        tree = text(get(browser, project, "tree", path=b"many"))
        assert tree.count("<tr") <= 1_002
        assert "Page 1 of 100, 100000 entries" in tree
        assert "file-099999.txt" in text(get(browser, project, "tree", path=b"many", query="?page=100"))
        assert get(browser, project, "blob", path=b"many/file-099999.txt").status_code == 200
        assert get(browser, project, "find", query="?q=file-0999").content.count(b"/blob/main/many/") == 50
        near = get(browser, project, "tree", path=b"many/fil-099999.txt")
        assert near.status_code == 404
        assert len(near.content) < MEGABYTE
        commit = get(browser, project, "commit", revision=project.repository.head_commit.encode())
        assert commit.status_code == 200
        assert commit.content.count(b'<details class="file-diff"') == 300
        assert len(commit.content) < 4 * MEGABYTE


def test_a_comparison_of_fifty_thousand_files_shows_the_first_and_counts_the_rest(browser, planted, repository_builder):
    builder = repository_builder()
    old = plant_entries(builder, CHANGED)
    new = plant_entries(builder, CHANGED, b"2\n", "new", old)
    project = planted(builder)
    for url in (
        address(project, "commit", new.encode()),
        address(project, "compare", old.encode() + b"..new"),
        address(project, "compare", b"main...new") + "?page=150&view=split",
    ):
        answer = browser.get(url)
        assert answer.status_code == 200
        assert "of 5000" in text(answer)
        assert len(answer.content) < 4 * MEGABYTE


class TestHugeFile:
    @pytest.fixture
    def huge(self, repository_builder):
        builder = repository_builder()
        builder.commit({"small.txt": "1\n"})
        oid = plant_huge(builder)
        tree = builder.git("mktree", stdin=b"100644 blob %s\thuge.bin\n" % oid.encode()).decode().strip()
        commit_tree(builder, tree, parent="main")
        return builder

    @pytest.fixture
    def project(self, planted, huge):
        return planted(huge)

    @pytest.mark.parametrize("page", ["tree", "blob", "blame", "commits", "raw"])
    def test_it_is_never_held(self, browser, project, little_memory, page):
        path = b"" if page == "tree" else b"huge.bin"
        answer = get(browser, project, page, path=path)
        assert answer.status_code == 200
        if page == "raw":
            first = next(iter(answer.streaming_content))
            assert len(first) <= MEGABYTE
            assert answer.headers["Content-Length"] == str(1024 * MEGABYTE)
            answer.close()

    def test_the_page_of_its_commit_shows_the_rest(self, browser, project, little_memory):
        oid = project.repository.head_commit.encode()
        page = text(get(browser, project, "commit", revision=oid))
        assert "huge.bin" in page
        assert "small.txt" in page
        assert '<tr class="del">' in page
        alone = text(get(browser, project, "commit", revision=oid, path=b"huge.bin"))
        assert "Too large to be shown" in alone


class TestMalformedFolder:
    """Names that no working copy can have: nothing, twice the same, dots."""

    @pytest.fixture
    def project(self, planted, repository_builder):
        builder = repository_builder()
        builder.commit({"sub/a.txt": "1\n", "b.txt": "1\n"})
        blob = bytes.fromhex(builder.git("hash-object", "-w", "--stdin", stdin=b"content\n").decode().strip())
        names = (b"", b"..", b".git", b"../../etc/passwd", b"odd.txt", b"twice", b"twice")
        tree = b"".join(b"100644 %s\0%s" % (name, blob) for name in names)
        oid = builder.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=tree).decode().strip()
        commit_tree(builder, oid, "evil", "main")
        return planted(builder)

    def test_what_can_be_read_is_shown(self, browser, project):
        page = get(browser, project, "tree", revision=b"evil")
        assert page.status_code == 200
        assert "odd.txt" in text(page)
        assert get(browser, project, "blob", revision=b"evil", path=b"odd.txt").status_code == 200

    def test_other_branches_are_still_found_from_there(self, browser, project):
        for revision, path in ((b"main", b"sub/a.txt"), (b"evil", b"odd.txt"), (b"evil", b"")):
            page = get(browser, project, "refs", revision=revision, path=path, query="?to=blob")
            assert page.status_code == 200
            assert "main" in text(page)
        same = text(get(browser, project, "refs", path=b"sub/a.txt", query="?to=blob"))
        assert f'href="{address(project, "blob", b"main", b"sub/a.txt")}"' in same
        assert f'href="{address(project, "tree", b"evil")}"' in same

    @pytest.mark.parametrize("page", ["blame", "commits", "find", "commit"])
    def test_what_git_refuses_to_walk_says_so(self, browser, project, page):
        path = b"" if page in ("find", "commit") else b"odd.txt"
        oid = project.repository.mirror().path.joinpath("refs/heads/evil").read_text().strip().encode()
        answer = get(browser, project, page, revision=oid, path=path)
        assert answer.status_code in (200, 500)
        assert answer.status_code == 200 or "malformed" in text(answer)


LAUGHS = "".join(f".. |{one}| replace:: {f'|{other}| ' * 10}\n" for one, other in itertools.pairwise("abcdefghi"))
CELL = {"cell_type": "markdown", "source": "*a_ " * 20_000}
BOMBS = {
    "emphasis.md": "*a_ " * 120_000,
    "table.md": f"|{'a|' * 2_500}\n|{'-|' * 2_500}\n{'|x' * 2_500}\n" + "|x\n" * 50_000,
    "laughs.rst": f"{LAUGHS}.. |i| replace:: x\n\n|a|\n",
    "book.ipynb": json.dumps({"nbformat": 4, "cells": [CELL] * 100}),
}


@pytest.fixture
def little_time(monkeypatch):
    monkeypatch.setattr("source.documents.SECONDS", 0.5)
    monkeypatch.setitem(render_document.__kwdefaults__, "seconds", 0.5)


@pytest.mark.parametrize("name", BOMBS)
def test_a_document_that_never_ends_is_its_source_with_a_note_and_is_remembered(
    browser, planted, repository_builder, little_time, monkeypatch, name
):
    builder = repository_builder()
    builder.commit({name: BOMBS[name]})
    project = planted(builder)
    first = text(get(browser, project, "blob", path=name.encode()))
    assert "could not be drawn in the time" in first
    assert 'id="L1"' in first or "raw/main" in first
    monkeypatch.setattr("source.documents.run_bounded", None)
    monkeypatch.setattr("source.documents.render_document", None)
    assert "could not be drawn in the time" in text(get(browser, project, "blob", path=name.encode()))


def test_a_readme_that_never_ends_is_its_text_with_a_note_and_is_remembered(
    browser, planted, repository_builder, little_time, monkeypatch
):
    builder = repository_builder()
    builder.commit({"README.md": BOMBS["emphasis.md"]})
    project = planted(builder)
    assert "could not be drawn in the time" in text(get(browser, project, "tree"))
    monkeypatch.setattr("source.readme.render_document", None)
    caches["pages"].clear()
    assert "could not be drawn in the time" in text(get(browser, project, "tree"))


NO_REVISIONS = [b"--all", b"-n1", b"--output=pwned", b"main..main", b"main:a.txt", b":/Change", b"@{-1}", b"x" * 4000]
NO_REVISIONS += [b"a\x00b", b"\xff\xfe", b".", b"..", b"*", b"^main", b"refs", b"refs/heads", b"0" * 40, b"0" * 39]
TURNED = "\u202eevil\u202c \u2066x\u2069"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", f"# {TURNED}\n\n[{TURNED}](a.md) `{TURNED}`\n\n```py\n# {TURNED}\n```\n"),
        ("README.rst", f"Title\n=====\n\n{TURNED} ``{TURNED}``\n"),
        ("README.txt", TURNED),
        ("a.csv", f"one,two\n{TURNED},2\n"),
        ("a.ipynb", json.dumps({"nbformat": 4, "cells": [{"cell_type": "raw", "source": TURNED}]}, ensure_ascii=False)),
        ("a.py", f"# {TURNED}\n"),
        (f"{TURNED}.txt", "x\n"),
    ],
)
def test_what_turns_the_direction_of_reading_is_shown_and_turns_nothing(
    browser, planted, repository_builder, name, content
):
    builder = repository_builder()
    builder.commit({name: content}, message=TURNED, author=f"{TURNED} <ann@example.org>")
    project = planted(builder)
    for page in ("blob", "blame", "commits"):
        answer = text(get(browser, project, page, path=name.encode()))
        assert "U+202E" in answer
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(answer)
    assert "\u202e" not in text(get(browser, project, "tree"))


def test_links_of_a_page_to_itself_hold_any_name(browser, planted, repository_builder):
    builder = repository_builder()
    name = b"a #?%41\\ \xff.txt"
    for number in range(3):
        builder.commit({name: f"{number}\n" + "x\n" * 500, ".git-blame-ignore-revs": f"{'1' * 40}\n"})
    project = planted(builder)
    for page, query in (("blame", "?page=2"), ("commits", "?author=Ann")):
        answer = text(get(browser, project, page, path=name, query=query))
        assert f'href="{address(project, page, b"main", name)}' in answer
        assert f'href="/projects/widget/{page}/main/a #' not in answer


class TestRevisions:
    """Revisions that are none, or not what they seem."""

    @pytest.fixture
    def builder(self, repository_builder):
        made = repository_builder()
        made.commit({"a.txt": "1\n", "folder/b.txt": "1\n", "link": ("120000", "folder")})
        made.commit({"a.txt": "2\n"})
        return made

    @pytest.mark.parametrize("page", ["tree", "blob", "commits", "commit", "find", "refs", "blame", "raw"])
    def test_what_is_no_revision_is_not_found(self, browser, planted, builder, page):
        project = planted(builder)
        for revision in NO_REVISIONS:
            answer = get(browser, project, page, revision=revision, path=b"" if page != "raw" else b"a.txt")
            assert answer.status_code == 404 or page == "refs", revision[:50]
            assert answer.status_code in (200, 404)
        assert not list(builder.path.parent.rglob("pwned"))

    @pytest.mark.parametrize("typed", [b"main~1", b"main^", b"main^1", b"main~", b"v1~1/a.txt", b"main@{1}"])
    def test_arithmetic_is_explained_with_the_name_it_begins_with(self, browser, planted, builder, typed):
        builder.tag("v1")
        project = planted(builder)
        revision, _, path = typed.partition(b"/")
        answer = get(browser, project, "tree", revision=revision, path=path)
        assert answer.status_code == 404
        page = text(answer)
        assert "counts from another" in page
        name = typed[:2] if typed.startswith(b"v1") else b"main"
        assert f'href="{address(project, "tree", name)}"' in page
        assert f'href="{address(project, "commits", name)}"' in page

    def test_a_detached_head_is_the_default_branch(self, browser, planted, builder):
        builder.git("update-ref", "--no-deref", "HEAD", builder.oid("refs/heads/main~1"))
        answer = get(browser, planted(builder), "blob", revision=b"HEAD", path=b"a.txt")
        assert answer.status_code == 200
        assert 'id="L1"' in text(answer)

    @pytest.mark.parametrize("page", ["tree", "commits", "branches", "tags", "find", "compare", "refs"])
    def test_an_unborn_branch(self, browser, planted, repository_builder, page):
        project = planted(repository_builder(), branch="")
        revision = b"" if page in ("branches", "tags", "compare") else b"HEAD"
        answer = get(browser, project, page, revision=revision)
        assert answer.status_code in (200, 404)
        assert "No code yet" in text(answer) or "No " in text(answer) or page in ("compare", "refs")

    @pytest.mark.parametrize("page", ["tree", "blob", "blame", "commits", "raw", "commit", "find", "archive"])
    def test_missing_objects(self, browser, planted, builder, page):
        """Blobs and a folder are gone; what can be told without them is."""
        for spec in ("main:a.txt", "main:folder"):
            oid = builder.oid(spec)
            loose = builder.path / "objects" / oid[:2] / oid[2:]
            if not loose.exists():
                for pack in builder.path.glob("objects/pack/*.pack"):
                    content = pack.read_bytes()
                    pack.with_suffix(".idx").unlink()
                    pack.unlink()
                    builder.git("unpack-objects", "-q", stdin=content)
            loose.unlink()
        project = planted(builder)
        path = {"tree": b"", "commit": b"", "find": b"", "archive": b""}.get(page, b"a.txt")
        url = address(project, page, b"main", path) + (".zip" if page == "archive" else "")
        answer = browser.get(url, follow=True)
        assert answer.status_code in (200, 404, 500)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"Traceback" not in body
        assert get(browser, project, "tree", path=b"folder").status_code == 500
        assert "missing" in text(get(browser, project, "tree", path=b"folder"))
