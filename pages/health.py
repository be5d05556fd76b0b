"""What machines ask: does the process answer, is everything there that it needs, what may robots read."""

import shutil
import tempfile
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common import heartbeat

MIN_FREE_BYTES = 200 * 1024**2
HEARTBEAT_SECONDS = 120


class NotReady(Exception):
    """One thing is missing; the message says which."""


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is touched."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Whether the portal can serve: 200 or 503, and for each part "ok" or words that say what is wrong."""
    parts = {name: _try(check) for name, check in CHECKS.items()}
    ready = all(words == "ok" for words in parts.values())
    return JsonResponse({"ready": ready, "checks": parts}, status=200 if ready else 503)


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """A company's portal is nothing for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def _try(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as error:
        return str(error)
    return "ok"


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise NotReady("The database does not answer.") from error


def _migrations() -> None:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise NotReady("The database does not answer.") from error
    if missing:
        raise NotReady(f"{len(missing)} migrations are not applied: run manage.py migrate.")


def _data_folder() -> None:
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR):
            pass
    except OSError as error:
        raise NotReady("The data folder cannot be written.") from error


def _disk() -> None:
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free
    except OSError as error:
        raise NotReady("The data folder is missing.") from error
    if free < MIN_FREE_BYTES:
        raise NotReady(f"Only {free // 1024**2} MB are free on the disk of the data folder.")


def _worker() -> None:
    """A worker that once gave a sign of life has to go on doing so; without one nobody can tell."""
    silent = heartbeat.silent_seconds()
    if silent is not None and silent > HEARTBEAT_SECONDS:
        raise NotReady(f"The worker has been silent for {silent} seconds.")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "migrations": _migrations,
    "data folder": _data_folder,
    "disk": _disk,
    "worker": _worker,
}
