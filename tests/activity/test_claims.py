"""Claimed addresses and linked accounts: proof by mail or by a trusted source, and nothing told to anybody else."""

import datetime as dt
import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from activity import account_links, claims, disputes, erasure, identities
from activity.models import AddressClaim, Commit, Identity, Merge, Person
from tests.activity.histories import imported, planted
from tests.conftest import make_user

pytestmark = pytest.mark.django_db
PAGE = "/accounts/addresses/"
STATE = AddressClaim.State


class BrokenMail(EmailBackend):
    def send_messages(self, messages):
        raise ConnectionRefusedError


@pytest.fixture
def world(db):
    builder, project = planted("billing")
    builder.commit({"a": "1\n"}, author="Sam <sam@old.example>")
    builder.commit({"a": "2\n"}, author="Sam <sam@new.example>")
    builder.commit({"a": "3\n"}, author="Sammy <9+sam@users.noreply.forge.example>")
    builder.commit({"a": "4\n"}, author="Root <root@localhost>")
    return imported(project)


@pytest.fixture
def sam(client, stranger):
    client.force_login(stranger)
    return stranger


def person(email):
    return Identity.objects.get(email=email).person


def link():
    return re.search(r"http\S+(/accounts/addresses/claim/\S+/)", mail.outbox[-1].body)[1]


def ask(client, email="sam@old.example"):
    page = client.post(PAGE, {"email": email}, follow=True)
    claims.send_due()
    return page


class TestClaim:
    def test_a_link_in_a_mail_makes_the_address_mine(self, client, sam, world):
        ask(client, " Sam@OLD.example")
        assert mail.outbox[0].to == ["sam@old.example"]
        assert "Yes, it is mine" in client.get(link()).content.decode()
        assert not Person.objects.filter(user=sam).exists()
        page = client.post(link(), follow=True)
        assert "sam@old.example is yours" in page.content.decode()
        assert person("sam@old.example").user == sam
        ask(client, "sam@new.example")
        client.post(link())
        assert person("sam@new.example") == person("sam@old.example")
        assert Merge.objects.get().ground == "claim"
        assert "sam@new.example" in client.get(PAGE).content.decode()

    def test_only_once_only_in_time_and_only_for_who_asked(self, client, sam, world, owner):
        ask(client)
        address = link()
        for change in (address.replace("/claim/", "/claim/x"), f"{PAGE}claim/x/", f"{PAGE}claim/{'9' * 3000}/"):
            assert client.get(change).status_code == client.post(change).status_code == 404
        client.force_login(owner)
        assert client.get(address).status_code == client.post(address).status_code == 404
        client.logout()
        assert client.post(address).status_code == 302
        client.force_login(sam)
        with time_machine.travel(timezone.now() + dt.timedelta(hours=25), tick=False):
            client.force_login(sam)
            assert client.post(address).status_code == 404
        client.force_login(sam)
        assert client.post(address).status_code == 302
        assert client.post(address).status_code == 404
        assert client.put(address).status_code == 405

    def test_nobody_learns_which_addresses_are_known(self, client, sam, world):
        answers = []
        for email in ("sam@old.example", "dora@old.example"):
            text = ask(client, email).content.decode()
            page = client.get(PAGE).content.decode()
            answers.append((text.replace(email, "X"), page.count("look into its mail")))
        tidy = [re.sub(r'(csrf\w*["\' :=]+value=|X-CSRFToken": )"[^"]*"', "", text) for text, _ in answers]
        assert tidy[0].count("is on its way") == tidy[1].count("is on its way") == 1
        assert [count for _, count in answers] == [1, 2]
        assert len(mail.outbox) == 1

    def test_the_erased_and_programs_are_claimed_by_nobody(self, client, sam, world, administrator):
        erasure.erase(person("sam@old.example").pk, administrator)
        Person.objects.filter(identities__email="sam@new.example").update(is_bot=True)
        ask(client)
        ask(client, "sam@new.example")
        assert mail.outbox == []

    def test_erased_between_mail_and_link(self, client, sam, world, administrator):
        ask(client)
        erasure.erase(person("sam@old.example").pk, administrator)
        assert client.post(link()).status_code == 404
        assert not Person.objects.filter(user=sam).exists()

    @pytest.mark.parametrize(
        "email",
        [
            *("", "x", "root@localhost", "9+sam@users.noreply.forge.example", "a@b@c", "x" * 300 + "@x.example", "a\0"),
            *(
                "a@x.example\r\nBcc: b@x.example",
                "a@x.example, b@x.example",
                "\u202ea@x",
                "@x.example",
                "<a@x.example>",
            ),
        ],
    )
    def test_what_no_mail_reaches_is_refused_and_kept(self, client, sam, email):
        page = client.post(PAGE, {"email": email})
        assert page.status_code == 422
        assert not AddressClaim.objects.exists()

    def test_too_many_requests_are_refused(self, client, sam, owner, world):
        for number in range(claims.PER_HOUR):
            assert ask(client, f"a{number}@x.example").status_code == 200
        assert client.post(PAGE, {"email": "b@x.example"}).status_code == 422
        client.force_login(owner)
        for _ in range(claims.PER_ADDRESS):
            ask(client, "sam@old.example")
        assert len(mail.outbox) == 3
        assert client.post(PAGE, {"email": "sam@old.example"}).status_code == 422

    def test_a_mail_that_fails_is_sent_later_or_said_to_have_failed(self, client, sam, world, settings):
        settings.EMAIL_BACKEND = f"{__name__}.BrokenMail"
        ask(client)
        row = AddressClaim.objects.get()
        assert (row.state, row.attempts) == (STATE.WAITING, 1)
        assert claims.send_due() == 0
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=2), tick=False):
            assert claims.send_due() == 1
            assert claims.send_due() == 0
        settings.EMAIL_BACKEND = f"{__name__}.BrokenMail"
        row = claims.claim(sam, "sam@new.example")
        for number in range(5):
            with time_machine.travel(timezone.now() + dt.timedelta(hours=number + 1), tick=False):
                claims.send_due()
        row.refresh_from_db()
        assert row.state == STATE.FAILED
        assert "ask again" in client.get(PAGE).content.decode()

    def test_an_address_of_another_account_is_left_to_administrators(self, client, sam, owner, world):
        Person.objects.filter(pk=person("sam@old.example").pk).update(user=owner)
        ask(client)
        client.post(link())
        assert AddressClaim.objects.get().state == STATE.DISPUTED
        assert person("sam@old.example").user == owner

    def disputed(self, client, sam, owner):
        """The address sam@old.example, claimed by Sam, of Olga's person, who has another address too."""
        old, new = person("sam@old.example"), person("sam@new.example")
        Person.objects.filter(pk=old.pk).update(user=owner)
        identities.merge(new.pk, old.pk, None, reason="Told me")
        ask(client)
        client.post(link())
        return AddressClaim.objects.get()

    def test_an_administrator_gives_a_disputed_address(self, client, sam, owner, world, administrator):
        claim = self.disputed(client, sam, owner)
        assert client.get("/people/claims/").status_code == 403
        assert client.post(f"/people/claims/{claim.pk}/give/").status_code == 403
        client.force_login(administrator)
        assert "sam@old.example" in client.get("/people/claims/").content.decode()
        page = client.post(f"/people/claims/{claim.pk}/give/", {"reason": "Asked both"}, follow=True).content.decode()
        assert "sam@old.example counts for" in page and "Nothing to decide" in page
        assert person("sam@old.example").user == sam
        assert person("sam@new.example").user == owner
        assert world.commits_total == 4 and Commit.objects.filter(author__person__user=sam).count() == 1
        history = client.get(f"/people/identities/{person('sam@old.example').pk}/").content.decode()
        assert "Asked both" in history and "taken from an account" in history
        again = client.post(f"/people/claims/{claim.pk}/leave/", follow=True).content.decode()
        assert "decided already" in again
        assert account_links.link_accounts() == 0

    def test_one_address_of_several_is_given(self, client, sam, owner, world, administrator):
        """The address was merged into the person of the other account, with others merged into it before."""
        forge, old, new = (
            person(email) for email in ("9+sam@users.noreply.forge.example", "sam@old.example", "sam@new.example")
        )
        Person.objects.filter(pk=old.pk).update(user=owner)
        identities.merge(forge.pk, old.pk, None)
        identities.merge(old.pk, new.pk, None)
        ask(client)
        client.post(link())
        disputes.give(AddressClaim.objects.get().pk, administrator)
        assert person("sam@old.example").user == sam
        assert person("9+sam@users.noreply.forge.example") == person("sam@new.example") == new
        assert person("sam@new.example").user == owner

    def test_the_only_address_is_given(self, client, sam, owner, world, administrator):
        Person.objects.filter(pk=person("sam@old.example").pk).update(user=owner)
        ask(client)
        client.post(link())
        disputes.give(AddressClaim.objects.get().pk, administrator)
        assert person("sam@old.example").user == sam
        assert not Person.objects.filter(user=owner).exists()

    def test_an_administrator_leaves_a_disputed_address(self, client, sam, owner, world, administrator):
        claim = self.disputed(client, sam, owner)
        client.force_login(administrator)
        client.post(f"/people/claims/{claim.pk}/leave/", {"reason": "A former colleague"})
        assert "Nothing to decide" in client.get("/people/claims/").content.decode()
        assert person("sam@old.example").user == owner
        client.force_login(sam)
        assert "left it with another account" in client.get(PAGE).content.decode()

    def test_is_for_people_who_are_signed_in(self, client, settings):
        for settings.ANONYMOUS_READ in (False, True):
            for url in (PAGE, f"{PAGE}claim/x/"):
                assert client.get(url).status_code == client.post(url).status_code == 302


class TestLinkAccounts:
    def test_verified_addresses_alone(self, world, stranger, owner):
        EmailAddress.objects.create(user=stranger, email="sam@old.example", verified=True)
        EmailAddress.objects.create(user=stranger, email="sam@new.example", verified=False)
        EmailAddress.objects.create(user=owner, email="root@localhost", verified=True)
        assert account_links.link_accounts() == 1
        assert person("sam@old.example").user == stranger
        assert person("sam@new.example").user is None
        assert person("root@localhost").user is None
        EmailAddress.objects.filter(email="sam@new.example").update(verified=True)
        assert account_links.link_accounts() == 1
        assert account_links.link_accounts() == 0
        assert person("sam@new.example") == person("sam@old.example")
        identities.undo(Merge.objects.get().pk, None, "No")
        assert account_links.link_accounts() == 0

    def test_logins_of_trusted_forges_alone(self, world, stranger, settings):
        assert account_links.link_accounts() == 0
        settings.TRUSTED_FORGES = ["other.example"]
        assert account_links.link_accounts() == 0
        settings.TRUSTED_FORGES = ["forge.example"]
        assert account_links.link_accounts() == 1
        assert person("9+sam@users.noreply.forge.example").user == stranger

    def test_nobody_who_is_erased_inactive_or_a_program(self, world, administrator, settings):
        settings.TRUSTED_FORGES = ["forge.example"]
        gone = make_user("sam", is_active=False)
        assert account_links.link_accounts() == 0
        gone.is_active = True
        gone.save()
        who = person("9+sam@users.noreply.forge.example")
        Person.objects.filter(pk=who.pk).update(is_bot=True, bot_chosen=True)
        assert account_links.link_accounts() == 0
