"""The command palette: where it leads, and what it never tells."""

import pytest

from activity.models import Person
from search.models import SavedSearch
from tests.search.test_views import told

pytestmark = pytest.mark.django_db


def led_to(client, text):
    places = client.get("/search/palette/", {"q": text}).context["places"]
    return [(place.kind, place.words, place.url) for place in places]


def test_it_leads_to_every_kind_of_place(client_of, stranger, company):
    client = client_of(stranger)
    assert ("project", "Ledger", "/projects/ledger/") in led_to(client, "led")
    assert ("team", "Payments", "/teams/payments/") in led_to(client, "pay")
    assert ("page", "Saved searches", "/search/saved/") in led_to(client, "saved")
    Person.objects.create(name="Sam Sample", user=stranger)
    assert ("person", "Sam Sample", f"/people/{stranger.username}/") in led_to(client, "sampl")
    file = ("file", "src/main.py", f"/projects/ledger/blob/{'a' * 40}/src/main.py")
    assert file in led_to(client, "main.py")
    assert file in led_to(client, "src/main")
    assert led_to(client, "nothing at all")[-1][2] == "/search/?q=nothing+at+all"


def test_a_project_called_exactly_so_comes_first(client_of, stranger, company, planted_project, team):
    planted_project("a-ledger", team)
    assert [words for kind, words, _ in led_to(client_of(stranger), "ledger") if kind == "project"] == [
        "Ledger",
        "A-Ledger",
    ]


def test_it_is_a_page_and_the_rows_of_a_dialog(client_of, stranger, company):
    client = client_of(stranger)
    assert "<h1>Jump to</h1>" in client.get("/search/palette/").content.decode()
    rows = client.get("/search/palette/", {"q": "led"}, headers={"HX-Request": "true"}).content.decode()
    assert rows.startswith("<ul") and "/projects/ledger/" in rows


def test_all_its_pages_are_there(client_of, administrator, company):
    client = client_of(administrator)
    for kind, words, url in led_to(client, ""):
        assert kind == "page"
        assert client.get(url).status_code == 200, words


def test_visitors_are_not_led_to_pages_of_accounts(client, settings, company):
    settings.ANONYMOUS_READ = True
    for _, words, url in led_to(client, ""):
        assert client.get(url).status_code == 200, words
    assert SavedSearch.objects.count() == 0


def test_any_text_is_taken(client_of, stranger, company):
    for text in ("\0", "x" * 5_000, "%", "_", "'", "<script>", "/", "//", "a\\b", "(", '"'):
        assert client_of(stranger).get("/search/palette/", {"q": text}).status_code == 200


def test_a_hidden_project_is_as_if_it_were_not_there(client_of, stranger, company, plain_engine):
    client = client_of(stranger)
    texts = ("v", "vault", "secret.rs", "src/", "main", "payments", "rs")
    with_it = [told(client.get("/search/palette/", {"q": text})) for text in texts]
    vault = company["vault"]
    plain_engine.files = {place: text for place, text in plain_engine.files.items() if place[0] != vault.repository_id}
    vault.delete()
    assert [told(client.get("/search/palette/", {"q": text})) for text in texts] == with_it
