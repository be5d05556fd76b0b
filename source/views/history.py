"""History of a project, a folder or a file."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from common.htmx import wants_fragment
from gitstore.pathhistory import Filter
from source.access import Code, Missing
from source.authors import author_urls
from source.caching import PAGE, unkept
from source.forms import HistoryForm
from source.frame import frame
from source.history import FIRST_SECONDS, MORE_SECONDS, Page, Place, read_page, read_place
from source.pages import code_page


def _identity(code: Code) -> str | None:
    """The commit, and the one that the mailmap is read from."""
    return f"{code.commit_id} {code.repository.head_commit}"


@code_page("commits", cache=PAGE, identity=_identity)
def commits(request: HttpRequest, code: Code) -> HttpResponseBase:
    part = wants_fragment(request)
    place = read_place(code, request)
    form = HistoryForm(request.GET)
    valid = form.is_valid()
    wanted = form.wanted() if valid else Filter()
    seconds = MORE_SECONDS if place.skip or part or "wait" in request.GET else FIRST_SECONDS
    page = read_page(code, place, wanted, seconds) if valid else Page()
    if code.path and valid and not (page.rows or wanted or place.skip) and page.complete:
        raise Missing("There is no such file or folder in this history.", code.revision, code.path)
    context = {**frame(code, "commits"), "page": page, "form": form, "filtered": bool(wanted) or not valid}
    context["people"] = author_urls(request.user, (row.commit.author.email for row in page.rows))
    context |= {"older_url": _url(request, code, page.older), "newer_url": _url(request, code, page.newer)}
    context |= {"clear_url": code.address("commits")}
    template = "source/_history_part.html" if part else "source/history.html"
    response = render(request, template, context, status=200 if valid else 422)
    return response if page.complete else unkept(response)


def _url(request: HttpRequest, code: Code, place: Place | None) -> str:
    if place is None:
        return ""
    query = request.GET.copy()
    query.pop("wait", None)
    query["after"] = place.cursor
    for key in [key for key, value in query.items() if not value]:
        del query[key]
    return f"{code.address('commits')}?{query.urlencode()}"
