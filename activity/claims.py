"""Claiming an address in commits: a mail with a link goes there, and whoever asked for it redeems it.

Rows are the queue: a mail that fails is tried again. Whether commits use an address is told to nobody but its owner.
"""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from accounts import mailing
from accounts.models import User
from activity.identities import IdentityError, link_account
from activity.models import AddressClaim, Merge, Person
from activity.people import is_shared, key_of

SALT = "activity.claims"
HOURS = 24
PER_HOUR, PER_DAY, PER_ADDRESS = 5, 20, 3
State = AddressClaim.State


class ClaimError(Exception):
    """What was asked cannot be; the text is for people."""


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The outcome of a link: `state` as stored, and whose figures it moved."""

    state: str
    person: Person | None = None


def claim(user: User, email: str) -> AddressClaim:
    """Ask for a mail to this address. Raises ClaimError for an address no mail reaches, or after too many requests."""
    address = email.strip().lower()
    if is_shared(address):
        raise ClaimError("Many people use such an address, or no mail reaches it. Ask an administrator instead.")
    now = timezone.now()
    mine = AddressClaim.objects.filter(user=user)
    day = now - dt.timedelta(days=1)
    if (
        mine.filter(created_at__gt=now - dt.timedelta(hours=1)).count() >= PER_HOUR
        or mine.filter(created_at__gt=day).count() >= PER_DAY
    ):
        raise ClaimError("You asked for many mails. Wait an hour and ask again.")
    if AddressClaim.objects.filter(email=address, created_at__gt=day).count() >= PER_ADDRESS:
        raise ClaimError("This address was asked for several times today. Ask again tomorrow.")
    return AddressClaim.objects.create(user=user, email=address)


def send_due() -> int:
    """Mail all that is due; how many mails went out. Safe to run twice at once."""
    return mailing.send_due(AddressClaim.objects.select_related("user"), _compose, State.UNKNOWN)


def find(token: str, user: User) -> AddressClaim | None:
    """The claim behind a link, for the person who asked for it, while it can be redeemed."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        return None
    return AddressClaim.objects.filter(pk=pk, user=user, state=State.SENT).first()


def redeem(token: str, user: User) -> Redeemed | None:
    """Make whoever has this address in commits the user's person; None when the link is of no use (any more).

    Where the address counts for another account, `activity.disputes` has it for an administrator to decide.
    """
    row = find(token, user)
    if row is None or not AddressClaim.objects.filter(pk=row.pk, state=State.SENT).update(
        state=State.CONFIRMED, decided_at=timezone.now()
    ):
        return None
    person = _person(row.email)
    if person is None:
        return None
    try:
        link_account(person.pk, user, user, Merge.Ground.CLAIM, "Proved by mail")
    except IdentityError:
        AddressClaim.objects.filter(pk=row.pk).update(state=State.DISPUTED, decided_at=None)
        return Redeemed(State.DISPUTED)
    return Redeemed(State.CONFIRMED, person)


def _person(email: str) -> Person | None:
    """Who has this address, unless erased or a program."""
    person = Person.objects.select_related("merged_into").filter(key=key_of("", email)).first()
    top = (person.merged_into or person) if person else None
    return None if top is None or top.erased_at or top.is_bot else top


def _compose(row: AddressClaim) -> EmailMessage | None:
    """The mail with the link; None when no commit uses the address."""
    if _person(row.email) is None:
        return None
    link = settings.BASE_URL + reverse("identities:claim_redeem", args=[signing.dumps(row.pk, salt=SALT)])
    text = (
        f"{row.user.display_name} ({row.user.username}) says that {row.email} is an address of theirs in commits.\n\n"
        f"If that is you, open this link within {HOURS} hours, signed in as {row.user.username}:\n\n{link}\n\n"
        "If not, do nothing.\n"
    )
    return EmailMessage("Is this address in commits yours?", text, to=[row.email])
