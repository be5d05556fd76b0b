"""The home page: search first, then what waits for the reader and fits them, then what moved in the company."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, DateTimeField, F, OuterRef, Q, Subquery, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership, Team, User
from activity.rollups import WINDOW_DAYS
from contributions.agenda import Agenda, agenda
from contributions.opportunity_list import best_for
from projects.models import Project, ProjectQuerySet, Role, Star

SHOWN_MINE = 8
SHOWN_MOVED = 10
SHOWN_NEW = 5
SHOWN_TASKS = 5
SHOWN_AGENDA = 10
MOVED_DAYS = 7
NO_DAY = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Eleven queries for somebody signed in, the frame included; one more after an open task changed."""
    user = request.user
    visible = Project.objects.visible_to(user)
    figures = _figures(visible)
    if not figures["projects"]:
        return render(
            request, "pages/home_first.html", {"administrator": _is_administrator(user), "teams": _has_teams()}
        )
    context = {
        "figures": _strip(figures),
        **_projects(visible, user),
        **_personal(user),
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
    """Sums over the projects the viewer may read."""
    month_ago = timezone.now() - dt.timedelta(days=30)
    return visible.aggregate(
        projects=Count("pk"),
        teams=Count("owner", distinct=True),
        commits=Sum("commits_90d", default=0),
        moving=Count("pk", filter=Q(last_commit_at__gte=month_ago)),
        welcoming=Count("pk", filter=Q(welcomes=True)),
    )


def _strip(figures: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"value": figures["projects"], "words": "projects", "query": ""},
        {"value": figures["moving"], "words": "changed in the last 30 d", "query": ""},
        {"value": figures["commits"], "words": f"commits, {WINDOW_DAYS} d", "query": ""},
        {"value": figures["welcoming"], "words": "welcome contributions", "query": "?welcomes=yes"},
        {"value": figures["teams"], "words": "owning teams", "query": ""},
    ]


def _personal(user: User | AnonymousUser) -> dict[str, Any]:
    """What waits for the reader, what the reader is at, and open tasks that fit."""
    found = agenda(user) if isinstance(user, User) else Agenda([], [])
    return {
        "waiting": found.waiting[:SHOWN_AGENDA],
        "waiting_more": len(found.waiting) - SHOWN_AGENDA,
        "under_way": found.under_way[:SHOWN_AGENDA],
        "fitting": best_for(user, SHOWN_TASKS) if isinstance(user, User) else [],
    }


def _projects(visible: ProjectQuerySet, user: User | AnonymousUser) -> dict[str, list[Project]]:
    """Every list of projects on the page, in one query: the reader's own, starred, lately changed, new ones."""
    marked = _marked(visible, user)
    wanted = [
        marked.exclude(last_commit_at=None).order_by("-last_commit_at")[:SHOWN_MOVED],
        marked.order_by("-created_at", "-pk")[:SHOWN_NEW],
    ]
    if isinstance(user, User):
        wanted.append(
            marked.filter(is_mine=True).order_by(F("last_commit_at").desc(nulls_last=True), "name")[:SHOWN_MINE]
        )
        wanted.append(marked.exclude(starred_at=None).order_by("-starred_at")[:SHOWN_MINE])
    any_of = Q()
    for some in wanted:
        any_of |= Q(pk__in=some.values("pk"))
    rows: list[Any] = list(marked.filter(any_of).select_related("owner").defer("motivation"))
    by_change = sorted(rows, key=lambda row: (-(row.last_commit_at or NO_DAY).timestamp(), row.name))
    changed = [row for row in by_change if row.last_commit_at]
    week_ago = timezone.now() - dt.timedelta(days=MOVED_DAYS)
    moved = [row for row in changed if row.last_commit_at and row.last_commit_at >= week_ago][:SHOWN_MOVED]
    starred = [row for row in rows if row.starred_at]
    return {
        "mine": [row for row in by_change if row.is_mine][:SHOWN_MINE],
        "starred": sorted(starred, key=lambda row: row.starred_at, reverse=True)[:SHOWN_MINE],
        "moved": moved,
        "before": [] if moved else changed[:SHOWN_NEW],
        "recent": sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)[:SHOWN_NEW],
    }


def _marked(visible: ProjectQuerySet, user: User | AnonymousUser) -> Any:
    """With `is_mine` (of the viewer's teams, or with a role of the viewer) and `starred_at`."""
    if not isinstance(user, User):
        return visible.annotate(is_mine=Value(False), starred_at=Value(None, output_field=DateTimeField()))
    teams = Membership.objects.current().filter(user=user).values("team_id")
    roles = Role.objects.current().filter(user=user).values("project_id")
    own = Case(When(Q(owner__in=teams) | Q(pk__in=roles), then=Value(True)), default=Value(False))
    stars = Star.objects.filter(user=user, project=OuterRef("pk")).values("at")[:1]
    return visible.annotate(is_mine=own, starred_at=Subquery(stars))
