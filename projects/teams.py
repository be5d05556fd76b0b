"""What changes of teams mean for projects: lists are searched by the owner's name."""

from collections.abc import Collection

from projects import catalog
from projects.models import Project


def follow_names(team_ids: Collection[int]) -> None:
    """Call it after teams got other names."""
    if team_ids:
        catalog.refresh(list(Project.objects.filter(owner__in=team_ids).values_list("pk", flat=True)))
