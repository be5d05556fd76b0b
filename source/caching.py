"""What browsers may keep of code pages, and how they ask whether it still holds.

`@code_page("blame", cache=PAGE)`: the page follows from its address, the commit, the viewer and the release of the
portal. It is kept by the viewer's browser alone, asked for again each time (permission can be taken away), and
answered with 304 before anything is read. `cache=BYTES` is for what is the same for everyone who may read it (raw
files, patches, archives): for ever where the address holds a whole commit id, with a question otherwise. Without
`cache` nothing is kept.

A view whose page does not follow from the commit alone (parts still being computed, names of other projects) calls
`unkept(response)` on it. A page about other refs or several commits (compare, branches) gives
`identity=lambda code: …`: any text that changes whenever the page may; None for none.

The portal itself keeps pages as they were drawn for a viewer for as long as their tag holds, so that the second look
at one costs the permission and little else.

Nothing here is ever `public`, whatever the project's visibility.
"""

import hashlib
import time
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from accounts.models import User
from common.htmx import wants_fragment
from projects.models import Project
from source.access import Code

PAGE = "page"
BYTES = "bytes"
AGE_SECONDS = 15 * 60  # after which a page is drawn anew, because it says "3 min ago"
MAX_KEPT_BYTES = 2 * 1024**2
FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
SANDBOX = "default-src 'none'; sandbox"
_HTMX = ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"]

Identity = Callable[[Code], str | None]


def commit_identity(code: Code) -> str | None:
    """The usual identity: the commit that the address leads to."""
    return code.commit_id


def tag_for(request: HttpRequest, project: Project, cache: str, identity: str) -> str:
    """A strong ETag of the answer to this request, quotes included."""
    parts: list[object] = [release(), cache, identity, project.pk]
    if cache == PAGE:
        user = request.user
        viewer = (user.pk, user.display_name, user.is_staff, user.is_superuser) if isinstance(user, User) else ()
        parts += [viewer, request.META.get("CSRF_COOKIE"), wants_fragment(request), int(time.time() // AGE_SECONDS)]
        parts += [project.slug, project.name, project.visibility, project.repository.default_branch]
    return f'"{hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, tag: str, cache: str, *, fixed: bool) -> HttpResponseNotModified | None:
    """The answer 304 where the browser holds what this tag is of."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    if settings.DEBUG or not (tag in held or "W/" + tag in held):  # proxies that compress weaken tags
        return None
    response = HttpResponseNotModified()
    stamp(response, tag, cache, fixed=fixed)
    return response


def stamp(response: HttpResponseBase, tag: str, cache: str, *, fixed: bool) -> None:
    """Tell the browser what it may keep; answers that are not 200 or 304, and unkept ones, it may not."""
    if cache == BYTES:
        # On 304 as well: a browser takes its headers for those of the file that it holds.
        response.headers.setdefault("Content-Security-Policy", SANDBOX)
    if response.status_code not in (200, 206, 304) or "Cache-Control" in response.headers:
        response.headers.setdefault("Cache-Control", ASK_AGAIN)
        return
    response["Cache-Control"] = FOR_EVER if cache == BYTES and fixed else ASK_AGAIN
    response["ETag"] = tag
    patch_vary_headers(response, ["Cookie", *(_HTMX if cache == PAGE else [])])


def drawn(request: HttpRequest, tag: str) -> HttpResponse | None:
    """The page as it was drawn for this viewer before."""
    kept = caches["pages"].get(_key(request, tag))
    return None if kept is None else HttpResponse(zlib.decompress(kept[1]), content_type=kept[0])


def keep(request: HttpRequest, tag: str, response: HttpResponseBase) -> None:
    """Keep a page that was drawn for this viewer, if it may be kept."""
    if not isinstance(response, HttpResponse) or response.status_code != 200 or "Cache-Control" in response.headers:
        return
    # Without the cookie every drawing gets a new one, and its form would not fit the next.
    if request.method == "GET" and len(response.content) <= MAX_KEPT_BYTES and request.META.get("CSRF_COOKIE"):
        kept = (response.headers["Content-Type"], zlib.compress(response.content, 1))
        caches["pages"].set(_key(request, tag), kept)


def _key(request: HttpRequest, tag: str) -> str:
    return hashlib.sha256(f"{tag} {request.get_full_path()}".encode("utf-8", "surrogateescape")).hexdigest()


def unkept(response: HttpResponseBase) -> HttpResponseBase:
    """Mark an answer as one that holds for this moment only."""
    response["Cache-Control"] = "private, no-store"
    return response


@cache
def release() -> str:
    """Changes whenever templates or code that pages are made of do."""
    digest = hashlib.sha256()
    base = Path(settings.BASE_DIR)
    for folder, pattern in (("templates", "*.html"), ("source", "*.py"), ("common", "*.py"), ("static", "*")):
        for path in sorted((base / folder).rglob(pattern)):
            if path.is_file():
                digest.update(path.name.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
