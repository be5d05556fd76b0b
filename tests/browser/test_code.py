"""Folders, the file finder and the revision picker in a browser: keyboard, no script, narrow screens, axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.source.conftest import planted, repository_builder  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def project(planted, repository_builder):  # noqa: F811
    builder = repository_builder()
    builder.commit(
        {
            "README.md": "# Widget\n\nSee [the docs](docs/guide.md).\n",
            "docs/guide.md": "Guide",
            "src/app/main.py": "print(1)\n",
            "src/app/domain.py": "x\n",
            f"src/{'long' * 60}.py": "x\n",
            "bad\xff.txt".encode("latin-1"): "x\n",
        },
        message="Begin with everything that is needed, at some length, so that the cell overflows its place in the row",
    )
    builder.set_ref("refs/heads/topic/one", builder.oid("refs/heads/main"))
    builder.tag("v1.0")
    return planted(builder)


def test_a_file_is_found_by_the_keyboard_alone(signed_in, project):
    page = signed_in("/projects/widget/tree/main/docs")
    page.keyboard.press("t")
    page.wait_for_url("**/find/main")
    expect(page.get_by_role("status").first).to_contain_text("6 files")
    page.keyboard.type("main")
    expect(page.locator("[data-find-list] a").first).to_have_text("src/app/main.py")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-find-list] a").nth(1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-find]")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/blob/main/src/app/main.py")


def test_the_worker_addresses_names_that_are_not_text(signed_in, project):
    page = signed_in("/projects/widget/find/main")
    expect(page.get_by_role("status").first).to_contain_text("6 files")
    page.keyboard.type("bad")
    expect(page.locator("[data-find-list] a").first).to_have_attribute("href", "/projects/widget/blob/main/bad%FF.txt")


def test_y_makes_the_address_permanent_and_keeps_the_line(signed_in, project):
    page = signed_in("/projects/widget/tree/main/docs#L3")
    page.keyboard.press("y")
    expect(page.locator("[data-permalink-said]")).to_contain_text("always")
    assert page.url.endswith(f"/projects/widget/tree/{project.repository.head_commit}/docs#L3")
    page.reload()
    expect(page.get_by_role("link", name="guide.md")).to_be_visible()


def test_the_picker_searches_and_keeps_the_path(signed_in, project):
    page = signed_in("/projects/widget/tree/main/src/app")
    page.locator(".picker summary").click()
    expect(page.get_by_role("link", name="v1.0")).to_be_visible()
    page.get_by_label("Branch, tag or commit id").fill("topic")
    expect(page.get_by_role("link", name="v1.0")).to_have_count(0)
    page.get_by_role("link", name="topic/one").click()
    page.wait_for_url("**/tree/topic/one/src/app")


def test_the_rest_of_the_last_commits_streams_in(signed_in, project, monkeypatch):
    monkeypatch.setattr("source.views.tree.FIRST_SECONDS", -1)
    page = signed_in("/projects/widget/tree/main")
    expect(page.get_by_role("row", name="README.md")).to_contain_text("Begin with everything")
    expect(page.locator("#lasts")).to_be_empty()
    assert page.locator(".tree tbody tr").first.locator("td, th").count() == 4


def test_everything_works_without_script(signed_in, project, monkeypatch):
    monkeypatch.setattr("source.views.tree.FIRST_SECONDS", -1)
    page = signed_in("/projects/widget/tree/main", java_script_enabled=False)
    page.get_by_role("link", name="Show what is found").click()
    expect(page.get_by_role("row", name="README.md")).to_contain_text("Begin with everything")
    page.locator(".picker summary").click()
    page.get_by_role("link", name="All branches and tags").click()
    page.get_by_role("link", name="topic/one").click()
    page.get_by_role("link", name="Go to file").click()
    page.get_by_label("Part of a file's name or path").fill("domain")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="src/app/domain.py").click()
    page.wait_for_url("**/blob/topic/one/src/app/domain.py")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light"), (320, "dark")])
def test_no_page_is_too_wide_or_fails_axe(signed_in, project, width, scheme):
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = signed_in("/projects/widget/", **options)
    for address in ("tree/main", "tree/main/src", "find/main", "refs/main", "tree/nope", "tree/main/docs/guid.md"):
        page.goto(f"/projects/widget/{address}")
        assert page.evaluate(TOO_WIDE) <= 0, address
        violations = Axe().run(page).response["violations"]
        assert violations == [], (address, [violation["id"] for violation in violations])


def test_the_current_tab_is_in_view_on_a_narrow_screen(signed_in, project):
    page = signed_in("/projects/widget/tags/", viewport={"width": 390, "height": 800})
    expect(page.locator(".tabs [aria-current]").get_by_text("Tags")).to_be_in_viewport(ratio=1)
    assert page.evaluate(TOO_WIDE) <= 0
