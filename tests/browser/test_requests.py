"""A change from outside, from the Contribute tab to its landing, as three people see it; and axe on every page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from contributions.models import ChangeRequest
from sync import pipeline
from sync.models import SyncJob
from sync.registration import register
from tests.browser.test_walk import sign_in
from tests.contributions.conftest import text
from tests.gitstore.builder import RepositoryBuilder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GUIDE = "# Contributing\n\n```sh\nmake test\n```\n"


@pytest.fixture
def upstream(tmp_path, team):
    """A repository that is registered and synced."""
    builder = RepositoryBuilder(tmp_path / "widget.git")
    builder.commit({"README.md": "# Widget\n", "CONTRIBUTING.md": GUIDE, "src/a.py": text()}, message="Begin")
    register(str(builder.path), by=None, slug="widget", team=team)
    sync()
    return builder


def sync():
    for job in SyncJob.objects.all():
        pipeline.run_job(job.pk, from_waiting=True)


def patch_text(builder, **lines):
    head = builder.oid("refs/heads/main")
    tip = builder.commit({"src/a.py": text(**lines)}, branch="work", parents=[head], message="Count from seven")
    patch = builder.git("format-patch", "--stdout", "-1", tip).decode()
    builder.delete_branch("work")
    return patch


def check_page(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []


class TestOffer:
    def test_from_the_tab_to_landing(self, open_page, upstream, owner, stranger):
        page = open_page()
        sign_in(page, stranger.username)
        page.goto("/projects/widget/contribute/")
        assert page.get_by_text("make test").first.is_visible()
        check_page(page)
        page.get_by_role("link", name="Offer a change").click()
        page.get_by_label("What would you like to change?").fill("Count from seven")
        page.get_by_label("Why, and how").fill("Because six is **too few**.")
        page.get_by_role("textbox", name="Patch").fill("no patch at all")
        page.get_by_role("button", name="Offer it").click()
        page.get_by_text("There is no change in it").wait_for()
        assert page.get_by_label("What would you like to change?").input_value() == "Count from seven"
        check_page(page)
        page.get_by_role("textbox", name="Patch").fill(patch_text(upstream, l7="seven is the line"))
        page.get_by_role("button", name="Offer it").click()
        page.wait_for_url(re.compile(r"/requests/\d+/$"))
        page.get_by_text("applies cleanly").wait_for()
        assert page.locator("tr.add", has_text="seven is the line").is_visible()
        check_page(page)

        window = open_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
        sign_in(window, owner.username)
        window.goto(page.url)
        window.get_by_role("button", name="Welcome it").click()
        window.get_by_text("welcomed it").wait_for()

        landed = upstream.commit({"src/a.py": text(l7="seven is the line")}, message="Say it in other words")
        sync()
        page.reload()
        page.get_by_text("Landed", exact=False).first.wait_for()
        assert page.get_by_role("link", name=landed[:10]).first.is_visible()
        assert page.get_by_text("until then").is_visible()
        check_page(page)
        assert ChangeRequest.objects.get().landed_commit == landed

    def test_conflict_is_named(self, open_page, upstream, stranger):
        patch = patch_text(upstream, l7="theirs")
        upstream.commit({"src/a.py": text(l7="ours")})
        sync()
        page = open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        sign_in(page, stranger.username)
        page.goto("/projects/widget/requests/new/")
        page.get_by_label("What would you like to change?").fill("Theirs")
        page.get_by_label("Why, and how").fill("Better")
        page.get_by_role("textbox", name="Patch").fill(patch)
        page.get_by_role("button", name="Offer it").click()
        page.get_by_text("src/a.py: both sides changed the same lines").wait_for()
        page.get_by_label("Offer it all the same").check()
        page.get_by_role("button", name="Offer it").click()
        page.wait_for_url(re.compile(r"/requests/\d+/$"))
        assert page.get_by_text("both sides changed the same lines").is_visible()
        check_page(page)
