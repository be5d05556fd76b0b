"""Open opportunities of the whole company for one viewer: facets, counts, and an order that says its reason.

All of it is worked out from the rows that this viewer may see, in memory: a row is a handful of short values.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import QueryDict

from accounts.models import Team, User
from contributions.fitting import Knowledge, Marks, know, marks_of, reason, weigher
from contributions.models import Opportunity
from contributions.opportunity_rows import Pair, Row, Visible, visible_rows
from projects.models import Project, ProjectQuerySet

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
    project: str
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
            project=parameters.get("project", "").replace("\0", "")[:100],
            selected=selected,
            sort=sort if sort in SORTS else "fit",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    def query_string(self, without: tuple[str, str] | None = None) -> str:
        """The address of the same question, without one value if given, on the first page."""
        pairs = [("q", self.text)] if self.text and without != ("q", self.text) else []
        pairs += [("project", self.project)] if self.project and without != ("project", self.project) else []
        pairs += [(key, v) for key, values in self.selected.items() for v in values if (key, v) != without]
        if self.sort != "fit":
            pairs.append(("sort", self.sort))
        return f"?{urlencode(pairs)}"


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
    """Seven queries, one more where there are words, and one where a project is named."""
    projects = Project.objects.visible_to(user)
    visible = visible_rows(projects)
    rows = visible.rows
    if question.text:
        words = Q(title__icontains=question.text) | Q(description__icontains=question.text)
        matching = set(Opportunity.objects.filter(words, state=Opportunity.State.OPEN).values_list("pk", flat=True))
        rows = [row for row in rows if row.pk in matching]
    if question.project:
        wanted = Project.objects.filter(slug=question.project, pk__in=list(visible.owners)).values_list("pk", flat=True)
        ids = set(wanted)
        rows = [row for row in rows if row.project_id in ids]
    matched, counts = _narrow(rows, question.selected, visible)
    knowledge = know(user, projects, marks_of(user), visible.owners)
    _sort(matched, question.sort, knowledge)
    pages = max(1, -(-len(matched) // PAGE_SIZE))
    page = min(max(question.page, 1), pages)
    shown = matched[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    groups = _groups(counts, _known(visible, question.selected))
    return Found(_lines(shown, knowledge), groups, len(visible.rows), len(matched), page, pages)


def best_for(user: User, projects: ProjectQuerySet, marks: Marks, limit: int) -> list[tuple[Opportunity, str]]:
    """The first few opportunities of this person's list that have a reason, for the home page; without those of the
    person's own projects. `projects`: those that the person may see. Four queries."""
    visible = visible_rows(projects)
    knowledge = know(user, projects, marks, visible.owners)
    weigh = weigher(knowledge)
    others = (row for row in visible.rows if row.project_id not in knowledge.own)
    return [(one, why) for one, why in _lines(nlargest(limit, others, key=weigh), knowledge) if why]


def _sort(rows: list[Row], sort: str, knowledge: Knowledge) -> None:
    """Rows come the newest first, and stay so among equals."""
    if sort == "fit":
        rows.sort(key=weigher(knowledge), reverse=True)
    elif sort == "effort":
        rows.sort(key=lambda row: EFFORTS[row.effort])
    elif sort == "deadline":
        rows.sort(key=lambda row: row.deadline)


def _narrow(
    rows: list[Row], selected: Mapping[str, tuple[str, ...]], visible: Visible
) -> tuple[list[Row], Mapping[str, Mapping[str, int]]]:
    """Rows that have one of the values of each facet; and for each facet the counts that its values would lead to."""
    wanted = [(key, _pairs(key, values, visible)) for key, values in selected.items()]
    matched = [] if wanted else list(rows)
    almost: dict[str, list[Row]] = {key: [] for key in selected}
    for row in rows if wanted else ():
        failing = [key for key, pairs in wanted if pairs.isdisjoint(row.pairs)]
        if not failing:
            matched.append(row)
        elif len(failing) == 1:
            almost[failing[0]].append(row)
    counts = _count(matched, visible)
    for facet, several in almost.items():
        for value, number in _count(several, visible)[facet].items():
            counts[facet][value] = counts[facet].get(value, 0) + number
    return matched, counts


def _pairs(key: str, values: Iterable[str], visible: Visible) -> frozenset[Pair]:
    """What rows have where a value of a facet is selected; a team is all its projects."""
    if key == "team":
        return frozenset(("project", str(pk)) for pk, owner in visible.owners.items() if str(owner) in values)
    return frozenset((key, value) for value in values)


def _count(rows: list[Row], visible: Visible) -> dict[str, dict[str, int]]:
    """By facet and value."""
    counts: dict[str, dict[str, int]] = {facet.key: {} for facet in FACETS}
    for (key, value), number in Counter(chain.from_iterable(row.pairs for row in rows)).items():
        owner = str(visible.owners[int(value)] or "") if key == "project" else ""
        if owner:
            counts["team"][owner] = counts["team"].get(owner, 0) + number
        elif key != "project":
            counts[key][value] = number
    return counts


def _known(visible: Visible, selected: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Selected values that any visible row has: what only hidden ones have looks like what nobody has."""

    def seen(key: str, value: str) -> bool:
        pairs = _pairs(key, (value,), visible)
        return any(not pairs.isdisjoint(row.pairs) for row in visible.rows)

    return {key: tuple(value for value in values if seen(key, value)) for key, values in selected.items()}


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
    columns = ["name"] if model is Team else ["name", "username", "first_name", "last_name"]
    return {str(pk): str(one) for pk, one in model._default_manager.only(*columns).in_bulk(wanted).items()}


_SHOWN = (
    *("title", "kind", "effort", "state", "good_first", "languages", "skills", "deadline", "created_at"),
    *("project__slug", "project__name", "project__owner__name", "project__visibility"),
    *("mentor__name", "mentor__first_name", "mentor__last_name", "mentor__username", "mentor__is_active"),
)


def _lines(rows: list[Row], knowledge: Knowledge) -> list[tuple[Opportunity, str]]:
    """The rows of a page, all visible, with their projects; the database is asked once more whether they are open."""
    found = Opportunity.objects.open().select_related("project__owner", "mentor").only(*_SHOWN)
    objects = found.in_bulk([row.pk for row in rows])
    return [(objects[row.pk], reason(row, knowledge)) for row in rows if row.pk in objects]
