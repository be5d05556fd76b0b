"""What the page of a file shows: which way it can be shown, its lines with numbers, where a link leads."""

import posixpath
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from source.access import Code
from source.files import File
from source.listing import MAX_TARGET
from source.rendering.reading import MAX_LINES, FileLines
from source.submodules import submodule_address, submodule_links

CHUNK = 200  # lines that a browser lays out together; css/blob.css knows the number
IMAGES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico", ".svg"}
MEDIA = {".pdf": "PDF document", ".mp3": "sound", ".ogg": "sound", ".wav": "sound", ".flac": "sound", ".m4a": "sound"}
MEDIA |= {".mp4": "video", ".webm": "video", ".mov": "video", ".mkv": "video", ".avi": "video"}
DOCUMENTS = {".md": "markdown", ".markdown": "markdown", ".mdown": "markdown", ".mkd": "markdown", ".rst": "rst"}
DOCUMENTS |= {".rest": "rst", ".csv": "csv", ".tsv": "tsv", ".ipynb": "notebook"}


def way_to_show(file: File, *, plain: bool) -> str:
    """The name of the part of the page: submodule, symlink, lfs, image, a format of DOCUMENTS, lines, or a state."""
    if file.entry.type == "commit":
        return "submodule"
    if file.entry.is_symlink:
        return "symlink"
    state = file.facts.state
    if state == "missing" or file.lfs_size is not None:
        return "lfs" if file.lfs_size is not None else state
    if file.suffix in IMAGES and state != "empty" and not (plain and state == "text"):
        return "image"
    if file.suffix in MEDIA:
        return "media"
    if file.suffix in DOCUMENTS and state in ("text", "long") and not plain:
        return DOCUMENTS[file.suffix]
    return file.way_of_source


def has_two_ways(file: File) -> bool:
    """Whether there is both a rendered view and the source."""
    return file.suffix in DOCUMENTS or (file.suffix == ".svg" and file.facts.state == "text")


def numbered(lines: FileLines) -> SafeString:
    """Lines with their numbers. Each is an element whose id is its address, and works without script."""
    rows = [
        f'<span id="L{n}"><a href="#L{n}" tabindex="-1">{n}</a>{line}\n</span>'
        for n, line in enumerate(lines.html.split("\n"), 1)
    ]
    chunks = ("".join(rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK))
    return mark_safe("".join(f"<code>{chunk}</code>" for chunk in chunks))  # noqa: S308 escaped line by line


def lines_context(file: File, *, whole: bool) -> dict[str, Any]:
    lines = file.lines(whole=whole)
    if lines is None:
        return {"lines": None}
    return {"lines": lines, "numbered": numbered(lines), "cut": file.facts.lines > MAX_LINES}


def symlink_context(code: Code, file: File) -> dict[str, Any]:
    """Where a link leads: one step, and only within the revision. A loop is just a link to a link."""
    target = file.content(MAX_TARGET) or b""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(code.path), target))
    inside = bool(target) and b"\0" not in target and not path.startswith((b"/", b"../")) and path != b".."
    path = b"" if path == b"." else path
    found = code.reader.at(code.revision.commit.tree, path) if inside else None
    url = code.address("tree" if found.type == "tree" else "blob", path=path) if found else ""
    return {"target": target, "target_url": url, "target_inside": inside}


def submodule_context(request: HttpRequest, code: Code, file: File) -> dict[str, Any]:
    known = submodule_links(code, [code.path], request.user).get(code.path, {"url": "", "project": None})
    project = known["project"]
    url = submodule_address(project, file.oid) if project else ""
    return {"submodule_url": known["url"], "submodule_project": project, "submodule_address": url}


def media_context(file: File) -> dict[str, Any]:
    return {"media": MEDIA[file.suffix]}


def image_context(code: Code) -> dict[str, Any]:
    """The address that shows the same for ever, which browsers need not ask for again."""
    return {"image_url": code.address("raw", revision=code.revision.oid.encode("ascii"))}
