"""How much of what a viewer may read is searchable now, in numbers for the words above the results."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Q, Sum

from accounts.models import User
from projects.models import Project

_STATE = "repository__index_state__"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Repositories that the viewer may read: all, searchable, searchable at an older commit; files not indexed."""

    repositories: int
    searchable: int
    behind: int
    skipped: int

    @property
    def missing(self) -> int:
        return self.repositories - self.searchable


def coverage(viewer: User | AnonymousUser) -> Coverage:
    """What another engine has indexed does not count. One query."""
    mains = Project.objects.visible_to(viewer).filter(subdirectory="").exclude(repository__head_commit="")
    indexed = Q(**{f"{_STATE}engine__startswith": f"{settings.SEARCH_ENGINE}-"}) & ~Q(**{f"{_STATE}commit": ""})
    older = indexed & ~Q(**{f"{_STATE}commit": F("repository__head_commit")})
    sums = mains.order_by().aggregate(
        all=Count("pk"),
        searchable=Count("pk", filter=indexed),
        behind=Count("pk", filter=older),
        skipped=Sum(f"{_STATE}skipped_total", filter=indexed),
    )
    return Coverage(sums["all"], sums["searchable"], sums["behind"], sums["skipped"] or 0)
