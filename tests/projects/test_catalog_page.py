"""The catalog page as people use it: facets, sorting, paging, what its address means, and what it costs."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from projects.catalog import refresh
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import CatalogClock, CatalogEntry, Project
from tests.conftest import make_user
from tests.projects.catalog_data import listed, make_project

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def reader(client, stranger):
    client.force_login(stranger)

    def read(query="", **headers):
        return client.get(f"/projects/{query}", headers=headers)

    return read


def slugs(response):
    return [line.project.slug for line in response.context["lines"]]


def counts(response, facet):
    group = next(group for group in response.context["selection"].groups if group.facet.key == facet)
    return {value.value: value.count for value in group.values}


class TestFacets:
    @pytest.fixture(autouse=True)
    def projects(self, team, other_team):
        listed(
            "alpha", owner=team, topics=["http"], languages=["Go"], lifecycle="production", welcomes=True, readiness=90
        )
        listed("beta", owner=team, topics=["http", "db"], licence="Apache-2.0", lifecycle="deprecated", days_ago=60)
        listed("gamma", owner=other_team, topics=["db"], lifecycle="production", days_ago=400, readiness=60)
        listed("delta", languages=[], licence="", days_ago=None)

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", "alpha beta gamma delta"),
            ("?team=payments", "alpha beta"),
            ("?team=payments&team=logistics", "alpha beta gamma"),
            ("?team=payments&topic=db", "beta"),
            ("?language=Go", "alpha"),
            ("?licence=Apache-2.0", "beta"),
            ("?lifecycle=production", "alpha gamma"),
            ("?welcomes=yes", "alpha"),
            ("?readiness=middle", "gamma"),
            ("?activity=30d", "alpha"),
            ("?activity=90d", "alpha beta"),
            ("?activity=year", "alpha beta"),
            ("?activity=older", "gamma"),
            ("?activity=none&activity=older", "gamma delta"),
            ("?q=gam", "gamma"),
            ("?q=gam&team=payments", ""),
        ],
    )
    def test_narrow(self, reader, query, expected):
        assert slugs(reader(query)) == expected.split()

    def test_counts_are_those_of_the_other_facets(self, reader):
        response = reader("?team=payments&topic=db")
        assert counts(response, "team") == {"payments": 1, "logistics": 1}
        assert counts(response, "topic") == {"db": 1, "http": 2}
        assert counts(response, "lifecycle") == {"deprecated": 1}

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (0, {"30d": 1, "90d": 2, "year": 2, "older": 1, "none": 1}),
            (40, {"90d": 1, "year": 2, "older": 1, "none": 1}),
            (1000, {"older": 3, "none": 1}),
        ],
    )
    def test_activity_is_cut_at_the_time_of_asking(self, stranger, days, expected):
        now = timezone.now()
        select(CatalogQuery(), stranger, now)
        groups = {group.facet.key: group for group in select(CatalogQuery(), stranger, now + days * DAY).groups}
        assert {value.value: value.count for value in groups["activity"].values} == expected

    def test_teams_are_shown_by_name(self, reader, team):
        team.name = "Money & <Co>"
        team.save()
        page = reader("?team=payments").content.decode()
        assert "Money &amp; &lt;Co&gt;" in page
        assert "<Co>" not in page

    def test_unknown_values_are_said_and_ignored(self, reader):
        response = reader("?team=nobody&lifecycle=ripe&topic=db&sort=magic&view=cube&page=x&activity=%00")
        assert slugs(response) == ["beta", "gamma"]
        assert response.context["selection"].ignored == [("team", "nobody"), ("lifecycle", "ripe")]
        assert "Ignored: Team nobody" in response.content.decode()

    def test_a_chip_drops_its_part_only(self, reader):
        chips = {chip.value: chip.url for chip in reader("?q=a&team=payments&topic=db&topic=http").context["chips"]}
        assert chips == {
            "a": "?team=payments&topic=db&topic=http",
            "Payments": "?q=a&topic=db&topic=http",
            "db": "?q=a&team=payments&topic=http",
            "http": "?q=a&team=payments&topic=db",
        }

    def test_nothing_found_says_what_to_drop(self, reader):
        response = reader("?q=gamma&team=payments&lifecycle=production")
        assert [(chip.label, chip.url, count) for chip, count in response.context["relief"]] == [
            ("the words", "?team=payments&lifecycle=production", 1),
            ("Team", "?q=gamma&lifecycle=production", 1),
        ]

    def test_changes_are_seen_at_once(self, reader, team):
        reader()
        project = Project.objects.get(slug="alpha")
        project.topics.clear()
        project.lifecycle = "archived"
        project.save()
        refresh([project.pk])
        response = reader()
        assert counts(response, "topic") == {"db": 2, "http": 1}
        assert counts(response, "lifecycle") == {"production": 1, "deprecated": 1, "archived": 1}
        Project.objects.filter(pk=project.pk).update(removed_at=dt.datetime.now(dt.UTC))
        refresh([project.pk])
        assert slugs(reader()) == ["beta", "gamma", "delta"]
        assert counts(reader(), "team") == {"payments": 1, "logistics": 1}


class TestOrder:
    @pytest.mark.parametrize(
        ("sort", "expected"),
        [("", "b c a"), ("relevance", "b c a"), ("active", "b c a"), ("name", "a b c"), ("newest", "c b a"),
         ("stars", "c a b"), ("commits", "a c b")],
    )  # fmt: skip
    def test_sorts(self, reader, sort, expected):
        now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        listed("a", star_count=2, commits_90d=9, days_ago=9, created_at=now)
        listed("b", star_count=1, commits_90d=1, days_ago=1, created_at=now + dt.timedelta(days=1))
        listed("c", star_count=3, commits_90d=5, days_ago=5, created_at=now + dt.timedelta(days=2))
        assert slugs(reader(f"?sort={sort}")) == expected.split()

    def test_ties_are_broken_by_name(self, reader):
        for name in ("b", "d", "a", "c"):
            listed(name, days_ago=None)
        assert slugs(reader("?sort=stars")) == ["a", "b", "c", "d"]


class TestPages:
    def test_pages_partition_the_catalog(self, reader):
        refresh([make_project(f"p{n:03}", days_ago=None).pk for n in range(60)])
        pages = [slugs(reader(f"?sort=name&page={page}")) for page in (1, 2, 3)]
        assert [len(page) for page in pages] == [25, 25, 10]
        assert [slug for page in pages for slug in page] == [f"p{n:03}" for n in range(60)]

    @pytest.mark.parametrize(
        ("page", "shown"), [("0", 1), ("-1", 1), ("99", 2), ("9" * 40, 1), ("²", 1), ("", 1), ("2", 2)]
    )
    def test_odd_pages_show_a_real_one(self, reader, page, shown):
        refresh([make_project(days_ago=None).pk for _ in range(30)])
        assert reader(f"?page={page}").context["selection"].page == shown

    @pytest.mark.parametrize("view", ["list", "grid", "table"])
    def test_each_view_shows_the_projects(self, reader, view):
        listed("ledger", tagline="<b>Books</b>", topics=["a", "b", "c", "d", "e", "f"], weeks=list(range(52)))
        page = reader(f"?view={view}").content.decode()
        assert "ledger" in page
        assert "<b>Books" not in page


class TestAddress:
    def test_script_gets_the_results_only(self, reader):
        listed("ledger")
        whole, part = reader("?q=ledger"), reader("?q=ledger&sort=relevance&page=1", hx_request="true")
        assert "<html" in whole.content.decode()
        assert "<html" not in part.content.decode()
        assert "HX-Request" in part["Vary"] and "HX-Request" in whole["Vary"]
        assert part["HX-Push-Url"] == "/projects/?q=ledger&sort=relevance"

    def test_history_and_boosted_links_get_the_page(self, reader):
        for header in ("hx_history_restore_request", "hx_boosted"):
            assert "<html" in reader("", hx_request="true", **{header: "true"}).content.decode()

    def test_only_reading(self, client, stranger):
        client.force_login(stranger)
        for name in ("catalog", "export_json", "export_csv"):
            assert client.post(reverse(f"projects:{name}")).status_code == 405

    @pytest.mark.parametrize(
        "query",
        [
            *("?q=" + "x" * 10_000, "?" + "&".join(f"topic={n}" for n in range(900)), "?team=" + "é" * 3000),
            *("?q=%00&topic=%00", "?q=%ff%fe", "?page=%ff"),
        ],
    )
    def test_any_address_is_answered(self, reader, query):
        listed("ledger")
        assert reader(query).status_code == 200


class TestEmpty:
    def test_an_administrator_is_told_to_register(self, client, administrator):
        client.force_login(administrator)
        page = client.get("/projects/").content.decode()
        assert reverse("sync:register") in page
        assert "Register a repository" in page

    def test_others_are_told_whom_to_ask(self, reader):
        page = reader().content.decode()
        assert "An administrator registers repositories" in page
        assert reverse("sync:register") not in page


class TestCost:
    def queries(self, client, django_assert_max_num_queries, query):
        client.get(f"/projects/{query}")
        with django_assert_max_num_queries(8) as captured:
            client.get(f"/projects/{query}")
        return len(captured)

    @pytest.mark.parametrize("query", ["", "?q=ledger&topic=http", "?view=table", "?view=grid&team=payments"])
    def test_queries_do_not_grow(self, client, team, django_assert_max_num_queries, query):
        client.force_login(make_user("tess", team))
        for count in range(2):
            listed(f"ledger-{count}", owner=team, topics=["http", f"t{count}"], languages=["Go", "Rust"])
        few = self.queries(client, django_assert_max_num_queries, query)
        for count in range(2, 20):
            listed(f"ledger-{count}", owner=team, topics=["http", f"t{count}"], visibility="restricted")
        assert self.queries(client, django_assert_max_num_queries, query) == few

    def test_the_first_page_after_a_change_keeps_the_limit(self, client, team, django_assert_max_num_queries):
        client.force_login(make_user("tess", team))
        client.get("/projects/")
        listed("ledger", owner=team)
        with django_assert_max_num_queries(8):
            client.get("/projects/?q=ledger")


class TestRefresh:
    def test_versions_grow_and_the_rows_carry_them(self):
        listed("a")
        first = CatalogClock.objects.get().value
        listed("b")
        second = CatalogClock.objects.get().value
        assert second == first + 1
        assert sorted(CatalogEntry.objects.values_list("version", flat=True)) == [first, second]

    def test_twice_is_as_good_as_once(self, reader):
        project = listed("a", topics=["x"])
        before = CatalogEntry.objects.values().exclude(pk=0).get(pk=project.pk) | {"version": 0}
        refresh([project.pk, project.pk])
        assert CatalogEntry.objects.values().get(pk=project.pk) | {"version": 0} == before
        assert counts(reader(), "topic") == {"x": 1}

    def test_ids_that_never_were_are_harmless(self, reader):
        refresh([12345])
        assert reader().context["selection"].total == 0

    def test_a_catalog_that_began_again_is_read_anew(self, reader):
        listed("old")
        assert slugs(reader()) == ["old"]
        CatalogEntry.objects.all().delete()
        CatalogClock.objects.all().delete()
        Project.objects.all().delete()
        listed("new")
        assert slugs(reader()) == ["new"]
        assert reader().context["selection"].total == 1
