"""Pages of figures in a browser: from the matrix to its commits, without script too; axe in both themes, long names."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from activity.models import AddressClaim, Identity, Person
from projects.models import Project
from tests.activity.test_flow import ADA, BO, BOT, CY, join, read
from tests.browser.test_teams import WIDTH
from tests.conftest import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = ("Averylongname" * 9, "long@example.com")
WIDTHS = {"light": (1440, 1024, 390), "dark": (1440,)}  # the theme moves nothing


@pytest.fixture
def company(team, other_team):
    join(team, ADA), join(other_team, BO)
    type(other_team).objects.filter(pk=other_team.pk).update(name="Averylongteamname" * 7)
    project = read(commits=[(ADA, 3), (BO, 3), (BO, 40), (CY, 2), (BOT, 1), (LONG, 1)], owner=team)
    Project.objects.filter(pk=project.pk).update(name="Averylongprojectname" * 6)
    return project


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_from_the_matrix_to_the_commits_and_the_person(open_page, sign_in, stranger, company, script):
    page = open_page(java_script_enabled=script)
    sign_in(page, stranger)
    page.goto("/insights/")
    page.get_by_role("link", name="all", exact=True).click()
    page.get_by_role("link", name="most received").click()
    page.locator("a[aria-label$='to Payments: 2']").click()
    page.get_by_text("2 contributions").wait_for()
    page.get_by_role("link", name="Averylongprojectname").first.click()
    page.get_by_role("link", name=BO[0]).click()
    page.get_by_role("heading", name=BO[0]).wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of Projects").click()
    assert "Averylongprojectname" in download.value.path().read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_and_axe_finds_nothing(open_page, sign_in, administrator, company, theme):
    claimed = Identity.objects.get(email=BO[1]).person_id
    Person.objects.filter(pk=claimed).update(user=make_user("bo"))
    AddressClaim.objects.create(user=administrator, email=BO[1], state=AddressClaim.State.DISPUTED)
    page = open_page(viewport={"width": 1440, "height": 800}, color_scheme=theme, bypass_csp=True)
    sign_in(page, administrator)
    long = Identity.objects.get(email=LONG[1]).person_id
    addresses = ["/insights/?window=30", "/insights/?window=0", "/insights/commits/?from=-&to=payments&window=0"]
    addresses += ["/projects/billing/activity/", "/projects/billing/activity/?window=30", "/teams/payments/"]
    addresses += [f"/people/{long}/", "/people/bo/", "/people/", f"/people/{administrator.username}/"]
    addresses += ["/people/claims/", "/docs/figures/", "/docs/people/", "/docs/teams/"]
    for address in addresses:
        for width in WIDTHS[theme]:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address)
            assert page.evaluate(WIDTH) <= 0, (address, width)
        page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        found = Axe().run(page)
        assert found.violations_count == 0, (address, found.generate_report())
