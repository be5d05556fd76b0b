import threading

import pytest
from django.core.management import call_command
from django.db import connection

from projects.catalog import refresh
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.fields import back_to_derived, set_edited
from projects.models import CatalogClock, CatalogEntry, FormerSlug, Package, Project, Readme, Role
from tests.conftest import make_user
from tests.patience import patiently
from tests.projects.catalog_data import listed, make_project

pytestmark = pytest.mark.django_db


def found(administrator, words):
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


def test_each_part_is_searched_and_the_better_part_comes_first(administrator, team):
    """Alike in all but where the word stands; the later in this list, the longer ago it changed is not what decides."""
    parts = ("former", "topic", "package", "line", "heading", "person", "language", "readme")
    made = {part: make_project(f"by-{part}", days_ago=100 - at) for at, part in enumerate(parts)}
    FormerSlug.objects.create(slug="quokka", project=made["former"])
    made["topic"].topics.create(name="quokka")
    Package.objects.create(project=made["package"], ecosystem="npm", name="@acme/quokka", path="package.json")
    Project.objects.filter(pk=made["line"].pk).update(tagline="The quokka")
    Readme.objects.create(project=made["heading"], path="README.md", oid="0" * 40, headings="Quokka", text="Quokka")
    Role.objects.create(project=made["person"], user=make_user("q.quokka"), kind=Role.Kind.OWNER)
    made["language"].languages.create(name="Quokka", bytes=1, share=0.5)
    Readme.objects.create(project=made["readme"], path="README.md", oid="0" * 40, text="Made for the quokka.")
    refresh([project.pk for project in made.values()])
    ranked = found(administrator, "quokka")
    # Topics are worth as much as packages, headings as people: what changed last comes first.
    wanted = ("former", "package", "topic", "line", "person", "heading", "language", "readme")
    assert ranked == [f"by-{part}" for part in wanted]


def test_a_project_is_found_by_what_it_was_called(administrator):
    project = listed("p-1", name="Cash Desk")
    for name in ("Pay Gate", "Till"):
        set_edited(project, "name", name, administrator)
    assert (
        found(administrator, "cash desk") == found(administrator, "paygate") == found(administrator, "till") == ["p-1"]
    )
    back_to_derived(project, "name", administrator)
    assert found(administrator, "till") == ["p-1"]


def test_what_was_lost_is_written_anew(shelf, administrator, capsys):
    gone = Project.objects.get(slug="auth")
    CatalogEntry.objects.all().delete()
    CatalogEntry.objects.create(project_id=gone.pk, version=1, name="stale")
    gone.delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM catalog_text")
    call_command("rebuild_catalog")
    assert "3 projects" in capsys.readouterr().out
    assert found(administrator, "ledger") == ["ledger-core", "http-resilience"]
    assert found(administrator, "gateway") == []


def test_a_writer_that_fails_leaves_all_as_it_was(shelf, administrator, monkeypatch):
    project = Project.objects.get(slug="geo-index")
    Project.objects.filter(pk=project.pk).update(tagline="Something about maps", name="maps")
    monkeypatch.setattr("projects.catalog.spelling.learn", lambda words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        refresh([project.pk])
    assert found(administrator, "geocodage") == ["geo-index"]
    assert CatalogEntry.objects.get(pk=project.pk).name == "geo-index"


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once(administrator):
    pair = [listed("one"), listed("two")]
    begun = CatalogClock.objects.get().value
    failed = []

    def write(own, other):
        mine = Project.objects.filter(pk=own.pk)
        try:
            for number in range(5):
                patiently(lambda words: mine.update(tagline=words), f"tagline{number}x new{own.slug}{number}y")
                patiently(refresh, [other.pk, own.pk])
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=order) for order in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert CatalogClock.objects.get().value == begun + 10  # a number used twice would hide the second change
    assert sorted(found(administrator, "tagline4x")) == ["one", "two"]
    assert found(administrator, "tagline3x") == []
    assert found(administrator, "newtwo4y") == ["two"]
