"""A change from outside, from a task or the Contribute tab to landing and thanks; and axe on every page."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail as outgoing

from accounts.notifications import mails
from contributions.models import ChangeRequest, Manager
from sync import pipeline
from sync.models import SyncJob
from sync.registration import register
from tests.browser.test_walk import sign_in
from tests.conftest import make_user
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


def push(upstream, folder, message, **lines):
    """What a maintainer does: the change in a clone, in other words, and a push. The object id."""
    clone = RepositoryBuilder(folder)
    clone.git("fetch", "--quiet", str(upstream.path), "main:main")
    clone.commit({"src/a.py": text(**lines)}, message=message, when=int(time.time()))
    clone.git("push", "--quiet", str(upstream.path), "main")
    return upstream.oid("refs/heads/main")


class TestWholeChain:
    def test_from_a_task_to_thanks(self, open_page, upstream, owner, stranger, tmp_path):
        Manager.objects.create(person=stranger, manager=make_user("boss"))
        maintainer = open_page()
        engineer = open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        sign_in(maintainer, owner.username)
        maintainer.goto("/projects/widget/contribute/new/")
        maintainer.get_by_label("Title").fill("Count from seven")
        maintainer.get_by_label("Kind").select_option("bug")
        maintainer.get_by_role("button", name="Post").click()
        maintainer.get_by_text("It is on the list of the whole company now").wait_for()
        task = maintainer.url

        sign_in(engineer, stranger.username)
        engineer.goto("/contribute/")
        engineer.get_by_role("link", name="Count from seven").click()
        engineer.get_by_role("button", name="Take it").click()
        engineer.get_by_text("It is yours").wait_for()
        engineer.get_by_role("link", name="Offer your change").click()
        engineer.get_by_label("Why, and how").fill("Because six is too few.")
        engineer.get_by_role("textbox", name="Patch").fill(patch_text(upstream, l7="seven is the line"))
        engineer.get_by_role("button", name="Offer it").click()
        engineer.wait_for_url(re.compile(r"/requests/\d+/$"))

        maintainer.goto("/")
        maintainer.locator("#waiting").get_by_role("link", name="Count from seven").first.wait_for()
        maintainer.goto(task)
        maintainer.get_by_text("In review").first.wait_for()
        check_page(maintainer)
        maintainer.get_by_label("About this task").get_by_role("link", name="Count from seven").click()
        maintainer.get_by_role("button", name="Welcome it").click()
        maintainer.get_by_text("Welcomed. The author has been told.").wait_for()
        landed = push(upstream, tmp_path / "clone.git", "Begin to count later", l7="seven is the line")
        sync()

        engineer.reload()
        engineer.get_by_role("link", name=landed[:10]).first.wait_for()
        assert engineer.get_by_text("until then Sam is asked first").is_visible()
        engineer.goto(task)
        engineer.get_by_role("link", name=landed[:10]).wait_for()
        check_page(engineer)

        maintainer.reload()
        maintainer.get_by_role("link", name="Thank Sam").click()
        maintainer.get_by_role("button", name="Draft thanks to Sam").click()
        words = maintainer.get_by_role("textbox").last
        assert landed[:10] in words.input_value()
        check_page(maintainer)
        words.fill("Sam, that was **quick**.")
        maintainer.get_by_role("button", name="Send").click()
        maintainer.get_by_text("Sent. Sam hears of it now.").wait_for()
        for address in ("/people/sam/", "/projects/widget/", "/projects/widget/thanks/"):
            engineer.goto(address)
            engineer.get_by_text("Sam, that was quick.").wait_for()
        assert mails.send_due() >= 2
        written = {mail.to[0]: mail.subject for mail in outgoing.outbox if "thanks" in mail.subject}
        assert sorted(written) == ["boss@example.com", "sam@example.com"]


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
