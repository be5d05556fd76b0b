import pytest

from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from tests.projects.catalog_data import listed

pytestmark = pytest.mark.django_db


def found(administrator, words):
    from projects.models import Project

    slugs = dict(Project.objects.values_list("pk", "slug"))
    return [slugs[pk] for pk in select(CatalogQuery(text=words), administrator).ids]


@pytest.fixture
def shelf(team):
    listed(
        "ledger-core", owner=team, tagline="Double-entry accounting with event sourcing", topics=["finance", "events"]
    )
    listed("http-resilience", tagline="Retries, hedging and circuit breaking for clients", readme="Used by the ledger.")
    listed("geo-index", tagline="Géocodage inverse für Straßen", languages=["C++"])
    listed("auth", name="AuthenticationGateway", tagline="Signs people in", languages=["Go"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ledger", ["ledger-core", "http-resilience"]),
        ("LEDGER core", ["ledger-core"]),
        ("ledgercore", ["ledger-core"]),
        ("LedgerCore", ["ledger-core"]),
        ("ledg", ["ledger-core"]),
        ("accounts", ["ledger-core"]),
        ("event sourced", ["ledger-core"]),
        ("retry", ["http-resilience"]),
        ("a library for the retries", []),
        ("retries for the clients", ["http-resilience"]),
        ("geocodage", ["geo-index"]),
        ("GÉOCODAGE", ["geo-index"]),
        ("strassen", ["geo-index"]),
        ("c++", ["geo-index"]),
        ("authenticati", ["auth"]),
        ("gateway", ["auth"]),
        ("payments", ["ledger-core"]),
        ("finance", ["ledger-core"]),
        ("nothing-like-this", []),
        ("!!! ---", ["ledger-core", "http-resilience", "geo-index", "auth"]),
    ],
)
def test_words_find(shelf, administrator, words, expected):
    result = found(administrator, words)
    assert sorted(result) == sorted(expected)
    assert result[:1] == expected[:1] or words.startswith("!")


@pytest.mark.parametrize(
    "words",
    ['"', "'", "* AND", "NOT", "NEAR(a b)", "a:b", "name:ledger", "(((", "^x", "a\x00b", "\\", "%", "_", "' OR 1=1 --",
     "&|!<->", ":*", "ledger" * 2000, "x " * 5000, "\u202e\ufeff", "\ud7ff", "🦀", "{a}", "+-~"],
)  # fmt: skip
def test_any_text_is_allowed(shelf, administrator, words):
    select(CatalogQuery(text=words), administrator)


def test_a_long_question_says_that_it_was_cut(shelf, administrator):
    assert select(CatalogQuery(text="ledger " * 2000), administrator).cut
    assert not select(CatalogQuery(text="ledger core"), administrator).cut


def test_text_follows_changes(shelf, administrator, team):
    from projects.catalog import refresh
    from projects.models import Project

    project = Project.objects.get(slug="geo-index")
    project.tagline = "Something about maps"
    project.save()
    refresh([project.pk])
    assert found(administrator, "maps") == ["geo-index"]
    assert found(administrator, "geocodage") == []


def test_exact_name_comes_first_and_archived_last(administrator):
    listed("ledger", lifecycle="archived", tagline="ledger ledger ledger")
    listed("core", tagline="ledger")
    listed("ledger-tools", name="ledger tools", tagline="The ledger tools of the ledger")
    assert found(administrator, "ledger tools")[0] == "ledger-tools"
    assert found(administrator, "ledger")[0] == "ledger"


@pytest.mark.parametrize(
    "readme",
    [
        "x" * 50_000,
        "word " * 50_000,
        "\u202e\ufeff🦀 \x0b\x1f",
        "'); DROP TABLE catalog_text; --",
        "日本語の文書 검색",
        "a\u0301" * 9000,
    ],
)
def test_any_readme_is_taken(administrator, readme):
    listed("odd", name="n" * 200, tagline="t" * 400, topics=["a" * 63], readme=readme)
    assert found(administrator, "n" * 200) == ["odd"]


def test_words_without_blanks_between_are_found(administrator):
    listed("docs", readme="日本語の文書です")
    listed("other", readme="別のもの")
    assert found(administrator, "文書") == ["docs"]
