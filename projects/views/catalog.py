"""The catalog page and its exports."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from common.htmx import render_fragment
from projects import exports
from projects.catalog import unanswered
from projects.catalog.facets import FACETS_BY_KEY, SORTS
from projects.catalog.index import Row
from projects.catalog.query import VIEWS, CatalogQuery
from projects.catalog.reasons import reason
from projects.catalog.selection import Selection, select
from projects.models import Project

TOPICS_SHOWN = 5
SHOWN = (
    *("slug", "name", "tagline", "visibility", "licence", "lifecycle", "star_count"),
    *("commits_90d", "contributors_90d", "weeks", "last_commit_at", "owner__name"),
)


@dataclass(frozen=True)
class Chip:
    """A part of the question with the address that drops it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class Line:
    """One project of the page with what the index knows of it: its first topics, its main language, why it is here."""

    project: Project
    url: str
    team: str
    topics: tuple[str, ...]
    hidden_topics: int
    language: str
    colour: str
    reason: str


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    query = CatalogQuery.from_parameters(request.GET)
    selection = select(query, request.user)
    if selection.question.words and not selection.answer.found:
        unanswered.note(selection.question)
    query = query.change(page=selection.page)
    context = _context(query, selection) | {
        "lines": _lines(selection, request.user),
        "may_register": _may_register(request.user),
    }
    response = render_fragment(request, "projects/catalog.html", "projects/_catalog_results.html", context)
    response["HX-Push-Url"] = reverse("projects:catalog") + query.query_string().rstrip("?")
    return response


@require_safe
def export_json(request: HttpRequest) -> StreamingHttpResponse:
    return _export(request, exports.json_chunks, "application/json", "json")


@require_safe
def export_csv(request: HttpRequest) -> StreamingHttpResponse:
    return _export(request, exports.csv_chunks, "text/csv; charset=utf-8", "csv")


def _export(
    request: HttpRequest,
    chunks: Callable[[Sequence[int], User | AnonymousUser], Iterator[str]],
    content_type: str,
    extension: str,
) -> StreamingHttpResponse:
    ids = select(CatalogQuery.from_parameters(request.GET), request.user).ids
    response = StreamingHttpResponse(chunks(ids, request.user), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="projects.{extension}"'
    return response


def _context(query: CatalogQuery, selection: Selection) -> dict[str, Any]:
    return {
        "query": query,
        "selection": selection,
        "chips": _chips(query, selection),
        "ignored": [Chip(FACETS_BY_KEY[k].label, v, query.without(k, v).query_string()) for k, v in selection.ignored],
        "relief": _relief(query, selection),
        "sorts": _sorts(query),
        "views": _views(query),
        "clear_url": query.change(text="", selected={}).query_string(),
        "export_query": query.change(view="list").query_string(),
        "register_url": reverse("sync:register"),
        **_pages(query, selection),
    }


def _may_register(user: User | AnonymousUser) -> bool:
    """Who sees the button; the registration page decides for itself."""
    return isinstance(user, User) and (user.is_administrator or bool(settings.REGISTER_OPEN))


def _lines(selection: Selection, user: User | AnonymousUser) -> list[Line]:
    """The rows of the page. The database is asked once more for permission, so a stale index shows nothing hidden."""
    ids = [row.project_id for row in selection.rows]
    wanted = Project.objects.visible_to(user).filter(pk__in=ids).select_related("owner").only(*SHOWN)
    projects = {project.pk: project for project in wanted.order_by()}
    return [_line(projects[row.project_id], row, selection) for row in selection.rows if row.project_id in projects]


def _line(project: Project, row: Row, selection: Selection) -> Line:
    language, colour = row.languages[0] if row.languages else ("", "")
    return Line(
        project=project,
        url=project.get_absolute_url(),
        team=project.owner.name if project.owner else "",
        topics=row.topics[:TOPICS_SHOWN],
        hidden_topics=max(0, len(row.topics) - TOPICS_SHOWN),
        language=language,
        colour=colour,
        reason=reason(selection.question, selection.answer, project.pk),
    )


def _chips(query: CatalogQuery, selection: Selection) -> list[Chip]:
    labels = {(group.facet.key, value.value): value.label for group in selection.groups for value in group.values}
    chips = [Chip("Text", query.text, query.change(text="").query_string())] if query.text else []
    for key, values in query.selected.items():
        known = [value for value in values if (key, value) not in selection.ignored]
        chips += [
            Chip(FACETS_BY_KEY[key].label, labels.get((key, value), value), query.without(key, value).query_string())
            for value in known
        ]
    return chips


def _relief(query: CatalogQuery, selection: Selection) -> list[tuple[Chip, int]]:
    """What to drop when nothing was found, the most promising first."""
    result = []
    for key, count in sorted(selection.relief, key=lambda pair: -pair[1]):
        if key == "q":
            result.append((Chip("the words", query.text, query.change(text="").query_string()), count))
        else:
            result.append((Chip(FACETS_BY_KEY[key].label, "", query.without(key).query_string()), count))
    return result


def _sorts(query: CatalogQuery) -> list[tuple[str, str, bool]]:
    """Value, label, whether in force. The usual order has no value: it becomes relevance once there are words."""
    usual = "relevance" if query.text else "active"
    return [
        ("" if value == usual else value, label, value == query.order)
        for value, label in SORTS.items()
        if query.text or value != "relevance"
    ]


def _views(query: CatalogQuery) -> list[dict[str, Any]]:
    looks = {"list": ("List", "list-bullet"), "grid": ("Grid", "squares-2x2"), "table": ("Table", "table-cells")}
    return [
        {
            "url": query.change(view=view, page=query.page).query_string(),
            "label": looks[view][0],
            "icon": looks[view][1],
            "current": view == query.view,
        }
        for view in VIEWS
    ]


def _pages(query: CatalogQuery, selection: Selection) -> dict[str, Any]:
    """Addresses of the pages around this one; empty where there is none, or where numbers are left out."""

    def url(page: int) -> str:
        return query.change(page=page).query_string() if 1 <= page <= selection.pages else ""

    paginator = Paginator(range(selection.pages), 1)
    numbers = paginator.get_elided_page_range(selection.page, on_each_side=1, on_ends=1)
    return {
        "links": {"previous": url(selection.page - 1), "next": url(selection.page + 1)},
        "numbers": [(number, url(number) if isinstance(number, int) else "") for number in numbers],
    }
