"""The frame in a browser: keyboard, theme, copying, narrow screens, no script, and axe on every component."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAPER = "getComputedStyle(document.body).backgroundColor"
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture
def styleguide(open_page, stranger):
    """A function that opens the style guide, signed in as a stranger."""

    def open_signed_in(**options):
        page = open_page(**options)
        page.goto("/styleguide/")
        page.get_by_label("Username or email").fill("sam")
        page.get_by_label("Password", exact=True).fill("correct horse")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Style guide").wait_for()
        page.wait_for_load_state()  # keys are listened to once the scripts have run
        return page

    return open_signed_in


class TestKeyboard:
    def test_slash_searches_and_letters_then_belong_to_the_field(self, styleguide):
        page = styleguide()
        page.keyboard.press("/")
        page.keyboard.type("g?p")
        assert page.get_by_role("searchbox", name="Search projects").input_value() == "g?p"
        assert page.locator("dialog[open]").count() == 0

    def test_question_mark_lists_the_keys_and_escape_closes_the_list(self, styleguide):
        page = styleguide()
        page.keyboard.press("?")
        page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="hidden")

    def test_g_p_goes_to_projects(self, styleguide):
        page = styleguide()
        page.keyboard.press("g")
        page.keyboard.press("p")
        page.wait_for_url("**/projects/")

    def test_menu_closes_on_escape_and_keeps_the_focus(self, styleguide):
        page = styleguide()
        page.locator(".bar .menu > summary").click()
        page.get_by_role("button", name="Sign out").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Sign out").wait_for(state="hidden")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


class TestTheme:
    def test_choice_wins_over_the_system_and_stays(self, styleguide):
        page = styleguide(color_scheme="light")
        light = page.evaluate(PAPER)
        switch = page.get_by_role("button", name="Theme:")
        switch.click()
        switch.click()
        dark = page.evaluate(PAPER)
        assert dark != light
        page.reload()
        assert page.evaluate(PAPER) == dark
        switch.click()
        assert page.evaluate(PAPER) == light

    def test_system_is_followed_until_somebody_chooses(self, styleguide):
        page = styleguide(color_scheme="light")
        light = page.evaluate(PAPER)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(PAPER) != light


class TestCopy:
    def test_puts_the_address_on_the_clipboard_and_says_so(self, styleguide):
        page = styleguide(permissions=["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy the clone address").click()
        page.get_by_role("status").filter(has_text="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "https://git.corp.example/platform/http-resilience.git"


class TestNarrow:
    def test_filters_start_closed_and_open(self, styleguide):
        page = styleguide(viewport={"width": 390, "height": 844})
        go = page.get_by_role("checkbox", name="Go")
        assert not go.is_visible()
        page.locator("summary").filter(has_text="Filters").click()
        assert go.is_visible()

    @pytest.mark.parametrize(("width", "theme"), [(320, "light"), (1440, "dark")])
    def test_nothing_is_cut_and_axe_finds_nothing(self, styleguide, width, theme):
        page = styleguide(viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True)
        assert page.evaluate(TOO_WIDE) <= 0
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()


class TestWithoutScript:
    def test_signing_in_works_and_no_dead_button_is_shown(self, styleguide):
        page = styleguide(java_script_enabled=False)
        assert page.locator("[data-needs-script]:visible").count() == 0
        assert page.get_by_role("checkbox", name="Go").is_visible()

    def test_filters_start_closed_on_narrow_screens_and_open(self, styleguide):
        page = styleguide(java_script_enabled=False, viewport={"width": 390, "height": 844})
        go = page.get_by_role("checkbox", name="Go")
        assert not go.is_visible()
        page.locator("summary").filter(has_text="Filters").click()
        assert go.is_visible()
