"""What each tab of the search page shows for a query."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from activity.commit_search import CommitHit
from projects.catalog import unanswered
from search import tabs
from search.engine import Answer, Request
from search.found import code, others, projects
from search.found.coverage import coverage
from search.query import Query, QueryError, parse
from search.query.editing import (
    has_words,
    left_out,
    top_fields,
    with_one_of,
    with_value,
    without,
    without_node,
    without_types,
    words_of,
)
from search.query.resolve import resolve
from search.query.tree import Text
from search.query.words import quoted
from search.tabs import Tab
from search.views.asking import ask
from source.addresses import address

CURSOR_CHARACTERS = 500
PROJECTS_LIKE = 3
COMMITS = 50
_LIKE_PATTERN = re.compile(r"\.[*+]|\\[wdsb]|\][*+]|\|.*\)")


def answer_for(request: HttpRequest, query: Query, tab: Tab) -> dict[str, Any]:
    """The context of one tab. Raises QueryError."""
    answers = {"projects": _projects, "people": _people, "commits": _commits}
    return answers[tab.key](request, query) if tab.key in answers else _code(request, query, tab)


def _people(request: HttpRequest, query: Query) -> dict[str, Any]:
    hits, left_out = others.find_people(query, request.user)
    return {"people": [(hit, others.person_url(hit.person)) for hit in hits], "left_out": left_out}


def _commits(request: HttpRequest, query: Query) -> dict[str, Any]:
    given = [request.GET.get(name, "") for name in ("author", "since", "until")]
    narrowed = others.CommitFilter.read(*given)
    after = request.GET.get("after", "")[:CURSOR_CHARACTERS]
    found = others.find_commits(query, request.user, narrowed, after, query.count or COMMITS)
    more = {"author": narrowed.author, "since": narrowed.since, "until": narrowed.until}
    tab = tabs.TABS[-1]
    return {
        "found": found.page,
        "commits": [_commit_row(hit) for hit in found.page.hits],
        "narrowed": narrowed,
        "left_out": found.left_out,
        "after": after,
        "first_url": tabs.search_url(query.text, tab, **more),
        "next_url": tabs.search_url(query.text, tab, **more, after=found.page.next) if found.page.next else "",
    }


def _projects(request: HttpRequest, query: Query) -> dict[str, Any]:
    found = projects.find_projects(query, request.user)
    if found.words and not found.selection.answer.found:
        unanswered.note(found.selection.question)
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    pages = max(1, -(-len(found.ids) // projects.PAGE_SIZE))
    number = min(max(number, 1), pages)
    ids = found.ids[(number - 1) * projects.PAGE_SIZE : number * projects.PAGE_SIZE]
    return {
        "total": len(found.ids),
        "left_out": found.left_out,
        "lines": [(project, found.why(project)) for project in projects.shown_projects(ids, request.user)],
        "page": number,
        "pages": pages,
        "previous_url": tabs.search_url(query.text, tabs.TABS[0], page=str(number - 1)) if number > 1 else "",
        "next_url": tabs.search_url(query.text, tabs.TABS[0], page=str(number + 1)) if number < pages else "",
        "catalog_url": f"{reverse('projects:catalog')}?{urlencode({'q': found.words})}" if found.words else "",
        "code_url": tabs.search_url(without_types(query.text), tabs.DEFAULT),
    }


def wanted_of(request: HttpRequest, query: Query, tab: Tab) -> Request:
    return resolve(query, request.user, (tab.kind,))


def _code(request: HttpRequest, query: Query, tab: Tab) -> dict[str, Any]:
    after = request.GET.get("after", "")[:CURSOR_CHARACTERS]
    wanted = replace(
        wanted_of(request, query, tab), after=after or None, wants_total="all" in request.GET and not after
    )
    answer = ask(wanted)
    files = code.shown_files(answer, request.user, query.text, tab.key)
    return {
        "files": files,
        "answer": answer,
        "after": after,
        "first_url": tabs.search_url(query.text, tab),
        "next_url": tabs.search_url(query.text, tab, after=answer.next) if answer.next else "",
        "coverage": coverage(request.user),
        "by_zoekt": settings.SEARCH_ENGINE == "zoekt",
        "unanswered": any(note.kind == "failed" for note in answer.notes),
        "wider": [] if files else _wider(query, tab),
        "exactly": _exactly(query, tab) if files and not after else None,
        **({} if after or tab != tabs.DEFAULT else _projects_like(request, query)),
        **counted(request, query, tab, answer),
    }


def _exactly(query: Query, tab: Tab) -> tuple[str, str] | None:
    """The symbols of this very name, where a part of one was typed: the query and its address."""
    word = query.tree
    if tab.key != "symbols" or not isinstance(word, Text) or word.quoted or word.text.endswith("*"):
        return None
    text = f"{query.text[: word.start]}{quoted(word.text)}{query.text[word.end :]}"
    return text, tabs.search_url(text, tab)


def _wider(query: Query, tab: Tab) -> list[tuple[str, str]]:
    """Other questions where this one found nothing: without an operator, without regard to capitals, with one of the
    words, in other things."""
    chosen = [(f"without {given.name}:{given.value}", without(query, given)) for given in top_fields(query.tree)]
    if query.case != "no" and any(c.isupper() for c in re.sub(r"\b(?:AND|OR|NOT)\b", "", query.text)):
        plain = re.sub(r"(?i)(?:^|(?<=\s))case:\S+\s*", "", query.text)
        chosen.append(("in capital or small letters", f"{plain.strip()} case:no"))
    if len(some := words_of(query.tree)) > 1:
        chosen.append(("one of the words", with_one_of(query, some)))
    chosen += _as_pattern(query) if tab.key == "code" else []
    here = [(words, tabs.search_url(text, tab)) for words, text in chosen if text]
    return here + _elsewhere(query, tab)


def _as_pattern(query: Query) -> list[tuple[str, str]]:
    """The query with a word that looks like a regular expression taken for one."""
    for word in [query.tree] if isinstance(query.tree, Text) else words_of(query.tree):
        if not word.quoted and _LIKE_PATTERN.search(word.text):
            escaped = word.text.replace("/", "\\/")
            text = f"{query.text[: word.start]}/{escaped}/{query.text[word.end :]}"
            try:
                parse(text)
            except QueryError:
                continue
            return [("as a regular expression", text)]
    return []


def _elsewhere(query: Query, tab: Tab) -> list[tuple[str, str]]:
    """The same words in names of files, in all code, and in messages of commits."""
    if not has_words(query.tree):
        return []
    plain = without_types(query.text)
    commits = ("in messages of commits", tabs.search_url(plain, tabs.TABS[-1]))
    if tab != tabs.DEFAULT:
        return [("anywhere in code", tabs.search_url(plain)), commits]
    return [commits] if query.types else [("in names of files", tabs.search_url(f"{plain} type:file")), commits]


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


def counted(request: HttpRequest, query: Query, tab: Tab, answer: Answer) -> dict[str, Any]:
    """The total and the facets. Each value is a link to the narrower query, a chosen one to the wider, with a link that
    leaves it out; what is left out already can come back."""
    chosen = {(given.name, given.value.casefold()): given for given in top_fields(query.tree)}
    groups = []
    for name, label, values in code.facets(answer, request.user):
        rows = []
        for value in values[: code.FACET_VALUES]:
            given = chosen.get((name, value.value.casefold()))
            text = without(query, given) if given else with_value(query, name, value.value)
            none = "" if given else tabs.search_url(with_value(query, name, value.value, "-"), tab)
            rows.append((value, tabs.search_url(text, tab), none))
        if rows:
            groups.append((label, rows, max(0, len(values) - len(rows))))
    return {
        "answer": answer,
        "groups": groups,
        "left_out_here": [
            (given, tabs.search_url(without_node(query, node), tab)) for given, node in left_out(query.tree)
        ],
        "all_url": tabs.search_url(query.text, tab, all="1"),
        "count_query": tabs.search_url(query.text, tab).partition("?")[2],
        "projects_found": len(answer.facets.repositories),
    }


def _commit_row(hit: CommitHit) -> dict[str, Any]:
    """The commit with its address in a project whose code the viewer may read; empty where there is none."""
    whole = [project for project in hit.projects if not project.subdirectory]
    url = address(whole[0], "commit", hit.commit.oid.encode("ascii")) if whole else ""
    return {
        "commit": hit.commit,
        "person": hit.person,
        "person_url": others.person_url(hit.person),
        "url": url,
        "projects": hit.projects,
    }
