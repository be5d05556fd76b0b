"""The search page: one field, a tab for each kind of thing, and an answer or the place of a mistake."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from search import tabs
from search.engine import Answer, Request
from search.found import code, projects
from search.found.coverage import coverage
from search.query import Query, QueryError, parse
from search.query.editing import has_words, top_fields, with_value, without, without_types
from search.query.operators import OPERATORS
from search.query.resolve import resolve
from search.tabs import Tab
from search.views.asking import ask

CURSOR_CHARACTERS = 500
PROJECTS_LIKE = 3
EXAMPLES = (
    ("RetryPolicy", "files with this word, capital letters as typed"),
    ('"connection refused" lang:go', "a phrase, in one language"),
    ("/timeout\\s*=\\s*\\d+/ -path:test", "a regular expression, tests left out"),
    ("TODO team:payments archived:no", "what one team left to do"),
)


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
        context |= _answer(request, query, tab) if query.tree else _opening()
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
        answer = ask(replace(_request(request, query, tab), limit=0, wants_total=True))
    except QueryError:
        return HttpResponse(status=422)
    return render(request, "search/_counts.html", {"later": True, **_counted(request, query, tab, answer)})


def mistake(text: str, error: QueryError, tab: Tab) -> Mistake:
    """What to show of a QueryError: a few words around the place, and other queries as links."""
    suggestions = [(instead, tabs.search_url(instead, tab)) for instead in error.suggestions]
    before, after = text[: error.start], text[error.end :]
    return Mistake(
        message=error.message,
        before=before if len(before) <= 120 else "…" + before[-119:],
        place=_cut(text[error.start : error.end]).replace("\0", "␀"),
        after=_cut(after),
        suggestions=suggestions[:5],
    )


def _cut(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"


def _opening() -> dict[str, Any]:
    """What the page shows before anything was asked."""
    examples = [(text, words, tabs.search_url(text)) for text, words in EXAMPLES]
    return {"opening": True, "examples": examples, "operators": OPERATORS}


def _hints(query: Query, tab: Tab) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(hint.message, [(text, tabs.search_url(text, tab)) for text in hint.suggestions]) for hint in query.hints]


def _answer(request: HttpRequest, query: Query, tab: Tab) -> dict[str, Any]:
    if tab.key == "projects":
        return _projects(request, query)
    return _code(request, query, tab)


def _projects(request: HttpRequest, query: Query) -> dict[str, Any]:
    found = projects.find_projects(query, request.user)
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    pages = max(1, -(-len(found.ids) // projects.PAGE_SIZE))
    number = min(max(number, 1), pages)
    ids = found.ids[(number - 1) * projects.PAGE_SIZE : number * projects.PAGE_SIZE]
    return {
        "total": len(found.ids),
        "left_out": found.left_out,
        "lines": projects.shown_projects(ids, request.user),
        "page": number,
        "pages": pages,
        "previous_url": tabs.search_url(query.text, tabs.TABS[0], page=str(number - 1)) if number > 1 else "",
        "next_url": tabs.search_url(query.text, tabs.TABS[0], page=str(number + 1)) if number < pages else "",
        "catalog_url": f"{reverse('projects:catalog')}?{urlencode({'q': found.words})}" if found.words else "",
        "code_url": tabs.search_url(without_types(query.text), tabs.DEFAULT),
    }


def _request(request: HttpRequest, query: Query, tab: Tab) -> Request:
    return resolve(query, request.user, (tab.kind,))


def _code(request: HttpRequest, query: Query, tab: Tab) -> dict[str, Any]:
    after = request.GET.get("after", "")[:CURSOR_CHARACTERS]
    wanted = replace(_request(request, query, tab), after=after or None, wants_total="all" in request.GET and not after)
    answer = ask(wanted)
    files = code.shown_files(answer, request.user, query.text, tab.key)
    return {
        "files": files,
        "answer": answer,
        "after": after,
        "first_url": tabs.search_url(query.text, tab),
        "next_url": tabs.search_url(query.text, tab, after=answer.next) if answer.next else "",
        "coverage": coverage(request.user),
        "wider": [] if files else _wider(query, tab),
        **({} if after or tab != tabs.DEFAULT else _projects_like(request, query)),
        **_counted(request, query, tab, answer),
    }


def _wider(query: Query, tab: Tab) -> list[tuple[str, str]]:
    """Other questions where this one found nothing: without an operator, without regard to capitals."""
    chosen = [(f"without {given.name}:{given.value}", without(query, given)) for given in top_fields(query.tree)]
    if query.case != "no" and any(c.isupper() for c in query.text):
        plain = re.sub(r"(?i)(?:^|(?<=\s))case:\S+\s*", "", query.text)
        chosen.append(("in capital or small letters", f"{plain.strip()} case:no"))
    return [(words, tabs.search_url(text, tab)) for words, text in chosen if text]


def _projects_like(request: HttpRequest, query: Query) -> dict[str, Any]:
    """The first few projects that the same words find, above the files."""
    text = without_types(query.text)
    found = projects.find_projects(query, request.user) if has_words(query.tree) else None
    if found is None or found.left_out or not found.ids:
        return {}
    return {
        "projects_like": projects.shown_projects(found.ids[:PROJECTS_LIKE], request.user),
        "projects_more": max(0, len(found.ids) - PROJECTS_LIKE),
        "projects_url": tabs.search_url(text, tabs.TABS[0]),
    }


def _counted(request: HttpRequest, query: Query, tab: Tab, answer: Answer) -> dict[str, Any]:
    """The total and the facets. Each value is a link to the narrower query, a chosen one to the wider."""
    chosen = {(given.name, given.value.casefold()): given for given in top_fields(query.tree)}
    groups = []
    for name, label, values in code.facets(answer, request.user):
        rows = []
        for value in values[: code.FACET_VALUES]:
            given = chosen.get((name, value.value.casefold()))
            text = without(query, given) if given else with_value(query, name, value.value)
            rows.append((value, tabs.search_url(text, tab), given is not None))
        if rows:
            groups.append((label, rows, max(0, len(values) - len(rows))))
    return {
        "answer": answer,
        "groups": groups,
        "all_url": tabs.search_url(query.text, tab, all="1"),
        "count_query": tabs.search_url(query.text, tab).partition("?")[2],
        "projects_found": len(answer.facets.repositories),
    }
