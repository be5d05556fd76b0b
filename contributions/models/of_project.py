"""Who may see and look after what belongs to a project."""

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

from accounts.models import User
from projects.models import Project

Row = TypeVar("Row", bound=models.Model)


class OfProjectQuerySet(models.QuerySet[Row]):
    """Rows with a `project`, which decides for them."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user).values("pk"))

    def manageable_by(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.maintainable_by(user).values("pk"))

    def for_project(self, project: Project) -> Self:
        return self.filter(project=project)
