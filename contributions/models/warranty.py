"""For a while after a change landed, its author is asked first when something is wrong with it."""

from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from accounts.models import User
from contributions.models.requests import ChangeRequest


class WarrantyQuerySet(models.QuerySet["Warranty"]):
    def running(self) -> Self:
        return self.filter(state=Warranty.State.RUNNING)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(request__in=ChangeRequest.objects.visible_to(user).values("pk"))


class Warranty(models.Model):
    """The time in which the author of a landed change helps with what it broke."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        ENDED = "ended", "Ended"
        WAIVED = "waived", "Waived"

    request = models.OneToOneField(ChangeRequest, models.CASCADE, related_name="warranty")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(help_text="When the change landed.")
    ends_at = models.DateTimeField()
    waived_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    watched_commit = models.CharField(max_length=64, blank=True, help_text="Looked through up to here.")

    objects = WarrantyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "warranties"
        indexes = [models.Index(fields=["state", "ends_at"], name="warranty_by_end")]  # whose time is over

    def __str__(self) -> str:
        return f"Warranty of {self.request}"

    @property
    def days_left(self) -> int:
        """Whole days from now to its end, begun ones included."""
        left = (self.ends_at - timezone.now()).total_seconds()
        return max(0, -int(-left // 86_400))


class FollowUp(models.Model):
    """A commit under warranty that takes the change back, or changes the very lines it brought."""

    class Kind(models.TextChoices):
        REVERT = "revert", "Revert"
        FIX = "fix", "Same lines changed"

    warranty = models.ForeignKey(Warranty, models.CASCADE, related_name="follow_ups")
    kind = models.CharField(max_length=10, choices=Kind)
    commit = models.CharField(max_length=64)
    title = models.CharField(max_length=300)
    author = models.CharField(max_length=300)
    at = models.DateTimeField()
    lines = models.IntegerField(default=0, help_text="Of the change, gone or changed.")
    paths = models.JSONField(default=list, help_text="Paths read as Latin-1.")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["warranty", "commit"], name="follow_up_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.title}"
