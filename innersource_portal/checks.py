"""Refuses to start a production portal that is not safe, and says what to set."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, register


@register()
def check_safe_to_start(**_: Any) -> list[Error]:
    if settings.EMBEDDED or settings.TESTING:
        return []
    return [*_secret_key(), *_hosts(), *_debug(), *_demo()]


def _secret_key() -> list[Error]:
    if len(settings.SECRET_KEY) >= 32:
        return []
    return [Error("PORTAL_SECRET_KEY is too short.", hint="Use at least 32 random characters.", id="portal.E001")]


def _hosts() -> list[Error]:
    if settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "PORTAL_ALLOWED_HOSTS names no host, or every host.",
            hint="Set it to the host names people use, for example portal.example.com.",
            id="portal.E002",
        )
    ]


def _debug() -> list[Error]:
    on_loopback = urlsplit(settings.BASE_URL).hostname in {"127.0.0.1", "localhost", "::1"}
    if not settings.DEBUG or on_loopback:
        return []
    return [
        Error(
            "PORTAL_DEBUG is on while PORTAL_BASE_URL is not this machine.",
            hint="Unset PORTAL_DEBUG; debug pages show settings and source code.",
            id="portal.E003",
        )
    ]


def _demo() -> list[Error]:
    if not settings.DEMO:
        return []
    return [
        Error(
            "PORTAL_DEMO is on outside `make run`.",
            hint="Unset PORTAL_DEMO; it creates accounts with published passwords.",
            id="portal.E004",
        )
    ]
