"""The worker's sign of life: a file in the data folder whose time is that of the last dispatch."""

import time
from pathlib import Path

from django.conf import settings


def _file() -> Path:
    return Path(settings.DATA_DIR) / "worker.heartbeat"


def beat() -> None:
    _file().touch()


def silent_seconds() -> int | None:
    """Seconds since the last sign of life; None when there never was one."""
    try:
        return int(time.time() - _file().stat().st_mtime)
    except OSError:
        return None
