"""The page of a file in a browser: lines by click and key, rendered views, no script, narrow screens, axe."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.source.conftest import planted, repository_builder  # noqa: F401 fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><script>alert(1)</script></svg>"
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "## Look\n\n<script>alert(1)</script>"},
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": "print(1)",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "1\n" * 3}],
        },
    ],
}
PAGES = ("long.py", "README.md", "README.md?plain=1", "guide.rst", "table.csv", "book.ipynb", "picture.svg", "blob.bin")


@pytest.fixture
def project(planted, repository_builder):  # noqa: F811
    builder = repository_builder()
    wide = "x" * 400
    table = "| " + " | ".join(f"column {n}" for n in range(12)) + " |\n" + "|---" * 12 + "|\n" + "| cell " * 12 + "|\n"
    builder.commit(
        {
            "long.py": "".join(f"def step_{n}():\n    return '{wide if n == 5 else n}'\n" for n in range(300)),
            "README.md": f"# Widget\n\n> [!NOTE]\n> Mind this.\n\n{table}\n- [x] done\n\n```\n{wide}\n```\n",
            "guide.rst": "Guide\n=====\n\n.. note:: Mind this.\n\n- one\n- two\n",
            "table.csv": "name,value\n" + "".join(f"row {n},{wide[:60]}\n" for n in range(50)),
            "book.ipynb": json.dumps(NOTEBOOK),
            "picture.svg": SVG,
            "blob.bin": b"\0\1\2",
        }
    )
    return planted(builder)


@pytest.fixture
def open_file(signed_in):
    """A function that opens the page of a file, signed in as a stranger."""
    return lambda path, **options: signed_in(f"/projects/widget/blob/main/{path}", **options)


def test_lines_are_chosen_by_click_and_kept_in_the_permanent_address(open_file, project):
    page = open_file("long.py")
    page.locator("#L10 > a").click()
    assert page.url.endswith("#L10")
    page.locator("#L12 > a").click(modifiers=["Shift"])
    assert page.url.endswith("#L10-L12")
    expect(page.locator(".lines .on")).to_have_count(3)
    page.keyboard.press("y")
    page.wait_for_url(re.compile(r"/blob/[0-9a-f]{40}/long\.py#L10-L12$"))
    expect(page.locator(".lines .on")).to_have_count(3)


def test_lines_stay_chosen_when_their_colours_come_later(open_file, project, monkeypatch):
    monkeypatch.setattr("source.files.FIRST_SECONDS", -1)
    page = open_file("README.md")
    held = []
    page.route(re.compile("part=lines"), lambda route: held.append(route))  # noqa: PLW0108 Playwright marks it
    with page.expect_request(re.compile("part=lines")):
        page.goto("/projects/widget/blob/main/long.py")
    page.locator("#L10 > a").click()
    page.locator("#L12 > a").click(modifiers=["Shift"])
    held.pop().continue_()
    expect(page.locator("#L1 [class^=tok-]").first).to_be_visible()
    expect(page.locator(".htmx-settling, .htmx-added")).to_have_count(0)
    expect(page.locator(".lines .on")).to_have_count(3)


def test_an_address_with_lines_marks_them(open_file, project):
    page = open_file("long.py#L590-L591")
    expect(page.locator(".lines .on")).to_have_count(2)
    expect(page.locator("#L590")).to_be_in_viewport()


def test_keys_lead_to_blame_and_to_a_line(open_file, project):
    page = open_file("long.py")
    page.keyboard.press("l")
    page.keyboard.type("300")
    page.keyboard.press("Enter")
    expect(page.locator("#L300")).to_be_in_viewport()
    page.keyboard.press("b")
    page.wait_for_url("**/blame/main/long.py*")


def test_every_key_and_the_list_of_them(open_file, project):
    page = open_file("long.py")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    for words in ("Go to a file", "permanent", "who wrote each line", "Go to a line", "Search", "this list"):
        expect(dialog).to_contain_text(words)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("tybl?")
    assert page.url.endswith("/long.py")
    page.keyboard.press("Escape")
    page.locator("h1").first.click(force=True)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("b")
    page.wait_for_url("**/blame/main/long.py")
    page.keyboard.press("l")
    page.keyboard.type("590")
    page.keyboard.press("Enter")
    expect(page.locator("#L590")).to_be_in_viewport()
    page.keyboard.press("y")
    page.wait_for_url(re.compile(r"/blame/[0-9a-f]{40}/long\.py"))
    page.keyboard.press("b")
    page.wait_for_url(re.compile(r"/blob/\w+/long\.py"))
    page.keyboard.press("t")
    page.wait_for_url(re.compile(r"/find/\w+"))


def test_a_document_is_shown_and_its_source_too(open_file, project):
    page = open_file("README.md", java_script_enabled=False)
    expect(page.locator(".prose h1")).to_have_text("Widget")
    page.get_by_role("link", name="Source", exact=True).click()
    expect(page.locator("#L1")).to_contain_text("# Widget")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light"), (320, "dark")])
def test_no_page_is_too_wide_or_fails_axe(open_file, project, width, scheme):
    page = open_file("long.py", viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    for address in PAGES:
        page.goto(f"/projects/widget/blob/main/{address}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate(TOO_WIDE) <= 0, address
        found = Axe().run(page)
        assert found.violations_count == 0, (address, found.generate_report())
