"""Blame and history in a browser: parts that come later, no script, narrow screens, both themes, axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.source.conftest import planted, repository_builder  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def project(planted, repository_builder):  # noqa: F811
    builder = repository_builder()
    body = "".join(f"line {n}\n" for n in range(1, 901))
    long = "Say it at such a length, with so manyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy letters"
    builder.commit({"old.py": body}, message=long, author=f"{'Longname' * 12} <long@example.org>")
    oid = builder.commit({"old.py": None, "new.py": body.replace("line 7\n", "x = 7\n")}, message="Move")
    builder.commit({".git-blame-ignore-revs": f"{oid}\nabc\n", "pic.bin": b"\0"}, message="Ignore <b>moves</b>")
    return planted(builder)


def test_what_git_has_not_found_yet_comes_by_itself(signed_in, project, monkeypatch):
    monkeypatch.setattr("source.views.blame.FIRST_SECONDS", -1)
    page = signed_in("/projects/widget/blame/main/new.py")
    expect(page.locator(".hunk-title").first).to_contain_text("Say it")
    page.locator("#L400").scroll_into_view_if_needed()
    expect(page.locator("#L401")).to_be_visible()


def test_a_line_in_the_address_opens_its_part(signed_in, project):
    page = signed_in("/projects/widget/blame/main/new.py#L900")
    expect(page.locator("#L900")).to_be_in_viewport()
    page.evaluate("location.hash = '#L5'")
    expect(page.locator("#L5")).to_be_in_viewport()
    page.evaluate("location.hash = '#L901'")
    expect(page.locator("#L5")).to_be_visible()


def test_blame_and_history_work_without_script(signed_in, project, monkeypatch):
    monkeypatch.setattr("source.views.blame.FIRST_SECONDS", -1)
    page = signed_in("/projects/widget/blame/main/new.py", java_script_enabled=False)
    page.get_by_role("link", name="Wait for all of them").click()
    expect(page.locator(".hunk-title").first).to_contain_text("Say it")
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("link", name="Lines from 401").click()
    expect(page.locator("#L401")).to_be_visible()
    page.get_by_role("link", name="History", exact=True).last.click()
    expect(page.locator(".renamed")).to_contain_text("old.py")
    page.get_by_label("Words in the message").fill("MOVE")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".commit-title")).to_have_count(1)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light"), (320, "dark")])
def test_no_page_is_too_wide_or_fails_axe(signed_in, project, width, scheme):
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = signed_in("/projects/widget/", **options)
    for address in (
        *("blame/main/new.py", "blame/main/new.py?page=2&ignore=no", "blame/main/pic.bin"),
        *("commits/main", "commits/main/new.py", "commits/main?author=nobody", "commits/main?since=2024-01-01&until=x"),
    ):
        page.goto(f"/projects/widget/{address}")
        assert page.evaluate(TOO_WIDE) <= 0, address
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"
