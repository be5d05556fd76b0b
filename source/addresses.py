"""Addresses of code pages: `/projects/<slug>/<page>/<revision>/<path>`, where revision and path are bytes.

Git's names are bytes of no known encoding, so they are percent-encoded byte by byte. The framework hands bytes that are
not UTF-8 over as `%FF`; a name that holds these three characters itself has its percent sign escaped twice, so that
both have an address.
"""

import re
from functools import lru_cache
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from projects.models import Project

_AMBIGUOUS = re.compile(rb"%(?=(?:25)*[89A-F][0-9A-F])")
_HANDED_OVER = re.compile(rb"%(?:25(?=(?:25)*[89A-F][0-9A-F])|([89A-F][0-9A-F]))")
SAFE = "/-._~!$&'()*+,;=:@"


def address(project: Project, page: str, revision: bytes = b"", path: bytes = b"") -> str:
    """The address of a code page (`tree`, `blob`, `commits` …) of a project."""
    tail = b"/".join(filter(None, [revision, path]))
    return _base(project.slug, get_script_prefix()) + page + "/" + quoted(tail)


@lru_cache(maxsize=1_000)
def _base(slug: str, _prefix: str) -> str:
    """The address of a project's page; kept, because a folder's page has hundreds of links."""
    return reverse("pages:project", args=[slug])


def quoted(name: bytes) -> str:
    """Bytes as a part of an address, slashes kept."""
    return quote(_AMBIGUOUS.sub(b"%25", name), safe=SAFE)


def tail(request: HttpRequest) -> bytes:
    """The bytes of an address behind `/projects/<slug>/<page>/`."""
    parts = request.path_info.split("/", 4)
    text = parts[4].encode("utf-8", "surrogateescape") if len(parts) == 5 else b""
    return _HANDED_OVER.sub(lambda found: bytes.fromhex(found[1].decode("ascii")) if found[1] else b"%", text)
