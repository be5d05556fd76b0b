"""What is offered while somebody types a query: operators, and their values among what the viewer may see."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts.models import Team, User
from projects.models import Language, Topic
from search.query.operators import BY_NAME, OPERATORS
from search.query.scope import Scope, spelled

SHOWN = 8
CHARACTERS = 2_000
_OPERATOR = re.compile(r'(?<!\S)[-(]*([A-Za-z]+):((?:"[^"]*"|[^\s"]+,)*)("?[^\s",]*)\Z')
_WORD = re.compile(r"(?<!\S)([-(]*)(\w[\w.-]*)\Z")


@dataclass(frozen=True, slots=True)
class Offer:
    """`text` takes the place of the characters before the cursor; `words` say what it is."""

    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Offers:
    """What can stand from `start` to the cursor instead."""

    start: int
    offers: list[Offer]


def suggest(text: str, cursor: int, viewer: User | AnonymousUser) -> Offers:
    """Offers for the word before the cursor; none for anything that cannot be completed."""
    before = text[: max(0, min(cursor, len(text), CHARACTERS))].replace("\0", "")
    if named := _OPERATOR.search(before):
        operator = BY_NAME.get(named[1].casefold())
        if operator is None or (named[2] and not operator.listed):
            return Offers(cursor, [])
        begun = named[3].strip('"')
        values = operator.values and [(value, "") for value in operator.values if value.startswith(begun.casefold())]
        found = values or _values(operator.name, begun, Scope(viewer, text))
        return Offers(named.start(3), [Offer(spelled(value) + " ", words) for value, words in found[:SHOWN]])
    if (word := _WORD.search(before)) and len(word[2]) > 1:
        return Offers(word.start(2), _operators(word[2]) + _projects_called(word[2], Scope(viewer, text)))
    return Offers(cursor, [])


def _operators(begun: str) -> list[Offer]:
    begun = begun.casefold()
    found = [operator for operator in OPERATORS if any(n.startswith(begun) for n in (operator.name, *operator.aliases))]
    return [Offer(f"{operator.name}:", operator.meaning) for operator in found]


def _projects_called(begun: str, scope: Scope) -> list[Offer]:
    return [Offer(f"project:{spelled(slug)} ", f"project {name}") for slug, name in _projects(begun, scope)[:3]]


def _values(name: str, begun: str, scope: Scope) -> list[tuple[str, str]]:
    readers: dict[str, Callable[[str, Scope], list[tuple[str, str]]]] = {
        "project": _projects,
        "repo": _repositories,
        "team": _teams,
        "topic": _topics,
        "lang": _languages,
    }
    return readers[name](begun, scope) if name in readers else []


def _projects(begun: str, scope: Scope) -> list[tuple[str, str]]:
    found = scope.visible.filter(Q(slug__istartswith=begun) | Q(name__istartswith=begun))
    return list(found.order_by("-star_count", "slug").values_list("slug", "name")[:SHOWN])


def _repositories(begun: str, scope: Scope) -> list[tuple[str, str]]:
    found = scope.readable().filter(Q(slug__istartswith=begun) | Q(repository__clone_url__icontains=begun))
    return list(found.order_by("-star_count", "slug").values_list("slug", "repository__clone_url")[:SHOWN])


def _teams(begun: str, _scope: Scope) -> list[tuple[str, str]]:
    found = Team.objects.open().filter(Q(slug__istartswith=begun) | Q(name__istartswith=begun))
    return list(found.order_by("slug").values_list("slug", "name")[:SHOWN])


def _topics(begun: str, scope: Scope) -> list[tuple[str, str]]:
    found = Topic.objects.filter(projects__in=scope.visible, name__istartswith=begun).distinct()
    return _alone(found.order_by("name").values_list("name", flat=True)[:SHOWN])


def _languages(begun: str, scope: Scope) -> list[tuple[str, str]]:
    """Only languages of projects that the viewer may see, so that a hidden one does not tell of itself."""
    found = Language.objects.filter(project__in=scope.visible, name__istartswith=begun).order_by("name")
    return _alone(found.values_list("name", flat=True).distinct()[:SHOWN])


def _alone(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, "") for name in names]
