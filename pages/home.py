"""The home page: search first, then what concerns the reader, then what moved in the company."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Membership, Team, User
from activity.rollups import WINDOW_DAYS
from projects.models import Project, ProjectQuerySet, Role

SHOWN_MINE = 8
SHOWN_MOVED = 10
SHOWN_NEW = 5
MOVED_DAYS = 7


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    visible = Project.objects.visible_to(user)
    figures = _figures(visible)
    if not figures["projects"]:
        return render(
            request, "pages/home_first.html", {"administrator": _is_administrator(user), "teams": _has_teams()}
        )
    listed = visible.select_related("owner").defer("motivation")
    week_ago = timezone.now() - dt.timedelta(days=MOVED_DAYS)
    moved = list(listed.filter(last_commit_at__gte=week_ago).order_by("-last_commit_at")[:SHOWN_MOVED])
    context = {
        "figures": _strip(figures),
        "mine": _mine(listed, user),
        "starred": _starred(listed, user),
        "moved": moved,
        "before": [] if moved else list(listed.exclude(last_commit_at=None).order_by("-last_commit_at")[:SHOWN_NEW]),
        "recent": list(listed.order_by("-created_at", "-pk")[:SHOWN_NEW]),
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


def _mine(listed: ProjectQuerySet, user: User | AnonymousUser) -> list[Project]:
    """Projects of the viewer's teams and those where the viewer has a role, the liveliest first."""
    if not isinstance(user, User):
        return []
    teams = Membership.objects.current().filter(user=user).values("team_id")
    roles = Role.objects.current().filter(user=user).values("project_id")
    own = listed.filter(Q(owner__in=teams) | Q(pk__in=roles))
    return list(own.order_by("-last_commit_at", "name")[:SHOWN_MINE])


def _starred(listed: ProjectQuerySet, user: User | AnonymousUser) -> list[Project]:
    if not isinstance(user, User):
        return []
    return list(listed.filter(stars__user=user).order_by("-stars__at")[:SHOWN_MINE])
