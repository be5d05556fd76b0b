"""Very long names break into lines instead of pushing a page sideways, and axe finds nothing where they stand."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Team
from projects import catalog
from projects.fields import set_edited
from sync.models import SyncJob
from tests.projects.planting import plant, read

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
README = b"# Long\n\n| a | b |\n|---|---|\n| " + b"x" * 300 + b" | y |\n\n```\n" + b"y" * 300 + b"\n```\n"


@pytest.fixture
def long_names(db, administrator):
    team = Team.objects.create(slug="long", name="Department for Extraordinarily Long and Winding Descriptions " * 3)
    project = plant("long", files={b"README.md": README}, owner=team)
    read(project)
    SyncJob.objects.get_or_create(repository=project.repository)
    set_edited(project, "name", "W" * 100 + "-" + "x" * 80, administrator)
    set_edited(project, "tagline", "Donaudampfschifffahrtsgesellschaftskapitaen" * 8, administrator)
    set_edited(project, "topics", ["a" * 63, "b" * 60, *(f"topic-{number}" for number in range(15))], administrator)
    catalog.refresh([project.pk])
    return project


@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (390, "dark"), (1024, "light"), (1440, "dark")])
def test_no_page_scrolls_sideways(long_names, open_page, sign_in, administrator, width, theme):
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True)
    sign_in(page, administrator)
    catalogs = ("/projects/", "/projects/?view=grid", "/projects/?view=table")
    for address in ("/", *catalogs, "/projects/long/", "/projects/long/edit/", "/projects/register/", "/sync/"):
        page.goto(address)
        assert page.evaluate(TOO_WIDE) <= 0, address
        results = Axe().run(page)
        assert results.violations_count == 0, f"{address}: {results.generate_report()}"
