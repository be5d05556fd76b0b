"""Which engine answers, by the settings."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from search.engine import Engine


def chosen() -> Engine:
    """The engine that PORTAL_SEARCH_ENGINE names; one object for each folder and process."""
    if settings.SEARCH_ENGINE == "embedded":
        return _embedded(Path(settings.DATA_DIR) / "search", settings.SEARCH_SHARDS, settings.SEARCH_MAX_FILE_BYTES)
    if settings.SEARCH_ENGINE == "zoekt":
        return _zoekt(Path(settings.DATA_DIR) / "zoekt", settings.ZOEKT_URL, settings.SEARCH_MAX_FILE_BYTES)
    raise ImproperlyConfigured(f"PORTAL_SEARCH_ENGINE is embedded or zoekt, not {settings.SEARCH_ENGINE}.")


def _zoekt(folder: Path, url: str, file_bytes: int) -> Engine:
    from search.zoekt.engine import ZoektEngine

    folder.mkdir(parents=True, exist_ok=True)
    return ZoektEngine(folder, url, file_bytes=file_bytes)


@lru_cache(maxsize=4)  # each keeps connections open
def _embedded(folder: Path, shards: int, file_bytes: int) -> Engine:
    from search.embedded.engine import EmbeddedEngine

    return EmbeddedEngine(folder, shards, file_bytes=file_bytes)
