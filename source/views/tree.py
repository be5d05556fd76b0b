"""A folder of a revision: its entries with their last commits, and the README below."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from gitstore.archives import FORMATS
from source.access import Code, Missing
from source.caching import PAGE, unkept
from source.entries import Entries
from source.frame import frame
from source.lasts import FIRST_SECONDS, MORE_SECONDS, Lasts, last_commits
from source.listing import Listing, list_folder
from source.pages import code_page
from source.readme import folder_readme


@code_page("tree", cache=PAGE)
def tree(request: HttpRequest, code: Code) -> HttpResponseBase:
    entry = code.entry()
    if entry.type == "blob":
        return redirect(code.address("blob"))
    listing, lasts = _folder(request, code, MORE_SECONDS if "wait" in request.GET else FIRST_SECONDS)
    entries = Entries(request, code, listing, lasts)
    context = {**frame(code, "tree"), "entries": entries, "listing": listing, **_readme(code, listing)}
    context["up"] = code.address("tree", path=code.path.rpartition(b"/")[0])
    context["archives"] = [(form, f"{code.address('archive')}.{form}") for form in FORMATS]
    response = render(request, "source/tree.html", context)
    return response if lasts.walk.complete and not entries.has_submodules else unkept(response)


@code_page("lasts")
def lasts(request: HttpRequest, code: Code) -> HttpResponseBase:
    """The cells of last commits that were found meanwhile, for a page that is on somebody's screen."""
    listing, lasts = _folder(request, code, MORE_SECONDS)
    seen = request.GET.get("seen", "")
    context = {
        **frame(code, "tree"),
        "entries": Entries(request, code, listing, lasts, seen=int(seen[:9]) if seen.isdecimal() else 0),
    }
    return unkept(render(request, "source/_lasts.html", context))


def _folder(request: HttpRequest, code: Code, seconds: float) -> tuple[Listing, Lasts]:
    entry = code.entry()
    if entry.type != "tree":
        raise Missing("This is not a folder.", code.revision, code.path)
    number = request.GET.get("page", "1")
    listing = list_folder(code.reader, entry.oid, int(number[:9]) if number.isdecimal() else 1)
    return listing, last_commits(code, code.path, listing, seconds)


def _readme(code: Code, listing: Listing) -> dict[str, Any]:
    found = folder_readme(code, listing)
    if found is None:
        return {"readme": None}
    entry, html = found
    path = b"/".join(filter(None, [code.path, entry.path]))
    return {"readme": {"entry": replace(entry, path=path), "name": entry.path, "html": html}}
