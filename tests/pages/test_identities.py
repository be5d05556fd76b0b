"""Who is who: for administrators alone, whatever is sent; decisions are kept with reason and history."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from activity.models import ExcludedTerm, Identity, KeptApart, Merge, Person
from tests.activity.test_suggestions import person

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> \u202eLee\u2028\x07 " + "w" * 250
READ = ["/people/identities/", "/people/suggestions/"]
WRITE = [
    "/people/suggestions/accept/",
    "/people/suggestions/reject/",
    "/people/suggestions/restore/",
    "/people/terms/add/",
    "/people/terms/remove/",
]


@pytest.fixture
def pair(db):
    return person("Lee, Ann", "alee@x.example"), person("Ann Lee", "ann@x.example", commits=3)


@pytest.fixture
def admin_client(client, administrator):
    client.force_login(administrator)
    return client


class TestPermission:
    def test_only_administrators(self, client, pair, owner, stranger, administrator, settings):
        one, two = pair
        row = Merge.objects.create(person=one, into=two, ground="hand")
        reads = [*READ, f"/people/identities/{one.pk}/"]
        writes = [*WRITE, f"/people/identities/{one.pk}/merge/", f"/people/merges/{row.pk}/undo/"]
        assert (
            {client.get(url).status_code for url in reads} == {client.post(url).status_code for url in writes} == {302}
        )
        settings.ANONYMOUS_READ = True
        assert {client.get(url).status_code for url in reads} == {403}
        for viewer in (owner, stranger):
            client.force_login(viewer)
            assert {client.get(url).status_code for url in reads} == {403}
            assert {client.post(url).status_code for url in writes} == {403}
        assert Merge.objects.open().count() == 1
        assert not AuditEvent.objects.exists()
        client.force_login(administrator)
        assert {client.get(url).status_code for url in reads} == {200}
        assert {client.get(url).status_code for url in writes} == {client.post(reads[0]).status_code} == {405}

    def test_missing_ones_are_404(self, admin_client):
        for url in ("/people/identities/99/", f"/people/identities/{2**70}/"):
            assert admin_client.get(url).status_code == 404
        for url in ("/people/identities/99/merge/", "/people/merges/99/undo/", f"/people/merges/{2**70}/undo/"):
            assert admin_client.post(url).status_code == 404


class TestPeople:
    def test_finds_by_name_and_address(self, admin_client, pair):
        person("Bo", "bo@y.example")
        for asked, names in (("", 3), ("lee x.exam", 2), ("ANN@X", 1), ("nobody", 0), ("a\0b", 0), ("%", 0)):
            page = admin_client.get("/people/identities/", {"q": asked})
            assert len(page.context["page"].object_list) == names, asked

    def test_queries_do_not_grow(self, admin_client, pair):
        for address in ("/people/identities/", "/people/suggestions/"):
            admin_client.get(address)
            counted = []
            for more in (2, 20):
                for number in range(more):
                    person(f"Same Name{chr(97 + number)}", f"{number}@d{more}.example")
                    person(f"Same Name{chr(97 + number)}", f"{number}@e{more}.example")
                with CaptureQueriesContext(connection) as queries:
                    admin_client.get(address)
                counted.append(len(queries))
            assert counted[0] == counted[1] <= 18, address


class TestPerson:
    def test_merges_with_somebody_looked_for_and_undoes_it(self, admin_client, pair):
        one, two = pair
        text = admin_client.get(f"/people/identities/{one.pk}/", {"with": "ann@x"}).content.decode()
        assert "Merge into Ann Lee" in text
        done = admin_client.post(
            f"/people/identities/{one.pk}/merge/", {"into": two.pk, "reason": " The\0 same "}, follow=True
        )
        assert done.redirect_chain[-1][0] == f"/people/identities/{two.pk}/"
        assert "The same" in done.content.decode()
        row = Merge.objects.get()
        assert (row.ground, row.reason) == ("hand", "The same")
        assert "Counts as" in admin_client.get(f"/people/identities/{one.pk}/").content.decode()
        done = admin_client.post(f"/people/merges/{row.pk}/undo/", {"reason": "Not at all"}, follow=True)
        assert "merge undone" in done.content.decode()
        assert admin_client.post(f"/people/merges/{row.pk}/undo/").status_code == 422
        assert Identity.objects.get(email="alee@x.example").person == one

    @pytest.mark.parametrize("into", ["", "x", "0", "-1", "9" * 30, "٣"])
    def test_nonsense_is_refused_in_words(self, admin_client, pair, into):
        page = admin_client.post(f"/people/identities/{pair[0].pk}/merge/", {"into": into})
        assert page.status_code == 422
        assert "There is no such person." in page.content.decode()

    def test_nobody_is_merged_with_themself_and_the_erased_stay(self, admin_client, pair):
        one, two = pair
        page = admin_client.post(f"/people/identities/{one.pk}/merge/", {"into": one.pk})
        assert (page.status_code, "one person already" in page.content.decode()) == (422, True)
        admin_client.post(f"/people/identities/{one.pk}/merge/", {"into": two.pk})
        assert admin_client.post(f"/people/identities/{two.pk}/erase/", {"name": "Ann Lee"}).status_code == 302
        page = admin_client.post(f"/people/merges/{Merge.objects.get().pk}/undo/")
        assert (page.status_code, "An erased person stays as it is." in page.content.decode()) == (422, True)
        other = person("Bo", "bo@x.example")
        for pk, into in ((two.pk, other.pk), (other.pk, one.pk)):
            assert admin_client.post(f"/people/identities/{pk}/merge/", {"into": into}).status_code == 422
        page = admin_client.post(
            f"/people/identities/{one.pk}/erase/", {"name": f"Erased person {two.pk}"}, follow=True
        )
        assert "erased already" in page.content.decode() or page.redirect_chain

    def test_hostile_names_stay_text(self, admin_client):
        one, two = person(HOSTILE[:300], "h@x.example"), person(HOSTILE[:300], "h2@x.example")
        for url in (*READ, f"/people/identities/{one.pk}/?with=script"):
            assert "<script>alert" not in admin_client.get(url).content.decode()
        admin_client.post(f"/people/identities/{one.pk}/merge/", {"into": two.pk, "reason": HOSTILE * 9})
        assert "<script>alert" not in admin_client.get(f"/people/identities/{two.pk}/").content.decode()
        assert len(Merge.objects.get().reason) == 500


class TestSuggested:
    def test_shows_the_evidence_and_accepts(self, admin_client, pair):
        one, two = pair
        text = admin_client.get("/people/suggestions/").content.decode()
        for words in ("Lee, Ann", "alee@x.example", "same name at x.example"):
            assert words in text
        form = {"person": one.pk, "into": two.pk, "reason": "I know her"}
        assert admin_client.post("/people/suggestions/accept/", form).status_code == 302
        row = Merge.objects.get()
        assert (row.ground, row.reason) == ("suggestion", "same name at x.example; I know her")
        text = admin_client.get("/people/suggestions/").content.decode()
        assert "Nothing to suggest" in text
        assert "I know her" in text
        assert (
            "one person already" in admin_client.post("/people/suggestions/accept/", form, follow=True).content.decode()
        )

    def test_rejects_and_takes_back(self, admin_client, pair):
        one, two = pair
        admin_client.post("/people/suggestions/reject/", {"person": one.pk, "into": two.pk, "reason": "Mother"})
        text = admin_client.get("/people/suggestions/").content.decode()
        assert "Nothing to suggest" in text
        assert "Mother" in text
        admin_client.post("/people/suggestions/restore/", {"kept_apart": KeptApart.objects.get().pk})
        admin_client.post("/people/suggestions/restore/", {"kept_apart": "x"})
        admin_client.post("/people/suggestions/reject/", {"person": one.pk})
        assert "may be" in admin_client.get("/people/suggestions/").content.decode()
        assert not Person.objects.exclude(merged_into=None).exists()

    def test_terms_are_kept_once_and_removed(self, admin_client):
        for term in (" Build   Server ", "build server", "", "\0"):
            page = admin_client.post("/people/terms/add/", {"term": term}, follow=True)
        assert "Type a term" in page.content.decode()
        assert [row.term for row in ExcludedTerm.objects.all()] == ["build server"]
        page = admin_client.post("/people/terms/add/", {"term": "(*[a+)+$" + "x" * 500}, follow=True)
        assert page.status_code == 200
        admin_client.post("/people/terms/remove/", {"term": ExcludedTerm.objects.get(term__startswith="(").pk})
        admin_client.post("/people/terms/remove/", {"term": ExcludedTerm.objects.get().pk})
        admin_client.post("/people/terms/remove/", {"term": "x"})
        assert not ExcludedTerm.objects.exists()
