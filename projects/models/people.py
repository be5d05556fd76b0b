"""Who may do what on a project, and who likes it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Team
from projects.models.project import Project


class RoleQuerySet(models.QuerySet["Role"]):
    def current(self) -> Self:
        today = timezone.localdate()
        return self.filter(started_on__lte=today).filter(Q(ended_on=None) | Q(ended_on__gt=today))


class Role(models.Model):
    """A person's part in a project over a time; `ended_on` is the first day without it."""

    class Kind(models.TextChoices):
        OWNER = "owner", "Owner"
        TRUSTED_COMMITTER = "trusted-committer", "Trusted committer"

    project = models.ForeignKey(Project, models.CASCADE, related_name="roles")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="roles")
    kind = models.CharField(max_length=20, choices=Kind)
    started_on = models.DateField(default=timezone.localdate)
    ended_on = models.DateField(null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "started_on"]
        indexes = [models.Index(fields=["user", "project"], name="role_by_user")]  # visible_to, maintainable_by

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class Access(models.Model):
    """A team or a person that may read a restricted project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="access")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "access"
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None, user__isnull=False) | Q(team__isnull=False, user=None),
                name="access_team_or_user",
            ),
        ]

    def __str__(self) -> str:
        return str(self.team or self.user)


class Star(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="stars")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="stars")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="star_once")]

    def __str__(self) -> str:
        return f"{self.user} stars {self.project}"


class Follow(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="follows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.user} follows {self.project}"
