"""Pages for what is not there: an unknown revision or path, a repository without commits."""

import posixpath
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gitstore.errors import GitError, NotFound
from gitstore.nearby import near_paths, near_refs
from gitstore.revisions import Revision, spell, split_address
from projects.models import Project
from source.access import Code, Missing
from source.addresses import address
from source.frame import frame
from source.listing import MAX_TARGET

SHOWN = 8
_COUNTING = re.compile(rb"[~^]|@\{")  # what no name of a branch or tag holds


def missing_page(request: HttpRequest, code: Code, missing: Missing) -> HttpResponse:
    """404 that says what was looked for and what there is instead."""
    if not code.repository.head_commit and missing.revision is None:
        return nothing_page(request, code.project)
    title = f"Not found · {code.project.name}"
    context = {
        **frame(code, "missing", title=title, about_revision=False),
        "missing": missing,
        "revision": missing.revision,
        "sought": missing.path if missing.revision else code.tail.split(b"/")[0],
        "near": [],
        "counted": None,
        "link": None,
        "top": None,
        **_instead(code, missing),
    }
    response = render(request, "source/missing.html", context, status=404)
    response["Cache-Control"] = "private, no-store"
    return response


def nothing_page(request: HttpRequest, project: Project) -> HttpResponse:
    """404 for a project whose repository holds no commit that could be shown."""
    context = {"project": project, "repository": project.repository}
    response = render(request, "source/nothing.html", context, status=404)
    response["Cache-Control"] = "private, no-store"
    return response


def _instead(code: Code, missing: Missing) -> dict[str, Any]:
    """Help to go on; none where the repository cannot be read, or reading it takes too long."""
    try:
        if missing.revision is None:
            return {"near": _near_revisions(code), "counted": _counted_from(code)}
        return {
            "near": _near_files(code, missing.revision, missing.path),
            "link": _through_a_link(code, missing.revision, missing.path),
            "top": _deepest(code, missing.revision, missing.path),
        }
    except GitError:
        return {}


def _near_revisions(code: Code) -> list[dict[str, Any]]:
    parts = code.tail.split(b"/")
    wanted = {parts[0], b"/".join(parts[:2])}
    names = [name for part in sorted(wanted) if part for name in near_refs(code.reader, part, SHOWN)]
    rows = []
    for name in list(dict.fromkeys(names))[:SHOWN]:
        hiding = {b"refs/heads/" + name.split(b"/", 2)[2]} if name.startswith(b"refs/tags/") else set()
        hiding = {ref for ref in hiding if code.reader.commit(ref) is not None}
        rows.append({"name": name.split(b"/", 2)[2], "url": address(code.project, "tree", spell(name, hiding))})
    return rows


def _counted_from(code: Code) -> Revision | None:
    """The revision that an expression such as `main~2` counts from. What it names moves, so it has no address."""
    name = _COUNTING.split(code.tail, maxsplit=1)[0]
    if name == code.tail:
        return None
    try:
        revision, path = split_address(code.reader, name, code.default_ref)
    except NotFound:
        return None
    return None if path else revision


def _near_files(code: Code, revision: Revision, path: bytes) -> list[dict[str, Any]]:
    return [
        {"name": found, "url": address(code.project, "blob", revision.spelling, found)}
        for found in near_paths(code.reader, revision.commit.tree, path, SHOWN)
    ]


def _through_a_link(code: Code, revision: Revision, path: bytes) -> dict[str, Any] | None:
    """Where the path leads when a part of it is a symbolic link: `at`, its `target`, and the `url` if it is inside."""
    names = path.split(b"/")
    for depth in range(1, len(names)):
        entry = code.reader.at(revision.commit.tree, b"/".join(names[:depth]))
        if entry is None or (entry.type != "tree" and not entry.is_symlink):
            return None
        if entry.is_symlink:
            found = code.reader.read(entry.oid, MAX_TARGET)
            target = (found.content or b"") if found else b""
            return {"at": entry.path, "target": target, **_behind(code, revision, entry.path, target, names[depth:])}
    return None


def _behind(code: Code, revision: Revision, at: bytes, target: bytes, rest: list[bytes]) -> dict[str, Any]:
    led = posixpath.normpath(posixpath.join(posixpath.dirname(at), target, *rest))
    if led.startswith((b"/", b"../")) or led == b"..":
        return {"path": b"", "url": ""}
    entry = code.reader.at(revision.commit.tree, led)
    if entry is None:
        return {"path": led, "url": ""}
    page = "tree" if entry.type == "tree" else "blob"
    return {"path": led, "url": address(code.project, page, revision.spelling, led)}


def _deepest(code: Code, revision: Revision, path: bytes) -> dict[str, Any]:
    """The last folder of the path that is there."""
    names = path.split(b"/")[:-1]
    while names:
        entry = code.reader.at(revision.commit.tree, b"/".join(names))
        if entry is not None and entry.type == "tree":
            break
        names.pop()
    folder = b"/".join(names)
    return {"name": folder, "url": address(code.project, "tree", revision.spelling, folder)}
