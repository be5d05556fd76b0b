"""People by name, login, address and the paths they know, as far as the viewer may read what they did.

An address finds somebody only when it is whole, and only for those who could read it in a commit of a project that they
may read, or whose own it is. It is never part of an answer.
"""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, Sum

from accounts.models import User
from activity.flow.figures import visible_people
from activity.models import Commit, Identity, Person, PersonArea, Trailer
from activity.people import key_of
from projects.models import Project

CHARACTERS = 100
MOST_WORDS = 6
MOST_PEOPLE = 1000  # of these the best come first
SHOWN_AREAS = 3
SHORTEST_PATH = 3
_WORD = re.compile(r"[^\W_]+")
_FOREIGN = r"[^ -~]"
NAME, LOGIN, ADDRESS = "name", "login", "address"

Viewer = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Area:
    """Where somebody has `commits`: a folder of a project."""

    project: Project
    path: str
    commits: int


@dataclass(frozen=True, slots=True)
class PersonHit:
    """`reasons`: of "name", "login", "address"; empty where only `areas` led here, the most commits first."""

    person: Person
    reasons: tuple[str, ...]
    areas: tuple[Area, ...] = ()


def search_people(viewer: Viewer, text: str, limit: int = 50) -> list[PersonHit]:
    """Those with these words in name or login first, then those who know such a path. Any text is allowed."""
    text = _clean(text)
    if not text:
        return []
    reasons = _reasons(viewer, text)
    people = visible_people(viewer).select_related("user").in_bulk(list(reasons))
    order = sorted(
        people.values(),
        key=lambda person: (_rank(person, reasons[person.pk], text), person.user is None, person.name, person.pk),
    )
    hits = [PersonHit(person, tuple(reasons[person.pk])) for person in order[:limit]]
    if len(hits) < limit:
        hits += _by_area(viewer, text, limit - len(hits), set(people))
    return hits


def people_named(viewer: Viewer, text: str) -> list[int]:
    """Ids of visible people with these words in their name, this login or this whole address."""
    text = _clean(text)
    reasons = _reasons(viewer, text) if text else {}
    return list(visible_people(viewer).filter(pk__in=list(reasons)).values_list("pk", flat=True))


def _clean(text: str) -> str:
    """What a database takes: half a character, as a path of Git may have, is none."""
    return text[:CHARACTERS].encode("utf-8", "ignore").decode().replace("\0", "").strip()


def _reasons(viewer: Viewer, text: str) -> dict[int, list[str]]:
    """Ids of people, not all of them visible, with why they were found."""
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    visible = visible_people(viewer)
    for pk in _by_name(visible, text):
        reasons[pk].append(NAME)
    logins = visible.filter(user__is_active=True, user__username__istartswith=text)
    for pk in logins.order_by("user__username").values_list("pk", flat=True)[:MOST_PEOPLE]:
        reasons[pk].append(LOGIN)
    if "@" in text:
        for pk in _by_address(viewer, text):
            reasons[pk].append(ADDRESS)
    return dict(reasons)


def _by_name(visible: Any, text: str) -> list[int]:
    """Each word begins a word of the name. Names beyond ASCII are compared here, as databases differ in them."""
    words = _words(text)[:MOST_WORDS]
    if not words:
        return []
    plain = visible
    for word in words:
        plain = plain.filter(Q(name__icontains=word) | Q(user__name__icontains=word))
    columns = ("pk", "name", "user__name")
    found = list(plain.order_by("name", "pk").values_list(*columns)[:MOST_PEOPLE])
    foreign = Q(name__regex=_FOREIGN) | Q(user__name__regex=_FOREIGN)
    found += visible.filter(foreign).order_by("name", "pk").values_list(*columns)[: 10 * MOST_PEOPLE]
    return list(dict.fromkeys(pk for pk, *names in found if any(_begins(words, name or "") for name in names)))


def _begins(words: list[str], name: str) -> bool:
    known = _words(name)
    return all(any(one.startswith(word) for one in known) for word in words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text)
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold())


def _by_address(viewer: Viewer, address: str) -> list[int]:
    """Whose address this is, where the viewer could read it in a commit; one's own in any case."""
    found = []
    for identity in Identity.objects.filter(key=key_of("", address), email__iexact=address).select_related("person"):
        person = identity.person
        own = isinstance(viewer, User) and person.user_id == viewer.pk
        if own or _in_commits(viewer, identity):
            found.append(person.pk)
    return list(dict.fromkeys(found))


def _in_commits(viewer: Viewer, identity: Identity) -> bool:
    commits = Commit.objects.visible_to(viewer)
    written = commits.filter(author__person=identity.person_id).filter(Q(author=identity) | Q(raw_author=identity))
    if written.exists():
        return True
    named = Trailer.objects.filter(identity__person=identity.person_id)
    named = named.filter(Q(identity=identity) | Q(raw_identity=identity))
    return commits.filter(pk__in=named.values("commit")).exists()


def _rank(person: Person, reasons: list[str], text: str) -> int:
    """0 for exactly this name, login or address, 1 for whole words, 2 where name or login begins so, 3 for others."""
    login = person.user.username if person.user else ""
    names = [_words(person.name), _words(person.user.name if person.user else "")]
    if ADDRESS in reasons or login.casefold() == text.casefold() or _words(text) in names:
        return 0
    if any(set(_words(text)) <= set(name) for name in names):
        return 1
    begun = " ".join(_words(text))
    return 2 if LOGIN in reasons or any(" ".join(name).startswith(begun) for name in names) else 3


def _by_area(viewer: Viewer, text: str, limit: int, known: set[int]) -> list[PersonHit]:
    """Who has most commits in such folders; each folder two levels deep at most."""
    path = text.strip("/")
    if len(path) < SHORTEST_PATH:
        return []
    visible = Project.objects.visible_to(viewer)
    here = Q(path__istartswith=path) | Q(path__icontains=f"/{path}")
    rows = PersonArea.objects.filter(here, project__in=visible, person__in=visible_people(viewer)).order_by()
    if settings.PERSON_FIGURES == "self":
        rows = rows.filter(person__user=viewer.pk if isinstance(viewer, User) else None).exclude(person__user=None)
    sums = rows.values("person").annotate(sum=Sum("commits")).order_by("-sum", "person")
    order = [row["person"] for row in sums[: limit + len(known)] if row["person"] not in known][:limit]
    areas: defaultdict[int, list[Area]] = defaultdict(list)
    best = rows.filter(person__in=order).select_related("project").order_by("-commits", "project__name", "path")
    for row in best:
        if len(areas[row.person_id]) < SHOWN_AREAS:
            areas[row.person_id].append(Area(row.project, row.path, row.commits))
    people = Person.objects.select_related("user").in_bulk(order)
    return [PersonHit(people[pk], (), tuple(areas[pk])) for pk in order]
