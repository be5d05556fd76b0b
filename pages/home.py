"""The home page: search first, then what waits for the reader and fits them, then what moved in the company."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Max, Q, QuerySet, Subquery, Sum, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Team, User
from activity.days import WINDOW_DAYS, window
from activity.models import FlowWeek, PersonDay
from contributions.agenda import Agenda, agenda
from contributions.fitting import Marks, marks_of
from contributions.opportunity_list import best_for
from projects.models import Project, ProjectQuerySet

SHOWN_MINE = 8
SHOWN_MOVED = 10
SHOWN_NEW = 5
MOST_STARS = 50  # looked through for visible ones
SHOWN_TASKS = 5
SHOWN_COLUMNS = (
    *("slug", "name", "tagline", "visibility", "language", "commits_90d", "weeks", "last_commit_at", "created_at"),
    "owner__name",
)
SHOWN_AGENDA = 10
MOVED_DAYS = 7
NO_DAY = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Twelve queries for somebody signed in, the frame included; one more after an open task changed."""
    user = request.user
    visible = Project.objects.visible_to(user)
    figures = _figures(visible)
    if not figures["projects"]:
        return render(
            request, "pages/home_first.html", {"administrator": _is_administrator(user), "teams": _has_teams()}
        )
    marks = marks_of(user)
    context = {
        "figures": _strip(figures),
        **_projects(visible, user, marks),
        **_personal(user, visible, marks),
        "moved_days": MOVED_DAYS,
        "signed_in": isinstance(user, User),
        "administrator": _is_administrator(user),
    }
    return render(request, "pages/home.html", context)


def _is_administrator(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_administrator


def _has_teams() -> bool:
    return Team.objects.exists()


def _figures(visible: ProjectQuerySet) -> dict[str, Any]:
    """Sums over the projects the viewer may read; a commit of several of them counts once."""
    month_ago = timezone.now() - dt.timedelta(days=30)
    figures = visible.aggregate(
        projects=Count("pk"),
        teams=Count("owner", distinct=True),
        commits=Sum("commits_90d", default=0),
        again=Max(Subquery(_counted_again(visible)), default=0),
        moving=Count("pk", filter=Q(last_commit_at__gte=month_ago)),
        welcoming=Count("pk", filter=Q(welcomes=True)),
    )
    figures["commits"] -= figures["again"] or 0
    return figures


def _counted_again(visible: ProjectQuerySet) -> QuerySet[Any]:
    """Commits of the last days in copies and folders of what the viewer reads anyway; one row, or none."""
    first, last = window(timezone.now().astimezone(dt.UTC).date())
    weeks = FlowWeek.objects.within(first - dt.timedelta(days=6)).filter(precedence__isnull=False)  # has an index
    days = PersonDay.objects.again(visible).filter(project__in=weeks.values("project")).between(first, last)
    return days.humans().order_by().values(one=Value(1)).annotate(total=Sum("commits")).values("total")


def _strip(figures: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"value": figures["projects"], "words": "projects", "query": ""},
        {"value": figures["moving"], "words": "changed in the last 30 d", "query": ""},
        {"value": figures["commits"], "words": f"commits, {WINDOW_DAYS} d", "query": ""},
        {"value": figures["welcoming"], "words": "welcome contributions", "query": "?welcomes=yes"},
        {"value": figures["teams"], "words": "owning teams", "query": ""},
    ]


def _personal(user: User | AnonymousUser, visible: ProjectQuerySet, marks: Marks) -> dict[str, Any]:
    """What waits for the reader, what the reader is at, and open tasks that fit."""
    found = agenda(user, visible, marks) if isinstance(user, User) else Agenda([], [])
    return {
        "waiting": found.waiting[:SHOWN_AGENDA],
        "waiting_more": len(found.waiting) - SHOWN_AGENDA,
        "under_way": found.under_way[:SHOWN_AGENDA],
        "fitting": best_for(user, visible, marks, SHOWN_TASKS) if isinstance(user, User) else [],
    }


def _projects(visible: ProjectQuerySet, user: User | AnonymousUser, marks: Marks) -> dict[str, list[Project]]:
    """Every list of projects on the page, in two queries: lately changed; new ones, the reader's own and starred."""
    moved = list(_shown(visible.exclude(last_commit_at=None).order_by("-last_commit_at"))[:SHOWN_MOVED])
    wanted = Q(pk__in=visible.order_by("-created_at", "-pk").values("pk")[:SHOWN_NEW])
    if isinstance(user, User):
        own = Project.objects.live().filter(Q(owner__in=marks.teams) | Q(pk__in=marks.roles))
        mine = own.order_by(F("last_commit_at").desc(nulls_last=True), "name")[:SHOWN_MINE]
        latest = sorted(marks.starred, key=lambda pk: marks.starred[pk], reverse=True)[:MOST_STARS]
        wanted |= Q(pk__in=mine.values("pk")) | Q(pk__in=latest)
    return _sorted(moved, list(_shown(visible.filter(wanted).order_by())), marks)


def _shown(rows: ProjectQuerySet) -> ProjectQuerySet:
    return rows.select_related("owner").only(*SHOWN_COLUMNS)


def _sorted(changed: list[Project], rows: list[Project], marks: Marks) -> dict[str, list[Project]]:
    """`changed`: the last changed first; `rows`: among others the new ones, the reader's own, and starred ones."""
    by_change = sorted(rows, key=lambda row: (-(row.last_commit_at or NO_DAY).timestamp(), row.name))
    week_ago = timezone.now() - dt.timedelta(days=MOVED_DAYS)
    moved = [row for row in changed if row.last_commit_at and row.last_commit_at >= week_ago]
    starred = [row for row in rows if row.pk in marks.starred]
    return {
        "mine": [row for row in by_change if marks.looks_after(row.pk, row.owner_id)][:SHOWN_MINE],
        "starred": sorted(starred, key=lambda row: marks.starred[row.pk], reverse=True)[:SHOWN_MINE],
        "moved": moved,
        "before": [] if moved else changed[:SHOWN_NEW],
        "recent": sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)[:SHOWN_NEW],
    }
