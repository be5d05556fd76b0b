"""Beside the results: offers while typing, one file with all its lines, what is not indexed, how to search."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from common.htmx import render_fragment, wants_fragment
from common.markdown import render_markdown
from projects.access import Moved, get_visible_project, maintains_whole
from projects.models import Project
from search import tabs
from search.engine import SKIP_REASONS, AllOf, Repositories, Request
from search.engine import Path as PathMatcher
from search.found import code
from search.found.indexed import indexed_projects
from search.models import IndexState
from search.palette import places
from search.query import QueryError, parse
from search.query.resolve import plain_pattern, resolve
from search.suggestions import suggest
from search.views.asking import ask
from search.views.results import mistake
from source.access import visible_code

FILES_TRIED = 20
RETRY_SECONDS = 30
NOT_NOW = ("failed", "rebuilding", "time")  # kinds of notes after which the same question may find the file
REPOSITORIES_SHOWN = 500
SKIPPED_SHOWN = 1_000


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    text = request.GET.get("q", "")
    at = request.GET.get("at", "")
    cursor = int(at) if at.isascii() and at.isdecimal() and len(at) < 7 else len(text)
    found = suggest(text, cursor, request.user)
    offers = [{"text": offer.text, "words": offer.words} for offer in found.offers]
    return JsonResponse({"start": found.start, "offers": offers})


@require_safe
def in_file(request: HttpRequest) -> HttpResponse:
    """All lines of one file that a query finds: a page, or its table for the page of results."""
    try:
        project = get_visible_project(request, request.GET.get("project", ""))
    except Moved as moved:
        project = moved.project
    if not visible_code(request, project):
        raise Http404("No project has this address.")
    text, asked = request.GET.get("q", ""), request.GET.get("type", "")
    path = unquote_to_bytes(request.GET.get("path", ""))
    tab = tabs.chosen(None, asked)
    context: dict[str, Any] = {"q": text, "path": path, "url": request.get_full_path()}
    try:
        query = parse(text)
        tab = tabs.chosen(query, asked)
        answer = ask(_about_one(resolve(query, request.user, (tab.kind,)), project, path))
    except QueryError as error:
        return _instead(request, context | {"tab": tab, "mistake": mistake(text, error, tab)}, 422)
    context |= {"tab": tab, "back_url": tabs.search_url(text, tab)}
    files = [file for file in code.shown_files(answer, request.user) if file.path == path]
    if files:
        return render_fragment(request, "search/in_file.html", "search/_lines.html", context | {"file": files[0]})
    if notes := [note for note in answer.notes if note.kind in NOT_NOW]:
        return _instead(request, context | {"notes": notes}, 503)
    raise Http404("The file has changed since, or has none of these lines.")


def _about_one(wanted: Request, project: Project, path: bytes) -> Request:
    """The same question about one file, with all its lines."""
    exactly = PathMatcher(plain_pattern(path.decode("utf-8", "replace")), True, True)
    narrowed = AllOf((wanted.matcher, Repositories(frozenset({project.repository_id})), exactly))
    return replace(wanted, matcher=narrowed, limit=FILES_TRIED, lines=None)


def _instead(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    """Why there are no lines, as a page of its own: htmx is sent there."""
    response = render(request, "search/in_file_not.html", context, status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    if wants_fragment(request):
        response["HX-Redirect"] = request.get_full_path()
    return response


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """The command palette as a page, or its rows for the dialog that every page has."""
    text = request.GET.get("q", "")
    context = {"q": text, "places": places(text, request.user)}
    return render_fragment(request, "search/palette.html", "search/_palette.html", context)


@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """Repositories with files that are not indexed, with an index that is behind, or with none yet."""
    rows = [row for row in indexed_projects(request.user) if row.worth_telling]
    return render(
        request, "search/coverage.html", {"rows": rows[:REPOSITORIES_SHOWN], "more": rows[REPOSITORIES_SHOWN:]}
    )


@require_safe
def skipped(request: HttpRequest, slug: str) -> HttpResponse:
    """Which files of one repository are not indexed, and why."""
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        project = moved.project
    if not visible_code(request, project):
        raise Http404("No project has this address.")
    state = IndexState.objects.visible_to(request.user).filter(repository=project.repository_id).first()
    files = state.skipped.all()[:SKIPPED_SHOWN] if state else []
    counts = sorted((state.skipped_counts if state else {}).items(), key=lambda count: -count[1])
    context = {
        "project": project,
        "state": state,
        "may_choose": maintains_whole(request.user, project.repository),
        "files": files,
        "counts": [(SKIP_REASONS.get(reason, reason), count) for reason, count in counts],
    }
    return render(request, "search/skipped.html", context)


@require_safe
def explained(request: HttpRequest) -> HttpResponse:
    return render(request, "search/help.html", {"text": _help()})


@lru_cache(maxsize=1)
def _help() -> SafeString:
    """docs/search.md as HTML without its heading; once in the life of the process."""
    path = Path(settings.BASE_DIR) / "docs" / "search.md"
    if not path.is_file():
        raise Http404("The documents are not installed.")
    text = path.read_text(encoding="utf-8").partition("\n")[2]
    return mark_safe(render_markdown(text))  # noqa: S308 - our own document, sanitised
