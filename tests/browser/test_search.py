"""The search in a browser: from the box of any page to the line, offers while typing, the palette, no script, axe."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from activity.models import Person
from projects import catalog
from search import indexing, palette, saved
from source.rendering import outline
from tests.source.conftest import planted, repository_builder  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Where a word stands on the screen, within an element.
PLACE_OF = """([place, word]) => {
  const texts = document.createTreeWalker(document.querySelector(place), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const at = texts.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(texts.currentNode, at);
    range.setEnd(texts.currentNode, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  }
}"""
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def project(planted, repository_builder, settings, monkeypatch):  # noqa: F811
    settings.SEARCH_SECONDS = 60
    monkeypatch.setattr(palette, "FILE_SECONDS", 60)
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
    made.builder = builder
    indexing.index_repository(made.repository, made.repository.mirror())
    catalog.refresh([made.pk])
    return made


@pytest.fixture
def signed_in(open_page, sign_in, stranger):
    def open_signed_in(address, **options):
        page = open_page(**options)
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        sign_in(page, stranger)
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
    filters = page.locator(".search-facets")
    filters.get_by_role("link", name="Leave out Python").click()
    expect(page.get_by_role("status").first).to_contain_text("3 files")
    filters.get_by_role("link", name="take back").click()
    filters.get_by_role("link", name=re.compile("^Python")).click()
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


def test_the_palette_leads_to_files_people_teams_and_pages_by_keyboard(signed_in, project, team, stranger):
    Person.objects.create(name="Sam Sample", user=stranger)
    page = signed_in("/")
    known = {"retry.py": "file", "sam": "person", team.name: "team", "what is search": "page"}
    for typed, kind in known.items():
        page.keyboard.press("Control+k")
        dialog = page.get_by_role("dialog", name="Jump to")
        page.keyboard.type(typed)
        page.wait_for_function(
            "typed => document.querySelector('#palette-places').dataset.answered === typed", arg=typed
        )
        place = dialog.get_by_role("link").filter(has_text=re.compile(f"^\\s*{kind}\\b")).first
        address = place.get_attribute("href")
        while not place.evaluate("link => link === document.activeElement"):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{address}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("searchable")


@pytest.mark.skipif(not outline.installed(), reason="Universal Ctags is not installed: apt install universal-ctags")
def test_from_a_name_in_the_code_to_its_definitions(signed_in, project):
    page = signed_in("/projects/widget/blob/HEAD/src/retry.py")
    page.get_by_role("link", name="Definitions of retry_policy in all projects").press("Enter")
    page.wait_for_url("**/search/?**type=symbols**")
    defined = page.get_by_role("region", name="src/retry.py").get_by_role("link", name="retry_policy")
    expect(defined).to_contain_text("line 4")
    page.go_back()
    place = page.evaluate(PLACE_OF, ["#L8", "retry_policy"])
    page.keyboard.down("Alt")
    page.mouse.click(*place)
    page.keyboard.up("Alt")
    page.wait_for_url("**/search/?type=symbols**")
    defined.click()
    page.wait_for_url("**/src/retry.py#L4")


def test_a_saved_search_tells_its_feed_what_is_new(signed_in, project):
    page = signed_in("/search/?q=retry_policy+-path:docs", java_script_enabled=False)
    page.get_by_role("link", name="Save search").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Retries")
    page.get_by_role("button", name="Save").click()
    saved.run_due()
    page.reload()
    expect(page.get_by_text("found 3")).to_be_visible()
    feed = page.locator("[id^=feed-]").first
    address = feed.evaluate("field => field.value || field.textContent").strip().partition("/search/")[2]
    assert "<entry>" not in page.request.get(f"/search/{address}").text()
    project.builder.commit({"src/later.py": "from retry import retry_policy\n"})
    project.repository.head_commit = project.builder.oid(b"refs/heads/main")
    project.repository.save()
    indexing.index_repository(project.repository, project.repository.mirror())
    page.get_by_role("button", name="Run now").click()
    saved.run_due()
    page.reload()
    expect(page.get_by_text("found 4")).to_be_visible()
    told = page.request.get(f"/search/{address}").text()
    assert told.count("<entry>") == 1 and "widget: src/later.py" in told
    page.goto(f"/projects/{told.partition('/projects/')[2].partition('&quot;')[0].partition(chr(34))[0]}")
    expect(page.locator("#L1")).to_contain_text("retry_policy")


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
