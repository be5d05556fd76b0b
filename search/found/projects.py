"""Projects that a query means: its words by the catalog's ranking, its operators as sets of projects."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from projects.catalog.query import CatalogQuery
from projects.catalog.reasons import reason
from projects.catalog.selection import Selection, select
from projects.models import Project
from search.query.resolve import canonical_language
from search.query.scope import Scope
from search.query.tree import And, Field, Node, Not, Or, Pattern, Query, Text

PAGE_SIZE = 25
_FACETS = {"team": "team", "lang": "language", "topic": "topic"}


@dataclass
class FoundProjects:
    """`ids` in order; `left_out` are parts of the query that say nothing about projects, as typed."""

    ids: list[int]
    left_out: list[str]
    words: str
    selection: Selection

    def why(self, project: Project) -> str:
        """Where the words were found; empty where none were asked for."""
        return reason(self.selection.question, self.selection.answer, project.pk) if self.words else ""


@dataclass
class Reading:
    """A query read for its projects; `left_out` are parts that say nothing about them, as typed."""

    viewer: User | AnonymousUser
    query: Query
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope(self.viewer, self.query.text)

    def ids(self, node: Node) -> set[int] | None:
        """The projects a part of the query means; None when it says nothing about projects."""
        match node:
            case Text():
                return set(select(CatalogQuery(text=node.text), self.viewer).ids)
            case And():
                known = [ids for child in node.children if (ids := self.ids(child)) is not None]
                return set.intersection(*known) if known else None
            case Or():
                each = [self.ids(child) for child in node.children]
                return set().union(*(ids for ids in each if ids)) if None not in each else None
            case Not():
                inner = self.ids(node.child)
                return None if inner is None else set(self.scope.visible.values_list("pk", flat=True)) - inner
            case Pattern():
                self.leave_out(node)
                return None
            case Field():
                return self._of(node)

    def _of(self, given: Field) -> set[int] | None:
        if given.name in {"path", "file", "branch", "sym"}:
            self.leave_out(given)
            return None
        if given.name == "lang":
            name = canonical_language(given, self.scope)
            return set(self.scope.visible.filter(languages__name=name).values_list("pk", flat=True))
        return set(self.scope.projects(given).values_list("pk", flat=True))

    def leave_out(self, node: Field | Pattern) -> None:
        self.left_out.append(self.query.text[node.start : node.end])


def find_projects(query: Query, viewer: User | AnonymousUser) -> FoundProjects:
    """All projects found, best first. Raises QueryError for values of operators that nothing here has."""
    reading = Reading(viewer, query)
    parts: Sequence[Node] = parts_of(query.tree)
    words = " ".join(part.text for part in parts if isinstance(part, Text))
    selection = select(CatalogQuery(text=words), viewer)
    sets = [ids for part in parts if not isinstance(part, Text) and (ids := reading.ids(part)) is not None]
    found = [pk for pk in selection.ids if all(pk in ids for ids in sets)]
    return FoundProjects(found, reading.left_out, words, selection)


def parts_of(tree: Node | None) -> Sequence[Node]:
    """What a query joins by AND."""
    return tree.children if isinstance(tree, And) else () if tree is None else (tree,)


def shown_projects(ids: Sequence[int], viewer: User | AnonymousUser) -> list[Project]:
    """These projects in this order; permission is asked of the database once more."""
    wanted = Project.objects.visible_to(viewer).select_related("owner").prefetch_related("topics").defer("motivation")
    found = wanted.in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]
