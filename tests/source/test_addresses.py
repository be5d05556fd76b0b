import pytest
from django.urls import reverse

from gitstore.revisions import spell
from source.addresses import address


@pytest.mark.parametrize(
    "path",
    [
        b"a b/c#d/e?f",
        b"100%/x",
        b"caf\xc3\xa9/d",
        b"not-utf8-\xff/d",
        b"%41/d",
        b"%FF/d",
        b"%25FF/d",
        b"\xff%25%FF%2\xfe/d",
        b"line\nfeed/d",
        b"back\\slash/d",
        b"tree/x",
    ],
)
def test_every_path_has_an_address(planted, repository_builder, browser, path):
    builder = repository_builder()
    builder.commit({path + b"/leaf.txt": "x"})
    project = planted(builder)
    answer = browser.get(address(project, "tree", b"main", path))
    assert answer.status_code == 200
    assert b"leaf.txt" in answer.content


@pytest.mark.parametrize(
    "branch", ["feature/a/b", "deadbeef", "feature/100%", "caf\u00e9", "a&b=c", "0" * 40, "refs/heads/x", "HEAD"]
)
def test_every_branch_has_an_address(planted, repository_builder, browser, branch):
    builder = repository_builder()
    builder.commit({"main.txt": "x"})
    oid = builder.commit({"dir/other.txt": "x"}, parents=())
    builder.set_ref(f"refs/heads/{branch}", oid)
    builder.commit({"main.txt": "x", "dir/other.txt": None}, parents=())
    project = planted(builder)
    spelled = spell(f"refs/heads/{branch}".encode(), set())
    answer = browser.get(address(project, "tree", spelled, b"dir"))
    assert answer.status_code == 200
    assert b"other.txt" in answer.content


def test_a_branch_wins_over_a_tag_and_the_tag_keeps_an_address(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"x/one.txt": "1"}, branch="v1", parents=())
    builder.commit({"x/two.txt": "1"}, branch="main", parents=())
    builder.tag("v1", "refs/heads/main")
    project = planted(builder)
    assert b"one.txt" in browser.get(address(project, "tree", b"v1", b"x")).content
    assert b"two.txt" in browser.get(address(project, "tree", b"refs/tags/v1", b"x")).content


@pytest.mark.parametrize(
    "rest",
    [
        "nope",
        "main/nope",
        "main/../..",
        "main/%00",
        "-main",
        "--help",
        "main/" + "x" * 4000,
        "@{-1}",
        "main^",
        ":/x",
        "",
    ],
)
def test_what_is_not_there_is_404(planted, repository_builder, browser, rest):
    builder = repository_builder()
    builder.commit({"x/one.txt": "1"})
    planted(builder)
    assert browser.get(f"/projects/widget/tree/{rest}").status_code == 404


def test_a_stranger_learns_nothing_of_restricted_code(planted, repository_builder, browser, client):
    builder = repository_builder()
    builder.commit({"x/one.txt": "1"})
    planted(builder, visibility="restricted")
    assert browser.get("/projects/widget/tree/main").status_code == 404
    assert reverse("account_login") in client.get("/projects/widget/tree/main").headers.get("Location", "")


def test_an_empty_repository_says_so(planted, repository_builder, browser):
    planted(repository_builder(), branch="")
    answer = browser.get("/projects/widget/tree/HEAD")
    assert answer.status_code == 404
    assert b"No code yet" in answer.content
