"""The main walk in a browser: sign in, register, watch, find, read, edit; then as a stranger; and axe on every page."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from demo.build import build_demo_repositories
from projects.models import Project
from sync import pipeline
from sync.models import SyncJob

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def repositories(tmp_path):
    """Paths of real repositories by slug."""
    from datetime import UTC, datetime

    built = build_demo_repositories(tmp_path / "repositories", datetime.now(UTC))
    return {one.slug: one.path for one in built}


def sign_in(page, username):
    page.goto("/")
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Projects").first.wait_for()


def sync_everything():
    for job in SyncJob.objects.all():
        pipeline.run_job(job.pk, from_waiting=True)


def register(page, address, visibility="internal"):
    page.goto("/projects/register/")
    page.get_by_label("Address").first.fill(str(address))
    page.get_by_label("Owner").select_option(label="Payments")
    page.locator("select[name=visibility], input[name=visibility]").first.evaluate(
        "(field, value) => { if (field.tagName === 'SELECT') field.value = value;"
        " else document.querySelector(`input[name=visibility][value=${value}]`).checked = true }",
        visibility,
    )
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url(re.compile(r"/sync/\d+/"))


class TestMainWalk:
    def test_register_watch_find_read_edit_and_no_trace_for_a_stranger(
        self, open_page, administrator, owner, stranger, repositories
    ):
        open_slug, secret_slug = sorted(repositories)[:2]
        page = open_page()
        sign_in(page, administrator.username)
        register(page, repositories[open_slug])
        assert page.locator("#progress").is_visible()
        sync_everything()
        page.get_by_text(re.compile("Last success .*(now|second|ago)")).wait_for()
        register(page, repositories[secret_slug], visibility="restricted")
        sync_everything()

        project = Project.objects.get(repository__clone_url__endswith=repositories[open_slug].name)
        secret = Project.objects.get(repository__clone_url__endswith=repositories[secret_slug].name)
        assert project.last_commit_at
        assert secret.visibility == "restricted"

        page.goto("/projects/")
        page.get_by_label("Payments").first.check()
        page.wait_for_url(re.compile("team=payments"))
        page.goto(f"/projects/?q={project.name.split()[0]}")
        page.get_by_role("link", name=project.name, exact=True).first.click()
        page.wait_for_url(re.compile(rf"/projects/{project.slug}/$"))
        assert page.get_by_role("heading", name=project.name).first.is_visible()

        window = open_page()
        sign_in(window, owner.username)
        window.goto(f"/projects/{project.slug}/edit/")
        window.get_by_label("Tagline").fill("Written by a person")
        window.get_by_role("button", name="Save").click()
        window.get_by_text("Saved.").wait_for()
        window.goto(f"/projects/{project.slug}/")
        assert window.get_by_text("Written by a person").first.is_visible()
        assert window.get_by_text("edited here", exact=False).first.is_visible()

        other = open_page()
        sign_in(other, stranger.username)
        for address in ("/", "/projects/", "/projects/?q=demand"):
            assert secret.slug not in other.goto(address).text()
        assert secret.slug not in other.request.get("/projects/export.csv").text()
        assert other.goto(f"/projects/{secret.slug}/").status == 404


ADDRESSES = ["/", "/projects/", "/projects/?view=table", "/projects/register/", "/sync/", "/styleguide/"]


class TestAccessibility:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_and_nothing_overflows(self, open_page, administrator, team, repositories, scheme):
        page = open_page(color_scheme=scheme)
        axe = Axe()
        page.goto("/accounts/login/")
        assert violations(axe, page) == []
        sign_in(page, administrator.username)
        register(page, repositories[sorted(repositories)[0]])
        page.goto("about:blank")  # a page that asks for progress meanwhile meets locked tables of the shared database
        sync_everything()
        project = Project.objects.get()
        for address in [*ADDRESSES, f"/projects/{project.slug}/", f"/projects/{project.slug}/edit/"]:
            for width in (1440, 320):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(address)
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{address} scrolls sideways at {width} px"
            assert violations(axe, page) == [], address

    def test_works_without_script(self, open_page, administrator, team, repositories):
        page = open_page(java_script_enabled=False)
        sign_in(page, administrator.username)
        register(page, repositories[sorted(repositories)[0]])
        sync_everything()
        page.goto("/projects/")
        page.get_by_label("Payments").first.check()
        page.get_by_role("button", name="Apply").first.click()
        page.wait_for_url(re.compile("team=payments"))
        project = Project.objects.get()
        page.goto(f"/projects/{project.slug}/")
        page.get_by_role("button", name=re.compile("^Star")).click()
        page.wait_for_load_state()
        project.refresh_from_db()
        assert project.star_count == 1


def violations(axe, page):
    """Rule and first element of each violation."""
    found = axe.run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
