"""Commits and people that a query means: its words, and for commits its operators about projects."""

import datetime as dt
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from activity.commit_search import CommitPage, search_commits
from activity.models import Person
from activity.people_search import PersonHit, search_people
from projects.models import Project
from search.found.projects import Reading, parts_of
from search.query.tree import And, Field, Node, Not, Or, Query, Text

_ABOUT_PROJECTS = {"repo", "project", "team", "topic", "archived"}


@dataclass(frozen=True, slots=True)
class CommitFilter:
    """What the fields beside the query ask for; `wrong` names those that hold no date."""

    author: str = ""
    since: str = ""
    until: str = ""
    wrong: tuple[str, ...] = ()

    @classmethod
    def read(cls, author: str, since: str, until: str) -> "CommitFilter":
        given = {"since": since.strip()[:20], "until": until.strip()[:20]}
        wrong = tuple(name for name, value in given.items() if value and _day(value) is None)
        return cls(author.replace("\0", "").strip()[:100], given["since"], given["until"], wrong)


@dataclass
class FoundCommits:
    page: CommitPage
    left_out: list[str] = field(default_factory=list)


def find_commits(
    query: Query, viewer: User | AnonymousUser, narrowed: CommitFilter, after: str, limit: int
) -> FoundCommits:
    """A page of commits, the newest first. Raises QueryError for values of operators that nothing here has."""
    reading = Reading(viewer, query)
    words, sets, left_out = [], [], []
    for part in parts_of(query.tree):
        if isinstance(part, Text):
            words.append(part.text)
        elif (ids := reading.ids(part)) is not None and _about_projects(part):
            sets.append(ids)
        else:
            left_out.append(query.text[part.start : part.end])
    projects = None
    if sets:
        projects = list(Project.objects.visible_to(viewer).filter(pk__in=set.intersection(*sets)))
    page = search_commits(
        viewer,
        " ".join(words),
        author=narrowed.author or None,
        since=_day(narrowed.since),
        until=_day(narrowed.until),
        projects=projects,
        after=after or None,
        limit=limit,
    )
    return FoundCommits(page, left_out)


def find_people(query: Query, viewer: User | AnonymousUser) -> tuple[list[PersonHit], list[str]]:
    """The people whom the words name, and the parts of the query that say nothing about people. Raises QueryError."""
    parts = parts_of(query.tree)
    words = " ".join(part.text for part in parts if isinstance(part, Text))
    others = [part for part in parts if not isinstance(part, Text)]
    reading = Reading(viewer, query)
    for part in others:
        reading.ids(part)
    return search_people(viewer, words), [query.text[part.start : part.end] for part in others]


def person_url(person: Person) -> str:
    """The page of a person: by user name where it cannot be mistaken for a number."""
    named = person.user is not None and not person.user.username.isdigit()
    return reverse("pages:person", args=[person.user.username if named and person.user else str(person.pk)])


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _about_projects(node: Node) -> bool:
    match node:
        case Field():
            return node.name in _ABOUT_PROJECTS
        case And() | Or():
            return all(map(_about_projects, node.children))
        case Not():
            return _about_projects(node.child)
        case _:
            return False
