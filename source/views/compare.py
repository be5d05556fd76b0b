"""Two revisions compared."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from source.access import Code, Missing
from source.addresses import address
from source.authors import author_urls
from source.comparisons import (
    COMMITS_A_PAGE,
    Apart,
    Sides,
    UnknownSide,
    compared,
    how_far,
    meant,
    new_commits,
    read_sides,
    split_spelling,
)
from source.diffs.page import diff_page, looked_at
from source.frame import default_spelling, frame
from source.names import plain
from source.pages import code_page
from source.texts import diff_response

SUFFIX = b".diff"


@code_page("compare")
def compare(request: HttpRequest, code: Code) -> HttpResponseBase:
    if "old" in request.GET or "new" in request.GET:
        return redirect(_asked(request, code))
    if not code.tail:
        return _form(request, code, default_spelling(code), b"...", b"")
    try:
        return _compared(request, code, read_sides(code, code.tail))
    except UnknownSide as unknown:
        if code.tail.endswith(SUFFIX):
            return _as_text(request, code)
        left, dots, right = split_spelling(code.tail)
        return _form(request, code, left, dots or b"...", right, unknown=unknown.name)


def _compared(request: HttpRequest, code: Code, sides: Sides) -> HttpResponse:
    apart = how_far(code, sides)
    place = looked_at(request, code, "compare", sides.spelling)
    page = diff_page(request, place, compared(sides, apart), sides.path)
    if sides.path and not page.total:
        raise Missing("No such file or folder differs between the two.", sides.new, sides.path)
    title = f"{plain(sides.spelling, 100)} · {code.project.name}"
    context = {**frame(code, "compare", title=title, about_revision=False), "page": page, "place": place}
    if sides.path and "HX-Request" in request.headers:
        return render(request, "source/_diff_files.html", context)
    context |= _sides(code, sides.old.spelling, sides.dots, sides.new.spelling)
    context |= {"sides": sides, "apart": apart, **_commits(request, code, sides, apart)}
    return render(request, "source/compare.html", context)


def _commits(request: HttpRequest, code: Code, sides: Sides, apart: Apart) -> dict[str, object]:
    asked = request.GET.get("commits", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 6 else 1
    commits = [] if sides.path else new_commits(code, sides, number)
    more = len(commits) == COMMITS_A_PAGE and (apart.ahead is None or apart.ahead > number * COMMITS_A_PAGE)
    base = address(code.project, "compare", sides.spelling)
    return {
        "commits": commits,
        "people": author_urls(request.user, (commit.author.email for commit in commits)),
        "newer": f"{base}?commits={number - 1}" if number > 1 else "",
        "older": f"{base}?commits={number + 1}" if more else "",
    }


def _sides(code: Code, old: bytes, dots: bytes, new: bytes) -> dict[str, object]:
    """What the form shows."""
    other = b".." if dots == b"..." else b"..."
    return {
        "old": old.decode("utf-8", "replace"),
        "new": new.decode("utf-8", "replace"),
        "dots": dots.decode("ascii"),
        "form_url": address(code.project, "compare"),
        "swap_url": address(code.project, "compare", new + dots + old),
        "dots_url": address(code.project, "compare", old + other + new),
        "text_url": address(code.project, "compare", old + dots + new) + SUFFIX.decode("ascii"),
    }


def _form(
    request: HttpRequest, code: Code, old: bytes, dots: bytes, new: bytes, *, unknown: bytes | None = None
) -> HttpResponse:
    words = frame(code, "compare", title=f"Compare · {code.project.name}", about_revision=False)
    context = {**words, **_sides(code, old, dots, new), "unknown": unknown}
    context["meant"] = meant(code, code.tail, unknown) if unknown else []
    return render(request, "source/compare_form.html", context, status=404 if unknown is not None else 200)


def _asked(request: HttpRequest, code: Code) -> str:
    """The address of what the form was filled in with."""
    old, new = (request.GET.get(name, "").strip().encode("utf-8", "surrogateescape") for name in ("old", "new"))
    dots = b".." if request.GET.get("dots") == ".." else b"..."
    return address(code.project, "compare", old + dots + new)


def _as_text(request: HttpRequest, code: Code) -> HttpResponseBase:
    try:
        sides = read_sides(code, code.tail.removesuffix(SUFFIX))
    except UnknownSide as unknown:
        raise Missing("There is no such branch, tag or commit.") from unknown
    if sides.path:
        raise Missing("There is no such branch, tag or commit.")
    old, new = compared(sides, how_far(code, sides))
    return diff_response(request, code, old, new, fixed=sides.old.is_fixed and sides.new.is_fixed)
