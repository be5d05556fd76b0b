"""docs/catalog.md says what the catalog takes."""

import re
from pathlib import Path

from projects.catalog.facets import ACTIVITY_SPANS, FACETS, SORTS
from projects.catalog.query import VIEWS

ROWS = dict(re.findall(r"^\| (`.+?`) \| (.+?) \|", Path("docs/catalog.md").read_text(encoding="utf-8"), re.MULTILINE))


def names(text):
    return set(re.findall(r"`(\w+)`", text))


def test_every_parameter_is_documented():
    documented = {name for cell in ROWS for name in names(cell)}
    assert documented == {"q", "sort", "view", "page"} | {facet.key for facet in FACETS}


def test_every_fixed_value_is_documented():
    assert names(ROWS["`sort`"]) == set(SORTS)
    assert names(ROWS["`view`"]) == set(VIEWS)
    for facet in FACETS:
        if facet.fixed:
            assert names(ROWS[f"`{facet.key}`"]) == {value for value, _ in facet.fixed}
    assert set(ACTIVITY_SPANS) < names(ROWS["`activity`"])
