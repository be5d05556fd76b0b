"""The catalog page and its exports."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.models import User
from common.htmx import render_fragment
from projects import exports
from projects.catalog.facets import FACETS_BY_KEY, SORTS
from projects.catalog.query import VIEWS, CatalogQuery
from projects.catalog.selection import Selection, select
from projects.models import Project


@dataclass(frozen=True)
class Chip:
    """A part of the question with the address that drops it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class Line:
    """One project of the page with what the index knows of it; `languages` are [name, colour]."""

    project: Project
    topics: list[str]
    languages: list[list[str]]


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    query = CatalogQuery.from_parameters(request.GET)
    selection = select(query, request.user)
    query = query.change(page=selection.page)
    context = {
        "query": query,
        "selection": selection,
        "lines": _lines(selection, request.user),
        "chips": _chips(query, selection),
        "ignored": [Chip(FACETS_BY_KEY[k].label, v, query.without(k, v).query_string()) for k, v in selection.ignored],
        "relief": _relief(query, selection),
        "sorts": _sorts(query),
        "views": [(view, query.change(view=view, page=query.page).query_string()) for view in VIEWS],
        "exports": query.change(view="grid").query_string(),
        "links": _page_links(query, selection),
    }
    return render_fragment(request, "projects/catalog.html", "projects/_catalog_results.html", context)


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


def _lines(selection: Selection, user: User | AnonymousUser) -> list[Line]:
    """The rows of the page. The database is asked once more for permission, so a stale index shows nothing hidden."""
    ids = [row.project_id for row in selection.rows]
    projects = Project.objects.visible_to(user).filter(pk__in=ids).select_related("owner").defer("motivation").in_bulk()
    return [
        Line(projects[row.project_id], row.topics, row.languages)
        for row in selection.rows
        if row.project_id in projects
    ]


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
    """Value, label, whether in force; relevance only where there are words."""
    return [
        (value, label, value == query.order) for value, label in SORTS.items() if query.text or value != "relevance"
    ]


def _page_links(query: CatalogQuery, selection: Selection) -> dict[str, str]:
    """Addresses of the first, previous, next and last page, where there are such."""
    links: dict[str, str] = {}
    if selection.page > 1:
        links |= {"first": query.change(page=1).query_string()}
        links |= {"previous": query.change(page=selection.page - 1).query_string()}
    if selection.page < selection.pages:
        links |= {"next": query.change(page=selection.page + 1).query_string()}
        links |= {"last": query.change(page=selection.pages).query_string()}
    return links
