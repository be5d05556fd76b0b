"""A file's bytes as they are, so that a browser can do nothing with them but show text or a picture, or save them."""

import unicodedata

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from gitstore.outputs import GitOutput
from gitstore.records import Limits, TreeEntry
from source.access import Code, Missing
from source.files import File

AT_ONCE_BYTES = 1024**2  # handed out from memory; larger ones are streamed
LIMITS = Limits(seconds=600, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**3)
# Large files that are not deltas are then unpacked piece by piece by git too.
STREAMED = ("-c", "core.bigFileThreshold=8m", "cat-file", "blob")
POLICY = "default-src 'none'; sandbox"
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\0\0\1\0", "image/x-icon"),
)


def raw_entry(code: Code) -> TreeEntry:
    """The file at the address. Raises Missing for folders and submodules."""
    entry = code.entry()
    if entry.type != "blob":
        raise Missing("This is not a file.", code.revision, code.path)
    return entry


def raw_response(request: HttpRequest, code: Code, entry: TreeEntry) -> HttpResponseBase:
    """The bytes with a type that is safe to open. Raises Missing when the repository lacks them."""
    file = File(code, entry, lines_wanted=False)
    found = code.reader.read(entry.oid, AT_ONCE_BYTES)
    if found is None:
        raise Missing("The repository lacks the content of this file.", code.revision, code.path)
    response, head = _body(request, code, found.oid, found.content)
    kind = safe_type(file, head, found.size)
    saved = "download" in request.GET or kind == "application/octet-stream"
    response["Content-Type"] = kind
    response["Content-Length"] = str(found.size)
    response["Content-Disposition"] = content_disposition_header(saved, file_name(file.name)) or "inline"
    response["Accept-Ranges"] = "none"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _body(
    request: HttpRequest, code: Code, oid: str, content: bytes | None
) -> tuple[HttpResponse | StreamingHttpResponse, bytes]:
    """The answer without headers, and how the content begins."""
    if content is not None:
        return HttpResponse(content), content
    output = GitOutput(code.mirror.path, [*STREAMED, oid], LIMITS)
    head = output.head[:8192]
    if request.method == "HEAD":
        output.close()
        return HttpResponse(), head
    return StreamingHttpResponse(output), head


def safe_type(file: File, head: bytes, size: int) -> str:
    """Text is plain text whatever it is called; pictures keep their type; all else is only good for saving."""
    picture = next((kind for magic, kind in _PICTURES if head.startswith(magic)), "")
    if not picture and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        picture = "image/webp"
    if not picture and head[4:12] in (b"ftypavif", b"ftypavis"):
        picture = "image/avif"
    if picture and not (picture == "image/bmp" and file.suffix != ".bmp"):
        return picture
    state = file.facts.state
    if state == "binary" or (state in ("large", "undecodable") and not _looks_like_text(head)):
        return "application/octet-stream"
    if file.suffix == ".svg" and b"<svg" in head[:4096].lower():
        return "image/svg+xml"  # its policy lets it be no more than a picture
    return f"text/plain; charset={file.facts.charset}" if size else "text/plain; charset=utf-8"


def file_name(name: str) -> str:
    """The name for the browser's disk, without what would break the header or mislead about the ending."""
    kept = (c if unicodedata.category(c)[0] != "C" and c not in '/\\"' else "_" for c in name)
    return "".join(kept)[:200] or "file"


def _looks_like_text(head: bytes) -> bool:
    return b"\0" not in head[:8000]
