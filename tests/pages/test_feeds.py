"""Feeds: valid Atom, private addresses that end when renewed, and nothing that the reader may not see."""

import datetime as dt
import xml.etree.ElementTree as ET

import pytest
from django.utils import timezone

from accounts.feed_keys import feed_reader, feed_token
from accounts.models import Team
from accounts.notifications import notify
from contributions.models import ChangeRequest, Opportunity, TimelineEntry
from projects.models import Project
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def told(project, title="Write tests", kind="created", at=None, **fields):
    task = Opportunity.objects.create(project=project, title=title, kind="tests", effort="day")
    when = {"at": at} if at else {}
    return TimelineEntry.objects.create(opportunity=task, kind=kind, **when, **fields)


@pytest.fixture
def read(client, stranger):
    """A function: titles in the feed that a page leads sam to, read without a session."""

    def read(page):
        client.force_login(stranger)
        address = client.get(page)["Location"]
        client.logout()
        return titles(client.get(address))

    return read


def titles(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = validated(response.content)
    return [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]


def validated(document):
    """The feed, after a look at what RFC 4287 demands."""
    root = ET.fromstring(document)
    assert root.tag == f"{ATOM}feed"
    assert [len(root.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
    own = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert len(own) == 1 and own[0].get("href").startswith("http://127.0.0.1:8000/")
    assert root.find(f"{ATOM}author/{ATOM}name").text
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    for part in (root, *root.iter(f"{ATOM}entry")):
        assert part.findtext(f"{ATOM}id").startswith("tag:127.0.0.1,2026:")
        assert dt.datetime.fromisoformat(part.findtext(f"{ATOM}updated")).tzinfo
        assert part.findtext(f"{ATOM}title")
    for entry in root.iter(f"{ATOM}entry"):
        assert [link.get("href")[:22] for link in entry.findall(f"{ATOM}link")] == ["http://127.0.0.1:8000/"]
        assert entry.find(f"{ATOM}author/{ATOM}name").text
    assert dt.datetime.fromisoformat(root.findtext(f"{ATOM}updated")) <= timezone.now()
    return root


class TestProjectFeed:
    def test_says_what_happens_to_tasks_and_changes(self, read, stranger):
        project = make_project("billing")
        now = timezone.now()
        told(project, at=now - dt.timedelta(hours=2), text="**Why** & how")
        told(project, "Mend it", "state", at=now - dt.timedelta(hours=1), to_state="taken", actor=stranger)
        told(project, "Only talk", "comment", text="Hm")
        request = ChangeRequest.objects.create(project=project, author=stranger, title="Round up", why="Wrong.")
        TimelineEntry.objects.create(request=request, kind="state", to_state="landed", at=now)
        told(make_project("routes"), "Elsewhere")
        assert read("/projects/billing/feed/") == [
            "billing: Landed: Round up",
            "billing: Taken: Mend it",
            "billing: New task: Write tests",
        ]

    def test_is_empty_and_valid_without_news(self, read):
        make_project("billing")
        assert read("/projects/billing/feed/") == []

    def test_of_a_restricted_project_is_not_there(self, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        told(project)
        client.force_login(stranger)
        address = client.get("/projects/billing/feed/")["Location"]
        assert titles(client.get(address)) == ["billing: New task: Write tests"]
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        assert client.get(address).status_code == client.get("/projects/billing/feed/").status_code == 404
        client.force_login(owner)
        assert client.get("/projects/billing/feed/").status_code == 302

    def test_outlives_another_address_of_the_project(self, client, stranger):
        project = make_project("billing")
        told(project)
        address = f"/feeds/{feed_token(stranger)}/projects/billing.atom"
        project.rename_slug("invoices")
        assert len(titles(client.get(address))) == 1

    def test_takes_words_that_xml_does_not(self, client, stranger):
        told(make_project("billing"), "a\x0bb <&> 😀")
        assert titles(client.get(f"/feeds/{feed_token(stranger)}/projects/billing.atom")) == [
            "billing: New task: ab <&> 😀"
        ]

    def test_queries_do_not_grow(self, client, stranger, django_assert_max_num_queries):
        project = make_project("billing")
        for number in range(60):
            told(project, f"Task {number}", actor=stranger)
        address = f"/feeds/{feed_token(stranger)}/projects/billing.atom"
        with django_assert_max_num_queries(4):
            assert len(titles(client.get(address))) == 50


class TestOtherFeeds:
    def test_team_has_its_visible_projects(self, read, team):
        told(make_project("billing", owner=team), "Seen")
        told(make_project("ledger", owner=team, visibility="restricted"), "Hidden")
        told(make_project("routes"), "Elsewhere")
        assert read(f"/teams/{team.slug}/feed/") == ["billing: New task: Seen"]

    def test_opportunities_are_the_open_and_visible_ones_and_can_be_narrowed(self, read, team):
        told(make_project("billing"), "Seen")
        told(make_project("ledger", owner=team, visibility="restricted"), "Hidden")
        Opportunity.objects.create(
            project=make_project("routes"), title="Gone", kind="bug", effort="day", state="withdrawn"
        )
        Opportunity.objects.create(project=make_project("maps"), title="Quick", kind="bug", effort="hour")
        assert read("/contribute/feed/") == ["maps: Quick", "billing: Seen"]
        assert read("/contribute/feed/?effort=hour") == ["maps: Quick"]

    def test_notifications_are_the_readers_own(self, read, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        for people, title, about in (
            ([owner], "For Olga", None),
            ([stranger], "For Sam", None),
            ([stranger], "Secret", project),
        ):
            notify(people, "thanks", title, "/projects/", "you helped", project=about)
        assert read("/notifications/feed/") == ["Secret", "For Sam"]
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        assert read("/notifications/feed/") == ["For Sam"]

    def test_visitors_read_where_the_site_lets_them(self, client, settings, team):
        told(make_project("billing", owner=team), "Seen")
        told(make_project("ledger", owner=team, visibility="restricted"), "Hidden")
        pages = ("/contribute/feed/", "/projects/billing/feed/", f"/teams/{team.slug}/feed/")
        assert {client.get(page).status_code for page in pages} == {302}
        settings.ANONYMOUS_READ = True
        assert all(len(titles(client.get(page))) == 1 for page in pages)
        assert client.get("/projects/ledger/feed/").status_code == client.get("/notifications/feed/").status_code == 404


class TestToken:
    def test_ends_when_it_is_renewed(self, client, stranger):
        old = feed_token(stranger)
        assert feed_reader(old) == stranger
        client.force_login(stranger)
        client.post("/notifications/feed-key/")
        new = feed_token(stranger)
        assert new != old
        client.logout()
        assert client.get(f"/feeds/{old}/opportunities.atom").status_code == 404
        assert client.get(f"/feeds/{new}/opportunities.atom").status_code == 200
        client.force_login(stranger)
        client.post("/notifications/feed-key/")
        assert feed_reader(new) is None

    def test_ends_with_the_account(self, client, stranger):
        token = feed_token(stranger)
        stranger.is_active = False
        stranger.save()
        assert client.get(f"/feeds/{token}/opportunities.atom").status_code == 404

    def test_of_one_is_not_that_of_another(self, client, stranger, owner):
        mine = feed_token(stranger)
        forged = mine.replace(f"{stranger.pk}.", f"{owner.pk}.", 1)
        for wrong in (forged, mine[:-1], "", ".", "1", "1.", "x.y.z", "1" * 500, "é"):
            assert feed_reader(wrong) is None
        assert client.get(f"/feeds/{forged}/notifications.atom").status_code == 404

    def test_opens_feeds_only(self, client, stranger):
        token = feed_token(stranger)
        assert client.get(f"/notifications/stop/{token}/").status_code == 404
        assert client.post(f"/feeds/{token}/opportunities.atom").status_code == 405
        client.get(f"/feeds/{token}/opportunities.atom")
        assert client.get("/projects/").status_code == 302


class TestAgain:
    def test_who_has_it_already_is_told_so(self, client, stranger):
        project = make_project("billing")
        told(project)
        address = f"/feeds/{feed_token(stranger)}/projects/billing.atom"
        first = client.get(address)
        assert first["Cache-Control"] == "private, no-cache"
        again = client.get(address, headers={"If-None-Match": f'W/{first["ETag"]}, "x"'})
        assert (again.status_code, again.content) == (304, b"")
        told(project, "More")
        assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200

    def test_an_unknown_team_has_none(self, client, stranger):
        assert client.get(f"/feeds/{feed_token(stranger)}/teams/none.atom").status_code == 404
        assert not Team.objects.filter(slug="none").exists()
