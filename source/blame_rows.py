"""Lines of blame made for the screen: thousands of them, too many for templates."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.template import engines
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from common.templatetags.portal import ago, initials
from gitstore.blame import BlameCommit, Hunk
from source.access import Code
from source.names import plain, shown

EMPTY = mark_safe("")


def line(number: int, html: SafeString) -> str:
    """A line with its number, which is its address."""
    return (
        f'<div class="hunk-line" id="L{number}"><a class="hunk-n" href="#L{number}" data-n="{number}"'
        f' aria-label="Line {number}"></a><code>{html}</code></div>'
    )


class Sources:
    """Where lines come from, in words; drawn once for each commit and path."""

    def __init__(self, code: Code, people: Mapping[str, str]) -> None:
        self._code, self._people = code, people
        self._drawn: dict[tuple[str, bytes], SafeString] = {}
        template = engines["django"].from_string(
            '{% load heroicons %}{% heroicon_micro "arrow-uturn-left" aria_hidden="true" %}'
        )
        self._arrow = template.render()

    def words(self, commit: BlameCommit, hunk: Hunk) -> SafeString:
        key = (hunk.oid, hunk.path)
        if key not in self._drawn:
            self._drawn[key] = self._draw(commit, hunk)
        return self._drawn[key]

    def _draw(self, commit: BlameCommit, hunk: Hunk) -> SafeString:
        who = commit.author.name or commit.author.email or "Nobody named"
        return format_html(
            '<div class="hunk-title"><a class="commit-title" href="{}" title="{}">{}</a></div>'
            '<div class="hunk-meta"><span class="author" title="{}"><span class="avatar" aria-hidden="true">{}</span>'
            " {}</span> <span>{}</span>{}</div>",
            self._code.address("commit", revision=commit.oid.encode("ascii"), path=b""),
            plain(commit.title),
            shown(commit.title, 200) if commit.title.strip() else "(no message)",
            plain(commit.author.email),
            initials(who),
            self._name(commit.author.email, who),
            ago(datetime.fromtimestamp(commit.author.time, UTC)),
            self._before(commit, hunk),
        )

    def _name(self, email: str, who: str) -> SafeString:
        url = self._people.get(email)
        return (
            format_html('<a href="{}">{}</a>', url, shown(who)) if url else format_html("<span>{}</span>", shown(who))
        )

    def _before(self, commit: BlameCommit, hunk: Hunk) -> SafeString:
        if hunk.previous is None:
            return EMPTY
        oid, path = hunk.previous
        return format_html(
            ' <a class="hunk-before" href="{}" title="Blame before this change">{}'
            '<span class="sr">Blame before “{}”</span></a>',
            self._code.address("blame", revision=oid.encode("ascii"), path=path),
            self._arrow,
            plain(commit.title, 100),
        )
