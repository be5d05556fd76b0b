"""The tabs of the search page, and which of them a query is for."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from search.query.editing import without_types
from search.query.operators import type_called
from search.query.tree import Query


@dataclass(frozen=True, slots=True)
class Tab:
    """`kind` is the value of `type:` that leads here."""

    key: str
    words: str
    kind: str


TABS = (
    Tab("projects", "Projects", "repo"),
    Tab("code", "Code", "code"),
    Tab("symbols", "Symbols", "symbol"),
    Tab("people", "People", "person"),
    Tab("commits", "Commits", "commit"),
)
_BY_KIND = {tab.kind: tab for tab in TABS} | {"file": TABS[1]}
DEFAULT = TABS[1]


def chosen(query: Query | None, asked: str) -> Tab:
    """The tab in the address; else the one that `type:` names; else code."""
    by_address = next((tab for tab in TABS if tab.key == asked), None) or _BY_KIND.get(type_called(asked) or "")
    by_query = _BY_KIND[query.types[0]] if query and query.types else None
    return by_query or by_address or DEFAULT


def links(text: str, current: Tab, query: Query | None) -> list[dict[str, Any]]:
    """For components/tabs.html; where the query itself names a type, the other tabs take it out."""
    if query and query.types:
        text = without_types(text)
    return [{"words": tab.words, "url": search_url(text, tab), "current": tab == current} for tab in TABS]


def search_url(text: str, tab: Tab | None = None, **more: str) -> str:
    """The address of the search page."""
    pairs = {"q": text, **({"type": tab.key} if tab and tab != DEFAULT else {}), **more}
    return f"{reverse('search:results')}?{urlencode({key: value for key, value in pairs.items() if value})}"
