"""Finding Git repositories in a folder of the server."""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from accounts.models import User
from sync.registration import RegistrationError

MAX_DEPTH = 8
MAX_FOLDERS = 50_000
MAX_FOUND = 1000
SKIPPED = frozenset({"node_modules", "__pycache__"})


def find_repositories(folder: str | Path, *, by: User | None = None) -> list[Path]:
    """Git repositories (bare or with a work tree) in or below `folder`, sorted; bounded, never through a link.

    Raises `RegistrationError` on the field "folder" when `by` is no administrator or the folder is not within
    `PORTAL_GIT_LOCAL_ROOTS`.
    """
    if by is not None and not by.is_administrator:
        raise RegistrationError("folder", "Only administrators may register folders of the server.")
    start = allowed_folder(folder)
    return sorted(_walk(start))


def allowed_folder(folder: str | Path) -> Path:
    """The folder with every link resolved, if it lies within an allowed root."""
    roots = [root.resolve() for root in settings.GIT_LOCAL_ROOTS]
    if not roots:
        raise RegistrationError(
            "folder", "No folder of the server is allowed.", "An administrator sets PORTAL_GIT_LOCAL_ROOTS."
        )
    try:
        start = Path(folder).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        start = None
    if start is None or not any(start.is_relative_to(root) for root in roots) or not start.is_dir():
        raise RegistrationError(
            "folder", "This is not a folder that may be read.", "Allowed are the folders in PORTAL_GIT_LOCAL_ROOTS."
        )
    return start


def _walk(start: Path) -> Iterator[Path]:
    waiting = deque([(start, 0)])
    seen = found = 0
    while waiting and seen < MAX_FOLDERS and found < MAX_FOUND:
        folder, depth = waiting.popleft()
        seen += 1
        if is_repository(folder):
            found += 1
            yield folder
        elif depth < MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in _folders_in(folder))


def is_repository(folder: Path) -> bool:
    """Whether git would open it: bare, with a work tree, or a linked work tree is not one of its own."""
    return any(
        (place / "HEAD").is_file() and (place / "objects").is_dir() and (place / "refs").is_dir()
        for place in (folder / ".git", folder)
    )


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and entry.name not in SKIPPED
            ]
    except OSError:
        return []
