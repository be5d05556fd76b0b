"""What every page knows of the portal itself, as `portal` in the template."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Notification, User

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
    # By the person's own rows: cheaper than `maintainable_by` over all projects, and asked on every page.
    teams = user.memberships.current().filter(team__projects__removed_at=None, team__projects__isnull=False)
    roles = user.roles.current().filter(project__removed_at=None)
    return bool(User.objects.filter(Exists(teams) | Exists(roles), pk=user.pk).exists())


def _unread(request: HttpRequest) -> int:
    """Unread notifications that the viewer may see, counted up to one more than the bell shows."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    return Notification.objects.visible_to(user).unread().order_by()[: MOST_UNREAD + 1].count()


@lru_cache(maxsize=1)
def _version() -> str:
    path = Path(settings.BASE_DIR) / "pyproject.toml"
    if not path.is_file():
        return ""
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
