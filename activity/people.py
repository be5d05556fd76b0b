"""From what Git has as name and address to identities, and from identities to people."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence

from django.db.models import Count, Max

from activity.bots import Rules, rules
from activity.bulk import insert_missing, lists
from activity.models import Commit, Identity, Person
from activity.models.people import LONGEST
from gitstore.facts import Contact

NOBODY = "unknown"
TOGETHER = 2000  # in one statement
PERSON_COLUMNS = ("key", "name", "is_bot", "name_chosen", "bot_chosen")
IDENTITY_COLUMNS = ("digest", "name", "email", "raw", "key", "person_id")
# Addresses that many people share because a tool or a template put them there say nothing about who somebody is.
_SHARED = re.compile(
    r"^(?:root|admin|user|git|nobody|none|unknown|noreply|no-reply|you|your|name|me|test|dev|email|mail|example)?@"
    r"|@(?:localhost|none|\(none\)|unknown|invalid|local|localdomain)$"
    r"|^[^@]*$"
)
_FORGE = re.compile(r"^(?:\d+[+-])?([^@+]+)@(users\.noreply\.[a-z0-9.-]+)$")


def digest_of(contact: Contact) -> str:
    """Equal for equal bytes of name and address, and only for those."""
    return hashlib.blake2b(b"\0".join(contact), digest_size=20).hexdigest()


def key_of(name: str, email: str) -> str:
    """Equal for identities that surely are one person: one address (in any spelling), one account at a forge.

    An address that says nothing (empty, of a template) is only the same person under the same name.
    """
    address = email.strip().lower()
    if account := _FORGE.match(address):
        address = f"{account[1]}@{account[2]}"
    elif _SHARED.search(address):
        address = f"{name.strip().lower()}\0{address}"
    return hashlib.blake2b(address.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()


def is_shared(address: str) -> bool:
    """Whether this address, in lower case, says nothing about who somebody is, or no mail reaches it."""
    return bool(_SHARED.search(address) or _FORGE.match(address)) or ".noreply." in address


def forge_login(email: str) -> str:
    """The login within an address such as `12+ann@users.noreply.github.com`; empty for any other."""
    account = _FORGE.match(email.strip().lower())
    return account[1] if account else ""


def pseudonym_address(pk: int) -> str:
    """What stands where the address of an erased person stood; different for each address, as teams go by it."""
    return f"erased-{pk}@erased.invalid"


class Identities:
    """Ids of identities by their bytes; those the tables do not know are added, each with a person.

    `joined` are the ids of people who got an identity this way: their names and bot marks may change. Names without an
    address, as in `Reported-by: Ann Lee`, are stored as `shown` answers: they are those of the erased or nobody's.
    """

    def __init__(self, shown: Callable[[str], str] = str) -> None:
        self.shown = shown
        self.joined: set[int] = set()
        self.known: dict[Contact, int] = {}

    def __getitem__(self, contact: Contact) -> int:
        return self.known[contact]

    def learn(self, contacts: Iterable[Contact]) -> None:
        """Look up, or add, all of these that were not seen before."""
        for part in lists({contact for contact in contacts if contact not in self.known}, TOGETHER):
            digests = {digest_of(contact): contact for contact in part}
            found = _ids(digests)
            if missing := [digest for digest in digests if digest not in found]:
                self.joined |= _add({digest: digests[digest] for digest in missing}, self.shown)
                found |= _ids(missing)
            self.known.update((digests[digest], pk) for digest, pk in found.items())


def refresh_joined(ids: Iterable[int]) -> None:
    """`refresh_people` for those with several identities: one alone gave name and bot mark when it was added."""
    several: list[int] = []
    for part in lists(set(ids), TOGETHER):
        counted = Identity.objects.filter(person__in=part).order_by().values("person").annotate(count=Count("pk"))
        several += counted.filter(count__gt=1).values_list("person", flat=True)
    refresh_people(several)


def refresh_people(ids: Iterable[int]) -> None:
    """Bring the people's names and bot marks in line with their identities; what somebody chose stays.

    The name is the one of the newest commit; a bot is who is one under every identity.
    """
    changed: list[Person] = []
    wanted = set(ids)
    judge = rules() if wanted else Rules()
    for part in lists(wanted):
        newest = dict(
            Commit.objects.filter(author__person__in=part)
            .values_list("author")
            .annotate(at=Max("authored_at"))
            .values_list("author", "at")
        )
        people = Person.objects.filter(pk__in=part, erased_at=None).prefetch_related("identities")
        changed += [person for person in people if _renewed(person, list(person.identities.all()), newest, judge)]
    Person.objects.bulk_update(changed, ["name", "is_bot"], batch_size=500)


def _renewed(person: Person, identities: Sequence[Identity], newest: dict[int, int], judge: Rules) -> bool:
    if not identities:
        return False
    best = max(identities, key=lambda identity: (newest.get(identity.pk, -1), bool(identity.name), identity.digest))
    name = person.name if person.name_chosen else (best.name or best.email or NOBODY)
    bot = person.is_bot if person.bot_chosen else all(judge.is_bot(one.name, one.email) for one in identities)
    if (person.name, person.is_bot) == (name, bot):
        return False
    person.name, person.is_bot = name, bot
    return True


def _ids(digests: Iterable[str]) -> dict[str, int]:
    return dict(Identity.objects.filter(digest__in=list(digests)).values_list("digest", "pk"))


def _add(contacts: dict[str, Contact], shown: Callable[[str], str]) -> set[int]:
    """The people concerned. Another import may add the same ones at the same time; then its rows are taken."""
    rows = [_texts(digest, contact, shown) for digest, contact in contacts.items()]
    judge = rules()
    fresh = {key: (key, name or email or NOBODY, judge.is_bot(name, email)) for _, name, email, _, key in rows}
    insert_missing(Person, PERSON_COLUMNS, [(*row, False, False) for row in fresh.values()])
    columns = ("key", "pk", "merged_into_id", "name", "erased_at", "merged_into__name", "merged_into__erased_at")
    people = {row[0]: row[1:] for row in Person.objects.filter(key__in=list(fresh)).values_list(*columns)}
    added = []
    for digest, name, email, raw, key in rows:
        pk, other, own_name, erased, other_name, other_erased = people[key]
        if other_erased if other else erased:
            name, email, raw = other_name if other else own_name, pseudonym_address(pk), None  # noqa: PLW2901
        added.append((digest, name, email, raw, key, other or pk))
    insert_missing(Identity, IDENTITY_COLUMNS, added)
    return {row[-1] for row in added}


def _texts(digest: str, contact: Contact, shown: Callable[[str], str]) -> tuple[str, str, str, bytes | None, str]:
    """Digest, name, address, the bytes where text cannot hold them, key."""
    name, email = (part.decode("utf-8", "replace").replace("\0", "")[:LONGEST] for part in contact)
    exact = (name.encode(), email.encode()) == contact
    key = key_of(name, email)
    if not email and (other := shown(name)) != name:
        return digest, other, email, None, key
    return digest, name, email, None if exact else b"\0".join(contact), key


def contact_of(identity: Identity) -> Contact:
    """The bytes an identity was made of."""
    if identity.raw is not None:
        name, _, email = bytes(identity.raw).partition(b"\0")
        return name, email
    return identity.name.encode(), identity.email.encode()
