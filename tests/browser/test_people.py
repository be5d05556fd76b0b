"""Who is who in a browser: merge and undo with and without script; axe in both themes, narrow and wide."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from activity import identities
from activity.models import AddressClaim, BotPattern, ExcludedTerm, Merge
from tests.activity.test_suggestions import person
from tests.browser.test_teams import WIDTH, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class TestWalk:
    @pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
    def test_accepts_a_suggestion_and_undoes_it(self, open_page, administrator, script):
        person("Lee, Ann", "alee@x.example", commits=1)
        person("Ann Lee", "ann@x.example", commits=3)
        page = open_page(java_script_enabled=script)
        sign_in(page, administrator.username)
        page.goto("/people/suggestions/")
        page.get_by_label("Reason for deciding on Lee, Ann").fill("Sat beside her")
        page.get_by_role("button", name="Accept that Lee, Ann is Ann Lee").click()
        page.get_by_text("Lee, Ann counts as Ann Lee now.").wait_for()
        page.get_by_role("link", name="Who is who").last.click()
        page.get_by_role("link", name="Ann Lee", exact=True).click()
        page.get_by_role("button", name="Undo that Lee, Ann is Ann Lee").click()
        page.get_by_text("Undone: Lee, Ann stands alone again.").wait_for()
        assert Merge.objects.get().undone_by == administrator


class TestLooks:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_nothing_is_cut_and_axe_finds_nothing(self, open_page, administrator, theme, width):
        long = person("Averylongname" * 9 + " Lee", "a" * 60 + "@x.example", commits=3)
        person("Averylongname" * 9 + " Lee", "b" * 200 + "@x.example")
        one, two, three = (person("Ann Lee", f"a{number}@x.example", commits=number) for number in (1, 2, 3))
        identities.merge(one.pk, two.pk, administrator, Merge.Ground.SUGGESTION, "w" * 300)
        identities.keep_apart(two.pk, three.pk, administrator, "Twins")
        person("deploy", "d@x.example", is_bot=True, bot_chosen=True)
        BotPattern.objects.create(pattern="(?:w+x)" * 25)
        ExcludedTerm.objects.create(term="w" * 100)
        AddressClaim.objects.create(user=administrator, email="b" * 200 + "@x.example")
        page = open_page(viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True)
        sign_in(page, administrator.username)
        addresses = ["identities/", "suggestions/", "bots/", "../accounts/addresses/", "../accounts/addresses/claim/x/"]
        addresses += [f"identities/{long.pk}/{more}" for more in ("", "?with=lee", "erase/")]
        for address in addresses:
            page.goto(f"/people/{address}")
            page.evaluate("document.querySelectorAll('details.card').forEach((one) => { one.open = true; })")
            assert page.evaluate(WIDTH) <= 0, address
            found = Axe().run(page)
            assert found.violations_count == 0, (address, found.generate_report())
            if SHOTS:
                name = address.replace("/", "_").replace("?", "_")
                page.screenshot(path=f"{SHOTS}/{name}-{width}-{theme}.png", full_page=True)


SHOTS = ""
