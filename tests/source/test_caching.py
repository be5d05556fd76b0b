"""What browsers may keep of code pages and when they are told that it still holds."""

import pytest
from django.test import Client

from gitstore.objects import ObjectReader
from projects.models import Project
from tests.conftest import make_user


@pytest.fixture
def builder(repository_builder):
    made = repository_builder()
    made.commit({"README.md": "# Widget\n", "src/a.py": "print(1)\n"})
    return made


@pytest.fixture
def oid(builder):
    return builder.oid("refs/heads/main")


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


class TestKeptPages:
    """The second look at a page costs neither git nor drawing, and never shows what may no longer be seen."""

    @pytest.fixture
    def url(self, planted, builder, browser):
        planted(builder)
        browser.get("/projects/")  # gives the cookie that forms need
        url = "/projects/widget/tree/main"
        assert b"README.md" in browser.get(url).content
        return url

    def test_the_second_look_does_not_read_the_mirror(self, url, browser, monkeypatch):
        monkeypatch.setattr(ObjectReader, "read", lambda *_: pytest.fail("The mirror was read."))
        answer = browser.get(url)
        assert answer.status_code == 200
        assert b"README.md" in answer.content
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["ETag"]

    def test_a_push_shows_at_once(self, url, browser, builder):
        builder.commit({"new.txt": "1"})
        assert b"new.txt" in browser.get(url).content
        builder.git("pack-refs", "--all")
        builder.commit({"newer.txt": "1"})
        assert b"newer.txt" in browser.get(url).content
        builder.git("pack-refs", "--all")
        assert b"newer.txt" in browser.get(url).content

    def test_a_viewer_who_may_no_longer_read_gets_nothing(self, url, browser):
        Project.objects.update(visibility="restricted")
        assert browser.get(url).status_code == 404

    def test_another_viewer_gets_a_page_of_their_own(self, url, owner):
        other = Client()
        other.force_login(owner)
        answer = other.get(url)
        assert owner.display_name in answer.content.decode()

    def test_a_form_on_a_kept_page_works(self, url, stranger):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(stranger)
        for _ in range(3):
            page = strict.get(url).content.decode()
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        assert strict.post("/accounts/logout/", {"csrfmiddlewaretoken": token}).status_code == 302

    def test_a_message_is_shown_once_and_kept_nowhere(self, url, owner, team):
        project = Project.objects.get()
        project.owner = team
        project.save()
        client = Client()
        client.force_login(owner)
        client.get(url)
        client.get(url)
        client.post("/projects/widget/edit/", {"tagline": "A new one"})
        texts = [client.get(url).content for _ in range(3)]
        assert [b'class="messages"' in text for text in texts] == [True, False, False]


def test_what_is_confirmed_keeps_the_policy_of_a_raw_file(planted, builder, browser):
    builder.commit({"a.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>'})
    planted(builder)
    first = browser.get("/projects/widget/raw/main/a.svg")
    second = again(browser, "/projects/widget/raw/main/a.svg", first)
    assert second.status_code == 304
    # A browser replaces the policy it holds by the one of the confirmation.
    assert second["Content-Security-Policy"] == first["Content-Security-Policy"] == "default-src 'none'; sandbox"
