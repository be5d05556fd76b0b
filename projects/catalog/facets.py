"""The facets of the catalog: what they are called, which values they have, and which values a row holds."""

from dataclasses import dataclass
from datetime import timedelta

from projects.models import Project


@dataclass(frozen=True)
class Facet:
    """`fixed` maps the values of a closed facet to their labels, in order; an open facet takes any value."""

    key: str
    label: str
    fixed: tuple[tuple[str, str], ...] = ()

    def label_of(self, value: str) -> str:
        return dict(self.fixed).get(value, value)


# Each is the commits since then, so the wider ones contain the narrower.
ACTIVITY_SPANS = {"30d": timedelta(days=30), "90d": timedelta(days=90), "year": timedelta(days=365)}

FACETS = (
    Facet("team", "Team"),
    Facet("language", "Language"),
    Facet("topic", "Topic"),
    Facet("welcomes", "Contributions", (("yes", "Welcome"),)),
    Facet("lifecycle", "Lifecycle", tuple(Project.Lifecycle.choices)),
    Facet(
        "activity",
        "Last commit",
        (
            ("30d", "Within 30 days"),
            ("90d", "Within 90 days"),
            ("year", "Within a year"),
            ("older", "Longer ago"),
            ("none", "No commits"),
        ),
    ),
    Facet("readiness", "Readiness", (("high", "80 and more"), ("middle", "50 to 79"), ("low", "Below 50"))),
    Facet("licence", "Licence"),
)
FACETS_BY_KEY = {facet.key: facet for facet in FACETS}

SORTS = {
    "relevance": "Relevance",
    "active": "Recently active",
    "name": "Name",
    "newest": "Newest here",
    "stars": "Most stars",
    "commits": "Most commits, 90 days",
}


def readiness_bucket(readiness: int) -> str:
    return "high" if readiness >= 80 else "middle" if readiness >= 50 else "low"
