"""The activity of one project: who changes it, from where, and when."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from activity.flow.figures import Periods, Share
from activity.flow.standing import absence_factor
from activity.models import Commit, FlowWeek, Kind, Participation, PersonDay
from activity.models.history import day_start
from activity.privacy import figures_are_shared, shows_person
from common.charts import WeeklyChart, sparkline
from common.flow_charts import DAYS, punch_card
from pages.figures import Link, Made, Picture, Table, Window, change, percent, respond
from projects.access import Moved, get_visible_project
from projects.models import Project
from source.access import visible_code
from source.frame import project_tabs

BESIDE = ("repository__history", "owner", "flow_state")
ABOUT = ("commits", "lines", "contributors", *["share-from-outside"] * 3, "absence-factor")  # of the strip
TAGS = 8
HUMAN = (Kind.INSIDE, Kind.OUTSIDE, Kind.UNMAPPED)
Row = tuple[Any, int, int, int, int]  # week, person, kind, commits, co-authored


@require_safe
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug, Project.objects.select_related(*BESIDE))
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
    context = {
        "project": project,
        "tabs": _tabs(request, project),
        "window": window,
        "behind": _behind(project),
        "empty": not now,
        "private": not figures_are_shared(),
        "figures": _figures((share(now), before), now, window, newcomers, _lines(project, window)),
        "chart": chart,
        "punch": punch_card(punches, "Commits by weekday and hour"),
    }
    return respond(request, "pages/activity.html", context, [people, _weeks_table(chart), _punch_table(punches)])


def _tabs(request: HttpRequest, project: Project) -> list[dict[str, Any]]:
    code = visible_code(request, project)
    return project_tabs(project, "activity") if code and project.repository.head_commit else []


def _behind(project: Project) -> str:
    """What is still to come, in words: "commits", "weeks" or "lines"; empty when all is there."""
    history, flow = getattr(project.repository, "history", None), getattr(project, "flow_state", None)
    if history is None or not history.commit:
        return "commits" if project.repository.head_commit else ""
    if flow is None or not flow.inputs:
        return "weeks"
    return "lines" if history.lines_left else ""


def _lines(project: Project, window: Window) -> str:
    """Lines added and removed by people in the window, as far as they are counted."""
    days = PersonDay.objects.filter(project=project).humans().between(window.first, None)
    sums = days.aggregate(added=Sum("added", default=0), removed=Sum("removed", default=0))
    return f"+{sums['added']:,} \N{MINUS SIGN}{sums['removed']:,}"


def share(rows: Iterable[Row]) -> Share:
    found = Share()
    for _, _, kind, commits, shared in rows:
        found.kinds[kind] += commits + shared
    return found


def _figures(
    shares: tuple[Share, Share], rows: list[Row], window: Window, newcomers: int, lines: str
) -> list[dict[str, Any]]:
    """`shares`: of the window, and of as many weeks before."""
    now, before = shares
    commits: Counter[int] = Counter()
    for _, person, kind, number, _ in rows:
        if kind != Kind.BOT:
            commits[person] += number
    new = f", {newcomers:,} for the first time" if window.days else ""
    number, people, absence = sum(commits.values()), len(commits), absence_factor(commits.values())
    figures: list[dict[str, Any]] = [
        {"value": f"{number:,}", "words": "commit" if number == 1 else "commits"},
        {"value": lines, "words": "lines added and removed"},
        {"value": f"{people:,}", "words": ("contributor" if people == 1 else "contributors") + new},
        {"value": percent(now.share), "words": "of mapped contributions came from outside", "cross": True},
        {"value": change(now.share, before.share), "words": "share against the weeks before"},
        {"value": percent(now.coverage), "words": f"mapped; {now.unmapped:,} of unknown teams"},
        {
            "value": f"{absence:,}",
            "words": f"{'person' if absence == 1 else 'people'} made half of the commits (absence factor)",
        },
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
    marks = [(at, _released(tags)) for at, tags in sorted(releases.items())]
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


def _released(tags: list[str]) -> str:
    more = f" and {len(tags) - TAGS} more" if len(tags) > TAGS else ""
    return "Released " + ", ".join(tags[:TAGS]) + more


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
    found, new = [], 0
    for pk, name, account, first, last in known.order_by("person__name", "person_id").values_list(*columns):
        if pk not in sums:
            continue
        is_new = first is not None and (window.first is None or first >= window.first)
        new += is_new
        if shows_person(request.user, account):
            found.append((pk, name, sums[pk], first, last, ["yes" if is_new else ""][: window.days]))

    def make(row: tuple[Any, ...]) -> list[Any]:
        pk, name, share, first, last, news = row
        bars, theirs = (periods.spread(part) for part in weeks[pk])
        spark = Picture(sparkline(bars, theirs, "contributions", chart.period), " ".join(map(str, bars)))
        return [Link(name, person_url(pk)), share.total, share.outside, first, last, *news, spark]

    heads = [("Contributor", False), ("Contributions", True), ("From outside", True), ("First", False), ("Last", False)]
    heads += [*[("New", False)][: window.days], (f"Per {chart.period}", False)]
    return new, Table("contributors", "Contributors", heads, Made(found, make), "contributors")


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
