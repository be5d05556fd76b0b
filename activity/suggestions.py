"""People who may be one person: found by name, for administrators to accept or reject.

Everybody is put under a few keys (the whole name, the name with initials at a domain), and only those who share a key
are compared, so the time grows with the number of people and not with its square.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import Q, Sum

from activity.models import ExcludedTerm, Identity, KeptApart, Participation

LARGEST = 200  # people under one key who are compared; more say that the name says nothing
# Where anybody gets an address: the same domain says nothing there.
_PUBLIC = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|yahoo|icloud|proton(?:mail)?|gmx|web|qq|163)\.[a-z.]{2,6}|.*noreply.*|[^.]*"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "a", "œ": "o", "ð": "d", "þ": "th", "ı": "i"})
_DOUBLES = re.compile(r"([aou])e")  # Mueller is Müller
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\"[^\"]*\"")
_BETWEEN = re.compile(r"[\W\d_]+")
Words = tuple[str, ...]


@dataclass(slots=True)
class Candidate:
    """Somebody standing alone, with all ways the name is written and the domains of the addresses."""

    id: int
    name: str
    commits: int = 0
    names: set[Words] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`person` might be `into`, who has more commits; `why` in words; `sure` is higher for better grounds, 1 to 4."""

    person: int
    into: int
    why: str
    sure: int


def words_of(name: str) -> Words:
    """The words of a name without case, accents, dots and order, as "Last, First" and "first.last" write it."""
    plain = unicodedata.normalize("NFKD", _ASIDE.sub(" ", name).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)
    if plain.count(",") == 1:
        last, _, first = plain.partition(",")
        plain = f"{first} {last}"
    return tuple(_DOUBLES.sub(r"\1", word) for word in _BETWEEN.split(plain) if word)


def suggestions() -> list[Suggestion]:
    """All of them, the best grounds first. A few queries however many people there are."""
    people = _candidates()
    apart = _apart()
    found: list[Suggestion] = []
    groups = _Groups(apart)
    for sure, why, members in _blocks(people.values()):
        members.sort(key=lambda one: (-one.commits, one.id))
        for person, into in groups.join(members[:LARGEST]):
            found.append(Suggestion(person, into, why, sure))
    order = {pk: one.commits for pk, one in people.items()}
    return sorted(found, key=lambda one: (-one.sure, -order[one.person], one.person))


def why_alike(person_id: int, other_id: int) -> str:
    """What suggests that these two are one person, or the empty text."""
    people = _candidates(Q(person__in=[person_id, other_id]))
    for _, why, members in _blocks(people.values()):
        if len({one.id for one in members}) == 2:
            return why
    return ""


def _candidates(only: Q | None = None) -> dict[int, Candidate]:
    terms = set(ExcludedTerm.objects.values_list("term", flat=True))
    people: dict[int, Candidate] = {}
    rows = Identity.objects.filter(person__is_bot=False, person__erased_at=None, person__merged_into=None)
    if only is not None:
        rows = rows.filter(only)
    for name, email, pk, shown in rows.order_by().values_list("name", "email", "person", "person__name").iterator():
        local, _, domain = email.lower().rpartition("@")
        if {" ".join(name.lower().split()), local, email.lower(), domain} & terms:
            continue
        words = words_of(name)
        if len(words) < 2:
            words = words_of(local.partition("+")[0]) if domain and "noreply" not in domain else ()
        if len(words) < 2 or len(words) > 8 or max(map(len, words)) < 2:
            continue
        known = people.setdefault(pk, Candidate(pk, shown))
        known.names.add(words)
        if domain and not _PUBLIC.fullmatch(domain):
            known.domains.add(domain)
    sums = Participation.objects.order_by().values_list("person").annotate(Sum("commits"))
    for pk, commits in sums.filter(person__in=list(people)) if only is not None else sums:
        if pk in people:
            people[pk].commits = commits
    return people


def _blocks(people: Iterable[Candidate]) -> Iterator[tuple[int, str, list[Candidate]]]:
    """(how sure, why, people who share it), the surest first."""
    whole: dict[Words, dict[int, Candidate]] = defaultdict(dict)
    at_domain: dict[tuple[Words, str], dict[int, Candidate]] = defaultdict(dict)
    ends: dict[tuple[str, str, str], dict[int, Candidate]] = defaultdict(dict)
    for one in people:
        for words in one.names:
            alike = tuple(sorted(words))
            whole[alike][one.id] = one
            for domain in one.domains:
                at_domain[alike, domain][one.id] = one
                ends[words[0][0], words[-1], domain][one.id] = one
    for (_, domain), members in at_domain.items():
        if len(members) > 1:
            yield 4, f"same name at {domain}", list(members.values())
    for members in whole.values():
        if len(members) > 1:
            yield 3, "same name at other domains", list(members.values())
    for (initial, last, domain), members in ends.items():
        if 1 < len(members) <= LARGEST and _one_first_name(members.values(), initial, last):
            yield 2, f"names that differ in initials, at {domain}", list(members.values())


def _one_first_name(members: Iterable[Candidate], initial: str, last: str) -> bool:
    """Whether those who write the first name out all write the same one: "A. Lee" may be Ann or Adam otherwise."""
    names = [words for one in members for words in one.names if words[-1] == last and words[0][0] == initial]
    return len({words[0] for words in names if len(words[0]) > 1}) <= 1


def _apart() -> dict[int, set[int]]:
    """Who was told apart from whom, by those who stand for them today."""
    apart: dict[int, set[int]] = defaultdict(set)
    fields = ("person_id", "person__merged_into_id", "other_id", "other__merged_into_id")
    for person, into, other, other_into in KeptApart.objects.order_by().values_list(*fields):
        apart[into or person].add(other_into or other)
        apart[other_into or other].add(into or person)
    return apart


class _Groups:
    """Who is suggested to be one with whom so far; nobody joins a group with somebody he was told apart from."""

    def __init__(self, apart: dict[int, set[int]]) -> None:
        self._apart = apart
        self._group: dict[int, set[int]] = {}

    def join(self, members: list[Candidate]) -> Iterator[tuple[int, int]]:
        """(person, into) for all that can be joined, each to the first it may be joined to."""
        heads: list[int] = []
        for one in members:
            for head in heads:
                if self._may_join(one.id, head):
                    if self._of(one.id) is not self._of(head):
                        yield self._join(one.id, head)
                    break
            else:
                heads.append(one.id)

    def _of(self, pk: int) -> set[int]:
        return self._group.setdefault(pk, {pk})

    def _may_join(self, pk: int, head: int) -> bool:
        mine, theirs = self._of(pk), self._of(head)
        return mine is theirs or not any(self._apart.get(one, set()) & theirs for one in mine)

    def _join(self, pk: int, head: int) -> tuple[int, int]:
        mine, theirs = self._of(pk), self._of(head)
        theirs |= mine
        for one in mine:
            self._group[one] = theirs
        return pk, head
