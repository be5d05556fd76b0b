"""Atom feeds: entries in, a document out that validates, and no answer at all to who has it already."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """`key` names it for ever within this portal; `path` is a path of it; `html` is safe HTML or empty."""

    key: str
    title: str
    path: str
    at: datetime
    author: str
    html: str = ""


class _Atom(Atom1Feed):
    """Says when its newest entry is from; without any, a day that never changes, so that nobody reads it again."""

    def latest_post_date(self) -> datetime:
        dates = [item["updateddate"] for item in self.items if item["updateddate"]]
        return max(dates, default=datetime(2000, 1, 1, tzinfo=UTC))

    def root_attributes(self) -> dict[Any, Any]:
        return super().root_attributes() | {"xml:base": settings.BASE_URL}


def atom(key: str, title: str, page: str, address: str, entries: Sequence[Entry]) -> bytes:
    """The document. `page` is the path of the page it stands for, `address` the path it is read at."""
    base = settings.BASE_URL
    feed = _Atom(
        _clean(title),
        link=base + page,
        description="",
        language="en",
        feed_url=base + address,
        feed_guid=_tag(key),
        author_name="InnerSource Portal",
    )
    for entry in entries:
        feed.add_item(
            title=_clean(entry.title),
            link=base + entry.path,
            description=_clean(entry.html),
            unique_id=_tag(entry.key),
            pubdate=entry.at,
            updateddate=entry.at,
            author_name=_clean(entry.author) or "InnerSource Portal",
        )
    return feed.writeString("utf-8").encode()


def feed_response(request: HttpRequest, document: bytes) -> HttpResponse:
    """The document, or 304. Kept by the reader alone, and shown to no search engine."""
    mark = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
    known = request.headers.get("If-None-Match", "")
    same = mark in {one.strip().removeprefix("W/") for one in known.split(",")}
    response = HttpResponse(status=304) if same else HttpResponse(document, content_type=CONTENT_TYPE)
    response["ETag"] = mark
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response


def _tag(key: str) -> str:
    """A name for ever (RFC 4151), whatever address the portal has."""
    return f"tag:{urlsplit(settings.BASE_URL).hostname or 'localhost'},2026:{key}"


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return _NO_XML.sub("", text)
