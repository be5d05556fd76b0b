"""Starter tasks that the code itself suggests, until a maintainer says yes or no."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from contributions.models.opportunities import Opportunity
from projects.models import Project


class StarterTaskQuerySet(models.QuerySet["StarterTask"]):
    def waiting(self) -> Self:
        """Still in the code, and nobody has decided."""
        return self.filter(state=StarterTask.State.PROPOSED, gone_at=None)


class StarterTask(models.Model):
    """A place in the code that could become an opportunity.

    `key` is made of what stands there, not of the line, so that a dismissal is remembered while the code around it
    moves, and when it disappears and comes back.
    """

    class Kind(models.TextChoices):
        NOTE = "note", "Note in the code"
        PATH = "path", "Path that does not exist"
        COMMAND = "command", "Command that does not exist"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"

    project = models.ForeignKey(Project, models.CASCADE, related_name="starter_tasks")
    key = models.CharField(max_length=40, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    path = models.CharField(max_length=1000)
    line = models.IntegerField()
    text = models.CharField(max_length=300, help_text="What stands there.")
    written_at = models.DateTimeField(null=True, help_text="When the line came, as blame says.")
    found_at = models.DateTimeField(default=timezone.now, editable=False)
    gone_at = models.DateTimeField(null=True, editable=False, help_text="No longer in the code.")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opportunity = models.OneToOneField(Opportunity, models.SET_NULL, null=True, related_name="starter_task")

    objects = StarterTaskQuerySet.as_manager()

    class Meta:
        ordering = ["written_at", "path", "line"]
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="starter_task_once")]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class StarterScan(models.Model):
    """How far a project's code was looked through for starter tasks: `commit` is the last one.

    Of a large tree each look takes a part, the next one goes on behind `position`; `left` files of `files` that could
    hold notes were not looked at in `commit` yet. `truncated`: the tree has more files than the portal lists.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="starter_scan")
    commit = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(default=timezone.now, help_text="Nobody else looks before.")
    scanned_at = models.DateTimeField(null=True)
    position = models.CharField(max_length=4000, blank=True)
    files = models.IntegerField(default=0)
    left = models.IntegerField(default=0)
    truncated = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.project_id} at {self.commit[:10]}"
