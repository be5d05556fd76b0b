"""The table of a folder, made for the screen: a thousand rows are a thousand times everything a template does."""

from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from django.http import HttpRequest
from django.template import engines
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from common.templatetags.portal import ago, human_bytes
from source.access import Code
from source.addresses import address
from source.lasts import Last, Lasts
from source.listing import Listing, Row
from source.names import plain, shown
from source.submodules import submodule_address, submodule_links

ICONS = {
    "folder": "folder",
    "file": "document",
    "executable": "command-line",
    "symlink": "arrow-uturn-right",
    "submodule": "cube",
    "lfs": "cloud",
}
WORDS = {"folder": "Folder", "file": "File", "executable": "Executable file", "symlink": "Symbolic link"}
LFS = mark_safe('<span class="chip">LFS</span>')
WORDS |= {"submodule": "Submodule", "lfs": "File in Git LFS"}


class Entries:
    """`rows` for the table, `news` for a table already on the screen that has the first `seen` commits found."""

    def __init__(self, request: HttpRequest, code: Code, listing: Listing, lasts: Lasts, seen: int = 0) -> None:
        self.request = request
        self.code = code
        self.listing = listing
        self.lasts = lasts
        self.seen = seen

    @property
    def complete(self) -> bool:
        return self.lasts.walk.complete

    @property
    def found(self) -> int:
        return len(self.lasts.walk.found)

    @property
    def waiting(self) -> int:
        """Number of rows whose last commit is still being searched."""
        return len(self.listing.rows) - self.found

    @property
    def has_submodules(self) -> bool:
        return any(row.kind == "submodule" for row in self.listing.rows)

    @property
    def more_url(self) -> str:
        """Where the commits come from that are not here yet."""
        fixed = self.code.address("lasts", revision=self.code.revision.oid.encode("ascii"))
        return f"{fixed}?seen={self.found}&page={self.listing.number}"

    @cached_property
    def newest(self) -> Last | None:
        """The newest of the last commits, where all are known and the folder is on one page."""
        if not self.complete or self.listing.pages > 1:
            return None
        return max(self.lasts.commits.values(), key=lambda last: last.author.time, default=None)

    def rows(self) -> list[dict[str, Any]]:
        return [self._row(place, row) for place, row in enumerate(self.listing.rows)]

    def news(self) -> list[dict[str, Any]]:
        places = {row.name: place for place, row in enumerate(self.listing.rows)}
        names = list(self.lasts.walk.found)[self.seen :]
        return [{"place": places[name], **self._last(name)} for name in names if name in places]

    def _row(self, place: int, row: Row) -> dict[str, Any]:
        return {
            "place": place,
            "icon": icon(row.kind),
            "name": self._name(row),
            "note": self._note(row),
            "size": human_bytes(row.size) if row.size is not None else "",
            **self._last(row.name),
        }

    def _path(self, name: bytes) -> bytes:
        return b"/".join(filter(None, [self.code.path, name]))

    def _name(self, row: Row) -> SafeString:
        if row.kind == "submodule":
            return shown(row.name)
        url = self.code.address("tree" if row.kind == "folder" else "blob", path=self._path(row.name))
        return format_html('<a href="{}">{}</a>', url, shown(row.name))

    def _note(self, row: Row) -> SafeString | str:
        if row.kind == "symlink":
            return format_html('<span aria-hidden="true">→</span><span class="sr">to</span> {}', shown(row.target))
        if row.kind == "submodule":
            return self._submodule(row)
        return LFS if row.kind == "lfs" else ""

    def _submodule(self, row: Row) -> SafeString:
        known = self._submodules.get(self._path(row.name), {"url": "", "project": None})
        short, project = row.entry.oid[:10], known["project"]
        if project is None:
            return format_html('@ <span class="oid" title="{}">{}</span>', plain(known["url"]), short)
        url = submodule_address(project, row.entry.oid)
        return format_html('<a href="{}">{}</a> @ <span class="oid">{}</span>', url, project.name, short)

    @cached_property
    def _submodules(self) -> dict[bytes, dict[str, Any]]:
        paths = [self._path(row.name) for row in self.listing.rows if row.kind == "submodule"]
        return submodule_links(self.code, paths, self.request.user)

    def _last(self, name: bytes) -> dict[str, Any]:
        last = self.lasts.of(name)
        if last is None:
            return {"commit": "", "age": ""}
        return self._commits.get(last.oid) or self._commits.setdefault(last.oid, self._drawn(last))

    @cached_property
    def _commits(self) -> dict[str, dict[str, Any]]:
        return {}

    def _drawn(self, last: Last) -> dict[str, Any]:
        url = address(self.code.project, "commit", last.oid.encode("ascii"))
        who = last.author.name or last.author.email
        words = shown(last.title, 200) if last.title else "(no message)"
        link = format_html('<a class="commit-title" href="{}" title="{}">{}</a>', url, plain(who, 100), words)
        return {"commit": link, "age": ago(datetime.fromtimestamp(last.author.time, UTC))}


@lru_cache(maxsize=len(ICONS))
def icon(kind: str) -> SafeString:
    """The picture of a kind of entry, with its words for those who do not see it."""
    template = engines["django"].from_string(
        '{% load heroicons %}{% heroicon_micro name aria_hidden="true" %}<span class="sr">{{ words }}</span>'
    )
    drawn = template.render({"name": ICONS[kind], "words": "" if kind == "file" else f"{WORDS[kind]}: "})
    return mark_safe(drawn)  # noqa: S308 made by the template above
