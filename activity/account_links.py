"""People and accounts: joined where an address is proven, or where a trusted forge says the login."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Q

from accounts.models import User
from activity.bulk import lists
from activity.identities import IdentityError, link_account, person_of, were_told_apart
from activity.models import Merge, Person
from activity.people import is_shared, key_of

FORGE = "users.noreply."


def link_accounts() -> int:
    """Link whoever can be; how many. What somebody undid or kept apart stays so. Called again it changes nothing."""
    wanted: dict[str, tuple[User, Merge.Ground]] = {}
    users = {user.pk: user for user in User.objects.filter(is_active=True).only("pk", "username", "name")}
    for key, user, ground in [*_by_login(users), *_by_address(users)]:
        wanted[key] = (user, ground)  # a proven address says more than a login
    linked = 0
    for part in lists(wanted):
        rows = Person.objects.filter(key__in=part).select_related("merged_into")
        for row in rows:
            linked += _link(row.merged_into or row, *wanted[row.key])
    return linked


def _by_address(users: dict[int, User]) -> list[tuple[str, User, Merge.Ground]]:
    proven = EmailAddress.objects.filter(verified=True, user__in=users).values_list("email", "user_id")
    return [
        (key_of("", email), users[user], Merge.Ground.ADDRESS) for email, user in proven if not is_shared(email.lower())
    ]


def _by_login(users: dict[int, User]) -> list[tuple[str, User, Merge.Ground]]:
    """Only at forges that the settings trust: elsewhere anybody may take any login."""
    logins: dict[str, list[User]] = {}
    for user in users.values():
        logins.setdefault(user.username.lower(), []).append(user)
    return [
        (key_of("", f"{login}@{FORGE}{host}"), found[0], Merge.Ground.LOGIN)
        for host in settings.TRUSTED_FORGES
        for login, found in logins.items()
        if len(found) == 1 and "@" not in login and "+" not in login
    ]


def _link(person: Person, user: User, ground: Merge.Ground) -> bool:
    if person.erased_at or person.is_bot or person.user_id is not None:
        return False
    mine = person_of(user)
    if mine is not None and (mine.pk == person.pk or mine.erased_at or were_told_apart(mine, person)):
        return False
    if mine is None and _was_unlinked(person):
        return False
    try:
        return link_account(person.pk, user, None, ground)
    except IdentityError:
        return False


def _was_unlinked(person: Person) -> bool:
    """Whether a step like this one was undone by somebody."""
    automatic = Q(ground__in=[Merge.Ground.ADDRESS, Merge.Ground.LOGIN])
    return Merge.objects.filter(automatic, person=person).exclude(undone_at=None).exists()
