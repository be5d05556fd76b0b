"""What rendering gave, kept by the blob's id; what failed is remembered too, so that no view pays for it again."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pygments
from django.core.cache import caches

FAILED_SECONDS = 24 * 3600  # what failed is tried again after this: a busy machine may have been the reason
_SOURCES = ("source/rendering", "common", "projects/derive")
_ROOT = Path(__file__).resolve().parent.parent.parent


class Keep:
    """A place for one result. `words` hold the blob's id and all else that the result follows from."""

    def __init__(self, what: str, *words: object) -> None:
        spelled = repr((version(), words)).encode("utf-8", "surrogateescape")
        self.key = f"{what}:{hashlib.sha256(spelled).hexdigest()}"

    def get(self) -> Any:
        """None when nothing is kept."""
        return caches["code"].get(self.key)

    def put(self, value: object, *, failed: bool = False) -> None:
        if failed:
            caches["code"].set(self.key, value, FAILED_SECONDS)
        else:
            caches["code"].set(self.key, value)


@cache
def version() -> str:
    """Changes whenever the code that renders does."""
    digest = hashlib.sha256(pygments.__version__.encode("ascii"))
    for folder in _SOURCES:
        for path in sorted((_ROOT / folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
