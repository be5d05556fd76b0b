"""The search page: one field, a tab for each kind of thing, and an answer or the place of a mistake."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from search import tabs
from search.models import SavedSearch
from search.query import Query, QueryError, parse
from search.query.operators import OPERATORS
from search.tabs import Tab
from search.views.answers import answer_for, counted, wanted_of
from search.views.asking import ask

EXAMPLES = {
    "code": (
        ("RetryPolicy", "files with this word, capital letters as typed"),
        ('"connection refused" lang:go', "a phrase, in one language"),
        ("/timeout\\s*=\\s*\\d+/ -path:test", "a regular expression, tests left out"),
        ("TODO OR FIXME archived:no", "one of two words, archived projects left out"),
    ),
    "projects": (
        ("retry http", "projects with these words in name, description, topics or README"),
        ("client lang:go", "only those with code in one language"),
        ("queue archived:no", "archived projects left out"),
    ),
    "symbols": (
        ("RetryPolicy", "where something of this name is defined, or of a longer one"),
        ("parse* lang:python", "names that begin so, in one language"),
        ('"main" -path:test', "exactly this name, tests left out"),
    ),
    "people": (
        ("ann", "a part of a name, or a login"),
        ("ann@example.org", "a whole address"),
        ("src/api", "who knows a folder, by their commits"),
    ),
}
_ABOUT = {"projects": {"repo", "project", "team", "topic", "lang", "archived"}, "people": set[str]()}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A query that makes no sense: the text before, at and after the place, the longest parts cut."""

    message: str
    before: str
    place: str
    after: str
    suggestions: list[tuple[str, str]]


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    asked = request.GET.get("type", "")
    tab = tabs.chosen(None, asked)
    context: dict[str, Any] = {"q": text, "tab": tab, "tabs": tabs.links(text, tab, None), "save_url": ""}
    try:
        query = parse(text)
        tab = tabs.chosen(query, asked)
        context |= {"tab": tab, "tabs": tabs.links(text, tab, query), "hints": _hints(query, tab)}
        context |= answer_for(request, query, tab) if query.tree or tab.key == "commits" else _opening(tab)
        if query.tree and tab.key in SavedSearch.Kind.values and request.user.is_authenticated:
            context["save_url"] = f"{reverse('search:save')}?{urlencode({'q': text, 'type': tab.key})}"
    except QueryError as error:
        context["mistake"] = mistake(text, error, tab)
        return render(request, "search/results.html", context, status=422)
    return render(request, "search/results.html", context)


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """How many files there are in all, and the facets: counted while the first page is read already."""
    try:
        query = parse(request.GET.get("q", ""))
        tab = tabs.chosen(query, request.GET.get("type", ""))
        answer = ask(replace(wanted_of(request, query, tab), limit=0, wants_total=True))
    except QueryError:
        return HttpResponse(status=422)
    return render(request, "search/_counts.html", {"later": True, **counted(request, query, tab, answer)})


def mistake(text: str, error: QueryError, tab: Tab) -> Mistake:
    """What to show of a QueryError: a few words around the place, and other queries as links."""
    suggestions = [(instead, tabs.search_url(instead, tab)) for instead in error.suggestions]
    before, after = text[: error.start], text[error.end :]
    return Mistake(
        message=error.message,
        before=before if len(before) <= 120 else "…" + before[-119:],
        place=_cut(text[error.start : error.end]),
        after=_cut(after),
        suggestions=suggestions[:5],
    )


def _cut(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


def _opening(tab: Tab) -> dict[str, Any]:
    """What the page shows before anything was asked. Commits need no words: theirs are the newest ones."""
    examples = [(text, words, tabs.search_url(text, tab)) for text, words in EXAMPLES[tab.key]]
    about = [operator for operator in OPERATORS if tab.key in ("code", "symbols") or operator.name in _ABOUT[tab.key]]
    return {"opening": True, "examples": examples, "operators": about}


def _hints(query: Query, tab: Tab) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(hint.message, [(text, tabs.search_url(text, tab)) for text in hint.suggestions]) for hint in query.hints]
