"""Blame: each line of a file with the commit it comes from."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render

from common.htmx import wants_fragment
from gitstore.records import TreeEntry
from source.access import Code, Missing
from source.authors import author_urls
from source.blame import (
    FIRST_SECONDS,
    MAX_BYTES,
    MORE_SECONDS,
    PART,
    Ignoring,
    file_blame,
    file_lines,
    groups,
    ignoring,
    readable,
)
from source.caching import PAGE, unkept
from source.frame import frame
from source.pages import code_page


def _identity(code: Code) -> str | None:
    """The commit, and the one that the mailmap is read from."""
    return f"{code.revision.oid} {code.repository.head_commit}"


@code_page("blame", cache=PAGE, identity=_identity)
def blame(request: HttpRequest, code: Code) -> HttpResponseBase:
    entry = code.entry()
    if entry.type == "tree":
        return redirect(code.address("tree"))
    if entry.type == "commit":
        raise Missing("A submodule is another repository: its files have their blame there.", code.revision, code.path)
    if line := _number(request, "line"):
        return unkept(redirect(f"{_url(request, code, -(-line // PART), line='')}#L{line}"))
    found = code.reader.read(entry.oid, MAX_BYTES)
    content = found.content if found else None
    context = {**frame(code, "blame"), "state": readable(content), "size": found.size if found else 0}
    complete = True
    if content is not None and not context["state"]:
        context |= _blamed(request, code, entry, content)
        complete = context["blame"].complete
    part = wants_fragment(request)
    response = render(request, "source/_blame_part.html" if part else "source/blame.html", context)
    return response if complete else unkept(response)


def _blamed(request: HttpRequest, code: Code, entry: TreeEntry, content: bytes) -> dict[str, Any]:
    said = ignoring(code)
    off = request.GET.get("ignore") == "no"
    waits = "wait" in request.GET
    found = file_blame(code, code.path, Ignoring() if off else said, MORE_SECONDS if waits else FIRST_SECONDS)
    found = replace(found, commits=code.erased.within(found.commits))
    lines = file_lines(code, entry, content)
    pages = -(-len(lines) // PART)
    number = _page(request, pages)
    first = (number - 1) * PART + 1
    part = lines[first - 1 : first - 1 + PART]
    people = author_urls(request.user, {commit.author.email for commit in found.commits.values()})
    context = {"blame": found, "said": said, "off": off, "waits": waits, "lines": len(lines), "number": number}
    context |= {"groups": groups(code, found, part, first, people), "pages": pages, "last": first + len(part) - 1}
    context |= {"first": first, "part_lines": PART}
    context["next_url"] = _url(request, code, number + 1) if number < pages else ""
    context["previous_url"] = _url(request, code, number - 1) if number > 1 else ""
    context["wait_url"] = _url(request, code, number, wait="1")
    context["switch_url"] = _url(request, code, number, ignore="" if off else "no")
    return context


def _page(request: HttpRequest, pages: int) -> int:
    return min(max(_number(request, "page"), 1), pages)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text[:9]) if text.isdecimal() else 0


def _url(request: HttpRequest, code: Code, page: int, **more: str) -> str:
    query = request.GET.copy()
    query.pop("wait", None)
    query["page"] = str(page)
    for key, value in more.items():
        query[key] = value
    for key in [key for key, value in query.items() if not value or (key, value) == ("page", "1")]:
        del query[key]
    return f"{code.address('blame')}?{query.urlencode()}"
