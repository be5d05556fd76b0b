"""The page of a folder."""

import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Project, Repository
from source.addresses import address

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5242880\n".format("a" * 64)


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_folders_come_first_and_each_entry_says_what_it_is(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit(
        {
            "a.txt": "x" * 2048,
            "run.sh": ("100755", "echo"),
            "link": ("120000", "zoo/b.txt"),
            "model.bin": POINTER,
            "zoo/b.txt": "1",
            "dep": ("160000", "1" * 40),
        },
        message="Begin the zoo\n\nBody",
    )
    planted(builder)
    answer = browser.get("/projects/widget/tree/main")
    words = text(answer)
    assert words.index("zoo") < words.index("a.txt")
    for expected in ("Executable file: run.sh", "link → to zoo/b.txt", "LFS", "5.0 MiB", "2.0 KiB", "@ 1111111111"):
        assert expected in words
    assert words.count("Begin the zoo") == 6
    assert "Body" not in words


def test_a_submodule_leads_to_the_registered_project_for_those_who_see_it(planted, repository_builder, browser):
    dependency = repository_builder("dep.git")
    fixed = dependency.commit({"lib.c": "1"})
    project = planted(dependency, slug="dep")
    Repository.objects.filter(pk=project.repository_id).update(address_key="git.example/team/dep")
    builder = repository_builder()
    modules = '[submodule "x"]\n\tpath = vendor/dep\n\turl = ../team/dep.git\n'
    builder.commit({".gitmodules": modules, "vendor/dep": ("160000", fixed)})
    planted(builder)
    link = address(project, "tree", fixed.encode())
    assert f'href="{link}"' in browser.get("/projects/widget/tree/main/vendor").content.decode()
    Project.objects.filter(pk=project.pk).update(visibility="restricted")
    hidden = browser.get("/projects/widget/tree/main/vendor").content.decode()
    assert link not in hidden
    assert fixed[:10] in hidden
    assert "projects/dep" not in hidden


def test_the_readme_of_a_folder_leads_to_this_revision(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"docs/README.md": "[next](sub/x.md) ![pic](../pic.png) [out](../../../etc)", "docs/sub/x.md": "1"})
    project = planted(builder)
    page = browser.get("/projects/widget/tree/main/docs").content.decode()
    assert f'href="{address(project, "blob", b"main", b"docs/sub/x.md")}"' in page
    assert f'src="{address(project, "raw", b"main", b"pic.png")}"' in page
    assert "/etc" not in re.sub(r">[^<]*<", "><", page)


def test_a_long_folder_comes_in_pages(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({f"f{number:04}.txt": "1" for number in range(1201)})
    planted(builder)
    first = text(browser.get("/projects/widget/tree/main"))
    assert "f0000.txt" in first
    assert "f1000.txt" not in first
    assert "Page 1 of 2, 1201 entries" in first
    second = text(browser.get("/projects/widget/tree/main?page=2"))
    assert "f1200.txt" in second
    assert text(browser.get("/projects/widget/tree/main?page=99")) == second.replace("?page=2", "?page=99")


def test_the_rest_of_the_last_commits_comes_later(planted, repository_builder, browser, monkeypatch):
    builder = repository_builder()
    builder.commit({"a": "1"}, message="First words")
    builder.commit({"b": "1"}, message="Second words")
    planted(builder)
    monkeypatch.setattr("source.views.tree.FIRST_SECONDS", -1)
    page = browser.get("/projects/widget/tree/main").content.decode()
    assert "First words" not in page
    more = re.search(r'hx-get="([^"]+)"', page[page.index('id="lasts"') :])[1].replace("&amp;", "&")
    cells = browser.get(more).content.decode()
    assert "First words" in cells
    assert "Second words" in cells
    assert 'id="c0" hx-swap-oob="true"' in cells
    assert "hx-get" not in cells
    assert "First words" in browser.get("/projects/widget/tree/main?wait=1").content.decode()


def test_a_second_look_searches_nothing(planted, repository_builder, browser, monkeypatch):
    builder = repository_builder()
    builder.commit({"a": "1"}, message="First words")
    planted(builder)
    browser.get("/projects/widget/tree/main")
    monkeypatch.setattr("gitstore.lastcommits.advance", lambda *_: pytest.fail("searched again"))
    assert "First words" in browser.get("/projects/widget/tree/main").content.decode()


def test_what_is_kept_follows_a_rewritten_history(planted, repository_builder, browser):
    """The same folder with another history has other last commits."""
    builder = repository_builder()
    builder.commit({"d/a": "1"}, message="The old way")
    planted(builder)
    assert "The old way" in text(browser.get("/projects/widget/tree/main/d"))
    builder.commit({"d/a": "1"}, message="The new way", parents=())
    words = text(browser.get("/projects/widget/tree/main/d"))
    assert "The new way" in words
    assert "The old way" not in words


def test_a_file_and_a_submodule_are_no_folders(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a": "1", "sub": ("160000", "1" * 40)})
    project = planted(builder)
    answer = browser.get("/projects/widget/tree/main/a")
    assert answer.headers["Location"] == address(project, "blob", b"main", b"a")
    assert browser.get("/projects/widget/tree/main/sub").status_code == 404


def test_queries_do_not_grow_with_the_folder(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({f"few/{number}": "1" for number in range(2)} | {f"many/{number}": "1" for number in range(40)})
    planted(builder)
    counts = []
    for folder in ("few", "many"):
        caches["code"].clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(f"/projects/widget/tree/main/{folder}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_damaged_folder_says_so(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"d/a": "1"})
    tree = builder.git("rev-parse", "main:d").decode().strip()
    project = planted(builder)
    for pack in (builder.path / "objects" / "pack").glob("*"):
        pack.rename(builder.path / pack.name)
    pack = next(builder.path.glob("*.pack"))
    builder.git("unpack-objects", "-q", stdin=pack.read_bytes())
    (builder.path / "objects" / tree[:2] / tree[2:]).unlink()
    answer = browser.get(address(project, "tree", b"main", b"d"))
    assert answer.status_code == 500
    assert "missing from the repository" in text(answer)
