"""The file finder and the revision picker."""

import gzip
import re

import pytest

from source.addresses import address
from source.pathlist import find_paths


def packed(*paths):
    return gzip.compress(b"".join(path + b"\0" for path in paths))


@pytest.mark.parametrize(
    ("words", "best"),
    [
        ("main.c", b"src/main.c"),
        ("main", b"src/main.c"),
        ("srcmain", b"src/main.c"),
        ("domain", b"lib/domain.c"),
        ("lib/d", b"lib/domain.c"),
        ("DOMAIN", b"lib/domain.c"),
        ("dmn", b"lib/domain.c"),
        ("my main", b"src/mymain.c"),
    ],
)
def test_the_best_comes_first(words, best):
    paths = packed(b"docs/main-page/x.md", b"lib/domain.c", b"src/main.c", b"src/mymain.c", b"a/s/r/c/m/a/i/n")
    assert find_paths(paths, words)[0] == best


def test_letters_out_of_order_find_nothing():
    assert find_paths(packed(b"abc"), "cab") == []


def test_the_form_works_without_script(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"src/a b#c.py": "1", "src/\xff".encode("latin-1"): "1", "other.txt": "1"})
    project = planted(builder)
    page = browser.get("/projects/widget/find/main?q=abc").content.decode()
    assert f'href="{address(project, "blob", b"main", b"src/a b#c.py")}"' in page
    assert "other.txt" not in page
    assert "No file is called that" in browser.get("/projects/widget/find/main?q=zzz").content.decode()


def test_the_list_names_addresses_where_a_browser_could_not_make_them(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"plain.txt": "1", b"odd\xff": "1", "100%": "1", "line\nfeed": "1"})
    planted(builder)
    rows = browser.get("/projects/widget/paths/main").content.decode().split("\0")
    assert sorted(rows) == sorted(["plain.txt", "odd\\xff\x01odd%FF", "100%\x01100%25", "line\\nfeed\x01line%0Afeed"])


def test_submodules_and_folders_are_no_files(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"d/x": "1", "sub": ("160000", "1" * 40)})
    planted(builder)
    assert browser.get("/projects/widget/paths/main").content == b"d/x"


class TestPicker:
    @pytest.fixture
    def project(self, planted, repository_builder):
        builder = repository_builder()
        oid = builder.commit({"src/a.py": "1"})
        builder.commit({"src": "a file"}, branch="flat", parents=())
        builder.commit({"x": "1"}, branch="other", parents=())
        for number in range(70):
            builder.set_ref(f"refs/heads/topic/{number:02}", oid)
        builder.tag("v1.9")
        builder.tag("v1.10")
        builder.tag("flat", "refs/heads/main")
        return planted(builder)

    def links(self, browser, query, tail="main/src"):
        page = browser.get(f"/projects/widget/refs/{tail}?{query}", headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in page
        return re.findall(r'href="([^"]+)"', page), page

    def test_it_keeps_the_path_where_it_is_there(self, browser, project):
        links, _ = self.links(browser, "q=t&to=tree")
        assert address(project, "tree", b"topic/00", b"src") in links
        links += self.links(browser, "q=fla&to=tree")[0] + self.links(browser, "q=oth&to=tree")[0]
        assert address(project, "blob", b"flat", b"src") in links
        assert address(project, "tree", b"other") in links

    def test_it_is_bounded_and_says_how_many_there_are(self, browser, project):
        links, page = self.links(browser, "q=topic")
        assert len(links) == 50
        assert "20 more" in page

    def test_the_exact_name_comes_first_and_the_newest_version(self, browser, project):
        links, _ = self.links(browser, "q=topic/07")
        assert links == [address(project, "tree", b"topic/07", b"src")]
        links, _ = self.links(browser, "q=v1")
        assert links == [address(project, "tree", tag, b"src") for tag in (b"v1.10", b"v1.9")]

    def test_a_tag_behind_a_branch_keeps_its_address(self, browser, project):
        links, _ = self.links(browser, "q=flat")
        assert address(project, "tree", b"refs/tags/flat", b"src") in links

    def test_the_same_page_of_another_branch(self, browser, project):
        links, _ = self.links(browser, "q=topic/01&to=commits")
        assert links == [address(project, "commits", b"topic/01", b"src")]
        links, _ = self.links(browser, "q=topic/01&to=https://evil.example")
        assert links == [address(project, "tree", b"topic/01", b"src")]

    def test_a_commit_by_its_id(self, browser, project):
        head = project.repository.head_commit
        links, _ = self.links(browser, f"q={head[:8]}")
        assert links == [address(project, "tree", head.encode(), b"src")]

    def test_it_is_a_page_without_script(self, browser, project):
        page = browser.get("/projects/widget/refs/main/src?q=v1").content.decode()
        assert "<html" in page
        assert address(project, "tree", b"v1.10", b"src") in page
