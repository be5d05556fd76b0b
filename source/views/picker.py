"""Another branch or tag for the page at hand: a list that is searched on the server, and a page without script."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from common.htmx import render_fragment
from gitstore.errors import NotFound
from gitstore.refsearch import find_refs, types_at
from gitstore.revisions import spell, split_address
from source.access import Code
from source.frame import AT_A_PATH, frame
from source.names import plain, text_of
from source.pages import code_page

SHOWN = 50
OPTIONS = 20
KINDS = (("branch", "Branches"), ("tag", "Tags"))


@code_page("refs")
def refs(request: HttpRequest, code: Code) -> HttpResponseBase:
    if request.GET.get("as") == "options":
        return _options(request, code)
    page = request.GET.get("to", "")
    page = page if page in AT_A_PATH else "tree"
    words = request.GET.get("q", "").strip()[:250]
    asked = words.encode("utf-8", "surrogateescape")
    groups = [_group(code, kind, title, asked, page) for kind, title in KINDS]
    context = {
        **frame(code, "refs", title=f"Branches and tags · {code.project.name}"),
        "groups": [group for group in groups if group["rows"]],
        "commit": _commit(code, words, page),
        "to": page,
        "words": words,
    }
    return render_fragment(request, "source/refs.html", "source/_refs.html", context)


def _options(request: HttpRequest, code: Code) -> HttpResponseBase:
    """What completes a field of the form that compares; a name that cannot be typed as it is shown is none."""
    words = (request.GET.get("old") or request.GET.get("new") or "").strip()[:250]
    values: list[str] = []
    for kind, _ in KINDS:
        names, _ = find_refs(code.reader, kind, words.encode("utf-8", "surrogateescape"), OPTIONS)
        branches = _hiding(code, names) if kind == "tag" else ()
        spelled = [spell(name, branches) for name in names]
        values += [text for name in spelled if (text := plain(name)) == text_of(name)]
    return render(request, "source/_ref_options.html", {"values": values})


def _group(code: Code, kind: str, title: str, words: bytes, page: str) -> dict[str, Any]:
    names, count = find_refs(code.reader, kind, words, SHOWN)
    branches = _hiding(code, names) if kind == "tag" else ()
    there = types_at(code.reader, names, code.path) if code.path else ["tree"] * len(names)
    rows = [
        {
            "name": name.split(b"/", 2)[2],
            "url": _url(code, spell(name, branches), type, page),
            "current": name == code.revision.ref,
            "default": name == code.default_ref,
        }
        for name, type in zip(names, there, strict=True)
    ]
    return {"title": title, "rows": rows, "count": count, "more": count - len(rows)}


def _hiding(code: Code, tags: list[bytes]) -> set[bytes]:
    """Branches that have the name of one of these tags, or of its first parts."""
    candidates = set()
    for tag in tags:
        parts = tag.split(b"/")[2:]
        candidates |= {b"refs/heads/" + b"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return {name for name in candidates if code.reader.commit(name) is not None}


def _url(code: Code, spelled: bytes, there: str, page: str) -> str:
    """The page at this revision, keeping the path where there is something at it."""
    if there not in ("tree", "blob"):
        return code.address("tree", revision=spelled, path=b"")
    if page in ("tree", "blob"):
        page = there
    return code.address(page, revision=spelled)


def _commit(code: Code, words: str, page: str) -> dict[str, Any] | None:
    """The commit whose id begins with the words."""
    if not 4 <= len(words) <= 64 or words.strip("0123456789abcdef"):
        return None
    try:
        revision, _ = split_address(code.reader, words.encode("ascii"), b"")
    except NotFound:
        return None
    if revision.ref is not None:
        return None
    entry = code.reader.at(revision.commit.tree, code.path)
    url = _url(code, revision.oid.encode("ascii"), entry.type if entry else "", page)
    return {"oid": revision.oid, "title": revision.commit.title, "url": url}
