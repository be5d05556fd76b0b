"""Erasing a person: a pseudonym instead of name and address wherever the portal keeps them; figures stay.

Nothing here rewrites a repository: what is read from one later goes through `activity.erased_texts`.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import team_verbs
from accounts.models import AuditEvent, FeedKey, KindChoice, Mail, Notification, User, record_event
from activity import erased_commits, erased_texts
from activity.bulk import lists
from activity.identities import IdentityError, changing_people, standing
from activity.models import AddressClaim, ExcludedTerm, Identity, KeptApart, MailmapEntry, Merge, Participation, Person
from activity.people import forge_login, is_shared, pseudonym_address
from projects.catalog import erasing
from projects.fields import NAMING_FIELDS
from projects.models import FieldValue, Project

BATCH = 500


@dataclass(frozen=True, slots=True)
class Known:
    """What the portal keeps of one person, under all that was merged: what erasing replaces."""

    people: list[Person]
    names: list[str]
    addresses: list[str]
    accounts: list[User]


def known(person: Person) -> Known:
    """`accounts`: those linked, and the one that alone has an address of the person."""
    people = [person, *Person.objects.filter(merged_into=person).select_related("user")]
    people += _behind_mailmaps(people)
    rows = list(Identity.objects.filter(person__in=people).order_by("pk").values_list("name", "email"))
    addresses = list(dict.fromkeys(email.lower() for _, email in rows if "@" in email))
    names = dict.fromkeys([*(one.name for one in people), *(name for name, _ in rows)])
    accounts = {one.user.pk: one.user for one in people if one.user}
    for part in lists(addresses):
        for address in part:
            holders = list(User.objects.filter(email__iexact=address)[:2])
            proven = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user")
            holders += [row.user for row in proven]
            if len({holder.pk for holder in holders}) == 1 and not _is_another(holders[0], people):
                accounts[holders[0].pk] = holders[0]
    return Known(people, [name for name in names if name], addresses, list(accounts.values()))


def _behind_mailmaps(people: Sequence[Person]) -> list[Person]:
    """Names that a mailmap replaces by one of this person, and that count for nobody."""
    replaced = MailmapEntry.objects.filter(proper__person__in=people).values("identity__person")
    own = Participation.objects.filter(person=OuterRef("pk"))
    found = Person.objects.filter(~Exists(own), pk__in=replaced, merged_into=None, erased_at=None, user=None)
    return list(found.exclude(pk__in=[one.pk for one in people]).select_related("user"))


def erase(person_id: int, editor: User | None, also: Callable[["Scrubber", Known], None] | None = None) -> Person:
    """For ever. Raises IdentityError when it was done already, or when an administrator's account is concerned.

    `also` does the same to what apps above this one keep, in the same transaction.
    """
    with erased_texts.nobody_storing(), changing_people():
        person = standing(person_id)
        if person.erased_at:
            raise IdentityError("This person is erased already.")
        found = known(person)
        if any(account.is_superuser for account in found.accounts):
            raise IdentityError("An account of this person is an administrator's. Take that right away first.")
        pseudonym = f"Erased person {person.pk}"
        scrub = Scrubber(found, pseudonym)
        _erase_history(person.pk, found)
        for one in found.people:
            _erase_identities(one, pseudonym)
        _erase_accounts(person, found.accounts, pseudonym)
        pks = [one.pk for one in found.people]
        Person.objects.filter(pk__in=pks).update(name=pseudonym, name_chosen=True, erased_at=timezone.now())
        _erase_texts(scrub, found)
        if also:
            also(scrub, found)
        person.refresh_from_db()
        record_event(editor, "person.erased", person)
        return person


def _is_another(account: User, people: Sequence[Person]) -> bool:
    """Whether the account belongs to somebody else in commits."""
    return Person.objects.filter(user=account).exclude(pk__in=[one.pk for one in people]).exists()


def _erase_identities(person: Person, pseudonym: str) -> None:
    """Those that this row was made for; digest and key stay, so that the next import finds them."""
    rows = Identity.objects.filter(key=person.key)
    address = pseudonym_address(person.pk)
    for old in set(rows.exclude(email="").values_list("email", flat=True)):
        if login := forge_login(old):
            team_verbs.replace_login(login, address)
        team_verbs.replace_address(old, address)
    rows.update(name=pseudonym, email=address, raw=None)


def _erase_accounts(person: Person, accounts: Iterable[User], pseudonym: str) -> None:
    """Nobody signs in with them any more; memberships stay, so that figures do."""
    for number, account in enumerate(accounts):
        account.username = f"erased-{person.pk}" + (f"-{number}" if number else "")
        account.name, account.first_name, account.last_name, account.email = pseudonym, "", "", ""
        account.is_active = account.is_staff = False
        account.set_unusable_password()
        account.save()
        EmailAddress.objects.filter(user=account).delete()
        SocialAccount.objects.filter(user=account).delete()
        AddressClaim.objects.filter(user=account).delete()
        for told in (Notification, Mail, KindChoice, FeedKey):
            told._default_manager.filter(user=account).delete()
        if not Person.objects.filter(Q(pk=person.pk) & ~Q(user=None) | Q(user=account)).exists():
            Person.objects.filter(pk=person.pk).update(user=account)


def _erase_history(person: int, found: Known) -> None:
    """In what commits say, of now and of later imports."""
    logins = [account.username for account in found.accounts]
    logins += [login for address in found.addresses if (login := forge_login(address))]
    names = _told_from_others(found)
    addresses = [address for address in found.addresses if not is_shared(address) or forge_login(address)]
    known = erased_texts.remember(
        person, keys=[one.key for one in found.people], names=names, addresses=addresses, logins=logins
    )
    erased_commits.rewrite(known, names, [*addresses, *logins])


def _told_from_others(found: Known) -> list[str]:
    """Names that no other human bears: taking them out would take others out too."""
    own = [one.pk for one in found.people]
    others = Identity.objects.filter(person__is_bot=False, person__erased_at=None).exclude(email="")
    others = others.exclude(person__in=own)
    names = [name for name in [*found.names, *(account.name for account in found.accounts)] if name.strip()]
    return [name for name in names if not others.filter(name__iexact=name).exists()]


def _erase_texts(scrub: "Scrubber", found: Known) -> None:
    AddressClaim.objects.filter(email__in=found.addresses).delete()
    ExcludedTerm.objects.filter(term__in=list(scrub.whole)).delete()
    events = scrub_rows(AuditEvent, ("actor_name", "target_name", "changes"), scrub)
    for model, fields in (
        (Merge, ("reason", "undone_reason")),
        (KeptApart, ("reason",)),
        (Notification, ("title", "text", "reason")),
    ):
        scrub_rows(model, fields, scrub)
    scrub_rows(FieldValue, ("value",), scrub, field__in=NAMING_FIELDS)
    changed = scrub_rows(Project, NAMING_FIELDS, scrub)
    # The catalog knows former names of projects from the record.
    about = AuditEvent.objects.filter(pk__in=events, target_type=Project._meta.label_lower).order_by()
    changed += Project.objects.filter(pk__in=about.values("target_id")).values_list("pk", flat=True)
    erasing.erase(scrub.whole, [account.pk for account in found.accounts], changed)


def scrub_rows(model: type[models.Model], fields: Sequence[str], scrub: "Scrubber", **only: Any) -> list[int]:
    """Texts, lists and mappings in these columns without the person; ids of the rows that were changed."""
    changed = []
    for row in model._default_manager.filter(**only).order_by("pk").only("pk", *fields).iterator(chunk_size=2000):
        values = {field: scrub.value(getattr(row, field)) for field in fields}
        if any(getattr(row, field) != value for field, value in values.items()):
            for field, value in values.items():
                setattr(row, field, value)
            changed.append(row)
    model._default_manager.bulk_update(
        changed, list(fields), batch_size=BATCH
    )  # past save(): a record is kept as it was
    return [row.pk for row in changed]


class Scrubber:
    """Puts the pseudonym where a text is, or holds, a name or address. Names of one word count only as whole texts."""

    def __init__(self, found: Known, pseudonym: str) -> None:
        self.pseudonym = pseudonym
        logins = [login for address in found.addresses if (login := forge_login(address))]
        texts = [*found.names, *found.addresses, *logins]
        texts += [text for one in found.accounts for text in (one.username, one.name, one.email)]
        texts = [text for text in texts if text.strip()]
        self.whole = {text.lower() for text in texts}
        within = sorted({text for text in texts if "@" in text or len(text.split()) > 1}, key=len, reverse=True)
        joined = "|".join(map(re.escape, within))
        self._within = re.compile(rf"(?<![\w.@+-])(?:{joined})(?![\w@-])", re.IGNORECASE) if within else None

    def value(self, value: Any) -> Any:
        """The same text, list or mapping without them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(one) for key, one in value.items()}
        return value

    def text(self, text: str) -> str:
        if text.lower() in self.whole:
            return self.pseudonym
        return self._within.sub(self.pseudonym, text) if self._within else text
