"""Who contributes to whom in the whole company, as far as the viewer may read, down to the commits."""

from collections import Counter
from functools import cache, lru_cache, partial
from itertools import product
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Team
from accounts.teams import Tree, tree
from activity.flow.commits import WeekCommits, commits_of
from activity.flow.figures import PAIRS, Periods, Share, team_sums
from activity.models import FlowWeek, Kind, Standing
from activity.privacy import shows_person
from common.charts import WeeklyChart
from common.flow_charts import HeatMap, heat_map
from pages.figures import Link, Made, Table, Window, change, percent, respond
from projects.models import Project

SHOWN_TEAMS = 16
PER_PAGE = 25
KINDS = {kind.name.lower(): kind for kind in Kind if kind != Kind.BOT}
SHOWN_KINDS = (Kind.OUTSIDE, Kind.INSIDE)
SORTS = {"gives": "most given", "receives": "most received", "name": "name"}


@require_safe
def insights(request: HttpRequest) -> HttpResponse:
    window = Window.of(request)
    sort = request.GET.get("sort", "gives")
    flow, names = team_sums(request.user, PAIRS, window.first), tree()
    chart, share, before = trend(request, window)
    projects = list(
        Standing.objects.filter(window=window.days, project__in=Project.objects.visible_to(request.user))
        .order_by("project__name")
        .values_list("project__name", "project__slug", "inside", "outside", "unmapped", "people", "absence")
    )
    hanging = [row for row in projects if row[6] == 1]
    heat = _heat(flow, names, window, sort if sort in SORTS else "gives")
    tables = [matrix_table(flow, names, window), _outside_table(projects), _alone_table(hanging), weeks_table(chart)]
    context = {
        "window": window,
        "share": share,
        "figures": figures(share, before, window, len(hanging)),
        "chart": chart,
        "heat": heat,
        "picture": heat_map(heat) if heat.rows else "",
        "sorts": [{"name": name, "words": words, "current": name == sort} for name, words in SORTS.items()],
        "alone": len(hanging),
    }
    return respond(request, "pages/insights.html", context, tables)


def share_of(flow: Counter[tuple[Any, ...]]) -> Share:
    """The last part of each key is the class."""
    share = Share()
    for key, number in flow.items():
        share.kinds[key[-1]] += number
    return share


def figures(share: Share, before: Share | None, window: Window, alone: int | None = None) -> list[dict[str, Any]]:
    """The strip on top: share from outside, its trend, coverage, projects that hang on one person."""
    rows: list[dict[str, Any]] = [
        _figure(percent(share.share), "of mapped contributions came from outside", "share-from-outside", cross=True),
    ]
    if window.days and before is not None:
        words = "against the weeks before" if before.share is not None else "nothing to compare with before"
        rows.append(_figure(change(share.share, before.share), words, "share-from-outside"))
    rows.append(_figure(percent(share.coverage), f"mapped; {share.unmapped:,} of unknown teams", "share-from-outside"))
    rows.append(_figure(f"{share.total:,}", f"contributions; {share.bots:,} more by bots", "contributions"))
    if alone is not None:
        words = "projects hang on one person" if alone != 1 else "project hangs on one person"
        rows.append(_figure(f"{alone:,}", words, "absence-factor", url="#alone"))
    return rows


def _figure(value: str, words: str, about: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "words": words, "about": about, **more}


def trend(request: HttpRequest, window: Window, team: int | None = None) -> tuple[WeeklyChart, Share, Share]:
    """The chart of the window, the shares of it and of the window before. One query for all."""
    weeks = team_sums(request.user, ("week", "kind"), window.before, team=team)
    inside = Counter({key: n for key, n in weeks.items() if not window.first or key[0] >= window.first})
    now, before = share_of(inside), share_of(weeks - inside)
    days = [key[0] for key, number in inside.items() if number and key[0] <= window.week]
    periods = Periods.of(window.first or min(days, default=window.week), window.week)
    parts = {kind: periods.spread({k[0]: n for k, n in inside.items() if k[1] == kind}) for kind in Kind}
    human = (parts[Kind.INSIDE], parts[Kind.OUTSIDE], parts[Kind.UNMAPPED])
    totals = [sum(row) for row in zip(*human, strict=True)]
    chart = WeeklyChart(
        f"Contributions per {periods.unit}",
        periods.starts,
        totals,
        parts[Kind.OUTSIDE],
        unit="contributions",
        owner="inside",
        unmapped=parts[Kind.UNMAPPED],
        period=periods.unit,
        csv=window.csv_of("weeks"),
        across="from other teams" if team is None else "to or from other teams",
        legend="other teams",
    )
    return chart, now, before


def _name(names: Tree, team: int) -> str:
    return names.nodes[team].name if team in names.nodes else "unknown"


def _slug(names: Tree, team: int) -> str:
    return names.nodes[team].slug if team in names.nodes else "-"


def cell_url(names: Tree, team: int, owner: int, kind: int, window: Window) -> str:
    """The list of exactly those contributions that one cell of the matrix counts."""
    ends = f"from={_slug(names, team)}&to={_slug(names, owner)}"
    return f"{_commits()}?{ends}&class={Kind(kind).name.lower()}&window={window.days}"


@cache
def _commits() -> str:
    return reverse("pages:insights_commits")


def _heat(flow: Counter[tuple[Any, ...]], names: Tree, window: Window, sort: str) -> HeatMap:
    """The teams with most flow; the table below has all."""
    crossing, inside = ({key[:2]: n for key, n in flow.items() if key[2] == kind and n > 0} for kind in SHOWN_KINDS)
    side = 1 if sort == "receives" else 0
    weight = dict.fromkeys((team for pair in (*inside, *crossing) for team in pair), 0)
    for pair, number in crossing.items():
        weight[pair[side]] += number
    shown = sorted(weight, key=lambda pk: (-weight[pk], _name(names, pk)))[:SHOWN_TEAMS]
    shown.sort(key=(lambda pk: _name(names, pk).casefold()) if sort == "name" else (lambda pk: -weight[pk]))
    place = {pk: at for at, pk in enumerate(shown)}
    sums = inside | crossing  # a pair that was one side for a while shows what crossed the border
    seen = {pair: sums[pair] for pair in product(shown, shown) if pair in sums}
    return HeatMap(
        "Who contributes to whom",
        [_name(names, pk) for pk in shown],
        [_name(names, pk) for pk in shown],
        {(place[a], place[b]): number for (a, b), number in seen.items()},
        {
            (place[a], place[b]): cell_url(names, a, b, Kind.OUTSIDE if (a, b) in crossing else Kind.INSIDE, window)
            for a, b in seen
        },
        frozenset((place[a], place[b]) for a, b in seen if (a, b) not in crossing),
    )


def matrix_table(flow: Counter[tuple[Any, ...]], names: Tree, window: Window, name: str = "flow") -> Table:
    """All pairs of teams, those that cross a border first. `name` may be "gives" or "receives", on a team's page."""
    rows = [item for item in flow.items() if item[1]]

    def make(row: tuple[tuple[Any, ...], int]) -> list[Any]:
        (team, owner, kind), number = row
        url = partial(cell_url, names, team, owner, kind, window)
        return [
            *(_name(names, team), _name(names, owner), Kind(kind).label),
            Link(number, url) if kind != Kind.BOT else number,
        ]

    columns = [("Gives", False), ("Receives", False), ("Class", False), ("Contributions", True)]
    titles = {"gives": "Gives", "receives": "Receives"}
    return Table(name, titles.get(name, "Contributions from team to team"), columns, Made(rows, make), "flow")


def _outside_table(projects: list[tuple[Any, ...]]) -> Table:
    rows = [row for row in projects if row[3]]
    rows.sort(key=lambda row: -row[3])

    def make(row: tuple[Any, ...]) -> list[Any]:
        name, slug, inside, outside, unmapped, *_ = row
        return [Link(name, partial(_activity, slug)), outside, percent(outside / (inside + outside)), unmapped]

    columns = [("Project", False), ("From outside", True), ("Share", True), ("Unknown teams", True)]
    return Table("outside", "Most contributed to from outside", columns, Made(rows, make), "share-from-outside")


def _alone_table(hanging: list[tuple[Any, ...]]) -> Table:
    def make(row: tuple[Any, ...]) -> list[Any]:
        return [Link(row[0], partial(_activity, row[1])), row[5], sum(row[2:5])]

    columns = [("Project", False), ("Contributors", True), ("Contributions", True)]
    return Table("alone", "Projects that hang on one person", columns, Made(hanging, make), "absence-factor")


def weeks_table(chart: WeeklyChart, across: str = "From outside") -> Table:
    """The chart as a file."""
    columns = [(chart.words, False), ("Contributions", True), (across, True), ("Unknown teams", True)]
    return Table("weeks", chart.title, columns, [[day, *numbers] for day, numbers, _ in chart.lines])


@lru_cache(maxsize=4096)  # working an address out takes longer than the rest of its row
def _activity(slug: str) -> str:
    return reverse("pages:activity", args=[slug])


@require_safe
def insights_commits(request: HttpRequest) -> HttpResponse:
    """The contributions behind one cell of the matrix, week by week, newest first."""
    window = Window.of(request)
    ends = [_team(request.GET.get(side, "")) for side in ("from", "to")]
    rows = FlowWeek.objects.once(Project.objects.visible_to(request.user)).within(window.first)
    rows = rows.filter(team=ends[0].pk if ends[0] else 0, owner=ends[1].pk if ends[1] else 0)
    kind = KINDS.get(request.GET.get("class", ""))
    rows = rows.exclude(kind=Kind.BOT) if kind is None else rows.filter(kind=kind)
    rows = rows.with_contributions().order_by("-week", "project", "person", "pk")
    total = sum(rows.values_list(F("commits") + F("coauthored"), flat=True))
    page = Paginator(rows.select_related("project__repository", "person"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"window": window, "giver": ends[0], "owner": ends[1], "kind": kind, "total": total, "page": page}
    weeks = [(week, shows_person(request.user, week.row.person.user_id)) for week in commits_of(list(page))]
    return respond(request, "pages/insights_commits.html", {**context, "weeks": weeks}, [_commits_table(weeks)])


def _commits_table(weeks: list[tuple[WeekCommits, bool]]) -> Table:
    """One page of contributions, each with its author where the viewer may see figures of them."""
    cells = [
        [
            week.row.week,
            week.row.project.name,
            week.row.person.name if named else None,
            commit.oid,
            commit.title,
            commit.author_time.isoformat(),
            "yes" if shared else "",
        ]
        for week, named in weeks
        for commit, shared in week.commits
    ]
    words = ("Week of", "Project", "Person", "Commit", "Title", "Time", "As co-author")
    return Table("commits", "Contributions", [(word, False) for word in words], cells)


def _team(slug: str) -> Team | None:
    """None stands for unknown ("-")."""
    if slug == "-":
        return None
    found = None if "\0" in slug else Team.objects.filter(slug=slug).first()
    if found is None:
        raise Http404("No team has this address.")
    return found
