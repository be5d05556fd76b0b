"""People and what they do, as far as the viewer may read it."""

from collections import Counter
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Max, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Membership, User
from activity.flow.figures import Periods, visible_people
from activity.models import FlowWeek, Kind, Person, PersonArea
from activity.privacy import shows_person
from common.charts import WeeklyChart
from contributions.thanking import thanks_to
from pages.figures import Link, Table, Window, percent, respond
from pages.insights import share_of, weeks_table
from projects.models import Project

PER_PAGE = 50


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody by name, with search."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    query = request.GET.get("q", "").replace("\0", "")[:100].strip()
    found = visible_people(request.user).select_related("user")
    if query:
        found = found.filter(Q(name__icontains=query) | Q(user__name__icontains=query) | Q(user__username=query))
    page = Paginator(found.order_by("name", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "pages/people.html", {"page": page, "query": query})


@require_safe
def person(request: HttpRequest, key: str) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    shown = _find(request.user, key)
    if shown is None:
        return _without_commits(request, request.user, key)
    if key != address_key(shown):
        return redirect(reverse("pages:person", args=[address_key(shown)]))
    window = Window.of(request)
    visible = Project.objects.visible_to(request.user)
    teams = Membership.objects.none() if shown.user is None else shown.user.memberships.current()
    context: dict[str, Any] = {"person": shown, "window": window, "teams": teams.select_related("team")}
    context["thanks"] = thanks_to(shown.user, request.user)
    context["is_viewer"] = shown.user_id == request.user.pk
    if not shows_person(request.user, shown.user_id):
        return respond(request, "pages/person.html", {**context, "hidden": True, "chart": None}, [])
    rows = FlowWeek.objects.filter(person=shown).once(visible).within(window.first)
    weeks = list(rows.values_list("week", "kind").annotate(number=Sum("commits") + Sum("coauthored")).order_by())
    chart = _chart(weeks, window)
    tables = [_projects(rows), _areas(shown, visible), weeks_table(chart, "To other teams")]
    context |= {"hidden": False, "chart": chart, "figures": _figures(weeks), "empty": not weeks}
    return respond(request, "pages/person.html", context, tables)


def _figures(weeks: list[tuple[Any, ...]]) -> list[dict[str, str]]:
    share = share_of(Counter({(week, kind): number for week, kind, number in weeks}))
    return [
        {"value": f"{share.total:,}", "words": "contributions", "about": "contributions"},
        {"value": percent(share.share), "words": "of mapped ones to other teams", "about": "share-from-outside"},
        {
            "value": percent(share.coverage),
            "words": f"mapped; {share.unmapped:,} of unknown teams",
            "about": "share-from-outside",
        },
    ]


def _without_commits(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
    """Somebody who signed in and is nobody in any commit. Raises Http404."""
    account = None if "\0" in key else User.objects.filter(username=key, is_active=True, person=None).first()
    if account is None:
        raise Http404("Nobody has this address.")
    teams = account.memberships.current().select_related("team")
    context = {"person": {"name": account.display_name}, "window": Window.of(request), "teams": teams}
    context |= {"thanks": thanks_to(account, viewer), "is_viewer": account == viewer}
    return respond(request, "pages/person.html", {**context, "hidden": False, "chart": None}, [])


def _find(user: User, key: str) -> Person | None:
    """By user name, else by number; merged people lead to whom they became."""
    seen = visible_people(user).select_related("user")
    found: Person | None = None if "\0" in key else seen.filter(user__username=key).first()
    if found is None and key.isascii() and key.isdigit() and len(key) < 10:
        found = seen.filter(Q(pk=int(key)) | Q(merged__pk=int(key))).first()
    return found


def address_key(person: Person) -> str:
    """The user name where it cannot be mistaken for a number."""
    return person.user.username if person.user and not person.user.username.isdigit() else str(person.pk)


def _chart(weeks: list[tuple[Any, ...]], window: Window) -> WeeklyChart:
    days = [week for week, _, _ in weeks if week <= window.week]
    periods = Periods.of(window.first or min(days, default=window.week), window.week)
    parts: dict[int, Counter[Any]] = {kind: Counter() for kind in Kind}
    for week, kind, number in weeks:
        parts[kind][week] += number
    inside, outside, unmapped = (periods.spread(parts[kind]) for kind in (Kind.INSIDE, Kind.OUTSIDE, Kind.UNMAPPED))
    totals = [sum(row) for row in zip(inside, outside, unmapped, strict=True)]
    title = f"Contributions per {periods.unit}"
    return WeeklyChart(
        *(title, periods.starts, totals, outside, "own team", "contributions", unmapped),
        period=periods.unit,
        across="to other teams",
        csv=window.csv_of("weeks"),
    )


def _projects(rows: Any) -> Table:
    sums: dict[tuple[str, str], list[Any]] = {}
    values = rows.order_by("project__name").values_list("project__name", "project__slug", "kind")
    for name, slug, kind, number, last in values.annotate(n=Sum("commits") + Sum("coauthored"), last=Max("week")):
        row = sums.setdefault((name, slug), [0, 0, 0, last])
        row[0] += number
        row[1] += number if kind == Kind.OUTSIDE else 0
        row[2] += number if kind == Kind.UNMAPPED else 0
        row[3] = max(row[3], last)
    cells = [[Link(name, reverse("pages:activity", args=[slug])), *row] for (name, slug), row in sums.items()]
    numbers = [("Contributions", True), ("To another team", True), ("Unknown teams", True)]
    return Table("projects", "Projects", [("Project", False), *numbers, ("Last week", False)], cells, "contributions")


def _areas(person: Person, visible: Any) -> Table:
    rows = PersonArea.objects.filter(person=person, project__in=visible).order_by("project__name", "path")
    found = rows.values_list("project__name", "path", "commits", "last_day")
    columns = [("Project", False), ("Folder", False), ("Commits", True), ("Last", False)]
    return Table("areas", "Areas, all time", columns, [list(row) for row in found], "areas")
