"""Tags and filters for code pages, {% load code %}: what each is for stands in `source.frame`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from source import names
from source.frame import Frame

register = template.Library()


@register.filter
def shown(name: bytes | str) -> SafeString:
    """A name out of a repository as HTML."""
    return names.shown(name)


@register.filter
def plain(name: bytes | str) -> str:
    """A name out of a repository for an attribute."""
    return names.plain(name)


@register.filter
def shown_text(text: str) -> SafeString:
    """A text of several lines out of a repository as HTML."""
    return names.shown_text(text)


@register.filter
def moment(seconds: int) -> datetime:
    """Seconds since 1970 as a datetime."""
    return datetime.fromtimestamp(seconds, UTC)


@register.simple_tag
def code_url(frame: Frame, page: str, path: bytes | str | None = None, revision: bytes | str | None = None) -> str:
    """{% code_url frame "blob" path=entry.path %}; both default to those of the page, "" is none."""
    return frame.url(page, path=_bytes(path), revision=_bytes(revision))


@register.inclusion_tag("source/_author.html")
def author(who: Any, people: Mapping[str, str] | None = None) -> dict[str, Any]:
    """{% author commit.author people %}: avatar and name of anything with name and email.

    `people` as from `source.authors.author_urls`: whose name leads to their page.
    """
    url = people.get(who.email, "") if people else ""
    return {"name": who.name or who.email or "Nobody named", "email": who.email, "url": url}


@register.simple_tag
def commit_link(frame: Frame, commit: Any) -> SafeString:
    """{% commit_link frame commit %}: its title as a link to it."""
    title = commit.title.strip()
    words = names.shown(title) if title else "(no message)"
    url = frame.url("commit", path=b"", revision=commit.oid.encode("ascii"))
    return format_html('<a class="commit-title" href="{}">{}</a>', url, words)


@register.simple_tag
def short_oid(frame: Frame, oid: str) -> SafeString:
    """{% short_oid frame commit.oid %}: its first ten digits as a link to it."""
    url = frame.url("commit", path=b"", revision=oid.encode("ascii"))
    return format_html('<a class="oid" href="{}">{}</a>', url, oid[:10])


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
