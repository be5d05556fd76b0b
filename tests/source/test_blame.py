import html
import re

import pytest

from source import blame as blame_module
from source.addresses import address

BEFORE = re.compile(r'class="hunk-before" href="([^"]*)"')


def page(browser, project, revision=b"main", path=b"a.txt", query="", **headers):
    return browser.get(address(project, "blame", revision, path) + query, headers=headers)


def hunks(answer):
    """(title, text of the lines) of each group of lines."""
    found = []
    for part in re.split(r'<li class="hunk\b', answer.content.decode())[1:]:
        title = re.search(r'class="commit-title" href="[^"]*"[^>]*>(.*?)</a>', part)
        lines = [html.unescape(re.sub("<[^>]*>", "", line)) for line in re.findall(r"<code>(.*?)</code>", part)]
        found.append((title[1] if title else None, lines))
    return found


def test_lines_are_grouped_by_the_commit_they_come_from(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "one\ntwo\nthree\n"}, message="Begin")
    builder.commit({"a.txt": "one\nzwei\nthree\n"}, message="Translate")
    project = planted(builder)
    assert hunks(page(browser, project)) == [("Begin", ["one"]), ("Translate", ["zwei"]), ("Begin", ["three"])]


def test_blame_before_a_change_leads_to_the_earlier_path(planted, repository_builder, browser):
    builder = repository_builder()
    body = "".join(f"line {n}\n" for n in range(20))
    first = builder.commit({"old #1.txt": body}, message="Begin")
    builder.commit({"old #1.txt": None, "a.txt": body.replace("line 3\n", "LINE\n")}, message="Move")
    project = planted(builder)
    before = BEFORE.findall(page(browser, project).content.decode())
    assert before == [address(project, "blame", first.encode(), b"old #1.txt").replace("'", "&#x27;")]
    assert hunks(browser.get(before[0])) == [("Begin", body.splitlines())]


def test_revisions_to_ignore_are_looked_through_unless_switched_off(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "x=1\ny=2\n"}, message="Begin")
    reformat = builder.commit({"a.txt": "x = 1\ny = 2\n"}, message="Reformat")
    listed = f"# formatting\n{reformat}  # black\n{'0' * 39}1\n{reformat[:8]}\nnot an id\n--help\n"
    builder.commit({".git-blame-ignore-revs": listed})
    project = planted(builder)
    answer = page(browser, project)
    assert hunks(answer) == [("Begin", ["x = 1", "y = 2"])]
    text = " ".join(answer.content.decode().split())
    assert "1 revision in" in text and "3 lines of it hold no whole commit id" in text
    assert "1 commit is not in this repository" in text
    assert hunks(page(browser, project, query="?ignore=no")) == [("Reformat", ["x = 1", "y = 2"])]


def test_a_file_of_ignored_revisions_of_nonsense_breaks_nothing(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "x\n", ".git-blame-ignore-revs": b"\xff\x00\n\r\n::\n"}, message="Begin")
    assert hunks(page(browser, planted(builder))) == [("Begin", ["x"])]


def test_lines_come_before_their_commits_when_git_is_slow(planted, repository_builder, browser, monkeypatch):
    builder = repository_builder()
    builder.commit({"a.txt": "one\ntwo\n"}, message="Begin")
    project = planted(builder)
    monkeypatch.setattr("source.views.blame.FIRST_SECONDS", -1)
    answer = page(browser, project)
    assert hunks(answer) == [(None, ["one", "two"])]
    assert answer["Cache-Control"] == "private, no-store"
    wait = html.unescape(re.search(r'hx-get="([^"]*wait=1[^"]*)"', answer.content.decode())[1])
    assert hunks(browser.get(wait)) == [("Begin", ["one", "two"])]
    assert hunks(page(browser, project)) == [("Begin", ["one", "two"])], "what was found is kept"


def test_long_files_come_in_parts(planted, repository_builder, browser, monkeypatch):
    monkeypatch.setattr("source.views.blame.PART", 10)
    builder = repository_builder()
    builder.commit({"a.txt": "".join(f"{n}\n" for n in range(1, 26))}, message="Begin")
    project = planted(builder)
    first = page(browser, project)
    assert hunks(first) == [("Begin", [str(n) for n in range(1, 11)])]
    following = html.unescape(re.search(r'class="btn" href="([^"]*)"', first.content.decode())[1])
    part = browser.get(following, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert hunks(part) == [("Begin", [str(n) for n in range(11, 21)])]
    assert 'id="L11"' in part.content.decode()
    last = page(browser, project, query="?page=99")
    assert hunks(last) == [("Begin", [str(n) for n in range(21, 26)])]
    assert 'rel="prev"' in last.content.decode()


def test_a_line_leads_to_the_part_it_is_in(planted, repository_builder, browser, monkeypatch):
    monkeypatch.setattr("source.views.blame.PART", 10)
    builder = repository_builder()
    builder.commit({"a.txt": "".join(f"{n}\n" for n in range(1, 26))}, message="Begin")
    project = planted(builder)
    assert 'name="line"' in page(browser, project).content.decode()
    led = page(browser, project, query="?line=11&ignore=no").headers["Location"]
    assert led.endswith("?ignore=no&page=2#L11")
    assert 'id="L11"' in browser.get(led).content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\0\1\2", "binary file"), (b"", "is empty"), (b"x\n" * (blame_module.MAX_BYTES // 2 + 1), "Too large")],
)
def test_what_has_no_blame_says_so(planted, repository_builder, browser, content, words):
    builder = repository_builder()
    builder.commit({"a.txt": content})
    answer = page(browser, planted(builder))
    assert answer.status_code == 200 and words in answer.content.decode()


@pytest.mark.parametrize(
    ("revision", "path"),
    [(b"nope", b"a.txt"), (b"main", b"nope"), (b"--help", b"a.txt"), (b"main", b"a.txt/b"), (b"main", b"x" * 4000)],
)
def test_unknown_places_are_not_found(planted, repository_builder, browser, revision, path):
    builder = repository_builder()
    builder.commit({"a.txt": "1\n"})
    assert page(browser, planted(builder), revision, path).status_code == 404


@pytest.mark.parametrize(
    "path", [b"--help", b":(glob)*", b"a\nb", b"\xff.txt", b'q"uo\\te', b"tab\there", b"sp ace#?%", b"*"]
)
def test_every_name_can_be_blamed(planted, repository_builder, browser, path):
    builder = repository_builder()
    builder.commit({path: "one\n", b"other": "x\n"}, message="Begin")
    builder.commit({path: "one\ntwo\n"}, message="Add")
    answer = page(browser, planted(builder), path=path)
    assert hunks(answer) == [("Begin", ["one"]), ("Add", ["two"])]


def test_folders_lead_to_the_tree_and_submodules_elsewhere(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"dir/a.txt": "1\n", "module": ("160000", "1" * 40)})
    project = planted(builder)
    assert page(browser, project, path=b"dir")["Location"] == address(project, "tree", b"main", b"dir")
    assert page(browser, project, path=b"module").status_code == 404


def test_hostile_text_does_nothing(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit(
        {"a.txt": "<script>alert(1)</script>\n\u202eabc\n"}, message="<b>x</b>\u202e", author='"=i \u202e <x@y>'
    )
    text = page(browser, planted(builder)).content.decode()
    assert "<script>alert" not in text and "<b>x" not in text and "\u202e" not in text and '"=i' not in text


def test_proper_names_come_from_the_mailmap(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "1\n"}, author="ann <ann@old>")
    builder.commit({".mailmap": "Ann Proper <ann@new> <ann@old>\n"})
    assert "Ann Proper" in page(browser, planted(builder)).content.decode()


def test_what_one_may_not_see_has_no_blame(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "1\n"})
    assert page(browser, planted(builder, visibility="restricted")).status_code == 404


def test_sha256(planted, repository_builder, browser):
    builder = repository_builder(object_format="sha256")
    builder.commit({"a.txt": "one\n"}, message="Begin")
    assert hunks(page(browser, planted(builder))) == [("Begin", ["one"])]


def test_a_repository_that_lacks_objects_is_told_of(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "one\ntwo\n"})
    lost = builder.oid("main:a.txt")
    builder.commit({"a.txt": "one\nzwei\n"})
    project = planted(builder)
    for pack in _move_packs(builder.path):
        builder.git("unpack-objects", "-q", stdin=pack.read_bytes())
    (builder.path / "objects" / lost[:2] / lost[2:]).unlink()
    answer = page(browser, project)
    assert answer.status_code == 500 and "Traceback" not in answer.content.decode()


def _move_packs(git_dir):
    packs = sorted((git_dir / "objects" / "pack").glob("*.pack"))
    assert len(packs) == 2
    moved = [pack.rename(git_dir / pack.name) for pack in packs]
    for index in (git_dir / "objects" / "pack").glob("*.idx"):
        index.unlink()
    return moved
