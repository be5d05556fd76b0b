"""What the address of a catalog page asks for."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from projects.catalog.facets import FACETS, SORTS

VALUES_A_FACET = 50
VALUE_CHARACTERS = 200
VIEWS = ("list", "grid", "table")
_NUMBER_DIGITS = 9


@dataclass(frozen=True)
class CatalogQuery:
    """State of the catalog. `selected` holds facet keys with their values, in facet order, without empty facets."""

    text: str = ""
    selected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    page: int = 1
    view: str = "list"

    @classmethod
    def from_parameters(cls, parameters: QueryDict) -> "CatalogQuery":
        """Read any query string: nothing raises, what makes no sense counts as absent."""
        selected = {}
        for facet in FACETS:
            values = [_clean(value)[:VALUE_CHARACTERS] for value in parameters.getlist(facet.key)]
            if kept := tuple(dict.fromkeys(value for value in values if value))[:VALUES_A_FACET]:
                selected[facet.key] = kept
        page = parameters.get("page", "1")
        return cls(
            text=_clean(parameters.get("q", "")),
            selected=selected,
            sort=sort if (sort := parameters.get("sort", "")) in SORTS else "",
            page=int(page) if page.isdecimal() and page.isascii() and 0 < len(page) <= _NUMBER_DIGITS else 1,
            view=view if (view := parameters.get("view", "")) in VIEWS else "list",
        )

    @property
    def order(self) -> str:
        """The sort in force: relevance needs words to be relevant to."""
        if not self.text and self.sort in {"", "relevance"}:
            return "active"
        return self.sort or "relevance"

    @property
    def narrowed(self) -> bool:
        return bool(self.text or self.selected)

    def change(self, **changes: Any) -> "CatalogQuery":
        """The same question with something else; a changed question begins on its first page."""
        return replace(self, **({"page": 1} | changes))

    def without(self, facet: str, value: str | None = None) -> "CatalogQuery":
        """Without one value of a facet, or without the whole facet."""
        kept = tuple(v for v in self.selected.get(facet, ()) if value is not None and v != value)
        selected = {key: kept if key == facet else values for key, values in self.selected.items()}
        return self.change(selected={key: values for key, values in selected.items() if values})

    def with_value(self, facet: str, value: str) -> "CatalogQuery":
        values = dict.fromkeys([*self.selected.get(facet, ()), value])
        return self.change(selected={**self.selected, facet: tuple(values)})

    def query_string(self) -> str:
        """`?…` for a link, or `?` alone for the plain catalog."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(key, value) for key, values in self.selected.items() for value in values]
        pairs += [("sort", self.sort)] if self.sort else []
        pairs += [("view", self.view)] if self.view != "list" else []
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return "?" + urlencode(pairs)


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()
