"""From the tree to what an engine is asked. Projects, teams and topics are looked up among what the viewer may see."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from projects.derive.language_rules import by_suffix as suffix_languages
from projects.derive.language_rules import language_called, languages
from projects.models import Project, ProjectQuerySet
from search import engine
from search.query.patterns import has_capital
from search.query.scope import Scope
from search.query.tree import And, Field, Node, Not, Or, Pattern, Query, QueryError, Text

CODE_TYPES = ("code", "file", "symbol")
PAGE = 50
_FADED = {Project.Lifecycle.DEPRECATED: 0.5, Project.Lifecycle.ARCHIVED: 0.25}


def resolve(query: Query, viewer: User | AnonymousUser, types: Sequence[str] = ()) -> engine.Request:
    """What to ask an engine for this viewer; `types` where the query names none. Raises QueryError."""
    scope = Scope(viewer, query.text)
    matcher = engine.AllOf(()) if query.tree is None else _Resolver(scope, query, types).matcher(query.tree)
    ranks = dict(_ranks(scope.readable()))
    return engine.Request(
        matcher,
        frozenset(ranks),
        limit=query.count or PAGE,
        deadline_seconds=settings.SEARCH_SECONDS,
        ranks=ranks,
    )


def _ranks(projects: ProjectQuerySet) -> Iterator[tuple[int, float]]:
    """How good each repository's main project is, 0 to 1: stars and commits of 90 days, on scales that flatten."""
    columns = ("repository_id", "star_count", "commits_90d", "lifecycle")
    for repository, stars, commits, lifecycle in projects.order_by().values_list(*columns):
        liked, moving = math.log1p(stars) / math.log1p(100), math.log1p(commits) / math.log1p(500)
        yield repository, min(1.0, (liked + moving) / 2) * _FADED.get(lifecycle, 1.0)


def canonical_language(given: Field, scope: Scope) -> str:
    """The name of a language for its name or alias. Raises QueryError for one that is not known."""
    known = languages()
    value = given.value.casefold()
    by_suffix = suffix_languages("." + value.removeprefix("."))
    found = language_called(value) or next((name for name in known if name.casefold() == value), None)
    found = found or (by_suffix[0] if len(by_suffix) == 1 else None)
    if found is None:
        raise scope.unknown(given, "This language is not known.", known)
    return found


class _Resolver:
    def __init__(self, scope: Scope, query: Query, types: Sequence[str]) -> None:
        self.scope, self.query = scope, query
        self.types = [name for name in query.types or types if name in CODE_TYPES] or ["code"]

    def matcher(self, node: Node) -> engine.Matcher:
        match node:
            case And():
                return engine.AllOf(tuple(map(self.matcher, node.children)))
            case Or():
                return engine.AnyOf(tuple(map(self.matcher, node.children)))
            case Not():
                return engine.NoneOf(self.matcher(node.child))
            case Field():
                return self._field(node)
            case Text() | Pattern():
                return _any_of(self._atom(node, kind) for kind in self.types)

    def _atom(self, node: Text | Pattern, kind: str) -> engine.Matcher:
        if isinstance(node, Pattern):
            if kind == "symbol":
                raise QueryError("Symbols are found by name, not by a regular expression.", node.start, node.end)
            sensitive = self._sensitive(node.regex, pattern=True)
            return engine.Path(node.regex, True, sensitive) if kind == "file" else engine.Regex(node.regex, sensitive)
        sensitive = self._sensitive(node.text)
        if kind == "file":
            return engine.Path(node.text, False, sensitive)
        if kind == "symbol":
            return self._symbol(node.text, node.quoted)
        return engine.Literal(node.text, sensitive)

    def _sensitive(self, text: str, pattern: bool = False) -> bool:
        if self.query.case == "auto":
            return has_capital(text) if pattern else any(c.isupper() for c in text)
        return self.query.case == "yes"

    def _field(self, given: Field) -> engine.Matcher:
        match given.name:
            case "lang":
                return engine.Language(canonical_language(given, self.scope))
            case "branch":
                return engine.Branch(given.value)
            case "sym":
                return self._symbol(given.value, given.kind == "phrase")
            case "path" | "file":
                return self._path(given)
            case _:
                return within(self.scope.projects(given))

    def _symbol(self, name: str, quoted: bool) -> engine.Symbol:
        """A name that ends with a star is the beginning of one."""
        prefix = not quoted and len(name) > 1 and name.endswith("*")
        return engine.Symbol(name[:-1] if prefix else name, quoted, self._sensitive(name), prefix)

    def _path(self, given: Field) -> engine.Matcher:
        kind = engine.Path if given.name == "path" else engine.FileName
        value = given.value
        if given.kind == "regex":
            return kind(value, True, self._sensitive(value, pattern=True))
        sensitive = self._sensitive(value)
        if given.kind == "text" and (re.search(r"[*?]", value) or (given.name == "path" and value.startswith("/"))):
            return kind(as_regex(value, whole=given.name == "file"), True, sensitive)
        return kind(value, False, sensitive)


def within(projects: ProjectQuerySet) -> engine.Matcher:
    """The code of these projects: whole repositories, or folders of them."""
    rows = list(projects.order_by().values_list("repository_id", "subdirectory").distinct())
    whole = frozenset(repository for repository, folder in rows if not folder)
    folders = [
        engine.Folder(repository, folder.encode("utf-8", "surrogateescape"))
        for repository, folder in rows
        if folder and repository not in whole
    ]
    return _any_of([engine.Repositories(whole), *folders] if whole or not folders else folders)


def as_regex(glob: str, whole: bool) -> str:
    """A pattern with `*`, `**` and `?` as a regular expression over a path, or over a `whole` name.

    A path is matched from any of its folders on; one that begins with a slash, from the root on.
    """
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*+|\*|\?)", glob.removeprefix("/"))
    body = "".join(parts.get("**" if piece.startswith("**") else piece) or _plain(piece) for piece in pieces)
    if whole:
        return f"^{body}$"
    return f"^{body}" if glob.startswith("/") else f"(^|/){body}($|/)"


def plain_pattern(path: str) -> str:
    """The expression that exactly this path matches."""
    return f"^{_plain(path)}$"


def _plain(text: str) -> str:
    return re.sub(r"([\\.+()|\[\]{}^$*?])", r"\\\1", text)


def _any_of(matchers: Iterable[engine.Matcher]) -> engine.Matcher:
    found = tuple(matchers)
    return found[0] if len(found) == 1 else engine.AnyOf(found)
