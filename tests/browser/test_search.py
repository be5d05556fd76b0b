"""The search in a browser: from the box of any page to the line, offers while typing, the palette, no script, axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from projects import catalog
from search import indexing
from tests.source.conftest import planted, repository_builder  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def project(planted, repository_builder, settings):  # noqa: F811
    settings.SEARCH_SECONDS = 60
    builder = repository_builder()
    builder.commit(
        {
            "src/retry.py": "import time\n\n\ndef retry_policy(seconds):\n    time.sleep(seconds)\n"
            + "retry_policy(1)\n" * 9,
            "copy/retry_policy.txt": "retry_policy\n",
            "copy/again.txt": "retry_policy\n",
            "docs/guide.md": "# Guide\n\nUse retry_policy with care.\n",
        },
        message="Retry",
    )
    made = planted(builder)
    indexing.index_repository(made.repository, made.repository.mirror())
    catalog.refresh([made.pk])
    return made


@pytest.fixture
def signed_in(open_page, stranger):
    def open_signed_in(address, **options):
        page = open_page(**options)
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        page.goto("/accounts/login/")
        page.get_by_label("Username or email").fill("sam")
        page.get_by_label("Password", exact=True).fill("correct horse")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto(address)
        return page

    return open_signed_in


def test_from_the_box_of_any_page_to_the_line(signed_in, project):
    page = signed_in("/teams/")
    page.keyboard.press("/")
    page.keyboard.type("retry_policy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=retry_policy")
    expect(page.get_by_role("status").first).to_contain_text("4 files")
    expect(page.get_by_text("Also in 1 other place, unchanged")).to_be_visible()
    card = page.get_by_role("region", name="src/retry.py")
    card.get_by_role("link", name="more lines in this file").click()
    expect(card.locator("mark")).to_have_count(10)
    card.get_by_text("Ranked by").click()
    expect(card.get_by_text("Together")).to_be_visible()
    page.locator(".search-facets").get_by_role("link", name="Python").click()
    expect(page.get_by_role("status").first).to_contain_text("1 file")
    expect(page.get_by_label("What to search for", exact=True).first).to_have_value("retry_policy lang:Python")
    page.get_by_role("link", name="Line 4", exact=True).click()
    page.wait_for_url(f"**/projects/widget/blob/{project.repository.head_commit}/src/retry.py#L4")
    expect(page.locator("#L4")).to_contain_text("def retry_policy")


def test_offers_are_taken_by_the_keyboard(signed_in, project):
    page = signed_in("/search/")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    field.press_sequentially("retry pro")
    expect(page.get_by_role("option").first).to_contain_text("project:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("retry project:")
    expect(page.get_by_role("option").first).to_contain_text("widget")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(field).to_have_value("retry project:widget ")
    field.press_sequentially("case")
    expect(page.get_by_role("option").first).to_contain_text("case:")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("retry project:widget case")


@pytest.mark.parametrize("keys", ["Control+k", "Meta+k"])
def test_the_palette_goes_where_it_is_told(signed_in, project, keys):
    page = signed_in("/teams/")
    page.keyboard.press(keys)
    dialog = page.get_by_role("dialog", name="Jump to")
    expect(dialog.get_by_role("link", name="Saved searches")).to_be_visible()
    page.keyboard.type("widg")
    expect(dialog.get_by_role("link").first).to_contain_text("widget")
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("link").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects/widget/")
    page.keyboard.press(keys)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Jump to")).to_be_hidden()


def test_all_of_it_works_without_script(signed_in, project):
    page = signed_in("/search/?q=(retry_policy", java_script_enabled=False)
    expect(page.get_by_role("alert")).to_contain_text("never closed")
    page.get_by_role("link", name="(retry_policy)", exact=True).click()
    page.get_by_role("link", name="more lines in this file").click()
    expect(page.locator("mark")).to_have_count(10)
    page.get_by_role("link", name="Jump to").click()
    page.get_by_role("searchbox", name="Part of a name").fill("widget")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("main").get_by_role("link", name="widget").first.click()
    page.wait_for_url("**/projects/widget/")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark"), (320, "light")])
def test_no_page_is_too_wide_or_fails_axe(signed_in, project, width, scheme):
    page = signed_in("/search/", viewport={"width": width, "height": 900}, color_scheme=scheme)
    long = "retry_policy+" + "x" * 300
    for address in (
        "",
        "?q=retry_policy",
        "?q=/(/",
        f"?q={long}",
        "?q=widget&type=projects",
        "?q=x&type=commits",
        "help/",
    ):
        page.goto(f"/search/{address}")
        assert page.evaluate(TOO_WIDE) <= 0, address
        violations = Axe().run(page).response["violations"]
        assert violations == [], (address, [violation["id"] for violation in violations])
