"""The activity of one project: who changes it, from where, and when."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from activity.flow_figures import Periods, Share
from activity.flow_standing import absence_factor
from activity.models import Commit, FlowWeek, Kind, Participation
from activity.models.history import day_start
from activity.privacy import shows_person
from common.charts import WeeklyChart, sparkline
from common.flow_charts import DAYS, punch_card
from pages.figures import Link, Picture, Table, Window, change, percent, respond
from projects.access import Moved, get_visible_project
from projects.models import Project
from source.access import visible_code
from source.frame import project_tabs

SPARKS = 52
ABOUT = ("commits", "contributors", *["share-from-outside"] * 3, "absence-factor")  # of the strip
HUMAN = (Kind.INSIDE, Kind.OUTSIDE, Kind.UNMAPPED)
Row = tuple[Any, int, int, int, int]  # week, person, kind, commits, co-authored


@require_safe
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        return redirect(reverse("pages:activity", args=[moved.project.slug]), permanent=True)
    window = Window.of(request)
    columns = ("week", "person_id", "kind", "commits", "coauthored")
    rows = list(FlowWeek.objects.filter(project=project).within(window.before).values_list(*columns))
    now = [row for row in rows if window.first is None or row[0] >= window.first]
    before = share([row for row in rows if window.first is not None and row[0] < window.first])
    chart = _chart(now, window, project)
    newcomers, people = _contributors(request, project, now, chart, window)
    punches = _punches(project, window)
    tables = [people, _weeks_table(chart), _punch_table(punches)]
    code = visible_code(request, project)
    context = {
        "project": project,
        "tabs": project_tabs(project, "activity") if code and project.repository.head_commit else [],
        "window": window,
        "figures": _figures(share(now), before, now, window, newcomers),
        "chart": chart,
        "punch": punch_card(punches, "Commits by weekday and hour"),
    }
    return respond(request, "pages/activity.html", context, tables)


def share(rows: Iterable[Row]) -> Share:
    found = Share()
    for _, _, kind, commits, shared in rows:
        found.kinds[kind] += commits + shared
    return found


def _figures(now: Share, before: Share, rows: list[Row], window: Window, newcomers: int) -> list[dict[str, Any]]:
    commits: Counter[int] = Counter()
    for _, person, kind, number, _ in rows:
        if kind != Kind.BOT:
            commits[person] += number
    new = f", {newcomers:,} for the first time" if window.days else ""
    figures: list[dict[str, Any]] = [
        {"value": f"{sum(commits.values()):,}", "words": "commits"},
        {"value": f"{len(commits):,}", "words": "contributors" + new},
        {"value": percent(now.share), "words": "of mapped contributions came from outside", "cross": True},
        {"value": change(now.share, before.share), "words": "share against the weeks before"},
        {"value": percent(now.coverage), "words": f"mapped; {now.unmapped:,} of unknown teams"},
        {"value": f"{absence_factor(commits.values()):,}", "words": "people made half of the commits (absence factor)"},
    ]
    figures = [{"about": about} | figure for about, figure in zip(ABOUT, figures, strict=True)]
    return [figure for figure in figures if window.days or "before" not in str(figure["words"])]


def _chart(rows: list[Row], window: Window, project: Project) -> WeeklyChart:
    """Commits by the class of who wrote them; each counts once. Releases are marks."""
    days = [row[0] for row in rows if row[3] and row[0] <= window.week]
    periods = Periods.of(window.first or min(days, default=window.week), window.week)
    parts: dict[int, Counter[Any]] = defaultdict(Counter)
    for week, _, kind, commits, _ in rows:
        parts[kind][week] += commits
    inside, outside, unmapped = (periods.spread(parts[kind]) for kind in HUMAN)
    releases: dict[int, list[str]] = defaultdict(list)
    for tag, at in project.releases.order_by("at").values_list("tag", "at"):
        if at.date() >= periods.starts[0]:
            releases[periods.index(at.date())].append(tag)
    marks = [(at, "Released " + ", ".join(tags[:8])) for at, tags in sorted(releases.items())]
    return WeeklyChart(
        f"Commits per {periods.unit}",
        periods.starts,
        [sum(row) for row in zip(inside, outside, unmapped, strict=True)],
        outside,
        owner=project.owner.name if project.owner else "owning team",
        unmapped=unmapped,
        period=periods.unit,
        marks=marks,
        csv=window.csv_of("weeks"),
    )


def _contributors(
    request: HttpRequest, project: Project, rows: list[Row], chart: WeeklyChart, window: Window
) -> tuple[int, Table]:
    """How many are new, and everybody by name: nobody is ranked."""
    periods = Periods(chart.period, list(chart.starts))
    sums: dict[int, Share] = defaultdict(Share)
    weeks: dict[int, tuple[Counter[Any], Counter[Any]]] = defaultdict(lambda: (Counter(), Counter()))
    for week, person, kind, commits, shared in rows:
        if kind in HUMAN:
            sums[person].kinds[kind] += commits + shared
            weeks[person][0][week] += commits + shared
            weeks[person][1][week] += commits + shared if kind == Kind.OUTSIDE else 0
    known = Participation.objects.filter(project=project, person__in=list(sums)) if len(sums) < 500 else None
    known = known if known is not None else Participation.objects.filter(project=project)
    columns = ("person_id", "person__name", "person__user_id", "first_day", "last_day")
    cells, new = [], 0
    for pk, name, account, first, last in known.order_by("person__name", "person_id").values_list(*columns):
        if pk not in sums:
            continue
        is_new = first is not None and (window.first is None or first >= window.first)
        new += is_new
        if shows_person(request.user, account):
            bars, theirs = (periods.spread(part)[-SPARKS:] for part in weeks[pk])
            spark = Picture(sparkline(bars, theirs, "contributions"), " ".join(map(str, bars)))
            facts = [sums[pk].total, sums[pk].outside, first, last, "yes" if is_new else ""]
            cells.append([Link(name, person_url(pk)), *facts, spark])
    heads = [("Contributor", False), ("Contributions", True), ("From outside", True), ("First", False), ("Last", False)]
    return new, Table(
        "contributors",
        "Contributors",
        [*heads, ("New", False), (f"{chart.period}s".title(), False)],
        cells,
        "contributors",
    )


def person_url(pk: int) -> str:
    return reverse("pages:person", args=[str(pk)])


def _weeks_table(chart: WeeklyChart) -> Table:
    heads = [(chart.words, False), ("Commits", True), ("From outside", True), ("Unknown teams", True)]
    rows = [[day, *numbers, happened] for day, numbers, happened in chart.lines]
    return Table("weeks", chart.title, [*heads, ("Happened", False)], rows)


def _punches(project: Project, window: Window) -> dict[tuple[int, int], int]:
    """Commits of humans by (weekday from 0 = Monday, hour) on the author's clock. One query, at most 168 rows."""
    commits = Commit.objects.for_project(project).contributions().filter(author__person__is_bot=False)
    if window.first is not None:
        commits = commits.filter(authored_at__gte=day_start(window.first))
    local = F("authored_at") + F("author_zone") * 60 + 3 * 86_400 + 86_400 * 7_000_000  # never below zero
    rows = commits.order_by().values_list((local / 3600) % 168).annotate(number=Count("pk"))
    return {divmod(int(hour), 24): number for hour, number in rows}


def _punch_table(punches: dict[tuple[int, int], int]) -> Table:
    rows = [[DAYS[day], hour, number] for (day, hour), number in sorted(punches.items())]
    return Table(
        "hours", "Commits by weekday and hour", [("Weekday", False), ("Hour", True), ("Commits", True)], rows, "commits"
    )
