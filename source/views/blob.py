"""A file: its page, and its bytes."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from activity.privacy import figures_are_shared
from source.access import Code
from source.authors import author_urls
from source.blobs import (
    DOCUMENTS,
    has_two_ways,
    image_context,
    lines_context,
    media_context,
    submodule_context,
    symlink_context,
    way_to_show,
)
from source.caching import BYTES, PAGE, unkept
from source.documents import document_context
from source.files import File
from source.frame import frame
from source.knowing import foremost, who_knows
from source.pages import code_page
from source.raw import raw_entry, raw_response

PARTS = ("lines", "people", "outline")


@code_page("blob", cache=PAGE)
def blob(request: HttpRequest, code: Code) -> HttpResponseBase:
    entry = code.entry()
    if entry.type == "tree":
        return redirect(code.address("tree"))
    if request.GET.get("line", "").isdecimal():
        query = "" if _is_lines(code) else "?plain=1"
        return unkept(redirect(f"{code.address('blob')}{query}#L{int(request.GET['line'][:9])}"))
    plain = "plain" in request.GET
    file = File(code, entry, lines_wanted=plain or _is_lines(code))
    part = request.GET.get("part")
    if part in PARTS:
        return _part(request, code, file, part)
    context = {
        **frame(code, "blob"),
        "document": None,
        "html": "",
        "file": file,
        "plain": plain,
        "way": way_to_show(file, plain=plain),
    }
    context |= {"two_ways": has_two_ways(file), **_content(request, code, file, context["way"])}
    response = render(request, "source/blob.html", context)
    settled = context.get("lines") is None or context["lines"].complete
    return response if settled and entry.type == "blob" else unkept(response)


def _is_lines(code: Code) -> bool:
    return not code.path.lower().endswith(tuple(suffix.encode() for suffix in DOCUMENTS))


def _content(request: HttpRequest, code: Code, file: File, way: str) -> dict[str, Any]:
    if way == "submodule":
        return submodule_context(request, code, file)
    if way == "symlink":
        return symlink_context(code, file)
    if way == "media":
        return media_context(file)
    if way == "image":
        return image_context(code)
    if way == "lines":
        return lines_context(file, whole=False)
    if way not in DOCUMENTS.values():
        return {}
    context = document_context(code, file, way)
    instead = {} if context["html"] else {"way": file.way_of_source, **lines_context(file, whole=False)}
    return {**context, **instead}


def _part(request: HttpRequest, code: Code, file: File, part: str) -> HttpResponseBase:
    context = {**frame(code, "blob"), "file": file, "part": part, "plain": False}
    if part == "people":
        found = who_knows(code)
        knowers = foremost(found) if figures_are_shared() else []
        emails = [who.email for who in knowers] + ([found.last.author.email] if found.last else [])
        people = author_urls(request.user, emails)
        context |= {"found": found, "knowers": knowers, "people": people}
    elif part == "outline":
        here = "" if "HX-Request" in request.headers else code.address("blob")
        context |= {"symbols": file.symbols(), "here": here}
    else:
        context |= lines_context(file, whole=True)
    alone = "HX-Request" not in request.headers
    response: HttpResponse = render(request, "source/blob_part.html" if alone else f"source/_blob_{part}.html", context)
    return unkept(response) if part == "people" and not context["found"].complete else response


def raw_identity(code: Code) -> str:
    entry = raw_entry(code)
    return f"raw {entry.oid} {code.path!r}"


@code_page("raw", cache=BYTES, identity=raw_identity)
def raw(request: HttpRequest, code: Code) -> HttpResponseBase:
    return raw_response(request, code, raw_entry(code))
