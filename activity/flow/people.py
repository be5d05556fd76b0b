"""Which team somebody was in, by account, by the addresses in the commits, and by the logins that forges put there."""

from collections import defaultdict
from typing import Any

from accounts.teams import NOBODY, Spells, Timeline
from activity.models import Identity, Person
from activity.people import forge_login


def people_spells(people: Any, timeline: Timeline) -> tuple[dict[int, Spells], set[int]]:
    """Memberships of these people (a query or a list of ids), by id; and the ids of those who are erased.

    Addresses are taken in the order of the alphabet, so nothing depends on what was read first.
    """
    emails: dict[int, set[str]] = defaultdict(set)
    for pk, email in Identity.objects.filter(person__in=people).order_by().values_list("person_id", "email").distinct():
        if email:
            emails[pk].add(email.strip().lower())
    spells: dict[int, Spells] = {}
    erased: set[int] = set()
    for pk, user, gone in Person.objects.filter(pk__in=people).order_by().values_list("pk", "user_id", "erased_at"):
        own = sorted(emails[pk])
        logins = [login for login in map(forge_login, own) if login]
        spells[pk] = timeline.of(user, own, logins) if user or own else NOBODY
        if gone is not None:
            erased.add(pk)
    return spells, erased
