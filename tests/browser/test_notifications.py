"""Bell, list, choices and the personal home page in a browser: by hand, with axe, narrow and without script."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Notification
from accounts.notifications import notify
from accounts.notifications.stopping import chosen_ways, stop_url
from contributions.models import ChangeRequest, Opportunity
from tests.browser.test_walk import sign_in
from tests.projects.catalog_data import make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3


@pytest.fixture
def world(owner, stranger, team):
    """Olga's project has an offered change; she was told of that and of other things, one with a very long word."""
    project = make_project("billing", owner=team)
    change = ChangeRequest.objects.create(project=project, author=stranger, title="Round up", why="Half cents.")
    Opportunity.objects.create(project=project, title="Write tests", kind="tests", effort="day", good_first=True)
    told = {"project": project, "actor": stranger}
    url = change.get_absolute_url()
    notify([owner], "request-offered", "Sam offers a change to billing: Round up", url, "you maintain billing", **told)
    for number in range(11):
        text = f"Half cents are lost.\n\n{LONG}"
        notify([owner], "thanks", f"Thanks, number {number}: {LONG}", url, "you helped", text=text, **told)
    return change


def test_from_the_bell_to_what_it_is_about_and_to_fewer_mails(open_page, world, owner):
    page = open_page()
    sign_in(page, "olga")
    bell = page.get_by_role("link", name="Notifications: 12 unread")
    bell.click()
    page.get_by_role("link", name="Sam offers a change to billing: Round up").click()
    page.wait_for_url(re.compile(rf"/requests/{world.pk}/"))
    page.get_by_role("link", name="Notifications: 11 unread").click()
    page.get_by_role("button", name="No mails about thanks").first.click()
    page.get_by_text("Thanks: here only, from now on.").wait_for()
    assert chosen_ways(owner)["thanks"] == "here"
    page.get_by_role("button", name="Mark all read").click()
    page.get_by_role("heading", name="Nothing unread").wait_for()
    assert not Notification.objects.unread().exists()
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.get_by_role("link", name="Choose what you hear of").click()
    page.locator("#way-request-offered").select_option(label="Here, and in the daily mail")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert chosen_ways(owner)["request-offered"] == "daily"


def test_without_script(open_page, world, owner):
    page = open_page(java_script_enabled=False)
    sign_in(page, "olga")
    page.get_by_role("link", name="Notifications: 12 unread").click()
    page.get_by_role("button", name="Mark read: Sam offers").or_(
        page.get_by_role("button", name="Mark read : Sam offers")
    ).click()
    page.get_by_role("link", name="Notifications: 11 unread").wait_for()
    page.goto(stop_url(owner, "thanks").removeprefix("http://127.0.0.1:8000"))
    page.get_by_role("button", name="Stop them").click()
    page.get_by_role("heading", name="Stopped").wait_for()
    assert chosen_ways(owner)["thanks"] == "here"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1024, "dark"), (390, "dark"), (320, "light")])
def test_axe_finds_nothing_and_nothing_sticks_out(open_page, world, owner, width, theme):
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    sign_in(page, "olga")
    stop = stop_url(owner, "thanks").removeprefix("http://127.0.0.1:8000")
    for address in ("/", "/notifications/", "/notifications/?show=all", "/notifications/choices/", stop):
        page.goto(address)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        assert found.response["violations"] == [], (address, found.generate_report())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
