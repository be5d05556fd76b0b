"""Addresses of projects: from any text to a free slug."""

import re
import unicodedata

from accounts.models import User
from projects.models import FormerSlug, Project

RESERVED = frozenset({"register", "export.json", "export.csv", "new", "search"})
MAX_LENGTH = 100


def slug_of(text: str) -> str:
    """A slug made of a text; "project" when nothing of it can be used."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9._-]+", "-", plain)[:MAX_LENGTH].strip("._-")
    return slug or "project"


def is_free(slug: str, project: Project | None = None) -> bool:
    """Whether `project` (or a new one) may take this address; former addresses of other projects are kept for them."""
    if slug in RESERVED:
        return False
    projects, former = Project.objects.filter(slug=slug), FormerSlug.objects.filter(slug=slug)
    if project is not None:
        projects, former = projects.exclude(pk=project.pk), former.exclude(project=project)
    return not projects.exists() and not former.exists()


def free_slug(text: str) -> str:
    """A slug made of a text that no project has or had, with a number where needed."""
    slug = slug_of(text)
    if is_free(slug):
        return slug
    number = 2
    while True:
        tail = f"-{number}"
        candidate = slug[: MAX_LENGTH - len(tail)].rstrip("._-") + tail
        if is_free(candidate):
            return candidate
        number += 1


def wished_slug(slug: str, user: User | None, project: Project | None = None) -> str | None:
    """What `user` gets who wishes for this address, for `project` or a new one; None where it is taken.

    Where something has it of which `user` may not know, they get it with a number: an answer that says "taken" would
    tell of a hidden project. `user` None: the server's own operator, who may know of everything.
    """
    if is_free(slug, project):
        return slug
    if slug in RESERVED or user is None or user.is_administrator:
        return None
    visible = Project.objects.visible_to(user)
    if visible.filter(slug=slug).exists() or visible.filter(former_slugs__slug=slug).exists():
        return None
    return free_slug(slug)
