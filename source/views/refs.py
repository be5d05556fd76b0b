"""Lists of branches and of tags."""

import time
from typing import TypeVar

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gitstore.reflists import BranchRow, TagRow
from source.access import Code
from source.frame import frame
from source.pages import code_page
from source.reflists import all_branches, all_tags, is_stale, refs_key
from source.reflists import branches as shown_branches
from source.reflists import tags as shown_tags

A_PAGE = 50
Row = TypeVar("Row", BranchRow, TagRow)
SHOW = {"active": "Active", "stale": "Stale", "all": "All"}


@code_page("branches")
def branches(request: HttpRequest, code: Code) -> HttpResponse:
    rows = all_branches(code, refs_key(code))
    default = next((row for row in rows if row.ref == code.default_ref), None)
    show = request.GET.get("show", "active")
    chosen, tabs = _sorted_out(request, rows, show if show in SHOW else "active", default)
    page = Paginator(chosen, A_PAGE).get_page(request.GET.get("page"))
    count = "counts" in request.GET
    listed = shown_branches(code, code.erased.within(list(page)), default, count=count)
    context = frame(code, "branches", about_revision=False) | {"page": page, "branches": listed, "tabs": tabs}
    context |= {"q": request.GET.get("q", ""), "show": show, "default_row": default}
    context["uncounted"] = not count and not all(branch.counted for branch in listed)
    if "HX-Request" in request.headers and count:
        return render(request, "source/_branches_table.html", context)
    return render(request, "source/branches.html", context)


@code_page("tags")
def tags(request: HttpRequest, code: Code) -> HttpResponse:
    rows = _matching(request, all_tags(code, refs_key(code)))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    listed = code.erased.within(shown_tags(code, list(page)))
    context = frame(code, "tags", about_revision=False) | {"page": page, "tags": listed}
    return render(request, "source/tags.html", context | {"q": request.GET.get("q", "")})


def _matching(request: HttpRequest, rows: list[Row]) -> list[Row]:
    words = request.GET.get("q", "").lower().encode("utf-8", "surrogateescape").split()
    return [row for row in rows if all(word in row.name.lower() for word in words)] if words else rows


def _sorted_out(
    request: HttpRequest, rows: list[BranchRow], show: str, default: BranchRow | None
) -> tuple[list[BranchRow], list[dict[str, object]]]:
    """Branches to list with the default one on top, and tabs with counts."""
    found, now = _matching(request, rows), time.time()
    kinds: dict[str, list[BranchRow]] = {"active": [], "stale": [], "all": found}
    for row in found:
        kinds["active" if row is default or not is_stale(row, now) else "stale"].append(row)
    query = request.GET.copy()
    query.pop("page", None)
    query.pop("counts", None)
    tabs: list[dict[str, object]] = []
    for kind, words in SHOW.items():
        query["show"] = kind
        count = len(kinds[kind])
        tabs.append({"words": words, "url": f"?{query.urlencode()}", "current": kind == show, "count": str(count)})
    return sorted(kinds[show], key=lambda row: row is not default), tabs
