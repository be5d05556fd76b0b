"""Open opportunities of the whole company for one viewer: facets, counts, and an order that says its reason.

All of it is worked out from the rows that this viewer may see, in memory: a row is a handful of short values.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict

from accounts.models import Team, User
from contributions.fitting import Knowledge, fit, know
from contributions.models import Opportunity

PAGE_SIZE = 25
TOP_VALUES = 8
LISTED_VALUES = 60
LONGEST_WORDS = 200
MOST_VALUES = 20
SORTS = {"fit": "Fits you", "newest": "Newest", "deadline": "Deadline", "effort": "Least effort"}
EFFORTS = {value: place for place, value in enumerate(Opportunity.Effort.values)}


@dataclass(frozen=True, slots=True)
class Facet:
    """`fixed` are the values of a closed facet with their labels, in order."""

    key: str
    label: str
    fixed: tuple[tuple[str, str], ...] = ()


FACETS = (
    Facet("language", "Language"),
    Facet("skill", "Skill"),
    Facet("effort", "Effort", tuple(Opportunity.Effort.choices)),
    Facet("kind", "Kind", tuple(Opportunity.Kind.choices)),
    Facet("first", "Good first task", (("yes", "Good first task"),)),
    Facet("team", "Team"),
    Facet("mentor", "Mentor"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for; unknown parameters are passed over."""

    text: str
    selected: Mapping[str, tuple[str, ...]]
    sort: str
    page: int

    @classmethod
    def from_parameters(cls, parameters: QueryDict) -> "Question":
        selected = {}
        for facet in FACETS:
            values = [value.replace("\0", "")[:LONGEST_WORDS] for value in parameters.getlist(facet.key)[:MOST_VALUES]]
            if kept := tuple(dict.fromkeys(value for value in values if value)):
                selected[facet.key] = kept
        sort = parameters.get("sort", "")
        page = parameters.get("page", "")
        return cls(
            text=parameters.get("q", "").replace("\0", "").strip()[:LONGEST_WORDS],
            selected=selected,
            sort=sort if sort in SORTS else "fit",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    def query_string(self, without: tuple[str, str] | None = None) -> str:
        """The address of the same question, without one value if given, on the first page."""
        pairs = [("q", self.text)] if self.text and without != ("q", self.text) else []
        pairs += [(key, v) for key, values in self.selected.items() for v in values if (key, v) != without]
        if self.sort != "fit":
            pairs.append(("sort", self.sort))
        return f"?{urlencode(pairs)}"


@dataclass(frozen=True, slots=True)
class Row:
    """What the list needs to know of every opportunity."""

    pk: int
    project_id: int
    effort: str
    values: Mapping[str, tuple[str, ...]]

    @property
    def good_first(self) -> bool:
        return bool(self.values["first"])


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    count: int
    checked: bool


@dataclass(frozen=True, slots=True)
class Group:
    facet: Facet
    top: list[Option]
    more: list[Option]


@dataclass(frozen=True, slots=True)
class Found:
    """`lines`: (opportunity, why it is where it is) of the page; `total`: all visible ones, whatever is selected."""

    lines: list[tuple[Opportunity, str]]
    groups: list[Group]
    total: int
    count: int
    page: int
    pages: int


def find(question: Question, user: User | AnonymousUser) -> Found:
    """Six queries: rows, what the viewer knows (two), the page, names of teams and of mentors."""
    visible = Opportunity.objects.open().visible_to(user)
    rows = _rows(_ordered(visible, question.sort))
    total = len(rows)
    chosen = _known(rows, question.selected)
    if question.text:
        words = Q(title__icontains=question.text) | Q(description__icontains=question.text)
        matching = set(visible.filter(words).values_list("pk", flat=True))
        rows = [row for row in rows if row.pk in matching]
    matched, counts = _narrow(rows, question.selected)
    knowledge = know(user)
    if question.sort == "fit":
        matched.sort(key=lambda row: -fit(row, knowledge)[0])
    elif question.sort == "effort":
        matched.sort(key=lambda row: EFFORTS[row.effort])
    pages = max(1, -(-len(matched) // PAGE_SIZE))
    page = min(max(question.page, 1), pages)
    shown = matched[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    groups = _groups(counts, chosen)
    return Found(_lines(visible, shown, knowledge), groups, total, len(matched), page, pages)


def best_for(user: User, limit: int) -> list[tuple[Opportunity, str]]:
    """The first few opportunities of this person's list that have a reason, for the home page."""
    visible = Opportunity.objects.open().visible_to(user)
    knowledge = know(user)
    rows = [row for row in _rows(_ordered(visible, "newest")) if fit(row, knowledge)[1]]
    rows.sort(key=lambda row: -fit(row, knowledge)[0])
    return _lines(visible, rows[:limit], knowledge)


def _ordered(visible: Any, sort: str) -> Any:
    """The database puts them in order where days decide: reading thousands of days would take longer than the rest."""
    if sort == "deadline":
        return visible.order_by(F("deadline").asc(nulls_last=True), "-pk")
    return visible.order_by("-pk")


def _rows(opportunities: QuerySet[Opportunity]) -> list[Row]:
    raw = opportunities.annotate(raw_languages=Cast("languages", TextField()), raw_skills=Cast("skills", TextField()))
    columns = ("pk", "project_id", "effort", "kind", "good_first", "raw_languages", "raw_skills")
    found = raw.values_list(*columns, "project__owner_id", "mentor_id")
    return [
        Row(
            pk,
            project,
            effort,
            {
                "language": _words(languages),
                "skill": _words(skills),
                "effort": (effort,),
                "kind": (kind,),
                "first": ("yes",) if first else (),
                "team": (str(team),) if team else (),
                "mentor": (str(mentor),) if mentor else (),
            },
        )
        for pk, project, effort, kind, first, languages, skills, team, mentor in found
    ]


@lru_cache(maxsize=10_000)
def _words(raw: str) -> tuple[str, ...]:
    """A list as the database keeps it; the same few occur again and again."""
    return tuple(json.loads(raw)) if raw else ()


def _narrow(rows: list[Row], selected: Mapping[str, tuple[str, ...]]) -> tuple[list[Row], dict[str, Counter[str]]]:
    """Rows that have one of the values of each facet; and for each facet the counts that its values would lead to."""
    wanted = {key: frozenset(values) for key, values in selected.items()}
    matched: list[Row] = []
    counted: dict[str, list[tuple[str, ...]]] = {facet.key: [] for facet in FACETS}
    for row in rows:
        failing = [key for key, values in wanted.items() if values.isdisjoint(row.values[key])]
        if not failing:
            matched.append(row)
        if len(failing) == 1:
            counted[failing[0]].append(row.values[failing[0]])
    counts = {}
    for key, further in counted.items():
        values = [row.values[key] for row in matched] + further
        counts[key] = Counter(value for several in values for value in several)
    return matched, counts


def _known(rows: list[Row], selected: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Selected values that any visible row has: what only hidden ones have looks like what nobody has."""
    seen = {key: {value for row in rows for value in row.values[key]} for key in selected}
    return {key: tuple(value for value in values if value in seen[key]) for key, values in selected.items()}


def _groups(counts: dict[str, Counter[str]], selected: Mapping[str, tuple[str, ...]]) -> list[Group]:
    """Values of closed facets in their order, of others the frequent first; chosen ones are always there."""
    listed = {}
    for facet in FACETS:
        count, chosen = counts[facet.key], selected.get(facet.key, ())
        fixed = [value for value, _ in facet.fixed]
        frequent = fixed or [value for value, _ in sorted(count.items(), key=lambda pair: (-pair[1], pair[0]))]
        order = frequent if fixed else [*chosen, *(value for value in frequent if value not in chosen)]
        listed[facet.key] = [value for value in order[:LISTED_VALUES] if value in count or value in chosen]
    named = {"team": _names(Team, listed["team"]), "mentor": _names(User, listed["mentor"])}
    groups = []
    for facet in FACETS:
        labels = dict(facet.fixed) or named.get(facet.key, {})
        options = [
            Option(v, labels.get(v, v), counts[facet.key][v], v in selected.get(facet.key, ()))
            for v in listed[facet.key]
        ]
        groups.append(Group(facet, options[:TOP_VALUES], options[TOP_VALUES:]))
    return groups


def _names(model: type[Team] | type[User], ids: Iterable[str]) -> dict[str, str]:
    wanted = [int(value) for value in ids]
    if not wanted:
        return {}
    return {str(pk): str(one) for pk, one in model._default_manager.in_bulk(wanted).items()}


def _lines(visible: Any, rows: list[Row], knowledge: Knowledge) -> list[tuple[Opportunity, str]]:
    """The rows of a page with their projects; those that vanished meanwhile are left out."""
    found = visible.select_related("project__owner", "mentor").defer("description", "html", "project__motivation")
    objects = found.in_bulk([row.pk for row in rows])
    return [(objects[row.pk], fit(row, knowledge)[1]) for row in rows if row.pk in objects]
