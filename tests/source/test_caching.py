"""What browsers may keep of code pages and when they are told that it still holds."""

import pytest
from django.test import Client

from gitstore.objects import ObjectReader
from tests.conftest import make_user


@pytest.fixture
def builder(repository_builder):
    made = repository_builder()
    made.commit({"README.md": "# Widget\n", "src/a.py": "print(1)\n"})
    return made


@pytest.fixture
def oid(builder):
    return builder.oid("refs/heads/main")


@pytest.fixture
def browser(stranger):
    client = Client()
    client.force_login(stranger)
    return client


def again(client, url, answer, **headers):
    return client.get(url, headers={"If-None-Match": answer.headers["ETag"], **headers})


def test_a_page_at_a_commit_is_confirmed_without_reading_the_mirror(planted, builder, oid, browser, monkeypatch):
    planted(builder)
    url = f"/projects/widget/tree/{oid}"
    first = browser.get(url)
    assert first.headers["Cache-Control"] == "private, no-cache"
    monkeypatch.setattr(ObjectReader, "read", lambda *_: pytest.fail("The mirror was read."))
    second = again(browser, url, first)
    assert second.status_code == 304
    assert second.content == b""
    assert second.headers["ETag"] == first.headers["ETag"]


def test_a_page_of_a_branch_is_drawn_anew_when_the_branch_moves(planted, builder, browser):
    planted(builder)
    url = "/projects/widget/tree/main"
    first = browser.get(url)
    assert again(browser, url, first).status_code == 304
    builder.commit({"new.txt": "1"})
    second = again(browser, url, first)
    assert second.status_code == 200
    assert b"new.txt" in second.content


def test_a_page_belongs_to_its_viewer(planted, builder, oid, browser):
    planted(builder)
    url = f"/projects/widget/tree/{oid}"
    first = browser.get(url)
    other = Client()
    other.force_login(make_user("otto"))
    assert again(other, url, first).status_code == 200


def test_a_page_follows_the_names_around_it(planted, builder, oid, browser):
    project = planted(builder)
    url = f"/projects/widget/tree/{oid}"
    first = browser.get(url)
    project.name = "Renamed"
    project.save()
    assert again(browser, url, first).status_code == 200


def test_a_fragment_is_not_the_page(planted, builder, oid, browser):
    planted(builder)
    url = f"/projects/widget/tree/{oid}"
    first = browser.get(url)
    assert again(browser, url, first, **{"HX-Request": "true"}).status_code == 200
    assert "HX-Request" in first.headers["Vary"]


def test_lists_of_paths_are_kept_for_ever_at_a_commit_only(planted, builder, oid, browser):
    planted(builder)
    fixed = browser.get(f"/projects/widget/paths/{oid}")
    assert fixed.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    branch = browser.get("/projects/widget/paths/main")
    assert branch.headers["Cache-Control"] == "private, no-cache"
    assert again(browser, "/projects/widget/paths/main", branch).status_code == 304


def test_an_unknown_commit_is_not_kept(planted, builder, browser):
    planted(builder)
    answer = browser.get(f"/projects/widget/paths/{'1' * 40}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers


def test_a_folder_still_being_searched_is_not_kept(planted, builder, browser, monkeypatch):
    monkeypatch.setattr("source.views.tree.FIRST_SECONDS", -1)
    planted(builder)
    answer = browser.get("/projects/widget/tree/main")
    assert "no-store" in answer.headers["Cache-Control"]
    assert "ETag" not in answer.headers
