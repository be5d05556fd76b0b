"""Go to a file by pieces of its name."""

import gzip

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from source.access import Code, Missing
from source.caching import BYTES, PAGE
from source.frame import frame
from source.pages import code_page
from source.pathlist import SHOWN, find_paths, for_browser, packed_paths


@code_page("find", cache=PAGE)
def find(request: HttpRequest, code: Code) -> HttpResponseBase:
    _only_a_revision(code)
    words = request.GET.get("q", "")[:250]
    packed = packed_paths(code.reader, code.revision.commit.tree)
    found = find_paths(packed, words)
    fixed = code.revision.oid.encode("ascii")
    context = {
        **frame(code, "find"),
        "words": words,
        "found": found,
        "limit": SHOWN,
        "paths_url": code.address("paths", revision=fixed),
        "blob_url": code.address("blob") + "/",
    }
    return render(request, "source/find.html", context)


@code_page("paths", cache=BYTES)
def paths(request: HttpRequest, code: Code) -> HttpResponseBase:
    """All paths for the browser's own search: see `source.pathlist.for_browser`."""
    _only_a_revision(code)
    body = for_browser(packed_paths(code.reader, code.revision.commit.tree))
    small = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(gzip.compress(body, 5) if small else body, content_type="text/plain; charset=utf-8")
    if small:
        response["Content-Encoding"] = "gzip"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _only_a_revision(code: Code) -> None:
    if code.path:
        raise Missing("There is no such branch, tag or commit.")
