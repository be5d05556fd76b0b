"""Saved searches: what is new since, for whom, and who may open the feed."""

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from projects.models import Access, Project
from search import saved
from search.engine import Note
from search.models import SavedHit, SavedSearch
from search.query import QueryError

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def keep(stranger):
    def make(text="common_word", kind="code", owner=stranger):
        return SavedSearch.objects.create(owner=owner, name=f"My {text}", text=text, kind=kind)

    return make


def run_again(search):
    SavedSearch.objects.filter(pk=search.pk).update(due_at=timezone.now())
    assert saved.run_due() == 1
    search.refresh_from_db()


def entries(client, search):
    response = client.get(f"/search/feeds/{search.token}/")
    assert response.status_code == 200
    feed = ElementTree.fromstring(response.content)
    return [
        (entry.findtext(f"{ATOM}title"), entry.find(f"{ATOM}link").get("href")) for entry in feed.iter(f"{ATOM}entry")
    ]


class TestRuns:
    def test_the_first_run_is_the_beginning_and_later_finds_are_new(self, client, keep, company, plain_engine):
        search = keep()
        run_again(search)
        assert (search.total, search.message) == (2, "")
        assert entries(client, search) == []
        plain_engine.add(company["fleet"], b"new \xc3\xa4.py", "a\ncommon_word = 2\n")
        run_again(search)
        (title, link) = entries(client, search)[0]
        assert title == "Fleet: new ä.py"
        assert link.endswith(f"/projects/fleet/blob/{'a' * 40}/new%20%C3%A4.py#L2")
        before = entries(client, search)
        run_again(search)
        assert entries(client, search) == before

    def test_a_copy_elsewhere_is_new(self, client, keep, company, plain_engine):
        search = keep("licence")
        run_again(search)
        plain_engine.add(company["fleet"], b"COPYING", "The same licence everywhere\n")
        run_again(search)
        assert [title for title, _ in entries(client, search)] == ["Fleet: COPYING"]

    def test_projects_that_come_to_match_are_new(self, client, keep, company, planted_project, other_team):
        search = keep("fleet", "projects")
        run_again(search)
        planted_project("fleet-two", other_team)
        run_again(search)
        assert [title for title, _ in entries(client, search)] == ["Fleet-Two"]

    def test_a_run_is_claimed(self, keep, company, plain_engine, monkeypatch):
        search = keep()
        during = []
        ask = plain_engine.search
        monkeypatch.setattr(plain_engine, "search", lambda request: during.append(saved.run(search.pk)) or ask(request))
        assert saved.run(search.pk) is True
        assert during == [False]
        assert saved.run_due() == 0

    def test_a_lost_run_is_taken_up_when_its_claim_ends(self, keep, company, plain_engine):
        search = keep()
        SavedSearch.objects.filter(pk=search.pk).update(claimed_until=timezone.now() + dt.timedelta(minutes=5))
        assert saved.run_due() == 0
        SavedSearch.objects.filter(pk=search.pk).update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
        assert saved.run_due() == 1

    def test_a_run_that_is_not_whole_is_no_beginning_and_forgets_nothing(self, client, keep, company, plain_engine):
        search = keep()
        plain_engine.notes = (Note("time", "Stopped after 2 seconds."),)
        run_again(search)
        assert (search.message, search.began_at) == ("Stopped after 2 seconds.", None)
        plain_engine.notes = ()
        plain_engine.add(company["fleet"], b"more.py", "common_word")
        run_again(search)
        assert entries(client, search) == []
        assert search.message == ""

    def test_a_query_that_makes_no_sense_any_more_says_so(self, keep, company):
        search = keep("x project:fleet")
        Project.objects.filter(slug="fleet").update(visibility="restricted", owner=None)
        run_again(search)
        assert "no sense any more" in search.message
        with pytest.raises(QueryError):
            saved._find(search)

    def test_what_was_found_long_ago_and_is_gone_is_forgotten(self, keep, company, plain_engine):
        search = keep()
        run_again(search)
        SavedHit.objects.update(found_at=timezone.now() - dt.timedelta(days=200))
        del plain_engine.files[company["fleet"].repository_id, b"src/main.py"]
        run_again(search)
        assert search.hits.count() == 1

    def test_those_of_people_who_left_do_not_run(self, client, keep, company, stranger):
        search = keep()
        stranger.is_active = False
        stranger.save()
        assert saved.run_due() == 0
        assert client.get(f"/search/feeds/{search.token}/").status_code == 404


class TestPermission:
    def test_a_run_and_its_feed_know_what_the_owner_may_read_at_that_moment(
        self, client, keep, company, stranger, plain_engine
    ):
        search = keep("needle")
        run_again(search)
        plain_engine.add(company["vault"], b"hidden.py", "needle\n")
        run_again(search)
        assert (search.total, search.hits.count()) == (0, 0)
        access = Access.objects.create(project=company["vault"], user=stranger)
        run_again(search)
        assert [title for title, _ in entries(client, search)] == ["Vault: hidden.py"]
        access.delete()
        assert entries(client, search) == []

    def test_a_hidden_project_leaves_a_feed_of_projects(self, client, keep, company, stranger):
        search = keep("vault", "projects")
        run_again(search)
        access = Access.objects.create(project=company["vault"], user=stranger)
        run_again(search)
        assert [title for title, _ in entries(client, search)] == ["Vault"]
        access.delete()
        assert entries(client, search) == []

    def test_only_the_address_opens_a_feed_and_a_new_one_closes_the_old(
        self, client_of, client, keep, stranger, company
    ):
        search = keep()
        assert client.get("/search/feeds/nonsense/").status_code == 404
        old = search.token
        client_of(stranger).post(f"/search/saved/{search.pk}/renew/")
        client.logout()
        assert client.get(f"/search/feeds/{old}/").status_code == 404
        search.refresh_from_db()
        assert entries(client, search) == []

    def test_those_of_others_are_not_there(self, client_of, keep, owner, company):
        search = keep()
        client = client_of(owner)
        assert search.name not in client.get("/search/saved/").content.decode()
        for verb in ("drop", "renew", "run"):
            assert client.post(f"/search/saved/{search.pk}/{verb}/").status_code == 404
            assert client.get(f"/search/saved/{search.pk}/{verb}/").status_code == 405
        assert SavedSearch.objects.filter(pk=search.pk).exists()

    def test_visitors_keep_nothing(self, client, settings, company):
        settings.ANONYMOUS_READ = True
        page = client.get("/search/", {"q": "common_word"}).content.decode()
        assert "Save search" not in page
        assert client.get("/search/saved/").status_code == 403


class TestPages:
    def test_from_the_results_to_the_list_and_away(self, client_of, stranger, company):
        client = client_of(stranger)
        results = client.get("/search/", {"q": "common_word lang:python"})
        form = client.get(results.context["save_url"])
        assert form.context["form"].initial["q"] == "common_word lang:python"
        given = {"name": "Words", "q": "common_word lang:python", "type": "code"}
        assert client.post("/search/saved/create/", given).status_code == 302
        search = SavedSearch.objects.get()
        assert saved.run_due() == 1
        page = client.get("/search/saved/").content.decode()
        assert search.token in page and re.search(r"found\s+2", page)
        client.post(f"/search/saved/{search.pk}/drop/")
        assert not SavedSearch.objects.exists()

    @pytest.mark.parametrize("text", ["(a", "lang:klingon", "project:vault", "", " ", "\0", "x" * 3_000])
    def test_a_bad_query_is_kept_and_pointed_at(self, client_of, stranger, company, text):
        response = client_of(stranger).post("/search/saved/create/", {"name": "N", "q": text, "type": "code"})
        assert response.status_code == 422
        assert not SavedSearch.objects.exists()
        assert response.context["form"].data["q"] == text

    def test_there_is_a_most_of_them(self, client_of, stranger, keep, monkeypatch):
        monkeypatch.setattr("search.views.saved.SEARCHES_EACH", 1)
        keep()
        response = client_of(stranger).post("/search/saved/create/", {"name": "N", "q": "x", "type": "code"})
        assert response.status_code == 422
        assert "the most there can be" in response.content.decode()


def test_the_documentation_has_the_limits():
    text = " ".join((Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8").split())
    assert saved.MINUTES == 60 and "runs every hour" in text
    assert f"the best {saved.WATCHED:,} are watched" in text
    assert f"up to {saved.SEARCHES_EACH} saved searches" in text
