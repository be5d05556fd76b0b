"""What speaks for two people being one: shown to administrators only, as it counts what nobody else may read."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min

from activity.models import Commit, Identity, Participation
from activity.models.history import moment

SHOWN = 8


@dataclass(slots=True)
class Evidence:
    """Of one person: up to 8 names, addresses and projects each; each commit counts once over copies."""

    names: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    identities: int = 0
    commits: int = 0
    projects: list[str] = field(default_factory=list)
    project_count: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None


def evidence(people: Collection[int]) -> dict[int, Evidence]:
    """By id of the person. Three queries."""
    found: dict[int, Evidence] = defaultdict(Evidence)
    for pk in people:
        found[pk] = Evidence()
    rows = Identity.objects.filter(person__in=people).order_by("pk")
    for pk, name, email in rows.values_list("person", "name", "email"):
        one = found[pk]
        one.identities += 1
        _add(one.names, name)
        _add(one.addresses, email.lower())
    counted = Commit.objects.filter(author__person__in=people).order_by().values_list("author__person")
    for pk, commits, first, last in counted.annotate(
        Count("oid", distinct=True), Min("authored_at"), Max("authored_at")
    ):
        found[pk].commits, found[pk].first, found[pk].last = commits, moment(first), moment(last)
    taken = Participation.objects.filter(person__in=people).order_by("-commits", "project__name")
    for pk, project in taken.values_list("person", "project__name"):
        found[pk].project_count += 1
        _add(found[pk].projects, project)
    return dict(found)


def _add(texts: list[str], text: str) -> None:
    if text and text not in texts and len(texts) < SHOWN:
        texts.append(text)
