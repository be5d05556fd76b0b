"""A maintainer posts a task, an engineer finds and takes it, a second one is told; with axe on each page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from contributions.models import Opportunity, Thanks
from projects.models import Role
from tests.conftest import make_user
from tests.contributions.tasks import make_project, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page, username):
    page.goto("/")
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Projects").first.wait_for()


def fine(page):
    """No violation, and nothing wider than the window."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def project(team, owner):
    made = make_project("billing", team)
    Role.objects.create(project=made, user=owner, kind=Role.Kind.OWNER)
    return made


class TestTasks:
    def test_post_find_take_and_lose(self, open_page, project, owner, stranger):
        maintainer, engineer = open_page(), open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        sign_in(maintainer, owner.username)
        maintainer.goto("/projects/billing/contribute/")
        maintainer.get_by_role("link", name="Post a task").click()
        fine(maintainer)
        maintainer.get_by_role("button", name="Post").click()
        maintainer.get_by_text("Some fields need another look").wait_for()
        maintainer.get_by_label("Title").fill("Round half cents up")
        maintainer.get_by_label("Description").fill("Begin in `rounding`.")
        maintainer.get_by_label("Kind").select_option("bug")
        maintainer.get_by_label("Effort").select_option("day")
        maintainer.get_by_label("Skills").fill("arithmetic")
        maintainer.get_by_role("button", name="Post").click()
        maintainer.get_by_text("It is on the list of the whole company now").wait_for()
        fine(maintainer)

        sign_in(engineer, stranger.username)
        engineer.goto("/contribute/")
        fine(engineer)
        engineer.get_by_text("Filters").click()
        engineer.get_by_label("arithmetic").check()
        engineer.wait_for_url(re.compile("skill=arithmetic"))
        second = open_page()
        sign_in(second, make_user("tina").username)
        second.goto(Opportunity.objects.get().get_absolute_url())
        engineer.get_by_role("link", name="Round half cents up").click()
        engineer.get_by_role("button", name="Take it").click()
        engineer.get_by_text("It is yours").wait_for()
        fine(engineer)
        second.get_by_role("button", name="Take it").click()
        second.get_by_role("alert").get_by_text("Sam took it just now").wait_for()
        fine(second)
        assert Opportunity.objects.get().taken_by == stranger

    def test_every_page_in_both_themes(self, open_page, project, owner, stranger):
        task = make_task(project, owner, skills=["a-very-long-skill-" + "x" * 22], description="`" + "x" * 300 + "`")
        Thanks.objects.create(project=project, person=stranger, author=owner, text="Thank you", state="sent")
        Thanks.objects.update(sent_at=project.created_at)
        draft = Thanks.objects.create(project=project, person=stranger, author=owner, text="Well done")
        addresses = [
            *("/contribute/", "/contribute/?skill=none", "/contribute/manager/", task.get_absolute_url()),
            *(f"/contribute/{task.pk}/edit/", "/projects/billing/contribute/starters/"),
            *("/projects/billing/trusted-committers/", "/projects/billing/thanks/"),
            f"/projects/billing/thanks/{draft.pk}/",
        ]
        for options in ({"color_scheme": "light"}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}}):
            page = open_page(**options)
            sign_in(page, owner.username)
            for address in addresses:
                assert page.goto(address).status == 200
                fine(page)

    def test_taking_works_without_script(self, open_page, project, owner, stranger):
        task = make_task(project, owner)
        page = open_page(java_script_enabled=False)
        sign_in(page, stranger.username)
        page.goto(task.get_absolute_url())
        page.get_by_role("button", name="Take it").click()
        assert page.get_by_text("It is yours").is_visible()
