"""Where the command palette leads: pages, projects, teams, people and files by a part of their name."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse

from accounts.models import Team, User
from activity.people_search import search_people
from projects.models import Project
from search.engine import AllOf, FileName, Path, engine
from search.found.code import Places, file_url
from search.found.others import person_url
from search.query import parse
from search.query.resolve import resolve
from search.tabs import search_url
from source.names import plain

CHARACTERS = 200
SHOWN = 5
SHORTEST_FILE = 3
FILE_SECONDS = 0.5
_PAGES = (
    ("Home", "pages:home", "start"),
    ("Projects", "projects:catalog", "catalog repositories"),
    ("Contribute", "contributions:opportunities", "opportunities first tasks help wanted"),
    ("Teams", "pages:teams", "owners departments"),
    ("People", "pages:people", "persons authors"),
    ("Insights", "pages:insights", "figures flow company statistics"),
    ("Search", "search:results", "find code"),
    ("Saved searches", "search:saved", "feeds"),
    ("How to search", "search:help", "operators query language help"),
    ("What is searchable", "search:coverage", "index not indexed files"),
    ("What the figures mean", "pages:docs_figures", "definitions help"),
    ("Register a repository", "sync:register", "add new import"),
    ("Sync", "sync:health", "health runs failing"),
    ("Notifications", "notifications:notifications", "news bell"),
    ("Email addresses", "account_email", "account settings"),
    ("Change password", "account_change_password", "account settings"),
)
# Pages of one account, which are none for visitors.
_OF_ACCOUNTS = {"search:saved", "sync:register", "sync:health", "account_email", "account_change_password"}
_OF_ACCOUNTS |= {"pages:people", "notifications:notifications"}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go; `kind` says what it is."""

    kind: str
    words: str
    more: str
    url: str


def places(text: str, viewer: User | AnonymousUser) -> list[Place]:
    """The best of each kind; the last one is always the search itself."""
    text = text[:CHARACTERS].replace("\0", "").strip()
    if not text:
        return list(_pages("", viewer))
    found = [*_projects(text, viewer), *_teams(text), *_pages(text, viewer), *_people(text, viewer)]
    found += _files(text, viewer)
    return [*found, Place("search", f"Search for {text}", "", search_url(text))]


def _pages(text: str, viewer: User | AnonymousUser) -> Iterator[Place]:
    words = text.casefold().split()
    for name, view, about in _PAGES:
        known = f"{name} {about}".casefold().split()
        called = all(any(part.startswith(word) for part in known) for word in words)
        if called and (viewer.is_authenticated or view not in _OF_ACCOUNTS):
            yield Place("page", name, "", reverse(view))


def _projects(text: str, viewer: User | AnonymousUser) -> Iterator[Place]:
    called = Q(slug__icontains=text) | Q(name__icontains=text)
    near = Case(
        When(Q(slug__iexact=text) | Q(name__iexact=text), then=Value(0)),
        When(Q(slug__istartswith=text) | Q(name__istartswith=text), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = Project.objects.visible_to(viewer).filter(called).annotate(near=near).defer("motivation", "weeks")
    for project in found.order_by("near", "-star_count", "name")[:SHOWN]:
        yield Place("project", project.name, project.tagline, project.get_absolute_url())


def _teams(text: str) -> Iterator[Place]:
    found = Team.objects.open().filter(Q(slug__istartswith=text) | Q(name__icontains=text))
    for team in found.order_by("name")[:SHOWN]:
        yield Place("team", team.name, "", team.get_absolute_url())


def _people(text: str, viewer: User | AnonymousUser) -> Iterator[Place]:
    if not isinstance(viewer, User):
        return
    for hit in search_people(viewer, text, limit=SHOWN):
        if hit.reasons:
            login = hit.person.user.username if hit.person.user else ""
            yield Place("person", plain(hit.person.name), login, person_url(hit.person))


def _files(text: str, viewer: User | AnonymousUser) -> Iterator[Place]:
    """By name, or by path where a slash is typed; in the time that somebody waits while typing."""
    if len(text) < SHORTEST_FILE:
        return
    asked = resolve(parse(""), viewer)
    wanted = Path(text) if "/" in text else FileName(text)
    request = replace(asked, matcher=AllOf((wanted,)), limit=SHOWN, lines=1, context=0, deadline_seconds=FILE_SECONDS)
    hits = engine().search(request).files
    around = Places(viewer, {hit.repository_id for hit in hits})
    for hit in hits:
        if project := around.project(hit.repository_id, hit.path):
            yield Place("file", plain(hit.path, 120), project.name, file_url(project, hit.commit, hit.path))
