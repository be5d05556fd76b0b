"""Addresses that somebody has proven and that count for another account: an administrator decides whose they are."""

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User, record_event
from activity import identities
from activity.identities import IdentityError, changing_people, link_account
from activity.models import AddressClaim, Merge, Person
from activity.people import key_of

State = AddressClaim.State
ANSWERED = "This was decided already."


def open_disputes() -> "QuerySet[AddressClaim]":
    """The oldest first."""
    rows = AddressClaim.objects.filter(state=State.DISPUTED, decided_at=None)
    return rows.select_related("user").order_by("created_at", "pk")


def owner_of(email: str) -> Person | None:
    """The person whose commits have this address, before any merge; None where no commit has it."""
    return Person.objects.select_related("user", "merged_into__user").filter(key=key_of("", email)).first()


def give(claim_id: int, editor: User, reason: str = "") -> AddressClaim:
    """The address is the claimant's from now on, in the past too; all else stays with the other account.

    Raises IdentityError when it was decided already, or when the person was erased or is a program.
    """
    with changing_people():
        row = _open(claim_id)
        person = owner_of(row.email)
        top = (person.merged_into or person) if person else None
        if person is None or top is None or top.erased_at or top.is_bot:
            raise IdentityError("Nobody can have this address any more.")
        words = "; ".join(filter(None, ["Proved by mail", reason]))[:500]
        if top.user_id not in {None, row.user_id}:
            _take_out(person, top, editor, words)
        link_account(person.pk, row.user, editor, Merge.Ground.CLAIM, words)
        _decide(row, State.CONFIRMED)
        return row


def leave(claim_id: int, editor: User, reason: str = "") -> AddressClaim:
    """All stays as it is. Raises IdentityError when it was decided already."""
    with changing_people():
        row = _open(claim_id)
        _decide(row, State.DISPUTED)
        if person := owner_of(row.email):
            changes = {"claimed by": [None, row.user.username], "reason": [None, reason or None]}
            record_event(editor, "person.claim_left", person.merged_into or person, changes)
        return row


def _open(claim_id: int) -> AddressClaim:
    row = open_disputes().filter(pk=claim_id).first() if 0 < claim_id < 2**63 else None
    if row is None:
        raise IdentityError(ANSWERED)
    return row


def _decide(row: AddressClaim, state: str) -> None:
    """Also for other requests of the same person for the same address."""
    same = open_disputes().filter(user=row.user, email=row.email)
    AddressClaim.objects.filter(pk__in=list(same.values_list("pk", flat=True))).update(
        state=state, decided_at=timezone.now()
    )
    row.state = state


def _take_out(person: Person, top: Person, editor: User, reason: str) -> None:
    """Leave this person alone and without an account; whoever was merged with it stays together, with the account."""
    holder = top.user
    below = list(Merge.objects.open().filter(into=person).order_by("pk"))
    for merge in below:
        identities.undo(merge.pk, editor, reason)
    if own := Merge.objects.open().filter(person=person).first():
        identities.undo(own.pk, editor, reason)
    rest = [merge.person_id for merge in below]
    heir = top.pk if top.pk != person.pk else next(iter(rest), None)
    Person.objects.filter(pk=person.pk).update(user=None)
    if heir is not None:
        Person.objects.filter(user=holder).exclude(pk=heir).update(user=None)
        Person.objects.filter(pk=heir).update(user=holder)
        for merge in below:
            if merge.person_id != heir:
                identities.merge(merge.person_id, heir, editor, Merge.Ground(merge.ground), merge.reason)
    record_event(editor, "person.unlinked", person, {"account": [str(holder), None], "reason": [None, reason]})
