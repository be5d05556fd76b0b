"""Pages of figures: what they say adds up, and says nothing of what the viewer may not read."""

import csv
import datetime as dt
import io
import re
import shutil

import pytest

from accounts.models import PastParent, Team
from activity.flow.refresh import refresh_flow
from activity.models import Commit, FlowState, FlowWeek, History, Identity, Person
from projects.models import Project
from tests.activity.histories import imported
from tests.activity.test_flow import ADA, BO, BOT, CY, days_ago, join, read
from tests.conftest import make_user
from tests.projects.planting import plant

pytestmark = pytest.mark.django_db
ZED = ("Zed Zanzibar", "zed@example.com")
SECRET = {b"secret.txt": b"1"}


def table(client, url, name, window=0):
    text = client.get(url, {"csv": name, "window": window}).content.decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def company(team, other_team):
    join(team, ADA), join(other_team, BO)
    return read(commits=[(ADA, 3), (BO, 3), (BO, 2), (CY, 2), (BOT, 1)], owner=team)


def person_url(who):
    return f"/people/{Identity.objects.get(email=who[1]).person_id}/"


def pages(who=BO):
    return [
        *("/insights/", "/insights/?window=0", "/insights/?csv=flow&window=0", "/insights/?csv=outside&window=0"),
        *("/insights/?csv=alone&window=0", "/insights/?csv=weeks&window=0", "/projects/billing/activity/?window=0"),
        *("/insights/commits/?from=logistics&to=payments&window=0", f"{person_url(who)}?window=0", "/people/"),
        *("/teams/payments/?window=0", "/teams/logistics/?window=0", "/people/?q=bo"),
    ]


def shown(client, url):
    """The page without what changes with every request."""
    text = client.get(url).content.decode()
    return re.sub(r'csrf\w*"[^>]*|X-CSRFToken[^}]*|nonce-[^ ]*', "", text)


class TestInsights:
    def test_matrix(self, client, stranger, company):
        client.force_login(stranger)
        rows = {
            (row["Gives"], row["Receives"], row["Class"]): int(row["Contributions"])
            for row in table(client, "/insights/", "flow")
        }
        assert rows == {
            ("Logistics", "Payments", "from outside"): 2,
            ("Payments", "Payments", "inside"): 2,
            ("unknown", "Payments", "unmapped"): 1,
            ("unknown", "Payments", "bots"): 1,
        }
        page = client.get("/insights/?window=0").content.decode()
        assert "50 %" in page and "80 %" in page

    def test_sums_of_the_matrix_are_those_of_the_weeks_and_projects(self, client, stranger, company, other_team):
        read("other", files={b"other.txt": b"1"}, commits=[(ADA, 5), (CY, 60)], owner=other_team)
        client.force_login(stranger)
        for window in (30, 90, 365, 0):
            flow = [row for row in table(client, "/insights/", "flow", window) if row["Class"] != "bots"]
            weeks = table(client, "/insights/", "weeks", window)
            assert sum(int(row["Contributions"]) for row in flow) == sum(int(row["Contributions"]) for row in weeks)
            crossing = sum(int(row["Contributions"]) for row in flow if row["Class"] == "from outside")
            assert crossing == sum(int(row["From outside"]) for row in table(client, "/insights/", "outside", window))

    def test_a_pair_that_was_one_side_for_a_while_shows_what_crossed_the_border(self, client, stranger, company, team):
        Team.objects.filter(slug="logistics").update(parent=None)
        PastParent.objects.create(team=Team.objects.get(slug="logistics"), parent=team, ended_on=days_ago(2))
        refresh_flow()
        client.force_login(stranger)
        page = client.get("/insights/?window=0").content.decode()
        assert 'aria-label="Logistics to Payments: 1"' in page
        assert "most from Logistics to Payments, 1." in page
        assert 'aria-label="Payments to Payments: 2, inside"' in page

    def test_a_cell_leads_to_its_commits(self, client, stranger, company):
        client.force_login(stranger)
        page = client.get("/insights/commits/?from=logistics&to=payments&window=0").content.decode()
        assert "2 contributions" in page
        assert "Change 1" in page and "Change 2" in page
        assert "Change 0" not in page and "Change 3" not in page
        assert "from=logistics&amp;to=payments&amp;window=0&amp;csv=commits" in page
        text = client.get("/insights/commits/?from=logistics&to=payments&window=0&csv=commits").content.decode()
        rows = [(row["Person"], row["Title"], row["As co-author"]) for row in csv.DictReader(io.StringIO(text))]
        assert rows == [(BO[0], "Change 2", ""), (BO[0], "Change 1", "")]

    def test_a_cell_lists_exactly_what_it_counts(self, client, stranger, company, team):
        """The tree changes within the time, so one pair has contributions of two classes."""
        Team.objects.filter(slug="logistics").update(parent=None)
        PastParent.objects.create(team=Team.objects.get(slug="logistics"), parent=team, ended_on=days_ago(2))
        refresh_flow()
        client.force_login(stranger)
        for row in table(client, "/insights/", "flow"):
            if row["Class"] == "bots":
                continue
            kind = {"from outside": "outside"}.get(row["Class"], row["Class"])
            ends = f"from={row['Gives'].lower().replace('unknown', '-')}&to={row['Receives'].lower()}"
            page = client.get(f"/insights/commits/?{ends}&class={kind}&window=0").content.decode()
            listed = page.count("/commit/")
            assert listed == int(row["Contributions"]), row
            assert f"{listed} contribution" in page

    def test_an_account_without_commits_has_a_page(self, client, stranger, administrator):
        client.force_login(stranger)
        assert "No commits yet" in client.get(f"/people/{administrator.username}/").content.decode()
        type(administrator).objects.filter(pk=administrator.pk).update(is_active=False)
        assert client.get(f"/people/{administrator.username}/").status_code == 404

    def test_a_mirror_changes_no_figure(self, client, stranger, company, team):
        client.force_login(stranger)
        before = table(client, "/insights/", "flow"), table(client, person_url(BO), "weeks")
        copy = plant("copy", owner=team)
        shutil.rmtree(copy.repository.mirror_path)
        shutil.copytree(company.repository.mirror_path, copy.repository.mirror_path)
        imported(copy)
        assert (table(client, "/insights/", "flow"), table(client, person_url(BO), "weeks")) == before

    def test_a_new_name_of_a_team_changes_no_number(self, client, stranger, company, team):
        client.force_login(stranger)
        before = [row["Contributions"] for row in table(client, "/insights/", "flow")]
        team.name = "Cashiers"
        team.save()
        refresh_flow()
        assert [row["Contributions"] for row in table(client, "/insights/", "flow")] == before

    @pytest.mark.parametrize("refreshed", [True, False])
    def test_a_restricted_project_leaves_no_trace(self, client, stranger, company, other_team, refreshed):
        """Also not in the time before the sums of teams have followed."""
        client.force_login(stranger)
        urls = pages()
        before = [shown(client, url) for url in urls]
        secret = plant("secret", files=SECRET, commits=[(BO, 9), (ADA, 8), (ZED, 3)])
        Project.objects.filter(pk=secret.pk).update(visibility="restricted" if refreshed else "internal")
        imported(secret)
        Project.objects.filter(pk=secret.pk).update(visibility="restricted")
        assert [shown(client, url) for url in urls] == before
        zed = Person.objects.get(name=ZED[0])
        for url in (f"/people/{zed.pk}/", "/projects/secret/activity/"):
            assert client.get(url).status_code == 404

    @pytest.mark.parametrize("before", ["internal", "restricted"])
    def test_who_may_read_a_restricted_project_sees_all_of_it(self, client, administrator, company, team, before):
        secret = read(
            "secret",
            files=SECRET,
            commits=[(BO, 9)],
            owner=team,
            visibility=before,
        )
        Project.objects.filter(pk=secret.pk).update(visibility="restricted")
        client.force_login(administrator)
        rows = {(row["Gives"], row["Class"]): int(row["Contributions"]) for row in table(client, "/insights/", "flow")}
        assert rows["Logistics", "from outside"] == 3

    def test_queries(self, client, stranger, company, team, django_assert_max_num_queries):
        for number in range(4):
            read(f"p{number}", commits=[(BO, 5)], owner=team)
        client.force_login(stranger)
        for url in ("/insights/", "/projects/billing/activity/", "/insights/?window=0"):
            with django_assert_max_num_queries(10):
                client.get(url)

    @pytest.mark.parametrize("url", ["/insights/?window=x", "/insights/?sort=x", "/insights/?window=0&sort=name"])
    def test_odd_parameters(self, client, stranger, company, url):
        client.force_login(stranger)
        assert client.get(url).status_code == 200

    @pytest.mark.parametrize(
        "url", ["/insights/?csv=x", "/insights/commits/?from=x&to=payments", "/people/none/", "/people/99999999999/"]
    )
    def test_unknown(self, client, stranger, company, url):
        client.force_login(stranger)
        assert client.get(url).status_code == 404

    def test_nothing_yet(self, client, stranger):
        client.force_login(stranger)
        assert b"No contributions in this time" in client.get("/insights/").content

    def test_every_figure_leads_to_its_definition(self, client, stranger, company):
        client.force_login(stranger)
        document = client.get("/docs/figures/").content.decode()
        places = set(re.findall(r'<h\d id="([^"]+)"', document))
        for url in ("/insights/", "/projects/billing/activity/", "/teams/payments/", person_url(BO)):
            text = client.get(url).content.decode()
            wanted = set(re.findall(r'href="/docs/figures/#([^"]*)"', text))
            assert wanted and wanted <= places, url
            figures = re.findall(r'<div class="fig[^"]*">(.*?)</div>', text)
            assert figures and all('class="means"' in figure for figure in figures), url
        contents = re.findall(
            r'href="#([^"]+)"', document.partition('aria-label="On this page"')[2].partition("</nav>")[0]
        )
        assert set(contents) == places - {"keys-title"} and len(set(contents)) == len(contents) > 10
        assert "FlowWeek" not in document and ".md" not in document
        assert 'href="/docs/people/#programs"' in document

    def test_documents(self, client, stranger):
        client.force_login(stranger)
        for name, words in (("people", "Claiming an address"), ("teams", "Inside and outside")):
            assert words in client.get(f"/docs/{name}/").content.decode()
        assert client.get("/docs/none/").status_code == 404

    def test_every_table_is_a_file(self, client, stranger, company):
        client.force_login(stranger)
        for url in ("/insights/", "/projects/billing/activity/", "/teams/payments/", person_url(BO)):
            page = client.get(url)
            assert page.context["tables"]
            offered = set(re.findall(r"csv=(\w+)", page.content.decode()))
            for name, shown_table in page.context["tables"].items():
                assert len(table(client, url, name, 365)) == len(shown_table.rows)
                assert not shown_table.rows or name in offered, (url, name)

    def test_every_chart_has_words_and_a_table(self, client, stranger, company):
        """Big ones have title, description and their numbers as a table with a CSV address; small ones their words."""
        client.force_login(stranger)
        for url in ("/insights/", "/projects/billing/activity/", "/teams/payments/", person_url(BO)):
            text = client.get(url, {"window": 365}).content.decode()
            charts = list(re.finditer(r"<svg[^>]*role=\"(?:img|group)\"[^>]*>.*?</svg>", text, re.DOTALL))
            assert any("<desc>" in chart[0] for chart in charts), url
            for chart in charts:
                assert re.search(r'^<svg[^>]* aria-label="[^"]+"[^>]*><title>[^<]+</title>', chart[0]), chart[0][:200]
                if 'class="spark"' not in chart[0]:
                    assert re.search(r"</title><desc>[^<]+</desc>", chart[0]), chart[0][:200]
                    nearby = text[chart.end() : text.index("</table>", chart.end()) + 300]
                    assert "<desc>" not in nearby and "csv=" in nearby, (url, chart[0][:200])


class TestActivity:
    def test_contributors_by_name_and_first_timers(self, client, stranger, company):
        client.force_login(stranger)
        rows = table(client, "/projects/billing/activity/", "contributors", 30)
        assert [(row["Contributor"], row["Contributions"], row["New"]) for row in rows] == [
            (ADA[0], "1", ""),
            (BO[0], "2", "yes"),
            (CY[0], "1", "yes"),
        ]

    def test_punch_card_has_every_commit_of_humans(self, client, stranger, company):
        client.force_login(stranger)
        rows = table(client, "/projects/billing/activity/", "hours")
        assert sum(int(row["Commits"]) for row in rows) == 5
        day = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
        assert int(next(row for row in rows if row["Weekday"] == f"{day:%A}")["Commits"]) >= 1

    def test_lines_of_humans(self, client, stranger, company):
        client.force_login(stranger)
        humans = Commit.objects.contributions().filter(author__person__is_bot=False)
        added, removed = (sum(humans.values_list(side, flat=True)) for side in ("added", "removed"))
        assert added
        page = client.get("/projects/billing/activity/").content.decode()
        assert f"<b>+{added} \N{MINUS SIGN}{removed}</b>" in page

    def test_nothing_in_this_time(self, client, stranger, team):
        read("quiet", commits=[(ADA, 300)], owner=team)
        client.force_login(stranger)
        page = client.get("/projects/quiet/activity/?window=30").content.decode()
        assert "No commits in this time" in page and '<svg class="punch' not in page
        assert "No commits" not in client.get("/projects/quiet/activity/").content.decode()

    def test_says_what_is_still_to_come(self, client, stranger, company):
        client.force_login(stranger)

        def page():
            return client.get("/projects/billing/activity/").content.decode()

        assert "being counted" not in page()
        History.objects.update(lines_left=1)
        assert "Lines of some commits are still being counted" in page()
        FlowState.objects.update(inputs="")
        assert "are being added up" in page()
        FlowState.objects.all().delete(), FlowWeek.objects.all().delete(), History.objects.update(commit="")
        assert "The history is being read" in page()


class TestTeam:
    def test_gives_and_receives_without_itself(self, client, stranger, company):
        client.force_login(stranger)
        assert table(client, "/teams/logistics/", "gives") == [
            {"Receives": "Payments", "Class": "to another team", "Contributions": "2"}
        ]
        receives = table(client, "/teams/payments/", "receives")
        assert {"Gives": "Logistics", "Class": "from outside", "Contributions": "2"} in receives


class TestPerson:
    def test_by_user_name_and_number(self, client, stranger, company):
        bo = Identity.objects.get(email=BO[1]).person
        user = make_user("bo")
        Person.objects.filter(pk=bo.pk).update(user=user)
        client.force_login(stranger)
        assert client.get(f"/people/{bo.pk}/").url == "/people/bo/"
        assert b"billing" in client.get("/people/bo/").content

    def test_figures_for_the_person_alone(self, client, stranger, company, settings):
        settings.PERSON_FIGURES = "self"
        client.force_login(stranger)
        assert b"billing" not in client.get(person_url(BO)).content
        assert client.get(person_url(BO), {"csv": "projects"}).status_code == 404
        assert table(client, "/projects/billing/activity/", "contributors") == []
        page = client.get("/projects/billing/activity/").content.decode()
        assert "You are not among them." in page and "Nothing in this time" not in page
        project = client.get("/projects/billing/").content.decode()
        assert BO[0] in project and "commits in 90 d" not in project
        Person.objects.filter(identities__email=BO[1]).update(user=stranger)
        assert b"billing" in client.get("/people/sam/").content
        assert [row["Contributor"] for row in table(client, "/projects/billing/activity/", "contributors")] == [BO[0]]

    def test_only_for_people_who_signed_in(self, client, company, settings):
        settings.ANONYMOUS_READ = True
        assert client.get(person_url(BO)).status_code == 302
        assert client.get("/people/").status_code == 302
