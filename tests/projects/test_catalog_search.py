"""Searching the catalog as people do, through its page: beginnings, typing errors, endings, reasons, and silence about
what is restricted."""

import datetime as dt
import random
import string

import pytest
from django.utils import timezone

from projects.catalog import refresh
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.catalog.spelling import distance
from projects.models import FormerSlug, Package, Project, Readme, UnansweredSearch
from tests.conftest import make_user
from tests.projects.catalog_data import listed, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def search(client, stranger):
    client.force_login(stranger)

    def ask(words, **parameters):
        response = client.get("/projects/", {"q": words} | parameters)
        assert response.status_code == 200
        lines = response.context["lines"]
        return {line.project.slug: line.reason for line in lines}, response.content.decode()

    return ask


@pytest.fixture
def shelf(team):
    listed("kubernetes-tools", tagline="Deploys services", topics=["deployment"], owner=team)
    listed("http-resilience", tagline="Retries and circuit breaking", readme="Made for kubernetes, too.", days_ago=9)
    listed("ledger-core", tagline="Classification of postings", days_ago=5)
    old = make_project("pay-gate", tagline="Payments")
    FormerSlug.objects.create(slug="cash-desk", project=old)
    Package.objects.create(project=old, ecosystem="npm", name="@acme/pay", path="package.json")
    refresh([old.pk])


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("kubern", ["kubernetes-tools"]),
            ("kubernetes", ["kubernetes-tools", "http-resilience"]),
            ("kuberntes", ["kubernetes-tools", "http-resilience"]),
            ("kubernetse", ["kubernetes-tools", "http-resilience"]),
            ("ukbernetes", ["kubernetes-tools", "http-resilience"]),
            ("lexger", ["ledger-core"]),
            ("kedger", ["ledger-core"]),
            ("edger", []),
            ("ubernetes", ["kubernetes-tools", "http-resilience"]),
            ("xretries", ["http-resilience"]),
            ("sircuit", ["http-resilience"]),
            ("ldgr", []),
            ("classify", ["ledger-core"]),
            ("retry", ["http-resilience"]),
            ("retrying circuits", ["http-resilience"]),
            ("deploy service", ["kubernetes-tools"]),
            ("cash desk", ["pay-gate"]),
            ("@acme/pay", ["pay-gate"]),
            ("payments team kubernetes", ["kubernetes-tools"]),
            ("has anybody built circuit breaking with retries", ["http-resilience"]),
        ],
    )
    def test_beginnings_errors_and_endings_find(self, shelf, search, words, expected):
        assert list(search(words)[0]) == expected

    def test_every_row_says_why(self, shelf, search):
        found, page = search("kubernetes")
        assert found == {
            "kubernetes-tools": "“kubernetes” in the name or address",
            "http-resilience": "“kubernetes” in the README",
        }
        assert page.count("Found: ") == 2
        for view in ("grid", "table"):
            assert search("kubernetes", view=view)[1].count("Found: ") == 2
        assert "Found: " not in search("")[1]
        reasons = search("cash payment")[0]
        assert reasons["pay-gate"] == "“cash” in the name or address, “payment” in the first line"
        assert search("retri")[0] == {"http-resilience": "“retri” in the first line"}
        assert search("circ")[0] == {"http-resilience": "“circ…” in the first line"}

    def test_what_was_taken_for_something_else_is_told(self, shelf, search):
        found, page = search("lexger")
        assert found == {"ledger-core": "a word like “lexger” in the name or address"}
        assert "No project has the word “lexger”" in page
        found, page = search("circuit retries unheardof")
        assert found == {"http-resilience": "“circuit” and “retries” in the first line, without “unheardof”"}
        assert "These have most of them" in page
        found, page = search("(((")
        assert len(found) == 4 and "searches for nothing" in page
        assert "searches for nothing" not in search("")[1]

    @pytest.mark.parametrize(
        "words",
        ['"', "'", "* AND", "NEAR(a b)", "words : x", "(((", "a\x00b", "\\", "%_", "' OR 1=1 --", "&|!<->", ":*",
         "ledger" * 1700, "x " * 5000, "\u202e\ufeff", "🦀", "{a}", "\ud7ff", "-ledger", "^nledger", "nledger"],
    )  # fmt: skip
    def test_hostile_text_is_only_text(self, shelf, search, words):
        search(words)

    def test_facets_compose_with_words(self, shelf, search):
        assert list(search("kubernetes", team="payments")[0]) == ["kubernetes-tools"]
        assert list(search("kuberntes", topic="deployment")[0]) == ["kubernetes-tools"]


class TestSilence:
    WORDS = ("ledger", "gateway", "parser", "retries", "retry", "quota", "zeppelin", "index")

    def listed(self, chance, slug, **fields):
        some = lambda number: " ".join(chance.choices(self.WORDS[:-1], k=number))  # noqa: E731
        listed(slug, name=some(2), tagline=some(3), readme=some(5), days_ago=chance.randrange(99), **fields)

    @pytest.mark.parametrize("seed", range(3))
    def test_answers_are_as_without_the_restricted_project(self, seed, team, client):
        chance = random.Random(seed)
        sven = make_user("sven")
        client.force_login(sven)
        for number in range(8):
            self.listed(chance, f"open-{number}")
        asked = [" ".join(chance.choices(self.WORDS, k=chance.randrange(1, 4))) for _ in range(12)]
        asked += ["ledgr", "zepelin", "qutoa", "zeppelins ledger gateway"]

        def answers():
            result = []
            for words in asked:
                response = client.get("/projects/", {"q": words})
                selection, lines = response.context["selection"], response.context["lines"]
                result.append((selection.ids, selection.groups, selection.relief, selection.answer.alike))
                result.append([line.reason for line in lines])
            return result

        before = answers()
        for number in range(3):
            self.listed(chance, f"secret-{number}", owner=team, visibility="restricted", topics=["zeppelin"])
        assert answers() == before
        secret = Project.objects.get(slug="secret-1")
        olga = make_user("olga", team)
        assert secret.pk in select(CatalogQuery(text="zeppelin"), olga).ids

    def test_no_number_of_hidden_words_crowds_out_a_correction(self, search):
        listed("zeppelin")
        asked, letters = "zeppelxm", string.ascii_lowercase
        nearer = {
            asked[:at] + letter + asked[at + drop :] for at in range(1, 8) for letter in letters for drop in (0, 1)
        }
        secret = make_project("secret", visibility="restricted")
        Readme.objects.create(project=secret, path="README.md", oid="0" * 40, headings=" ".join(nearer - {asked}))
        refresh([secret.pk])
        assert len(nearer) > 300
        assert list(search(asked)[0]) == ["zeppelin"]


class TestSearchesPage:
    def test_what_found_nothing_is_counted_without_the_person(self, shelf, search, client, administrator):
        for words in ("Blockchain!", "blockchain", "ledger", "of", "zz"):
            search(words)
        (row,) = UnansweredSearch.objects.all()
        assert (row.text, row.count) == ("blockchain", 2)
        client.force_login(administrator)
        assert "blockchain" in client.get("/projects/search/unanswered/").content.decode()
        kept = {field.name for field in UnansweredSearch._meta.get_fields()}
        assert kept == {"id", "text", "count", "first_at", "last_at"}
        assert client.post("/projects/search/unanswered/forget/").status_code == 302
        assert "everybody found something" in client.get("/projects/search/unanswered/?sort=recent").content.decode()

    def test_beginnings_typed_on_the_way_are_taken_back(self, search, monkeypatch):
        monkeypatch.setattr("projects.catalog.unanswered.TYPING", dt.timedelta(minutes=30))
        listed("a")
        for words in ("bloc", "blockch", "blockchain"):
            search(words)
        assert [row.text for row in UnansweredSearch.objects.all()] == ["blockchain"]
        UnansweredSearch.objects.update(first_at=timezone.now() - dt.timedelta(hours=1))
        search("blockchain explorer")
        assert UnansweredSearch.objects.count() == 2

    def test_only_administrators_see_them(self, client, stranger):
        assert client.get("/projects/search/unanswered/").status_code in (302, 403)
        client.force_login(stranger)
        assert client.get("/projects/search/unanswered/").status_code == 403
        assert client.post("/projects/search/unanswered/forget/").status_code == 403


@pytest.mark.parametrize(
    ("one", "other", "steps"),
    [("ledger", "ledger", 0), ("ledger", "lexger", 1), ("ledger", "legder", 1), ("ledger", "ledgr", 1),
     ("ledger", "ledgers", 1), ("kubernetes", "kuebrnetse", 2), ("abcd", "dcba", 3), ("a", "abcd", 3)],
)  # fmt: skip
def test_distance_counts_letters(one, other, steps):
    assert distance(one, other, 2) == distance(other, one, 2) == steps
