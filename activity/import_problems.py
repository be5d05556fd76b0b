"""What an import could not read, for those who may know of all of the repository."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from activity.models import History
from projects.access import maintains_whole
from projects.models import Repository


def visible_import_problems(user: User | AnonymousUser, repository: Repository) -> list[list[str]]:
    """[place, message] pairs: commits, lines of the .mailmap. None for who maintains but a folder beside others."""
    history: History | None = getattr(repository, "history", None)
    found = history.problems if history is not None else []
    return found if found and maintains_whole(user, repository) else []
