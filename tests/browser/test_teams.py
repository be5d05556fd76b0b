"""Teams in a browser: import a file and manage a team, with and without script; axe in both themes."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Membership, Team

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILE = """team,team_name,parent,email,start
payments,,,kim@x.example,2024-01-01
tax,Tax,payments,,
nowhere,,,lee@x.example,
"""
WIDTH = "document.documentElement.scrollWidth - innerWidth"


def sign_in(page, username):
    page.goto("/accounts/login/")
    page.get_by_label("Username or email").fill(username)
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Teams").first.wait_for()


class TestWalk:
    @pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
    def test_imports_and_ends_a_membership(self, open_page, administrator, team, tmp_path, script):
        path = tmp_path / "teams.csv"
        path.write_text(FILE)
        page = open_page(java_script_enabled=script)
        sign_in(page, administrator.username)
        page.goto("/teams/import/")
        page.locator("input[type=file]").set_input_files(str(path))
        page.get_by_role("button", name="Look at the changes").click()
        page.get_by_text("There is no team “nowhere”.").wait_for()
        page.get_by_role("button", name="Apply without the rows left out").click()
        page.get_by_text("Applied: 2 added.").wait_for()
        assert Team.objects.get(slug="tax").parent == team
        page.get_by_role("link", name="Payments").click()
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("First day of kim@x.example outside the team").fill("2024-06-01")
        page.get_by_role("button", name="End the membership of kim@x.example").click()
        page.get_by_text("Saved.").wait_for()
        assert str(Membership.objects.get().ended_on) == "2024-06-01"


class TestLooks:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_nothing_is_cut_and_axe_finds_nothing(self, open_page, administrator, owner, team, theme, width):
        Team.objects.create(slug="long", name="Averylongteamname" * 9, parent=team)
        Team.objects.create(slug="old", name="Old", closed_on="2024-01-01")
        Membership.objects.create(email="kim@x.example", team=team, ended_on="2024-01-01")
        page = open_page(viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True)
        sign_in(page, administrator.username)
        for address in ("", "payments/", "payments/edit/", "long/", "new/", "import/", "suggestions/"):
            page.goto(f"/teams/{address}")
            assert page.evaluate(WIDTH) <= 0, address
            found = Axe().run(page)
            assert found.violations_count == 0, (address, found.generate_report())
