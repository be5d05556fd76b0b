"""Open opportunities of the whole company for one viewer: facets, counts, and an order that says its reason.

All of it is worked out from the rows that this viewer may see, in memory: a row is a handful of short values.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict

from accounts.models import Team, User
from contributions.fitting import Knowledge, know, reason, weigher
from contributions.models import Opportunity

PAGE_SIZE = 25
TOP_VALUES = 8
LISTED_VALUES = 60
LONGEST_WORDS = 200
MOST_VALUES = 20
MOST_KEPT = 50_000
READ_AT_ONCE = 500
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
    """What the list needs to know of every opportunity; `pairs` are all (facet, value) it has."""

    pk: int
    project_id: int
    effort: str
    languages: tuple[str, ...]
    good_first: bool
    mentored: bool
    pairs: tuple[tuple[str, str], ...]


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
        matched.sort(key=weigher(knowledge), reverse=True)
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
    rows = _rows(_ordered(visible, "newest"))
    rows.sort(key=weigher(knowledge), reverse=True)
    return [(one, why) for one, why in _lines(visible, rows[:limit], knowledge) if why]


def _ordered(visible: Any, sort: str) -> Any:
    """The database puts them in order where days decide: reading thousands of days would take longer than the rest."""
    if sort == "deadline":
        return visible.order_by(F("deadline").asc(nulls_last=True), "-pk")
    return visible.order_by("-pk")


def _rows(opportunities: QuerySet[Opportunity]) -> list[Row]:
    """In the order of the query. Rows are kept from one question to the next, as long as their stamps stay."""
    stamps = list(opportunities.values_list("pk", "stamp", "project__owner_id"))
    missing = [stamp[0] for stamp in stamps if stamp not in _KEPT]
    if len(_KEPT) + len(missing) > MOST_KEPT:
        _KEPT.clear()
        missing = [stamp[0] for stamp in stamps]
    for start in range(0, len(missing), READ_AT_ONCE):
        _read(missing[start : start + READ_AT_ONCE])
    return [row for stamp in stamps if (row := _KEPT.get(stamp)) is not None]


_KEPT: dict[tuple[int, int, int | None], Row] = {}


def _read(ids: list[int]) -> None:
    raw = Opportunity.objects.filter(pk__in=ids).annotate(
        raw_languages=Cast("languages", TextField()), raw_skills=Cast("skills", TextField())
    )
    columns = ("pk", "stamp", "project_id", "effort", "kind", "good_first", "mentor_id", "raw_languages", "raw_skills")
    found = raw.values_list(*columns, "project__owner_id")
    for pk, stamp, project, effort, kind, first, mentor, languages, skills, team in found:
        pairs = [("effort", effort), ("kind", kind)]
        pairs += [("language", language) for language in _words(languages)]
        pairs += [("skill", skill) for skill in _words(skills)]
        pairs += [("first", "yes")] if first else []
        pairs += [("mentor", str(mentor))] if mentor else []
        pairs += [("team", str(team))] if team else []
        kept = tuple(_PAIRS.setdefault(pair, pair) for pair in pairs)
        _KEPT[pk, stamp, team] = Row(pk, project, effort, _words(languages), first, mentor is not None, kept)


_PAIRS: dict[tuple[str, str], tuple[str, str]] = {}


@lru_cache(maxsize=10_000)
def _words(raw: str) -> tuple[str, ...]:
    """A list as the database keeps it; the same few occur again and again."""
    return tuple(json.loads(raw)) if raw else ()


def _narrow(
    rows: list[Row], selected: Mapping[str, tuple[str, ...]]
) -> tuple[list[Row], Mapping[str, Mapping[str, int]]]:
    """Rows that have one of the values of each facet; and for each facet the counts that its values would lead to."""
    wanted = [(key, frozenset((key, value) for value in values)) for key, values in selected.items()]
    matched = [] if wanted else list(rows)
    almost: dict[str, list[Row]] = {key: [] for key in selected}
    for row in rows if wanted else ():
        failing = [key for key, pairs in wanted if pairs.isdisjoint(row.pairs)]
        if not failing:
            matched.append(row)
        elif len(failing) == 1:
            almost[failing[0]].append(row)
    counts: dict[str, dict[str, int]] = {facet.key: {} for facet in FACETS}
    for (key, value), number in _count(matched).items():
        counts[key][value] = number
    for facet, several in almost.items():
        for (key, value), number in _count(several).items():
            if key == facet:
                counts[key][value] = counts[key].get(value, 0) + number
    return matched, counts


def _count(rows: list[Row]) -> Counter[tuple[str, str]]:
    return Counter(chain.from_iterable(row.pairs for row in rows))


def _known(rows: list[Row], selected: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Selected values that any visible row has: what only hidden ones have looks like what nobody has."""
    seen = _count(rows) if selected else {}
    return {key: tuple(value for value in values if (key, value) in seen) for key, values in selected.items()}


def _groups(counts: Mapping[str, Mapping[str, int]], selected: Mapping[str, tuple[str, ...]]) -> list[Group]:
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
            Option(v, labels.get(v, v), counts[facet.key].get(v, 0), v in selected.get(facet.key, ()))
            for v in listed[facet.key]
        ]
        groups.append(Group(facet, options[:TOP_VALUES], options[TOP_VALUES:]))
    return groups


def _names(model: type[Team] | type[User], ids: Iterable[str]) -> dict[str, str]:
    wanted = [int(value) for value in ids]
    if not wanted:
        return {}
    return {str(pk): str(one) for pk, one in model._default_manager.in_bulk(wanted).items()}


_SHOWN = (
    *("title", "kind", "effort", "state", "good_first", "languages", "skills", "deadline", "created_at"),
    *("project__slug", "project__name", "project__owner__name", "project__visibility"),
    *("mentor__name", "mentor__first_name", "mentor__last_name", "mentor__username", "mentor__is_active"),
)


def _lines(visible: Any, rows: list[Row], knowledge: Knowledge) -> list[tuple[Opportunity, str]]:
    """The rows of a page with their projects; those that vanished meanwhile are left out."""
    found = visible.select_related("project__owner", "mentor").only(*_SHOWN)
    objects = found.in_bulk([row.pk for row in rows])
    return [(objects[row.pk], reason(row, knowledge)) for row in rows if row.pk in objects]
