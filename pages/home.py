"""The home page: search first, then what waits for the reader and fits them, then what moved in the company."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, DateTimeField, F, OuterRef, Q, Subquery, Sum, Value
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
MOST_STARS = 50  # looked through for visible ones
SHOWN_TASKS = 5
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
    own = _own(user)
    context = {
        "figures": _strip(figures),
        **_projects(visible, user, own),
        **_personal(user, own),
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


def _personal(user: User | AnonymousUser, own: Collection[int]) -> dict[str, Any]:
    """What waits for the reader, what the reader is at, and open tasks that fit."""
    found = agenda(user, own) if isinstance(user, User) else Agenda([], [])
    return {
        "waiting": found.waiting[:SHOWN_AGENDA],
        "waiting_more": len(found.waiting) - SHOWN_AGENDA,
        "under_way": found.under_way[:SHOWN_AGENDA],
        "fitting": best_for(user, SHOWN_TASKS) if isinstance(user, User) else [],
    }


def _own(user: User | AnonymousUser) -> frozenset[int]:
    """Projects of the viewer's teams and those where the viewer has a role; for administrators too no more."""
    if not isinstance(user, User):
        return frozenset()
    teams = Membership.objects.current().filter(user=user).values("team_id")
    roles = Role.objects.current().filter(user=user).values("project_id")
    own = Project.objects.live().filter(Q(owner__in=teams) | Q(pk__in=roles))
    return frozenset(own.values_list("pk", flat=True))


def _projects(visible: ProjectQuerySet, user: User | AnonymousUser, own: Collection[int]) -> dict[str, list[Project]]:
    """Every list of projects on the page, in one query: the reader's own, starred, lately changed, new ones."""
    wanted = [
        visible.exclude(last_commit_at=None).order_by("-last_commit_at")[:SHOWN_MOVED],
        visible.order_by("-created_at", "-pk")[:SHOWN_NEW],
    ]
    starred_at: Any = Value(None, output_field=DateTimeField())
    if isinstance(user, User):
        stars = Star.objects.filter(user=user)
        wanted.append(
            visible.filter(pk__in=own).order_by(F("last_commit_at").desc(nulls_last=True), "name")[:SHOWN_MINE]
        )
        wanted.append(visible.filter(pk__in=stars.order_by("-at").values("project")[:MOST_STARS])[:MOST_STARS])
        starred_at = Subquery(stars.filter(project=OuterRef("pk")).values("at")[:1])
    any_of = Q()
    for some in wanted:
        any_of |= Q(pk__in=some.values("pk"))
    found = Project.objects.filter(any_of).annotate(starred_at=starred_at)
    return _sorted(list(found.select_related("owner").defer("motivation")), own)


def _sorted(rows: list[Any], own: Collection[int]) -> dict[str, list[Project]]:
    by_change = sorted(rows, key=lambda row: (-(row.last_commit_at or NO_DAY).timestamp(), row.name))
    changed = [row for row in by_change if row.last_commit_at]
    week_ago = timezone.now() - dt.timedelta(days=MOVED_DAYS)
    moved = [row for row in changed if row.last_commit_at >= week_ago][:SHOWN_MOVED]
    starred = [row for row in rows if row.starred_at]
    return {
        "mine": [row for row in by_change if row.pk in own][:SHOWN_MINE],
        "starred": sorted(starred, key=lambda row: row.starred_at, reverse=True)[:SHOWN_MINE],
        "moved": moved,
        "before": [] if moved else changed[:SHOWN_NEW],
        "recent": sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)[:SHOWN_NEW],
    }
