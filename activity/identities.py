"""Joining people and taking it back: identities move between people, sums follow, Git is not read.

All changes wait for each other on one row, so that two of them at once leave what one after the other would leave.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User, record_event
from activity.models import Identity, KeptApart, Merge, PeopleClock, Person
from activity.rollups import reattribute


class IdentityError(Exception):
    """What was asked cannot be; the text is for people."""


@contextmanager
def changing_people() -> Iterator[None]:
    """A transaction in which nobody else moves identities between people."""
    with transaction.atomic():
        PeopleClock.objects.get_or_create(pk=1)
        PeopleClock.objects.filter(pk=1).update(number=F("number") + 1)
        yield


def standing(pk: int) -> Person:
    """The person who has this person's identities now. Raises IdentityError when there is none."""
    person = Person.objects.select_related("merged_into").filter(pk=pk).first() if 0 < pk < 2**63 else None
    if person is None:
        raise IdentityError("There is no such person.")
    return person.merged_into or person


def person_of(user: User) -> Person | None:
    """The person behind an account, wherever merged to."""
    person = Person.objects.select_related("merged_into").filter(user=user).first()
    return (person.merged_into or person) if person else None


def merge(
    person_id: int,
    into_id: int,
    editor: User | None,
    ground: Merge.Ground = Merge.Ground.HAND,
    reason: str = "",
) -> Merge:
    """Everything of one person counts for the other from now on, in the past too.

    People who were merged before stand for whom they were merged into. An account goes along where the other has none.
    """
    with changing_people():
        person, into = standing(person_id), standing(into_id)
        _check_apart(person, into)
        claimed = Person.objects.filter(pk=person.pk, merged_into=None, erased_at=None).update(merged_into=into)
        if not claimed:
            raise IdentityError(f"{person.name} was changed in the meantime. Look again.")
        moved = person.user if into.user_id is None else None
        if moved is not None:
            _move_user(moved.pk, person.pk, into.pk)
        Person.objects.filter(merged_into=person).update(merged_into=into)
        Identity.objects.filter(person=person).update(person=into)
        row = Merge.objects.create(
            person=person, into=into, ground=ground, reason=reason, moved_user=moved, made_by=editor
        )
        _note(editor, "person.merged", person, {"into": [None, str(into)[:300]], "ground": [None, row.ground]}, reason)
        _note(
            editor, "person.received", into, {"from": [None, str(person)[:300]], "ground": [None, row.ground]}, reason
        )
        reattribute({person.pk, into.pk})
        return row


def undo(merge_id: int, editor: User | None, reason: str = "") -> Person:
    """Take a merge back, at any time and in any order: the person stands alone again, with all merged into it before.

    Returns who stands again. Raises IdentityError when it was undone already, or when the person has been erased.
    """
    with changing_people():
        row = Merge.objects.select_related("person", "into").filter(pk=merge_id).first()
        if row is None:
            raise IdentityError("There is no such merge.")
        person, top = row.person, standing(row.person_id)
        if person.erased_at or top.erased_at:
            raise IdentityError("An erased person stays as it is.")
        values = {"undone_at": timezone.now(), "undone_by": editor, "undone_reason": reason}
        if not Merge.objects.open().filter(pk=merge_id).update(**values):
            raise IdentityError("This was undone already.")
        branch = _branch(person.pk)
        Person.objects.filter(pk=person.pk).update(merged_into=None)
        Person.objects.filter(pk__in=branch - {person.pk}).update(merged_into=person)
        keys = Person.objects.filter(pk__in=branch).values("key")
        Identity.objects.filter(key__in=keys, person=top).update(person=person)
        if row.moved_user_id and top.user_id == row.moved_user_id:
            _move_user(row.moved_user_id, top.pk, person.pk)
        _note(editor, "person.merge_undone", person, {"into": [str(row.into)[:300], None]}, reason)
        _note(editor, "person.gave_back", top, {"from": [str(person)[:300], None]}, reason)
        reattribute({person.pk, top.pk})
        return Person.objects.get(pk=person.pk)


def keep_apart(person_id: int, other_id: int, editor: User | None, reason: str = "") -> KeptApart:
    """Say that these are two people: nothing suggests or joins them any more."""
    with changing_people():
        person, other = sorted((standing(person_id), standing(other_id)), key=lambda one: one.pk)
        if person.pk == other.pk:
            raise IdentityError("They are one person already.")
        row, made = KeptApart.objects.get_or_create(
            person=person, other=other, defaults={"reason": reason, "decided_by": editor}
        )
        if made:
            _note(editor, "person.kept_apart", person, {"from": [None, str(other)[:300]]}, reason)
        return row


def allow_again(kept_apart_id: int, editor: User | None, reason: str = "") -> None:
    """Take back `keep_apart`: the pair may be suggested again."""
    with changing_people():
        row = KeptApart.objects.select_related("person", "other").filter(pk=kept_apart_id).first()
        if row is None:
            raise IdentityError("This was taken back already.")
        _note(editor, "person.kept_apart_undone", row.person, {"from": [str(row.other)[:300], None]}, reason)
        row.delete()


def link_account(person_id: int, user: User, editor: User | None, ground: Merge.Ground, reason: str = "") -> bool:
    """Make this person the account's, merging it into the account's person if there is one; False if it is already.

    Raises IdentityError when the person is another account's.
    """
    with changing_people():
        person, mine = standing(person_id), person_of(user)
        if mine is not None and mine.pk == person.pk:
            return False
        if person.erased_at:
            raise IdentityError("There is no such person.")
        if person.user_id not in {None, user.pk}:
            raise IdentityError("This person belongs to another account.")
        if mine is not None:
            merge(person.pk, mine.pk, editor, ground, reason)
        else:
            Person.objects.filter(pk=person.pk, user=None).update(user=user)
            _note(editor, "person.linked", person, {"account": [None, user.username], "ground": [None, ground]}, reason)
        return True


def were_told_apart(person: Person, other: Person) -> bool:
    """Whether somebody decided that these are two people, by keeping them apart or by undoing a merge."""
    one, two = _everybody(person.pk), _everybody(other.pk)
    both = Q(person__in=one, other__in=two) | Q(person__in=two, other__in=one)
    undone = Q(person__in=one, into__in=two) | Q(person__in=two, into__in=one)
    return KeptApart.objects.filter(both).exists() or Merge.objects.exclude(undone_at=None).filter(undone).exists()


def straighten() -> int:
    """Move identities that still hang on somebody merged, as an import at the same moment can leave them; how many."""
    stray = Identity.objects.exclude(person__merged_into=None)
    if not stray.exists():
        return 0
    with changing_people():
        pairs = list(stray.values_list("pk", "person", "person__merged_into"))
        for pk, _, into in pairs:
            Identity.objects.filter(pk=pk).update(person=into)
        reattribute({person for pair in pairs for person in pair[1:] if person})
        return len(pairs)


def _note(
    editor: User | None, action: str, person: Person, changes: dict[str, list[str | None]] | dict, reason: str
) -> None:
    record_event(editor, action, person, {**changes, **({"reason": [None, reason]} if reason else {})})


def _check_apart(person: Person, into: Person) -> None:
    if person.pk == into.pk:
        raise IdentityError("They are one person already.")
    if person.erased_at or into.erased_at:
        raise IdentityError("An erased person stays as it is.")


def _move_user(user_id: int, from_id: int, to_id: int) -> None:
    Person.objects.filter(pk=from_id).update(user=None)  # one row a user, so this comes first
    Person.objects.filter(pk=to_id).update(user=user_id)


def _branch(pk: int) -> set[int]:
    """The person and everybody below in the forest of open merges."""
    found, level = {pk}, {pk}
    while level:
        level = set(Merge.objects.open().filter(into__in=level).values_list("person", flat=True)) - found
        found |= level
    return found


def _everybody(pk: int) -> Iterable[int]:
    return {pk, *Person.objects.filter(merged_into=pk).values_list("pk", flat=True)}
