"""What an import could not read, for those who may know of all of the repository."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from activity.models import History
from projects.models import Project, Repository


def visible_import_problems(user: User | AnonymousUser, repository: Repository) -> list[list[str]]:
    """[place, message] pairs: commits, lines of the .mailmap. None for who maintains but a folder beside others."""
    history: History | None = getattr(repository, "history", None)
    found = history.problems if history is not None else []
    if not found:
        return []
    mine = Project.objects.maintainable_by(user).filter(repository=repository)
    others = Project.objects.live().filter(repository=repository).exclude(pk__in=mine.values("pk"))
    return found if mine.filter(subdirectory="").exists() or (mine.exists() and not others.exists()) else []
