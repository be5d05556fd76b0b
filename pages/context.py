"""What every page knows of the portal itself, as `portal` in the template."""

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import Notification, User

Statement = tuple[str, tuple[Any, ...]]

NAME = "InnerSource Portal"
MOST_UNREAD = 99


def portal(request: HttpRequest) -> dict[str, Any]:
    """`portal.demo_accounts` is a list of {"username", "password", "name", "role"}; empty outside demo mode.

    `portal.maintains` and `portal.unread` cost a query each, and only where a template asks for them.
    """
    return {
        "portal": {
            "name": NAME,
            "version": _version(),
            "demo": settings.DEMO,
            "demo_accounts": getattr(settings, "DEMO_ACCOUNTS", []) if settings.DEMO else [],
            "anonymous_read": settings.ANONYMOUS_READ,
            "signup_open": settings.SIGNUP_OPEN,
            "maintains": SimpleLazyObject(lambda: _maintains(request)),
            "unread": SimpleLazyObject(lambda: _unread(request)),
        }
    }


def _maintains(request: HttpRequest) -> bool:
    """True when the viewer looks after at least one project, or after everything."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return False
    if user.is_administrator:
        return True
    return bool(_answer(*_maintaining(user.pk, timezone.localdate())))


def _unread(request: HttpRequest) -> int:
    """Unread notifications that the viewer may see, counted up to one more than the bell shows."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    return len(_answer(*_notified(user.pk, user.is_administrator, timezone.localdate())))


# Every page asks these two. Putting the statements together takes ten times as long as their answers, so they are kept;
# memberships and roles count from a day on, which is part of them.
@lru_cache(maxsize=500)
def _maintaining(user_id: int, _today: date) -> Statement:
    """By the person's own rows: cheaper than `maintainable_by` over all projects."""
    user = User(pk=user_id)
    teams = user.memberships.current().filter(team__projects__removed_at=None, team__projects__isnull=False)
    roles = user.roles.current().filter(project__removed_at=None)
    return User.objects.filter(Exists(teams) | Exists(roles), pk=user_id).values("pk").query.sql_with_params()


@lru_cache(maxsize=500)
def _notified(user_id: int, is_administrator: bool, _today: date) -> Statement:
    user = User(pk=user_id, is_superuser=is_administrator)
    unread = Notification.objects.visible_to(user).unread().order_by().values("pk")
    return unread[: MOST_UNREAD + 1].query.sql_with_params()


def _answer(statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


@lru_cache(maxsize=1)
def _version() -> str:
    path = Path(settings.BASE_DIR) / "pyproject.toml"
    if not path.is_file():
        return ""
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
