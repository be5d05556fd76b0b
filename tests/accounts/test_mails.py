"""Mails of notifications: what they say, to whom, and what becomes of them when a mail server does badly."""

import datetime as dt
import re

import pytest
import time_machine
from django.core import mail as outgoing
from django.utils import timezone

from accounts import mailing
from accounts.models import KindChoice, Mail, Notification, User
from accounts.notifications import mails, notify
from accounts.notifications.forgetting import forget_old_notifications
from projects.models import Project
from tests.accounts import mail_server as server_moods
from tests.accounts.mail_server import MailServer
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 30
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield server
    server.close()


def tell(*people, kind="request-offered", title="Sam offers a change to Billing: Round up", **fields):
    notify(people, kind, title, "/requests/1/", "you maintain Billing", **fields)


def later(**span):
    return time_machine.travel(timezone.now() + dt.timedelta(**span), tick=False)


def subjects():
    return [message.subject for message in outgoing.outbox]


class TestWords:
    def test_plain_and_html_say_what_why_and_how_to_stop(self, owner, settings):
        settings.BASE_URL = "https://portal.example.com"
        tell(owner, text="Half cents are lost.\n<b>Always</b>.")
        assert mails.send_due() == 1
        message = outgoing.outbox[0]
        html, kind = message.alternatives[0]
        assert (message.to, kind) == (["olga@example.com"], "text/html")
        assert message.subject == "Sam offers a change to Billing: Round up"
        address = f"https://portal.example.com/notifications/{Notification.objects.get().pk}/"
        for body in (message.body, html):
            assert address in body
            assert "because you maintain Billing" in body
            assert "Stop mails about offered changes" in body
            assert "https://portal.example.com/notifications/choices/" in body
            assert message.extra_headers["List-Unsubscribe"].strip("<>") in body
        assert "<b>Always</b>" in message.body and "&lt;b&gt;Always&lt;/b&gt;" in html
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "<img" not in html and not re.search(r"src=|url\(|<script|<link", html)
        assert message.message().is_multipart()

    def test_names_cannot_add_headers(self, owner):
        tell(owner, title="Round up\r\nBcc: everybody@example.com")
        assert mails.send_due() == 1
        assert outgoing.outbox[0].subject == "Round up Bcc: everybody@example.com"
        assert outgoing.outbox[0].message()["Bcc"] is None

    def test_is_sent_once(self, owner):
        tell(owner)
        assert [mails.send_due(), mails.send_due()] == [1, 0]
        row = Mail.objects.get()
        assert (row.state, row.sent_at is not None) == ("sent", True)


class TestPermission:
    def test_is_asked_again_when_it_is_sent(self, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        tell(owner, stranger, project=project)
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        assert mails.send_due() == 1
        assert outgoing.outbox[0].to == ["olga@example.com"]
        assert Mail.objects.get(user=stranger).state == "dropped"

    def test_no_mail_to_who_left_or_stopped_it_or_has_no_address(self, owner, stranger, administrator):
        homeless = User.objects.create_user("homeless")
        tell(owner, stranger, administrator, homeless)
        KindChoice.objects.create(user=owner, kind="request-offered", way="here")
        User.objects.filter(pk=stranger.pk).update(is_active=False)
        User.objects.filter(pk=administrator.pk).update(email="")
        assert mails.send_due() == 0
        assert set(Mail.objects.values_list("state", flat=True)) == {"dropped"}
        assert Notification.objects.visible_to(homeless).count() == 1


class TestDigest:
    @pytest.fixture
    def daily(self, owner):
        KindChoice.objects.create(user=owner, kind="request-offered", way="daily")
        return owner

    def test_one_mail_for_the_day(self, daily, settings):
        settings.DIGEST_HOUR = 7
        with time_machine.travel(NOON, tick=False):
            for number in range(60):
                tell(daily, title=f"Change {number}")
            assert (mails.gather_digests(), mails.send_due()) == (0, 0)
        with time_machine.travel(NOON + dt.timedelta(hours=20), tick=False):
            assert (mails.gather_digests(), mails.send_due()) == (1, 1)
            assert (mails.gather_digests(), mails.send_due()) == (0, 0)
        message = outgoing.outbox[0]
        assert message.subject == "60 things you asked to hear of"
        for body in (message.body, message.alternatives[0][0]):
            assert "Change 0" in body and "Change 49" in body and "Change 50" not in body
            assert "nd 10 more" in body and "Stop the daily mail" in body
            assert "/notifications/choices/#kind-request-offered" in body

    def test_what_was_read_or_became_restricted_meanwhile_is_left_out(self, daily, team, stranger):
        project = make_project("billing", owner=team)
        KindChoice.objects.create(user=stranger, kind="request-offered", way="daily")
        with time_machine.travel(NOON, tick=False):
            tell(daily, stranger, title="Secret", project=project)
            tell(stranger, title="Open")
            tell(daily, title="Read")
        Notification.objects.filter(title="Read").update(read_at=NOON)
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        with time_machine.travel(NOON + dt.timedelta(days=3), tick=False):
            assert (mails.gather_digests(), mails.send_due()) == (2, 2)
        assert sorted(subjects()) == ["Open", "Secret"]
        assert [message.to for message in outgoing.outbox if message.subject == "Secret"] == [["olga@example.com"]]

    @pytest.mark.parametrize(
        ("zone", "now", "moment"),
        [
            ("UTC", "2026-03-02T06:59", "2026-03-01T07:00"),
            ("UTC", "2026-03-02T07:00", "2026-03-02T07:00"),
            ("Asia/Tokyo", "2026-03-01T22:30", "2026-03-01T22:00"),
        ],
    )
    def test_hour_is_that_of_the_portal(self, settings, zone, now, moment):
        settings.DIGEST_HOUR = 7
        read = dt.datetime.fromisoformat
        with timezone.override(zone):
            assert mails.digest_moment(read(now).replace(tzinfo=dt.UTC)) == read(moment).replace(tzinfo=dt.UTC)


class TestBadServers:
    def test_good_one_takes_many_in_one_talk(self, server, owner, stranger):
        tell(owner, stranger, text="Grüße")
        assert mails.send_due() == 2
        assert (len(server.taken), server.talks) == (2, 1)
        plain, html = server.taken[0].iter_parts()
        assert [part.get_content_type() for part in (plain, html)] == ["text/plain", "text/html"]
        assert "Grüße" in plain.get_content() and "Grüße" in html.get_content()

    @pytest.mark.parametrize(
        "mood", [server_moods.HANGS, server_moods.DIES_IN_TEXT, server_moods.SLAMS], ids=["hangs", "dies", "slams"]
    )
    def test_one_that_fails_costs_one_try_and_loses_nothing(self, server, settings, owner, stranger, mood):
        settings.EMAIL_TIMEOUT = 0.3 if mood == server_moods.HANGS else 30
        server.moods = [mood]
        tell(owner, stranger)
        assert (mails.send_due(), server.talks) == (0, 1)
        assert sorted(Mail.objects.values_list("state", "attempts")) == [("waiting", 0), ("waiting", 1)]
        server.moods = [server_moods.GOOD]
        settings.EMAIL_TIMEOUT = 30
        with later(minutes=2):
            assert mails.send_due() == 2
        assert len(server.taken) == 2

    def test_one_that_drips_is_hung_up_on(self, server, monkeypatch, owner, stranger):
        monkeypatch.setattr(mailing, "LONGEST_SECONDS", 0.3)
        server.moods = [server_moods.DRIPS]
        tell(owner, stranger)
        assert (mails.send_due(), server.talks) == (0, 1)
        assert sorted(Mail.objects.values_list("state", "attempts")) == [("waiting", 0), ("waiting", 1)]

    def test_one_that_is_away_for_weeks(self, server, settings, owner):
        settings.EMAIL_PORT = 1  # nobody listens there
        tell(owner)
        for day in range(21):
            with later(days=day):
                assert mails.send_due() == 0
        settings.EMAIL_PORT = server.port
        with later(days=22):
            assert mails.send_due() == 1

    def test_one_that_takes_half_and_dies(self, server, owner, stranger, administrator):
        server.moods = [server_moods.GOOD, server_moods.DIES_IN_TEXT, server_moods.GOOD]
        tell(owner, stranger, administrator)
        assert mails.send_due() == 1
        with later(minutes=2):
            assert mails.send_due() == 2
        assert sorted(message["To"] for message in server.taken) == [
            "olga@example.com",
            "root@example.com",
            "sam@example.com",
        ]

    def test_one_that_dies_after_the_text_gets_it_once_more_under_the_same_name(self, server, owner):
        server.moods = [server_moods.DIES_AFTER_TEXT, server_moods.GOOD]
        tell(owner)
        assert mails.send_due() == 0
        with later(minutes=2):
            assert [mails.send_due(), mails.send_due()] == [1, 0]
        assert len({message["Message-ID"] for message in server.taken}) == 1 and len(server.taken) == 2

    @pytest.mark.parametrize("mood", [server_moods.GREYLISTS, server_moods.REFUSES], ids=["greylists", "refuses"])
    def test_a_refused_mail_lets_the_others_pass(self, server, owner, stranger, mood):
        server.moods = [mood, server_moods.GOOD]
        tell(owner, stranger)
        assert mails.send_due() == 1
        with later(minutes=2):
            assert mails.send_due() == 1
        assert len(server.taken) == 2

    def test_an_address_refused_for_days_is_given_up_and_its_owner_told(self, client, server, owner):
        server.refused_address = "olga@"
        tell(owner)
        for hours in (0, 2, 80):
            with later(hours=hours):
                assert mails.send_due() == 0
        row = Mail.objects.get()
        assert (row.state, row.problem) == ("failed", "recipient refused (550)")
        client.force_login(owner)
        assert "A mail to you was refused" in client.get("/notifications/choices/").content.decode()
        assert "Round up" in client.get("/notifications/").content.decode()

    def test_an_address_that_makes_no_mail_holds_up_nobody(self, server, owner, stranger):
        User.objects.filter(pk=owner.pk).update(email="olga\n@example.com")
        tell(owner, stranger)
        assert mails.send_due() == 1
        assert Mail.objects.get(user=owner).state == "waiting"

    def test_words_of_the_server_are_not_kept(self, server, owner):
        server.refused_address = "olga@"
        tell(owner)
        mails.send_due()
        assert "no such person" not in Mail.objects.get().problem


class TestDeath:
    def test_between_sending_and_marking_costs_one_repeat(self, server, owner, monkeypatch):
        tell(owner)
        whole = mailing._hand_over

        def dies(message, connection):
            whole(message, connection)
            raise SystemExit

        monkeypatch.setattr(mailing, "_hand_over", dies)
        with pytest.raises(SystemExit):
            mails.send_due()
        monkeypatch.undo()
        assert mails.send_due() == 0  # another worker might still be at it
        with later(minutes=6):
            assert [mails.send_due(), mails.send_due()] == [1, 0]
        assert len(server.taken) == 2
        assert len({message["Message-ID"] for message in server.taken}) == 1

    def test_between_claiming_and_sending_loses_nothing(self, server, owner, monkeypatch):
        tell(owner)

        def dies(_message, _connection):
            raise SystemExit

        monkeypatch.setattr(mailing, "_hand_over", dies)
        with pytest.raises(SystemExit):
            mails.send_due()
        monkeypatch.undo()
        with later(minutes=6):
            assert mails.send_due() == 1
        assert len(server.taken) == 1

    def test_two_at_once_send_each_mail_once(self, owner, stranger):
        tell(owner, stranger)
        inner = []

        def compose(row):
            if not inner:
                inner.append(mails.send_due())
            return mails.compose(row)

        outer = mailing.send_due(Mail.objects.select_related("user"), compose, "dropped")
        assert (outer, inner) == (1, [1])
        assert sorted(message.to[0] for message in outgoing.outbox) == ["olga@example.com", "sam@example.com"]


class TestForgetting:
    def test_old_ones_go_and_what_waits_stays(self, owner):
        with time_machine.travel(NOON, tick=False):
            tell(owner, title="Old")
            mails.send_due()
        with time_machine.travel(NOON + dt.timedelta(days=100), tick=False):
            tell(owner, title="New")
            assert forget_old_notifications() == 1  # the mail of the old one
        with time_machine.travel(NOON + dt.timedelta(days=200), tick=False):
            assert forget_old_notifications() == 1
            assert forget_old_notifications() == 0
        assert Notification.objects.get().title == "New" and Mail.objects.count() == 1


def test_waiting_grows_and_ends():
    waits = [mailing.wait_after(attempts).total_seconds() for attempts in (1, 2, 3, 6, 7, 30_000)]
    assert waits == [60, 120, 240, 1920, 3600, 3600]
