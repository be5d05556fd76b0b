"""A revision, or a folder of it, as one file to take away."""

import threading
import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render

from gitstore.archives import FORMATS, open_archive, safe_name
from gitstore.errors import LimitExceeded
from gitstore.outputs import GitOutput
from gitstore.records import Limits
from gitstore.revisions import Revision, split_address
from source.access import Code, Missing
from source.caching import BYTES, stamp, tag_for, unchanged
from source.frame import frame
from source.pages import code_page

LIMITS = Limits(seconds=300, memory_bytes=2 * 1024**3, output_bytes=4 * 1024**3)
AT_ONCE = 3  # a process; each holds a thread for as long as somebody takes
RETRY_SECONDS = 20
LONGEST_SECONDS = 30 * 60  # however slowly somebody reads
TYPES = {"tar.gz": "application/gzip", "zip": "application/zip"}
_places = threading.BoundedSemaphore(AT_ONCE)


class Handed:
    """An archive on its way, which gives its place back when it is closed."""

    def __init__(self, output: GitOutput) -> None:
        self._until = time.monotonic() + LONGEST_SECONDS
        self._output = output
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._output:
            if time.monotonic() > self._until:
                raise LimitExceeded("The archive was taken away too slowly.", "Clone the repository instead.")
            yield piece

    def close(self) -> None:
        if self._open:
            self._open = False
            self._output.close()
            _places.release()


@code_page("archive")
def archive(request: HttpRequest, code: Code) -> HttpResponseBase:
    revision, path, form = _asked(code)
    tag = tag_for(request, code.project, BYTES, f"archive {form} {revision.oid} {path!r}")
    same = unchanged(request, tag, BYTES, fixed=revision.is_fixed)
    if same is not None:
        return same
    name = _name(code, revision, path)
    mirror = code.mirror.path
    response = _started(request, code, lambda: open_archive(mirror, revision.oid, form, LIMITS, prefix=name, path=path))
    if response.status_code == 200:
        response["Content-Type"] = TYPES[form]
        response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        stamp(response, tag, BYTES, fixed=revision.is_fixed)
    return response


def _asked(code: Code) -> tuple[Revision, bytes, str]:
    """Revision, path in it and format of an address such as `v1.0/docs.tar.gz`. Raises Missing, NotFound."""
    form = next((form for form in FORMATS if code.tail.endswith(f".{form}".encode())), None)
    if form is None:
        raise Missing("Archives end in .tar.gz or .zip.")
    revision, path = split_address(code.reader, code.tail[: -len(form) - 1], code.default_ref)
    if path and code.reader.at(revision.commit.tree, path) is None:
        raise Missing("There is no such file or folder in this revision.", revision, path)
    return revision, path, form


def _name(code: Code, revision: Revision, path: bytes) -> str:
    label = revision.oid[:12] if revision.ref is None else revision.label
    return safe_name(code.project.slug, label, path.decode("utf-8", "replace"))


def _started(request: HttpRequest, code: Code, begin: Callable[[], GitOutput]) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    if not _places.acquire(blocking=False):
        return _busy(request, code)
    try:
        output = begin()
    except BaseException:
        _places.release()
        raise
    return StreamingHttpResponse(Handed(output))


def _busy(request: HttpRequest, code: Code) -> HttpResponse:
    context = frame(code, "archive", title=f"Busy · {code.project.name}", about_revision=False)
    response = render(request, "source/archive_busy.html", context, status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
