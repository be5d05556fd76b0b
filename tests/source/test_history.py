import re

import pytest

from source.addresses import address


def history(browser, project, revision=b"main", path=b"", query="", **headers):
    return browser.get(address(project, "commits", revision, path) + query, headers=headers)


def titles(answer):
    found = re.findall(r'class="commit-title" href="[^"]*">(.*?)</a>', answer.content.decode())
    return [re.sub("</?bdi>", "", title) for title in found]


def test_history_of_a_project_newest_first_by_day(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "one\n"}, message="First")
    builder.commit({"a.txt": "two\n"}, message="Second\n\nCo-authored-by: Bob <bob@example.org>\n")
    answer = history(browser, planted(builder))
    text = answer.content.decode()
    assert titles(answer) == ["Second", "First"]
    assert "<h2>16 November 2023</h2>" in text
    assert "with Bob" in text


def test_history_of_a_file_goes_on_before_its_rename(planted, repository_builder, browser):
    builder = repository_builder()
    body = "".join(f"line {n}\n" for n in range(20))
    first = builder.commit({"old name.txt": body}, message="Write")
    builder.commit({"other.txt": "x\n"}, message="Elsewhere")
    builder.commit({"old name.txt": None, "new.txt": body}, message="Rename")
    builder.commit({"new.txt": body + "more\n"}, message="Extend")
    project = planted(builder)
    answer = history(browser, project, path=b"new.txt")
    assert titles(answer) == ["Extend", "Rename", "Write"]
    assert "Renamed from" in answer.content.decode() and "old name.txt" in answer.content.decode()
    assert titles(history(browser, project, path=b"old name.txt")) == ["Rename", "Write"]
    assert titles(history(browser, project, first.encode(), b"old name.txt")) == ["Write"]


def test_pages_stay_what_they_are_when_commits_arrive(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commits(120)
    project = planted(builder)
    first = history(browser, project)
    older = re.search(r'href="([^"]*after=[^"]*)" rel="next"', first.content.decode())[1].replace("&amp;", "&")
    before = titles(browser.get(older))
    assert titles(first)[-1] == "Step 71" and before[0] == "Step 70" and len(before) == 50
    builder.commit({"new.txt": "x"})
    assert titles(browser.get(older)) == before
    file = history(browser, project, path=b"file.txt")
    older = re.search(r'href="([^"]*after=[^"]*)" rel="next"', file.content.decode())[1]
    assert titles(browser.get(older)) == before
    assert 'rel="prev"' in browser.get(older).content.decode()


@pytest.mark.parametrize("path", [b"", b"a.txt", b"dir"])
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("author=bob", ["Fix A.*"]),
        ("author=BOB%40EXAMPLE", ["Fix A.*"]),
        ("words=fix+a.*", ["Fix A.*"]),
        ("words=OVERS+%C3%BCbers", ["Übersetzen"]),
        ("words=.", ["Fix A.*", "Start."]),
        ("since=2023-11-16&until=2023-11-16", ["Übersetzen"]),
        ("since=2023-11-17", ["Fix A.*"]),
        ("author=nobody", []),
    ],
)
def test_filters_take_words_literally(planted, repository_builder, browser, path, query, wanted):
    builder = repository_builder()
    builder.commit({"a.txt": "1", "dir/b.txt": "1"}, message="Start.")
    builder.commit({"a.txt": "2", "dir/b.txt": "2"}, message="Übersetzen\n\nÜbersetzt, overs")
    builder.commit({"a.txt": "3", "dir/b.txt": "3"}, message="Fix A.*", author="Bob <bob@example.org>")
    answer = history(browser, planted(builder), path=path, query="?" + query)
    assert answer.status_code == 200
    assert titles(answer) == wanted
    assert wanted or "No commit fits" in answer.content.decode()


def test_a_form_that_makes_no_sense_keeps_what_was_typed(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "1"})
    answer = history(browser, planted(builder), query="?since=2024-02-01&until=2024-01-01&author=Zoe")
    assert answer.status_code == 422
    assert "before the first one" in answer.content.decode() and "Zoe" in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=" + "0" * 40 + ".0", "?after=--all.1", "?after=" + "1" * 40 + ".-5"]
)
def test_a_cursor_that_names_no_commit_is_not_found(planted, repository_builder, browser, query):
    builder = repository_builder()
    builder.commit({"a.txt": "1"})
    assert history(browser, planted(builder), query=query).status_code == 404


@pytest.mark.parametrize(
    ("revision", "path"), [(b"nope", b""), (b"main", b"nope"), (b"--all", b""), (b"main", b"x" * 4000)]
)
def test_unknown_places_are_not_found(planted, repository_builder, browser, revision, path):
    builder = repository_builder()
    builder.commit({"a.txt": "1"})
    assert history(browser, planted(builder), revision, path).status_code == 404


def test_a_deleted_file_still_has_a_history(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit({"a.txt": "1"}, message="Add")
    builder.commit({"a.txt": None, "b.txt": "2"}, message="Delete")
    assert titles(history(browser, planted(builder), path=b"a.txt")) == ["Delete", "Add"]


def test_hostile_names_and_messages_are_shown_and_do_nothing(planted, repository_builder, browser):
    builder = repository_builder()
    builder.commit(
        {b"a<b>\n\xff.txt": "1"}, message="<script>alert(1)</script> \u202egnp", author='\u202e&amp;"b= Eve <e"x=@x>'
    )
    text = history(browser, planted(builder), path=b"a<b>\n\xff.txt").content.decode()
    assert "<script>alert" not in text and '&amp;"b=' not in text and "\u202e" not in text
    assert "&lt;script&gt;" in text


def test_merges_are_marked(planted, repository_builder, browser):
    builder = repository_builder()
    base = builder.commit({"a.txt": "1"})
    side = builder.commit({"b.txt": "1"}, branch="side")
    builder.commit({"b.txt": "1"}, message="Join", parents=[base, side])
    assert 'class="chip">merge' in history(browser, planted(builder)).content.decode()


def test_what_one_may_not_see_has_no_history(planted, repository_builder, browser, client):
    builder = repository_builder()
    builder.commit({"a.txt": "1"})
    project = planted(builder, visibility="restricted")
    assert history(browser, project).status_code == 404
