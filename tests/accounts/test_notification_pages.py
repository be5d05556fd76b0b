"""The bell, the list, choices, and links that stop mails: each for the right person and for nothing else."""

import re

import pytest
from django.core import mail as outgoing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.feed_keys import feed_token
from accounts.models import KindChoice, Notification
from accounts.notifications import mails, notify
from accounts.notifications.kinds import KINDS
from accounts.notifications.stopping import DIGEST, chosen_ways, stop_url
from projects.models import Project
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db
PAGE = "/notifications/"
CHOICES = "/notifications/choices/"


def tell(*people, kind="request-offered", title="Sam offers a change to Billing", url="/projects/", **fields):
    notify(people, kind, title, url, "you maintain Billing", **fields)


def bell(client, page=PAGE):
    """The number at the bell, or None."""
    html = client.get(page).content.decode()
    label = re.search(r'aria-label="Notifications(?:: (\d+) unread)?"', html)
    return label and (int(label[1]) if label[1] else None)


@pytest.fixture
def olga(client, owner):
    client.force_login(owner)
    return owner


class TestBell:
    def test_counts_what_is_unread(self, client, olga):
        assert bell(client) is None
        tell(olga)
        tell(olga)
        assert bell(client, "/styleguide/") == 2

    def test_says_when_there_are_very_many(self, client, olga):
        for _ in range(105):
            tell(olga)
        assert ">99+<" in client.get(PAGE).content.decode()

    def test_costs_one_query_and_strangers_none(self, client, olga, settings):
        tell(olga)
        client.get("/styleguide/")

        def asked():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get("/styleguide/")
            return sum('"accounts_notification"' in query["sql"] for query in queries)

        assert asked() == 1
        client.logout()
        settings.ANONYMOUS_READ = True
        assert asked() == 0

    def test_what_became_restricted_neither_shows_nor_counts(self, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        tell(owner, stranger, project=project, title="Secret words")
        tell(stranger, title="Open words")
        row = Notification.objects.get(user=stranger, project=project)
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        client.force_login(stranger)
        assert bell(client) == 1
        for page in (PAGE, f"{PAGE}?show=all"):
            html = client.get(page).content.decode()
            assert "Secret words" not in html and "Open words" in html
        assert client.get(f"{PAGE}{row.pk}/").status_code == 404
        assert client.post(f"{PAGE}{row.pk}/read/").status_code == 404
        client.post(f"{PAGE}read/")
        row.refresh_from_db()
        assert row.read_at is None
        client.force_login(owner)
        assert bell(client) == 1
        Project.objects.filter(pk=project.pk).update(visibility="internal")
        client.force_login(stranger)
        assert bell(client) == 1


class TestList:
    def test_says_why_and_leads_there_and_is_read_then(self, client, olga):
        tell(olga)
        html = client.get(PAGE).content.decode()
        assert "because you maintain Billing" in html
        row = Notification.objects.get()
        assert client.head(row.get_absolute_url()).status_code == 302
        assert bell(client) == 1
        response = client.get(row.get_absolute_url())
        assert response["Location"] == "/projects/"
        assert bell(client) is None
        assert "Sam offers" not in client.get(PAGE).content.decode()
        assert "Sam offers" in client.get(f"{PAGE}?show=all").content.decode()

    def test_one_or_all_can_be_marked_read(self, client, olga):
        for number in range(3):
            tell(olga, title=f"Number {number}")
        first = Notification.objects.order_by("pk").first()
        response = client.post(f"{PAGE}{first.pk}/read/", {"next": f"{PAGE}?page=1"})
        assert response["Location"] == f"{PAGE}?page=1"
        newest = re.search(r'name="newest" value="(\d+)"', client.get(PAGE).content.decode())[1]
        tell(olga, title="Came meanwhile")
        client.post(f"{PAGE}read/", {"newest": newest})
        assert [row.title for row in Notification.objects.unread()] == ["Came meanwhile"]
        client.post(f"{PAGE}read/", {"newest": "9" * 40})
        assert bell(client) is None

    @pytest.mark.parametrize(
        "address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil", "x"]
    )
    def test_leads_back_only_within_the_portal(self, client, olga, address):
        tell(olga)
        response = client.post(f"{PAGE}{Notification.objects.get().pk}/read/", {"next": address})
        assert response["Location"] == PAGE

    def test_of_others_is_not_there(self, client, olga, stranger):
        tell(stranger)
        row = Notification.objects.get()
        assert client.get(row.get_absolute_url()).status_code == 404
        assert client.post(f"{PAGE}{row.pk}/read/").status_code == 404
        assert "Sam offers" not in client.get(f"{PAGE}?show=all").content.decode()
        row.refresh_from_db()
        assert row.read_at is None

    def test_does_not_cost_more_for_many(self, client, olga, stranger, django_assert_max_num_queries):
        for _ in range(30):
            tell(olga, actor=stranger)
        client.get(PAGE)
        with django_assert_max_num_queries(7):
            client.get(PAGE)

    def test_one_click_changes_how_a_kind_comes(self, client, olga):
        tell(olga)
        assert "No mails about offered changes" in client.get(PAGE).content.decode()
        client.post(f"{CHOICES}kind/", {"kind": "request-offered", "way": "here"})
        tell(olga)
        assert "Stop telling me of offered changes" in client.get(PAGE).content.decode()
        client.post(f"{CHOICES}kind/", {"kind": "request-offered", "way": "never"})
        tell(olga)
        assert bell(client) == 2
        for wrong in ({"kind": "nonsense", "way": "here"}, {"kind": "request-offered", "way": "often"}, {}):
            assert client.post(f"{CHOICES}kind/", wrong).status_code == 404

    def test_kinds_that_are_gone_still_show(self, client, olga):
        tell(olga)
        Notification.objects.update(kind="of-former-days")
        assert "Sam offers" in client.get(PAGE).content.decode()
        assert mails.send_due() == 0

    def test_is_for_people_who_are_signed_in(self, client, db, settings):
        settings.ANONYMOUS_READ = True
        for page in (PAGE, CHOICES, f"{PAGE}1/"):
            assert client.get(page).status_code == 302
        for page in (f"{PAGE}read/", f"{PAGE}1/read/", f"{CHOICES}kind/", f"{PAGE}feed-key/"):
            assert client.post(page).status_code == 302
            assert client.get(page).status_code in {302, 405}


class TestChoices:
    def test_are_kept(self, client, olga):
        wanted = {f"way-{name}": "daily" for name in KINDS} | {"way-thanks": "never"}
        assert client.post(CHOICES, wanted).status_code == 302
        assert chosen_ways(olga) == dict.fromkeys(KINDS, "daily") | {"thanks": "never"}
        assert not KindChoice.objects.filter(user=olga, kind="task-posted").exists()  # daily by itself
        html = client.get(CHOICES).content.decode()
        assert html.count('<option value="daily" selected>') == len(KINDS) - 1

    def test_wrong_ways_change_nothing(self, client, olga):
        client.post(CHOICES, {f"way-{name}": "hourly" for name in KINDS})
        assert not KindChoice.objects.exists()


class TestStop:
    @pytest.fixture
    def robot(self):
        """A mail program: no session, no cookie."""
        return Client(enforce_csrf_checks=True)

    @pytest.fixture
    def address(self, owner):
        tell(owner)
        mails.send_due()
        header = outgoing.outbox[0].extra_headers["List-Unsubscribe"]
        return header.strip("<>").removeprefix("http://127.0.0.1:8000")

    def test_opening_it_changes_nothing_and_posting_stops_that_kind(self, robot, owner, address):
        page = robot.get(address)
        assert page.status_code == 200 and "Stop mails about offered changes?" in page.content.decode()
        assert chosen_ways(owner)["request-offered"] == "now"
        for _ in range(2):
            page = robot.post(address, {"List-Unsubscribe": "One-Click"})
            assert page.status_code == 200 and "Stopped" in page.content.decode()
        assert chosen_ways(owner) == {name: kind.way for name, kind in KINDS.items()} | {"request-offered": "here"}

    def test_waiting_mails_are_stopped_too(self, robot, owner, address):
        tell(owner)
        robot.post(address)
        assert mails.send_due() == 0

    def test_of_the_daily_mail_stops_all_that_comes_daily(self, robot, owner):
        address = stop_url(owner, DIGEST).removeprefix("http://127.0.0.1:8000")
        assert "the daily mail" in robot.get(address).content.decode()
        robot.post(address)
        ways = chosen_ways(owner)
        assert "daily" not in ways.values() and ways["request-offered"] == "now"

    def test_is_good_for_nothing_else(self, robot, owner, address):
        token = address.split("/")[-2]
        assert robot.get(f"/feeds/{token}/notifications.atom").status_code == 404
        assert robot.get(PAGE).status_code == 302
        assert robot.post(f"{CHOICES}kind/", {"kind": "thanks", "way": "never"}).status_code in {302, 403}
        for wrong in (feed_token(owner), token[:-1], f"x{token}", "x", "9" * 3000):
            assert robot.get(f"/notifications/stop/{wrong}/").status_code == 404
            assert robot.post(f"/notifications/stop/{wrong}/").status_code == 404

    def test_ends_with_the_account(self, robot, owner, address):
        owner.is_active = False
        owner.save()
        assert robot.post(address).status_code == 404
