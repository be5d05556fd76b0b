import os
import shutil

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: apt install chromium")
    # Playwright's sync interface keeps an event loop in this thread; the ORM is still called from it one at a time.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, live_server):
    """A function that opens a fresh window; errors on the console and failed requests fail the test."""
    contexts, complaints = [], []

    def open_window(**options):
        context = browser.new_context(
            base_url=live_server.url, **({"viewport": {"width": 1440, "height": 900}} | options)
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.set_default_timeout(15_000)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def sign_in(live_server):
    """A function that signs a user in on a window without the form, which has walks of its own."""

    def sign_in(page, user):
        client = Client()
        client.force_login(user)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
        page.context.add_cookies([cookie | {"url": live_server.url, "httpOnly": True}])

    return sign_in


@pytest.fixture
def signed_in(open_page, sign_in, stranger):
    """A function that opens a window at an address, signed in as a stranger."""

    def open_signed_in(address, **options):
        page = open_page(**options)
        sign_in(page, stranger)
        page.goto(address)
        return page

    return open_signed_in
