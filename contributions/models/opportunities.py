"""Tasks that maintainers offer to people of other teams."""

import time
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from common.markdown import render_document
from contributions.models.of_project import OfProjectQuerySet
from projects.models import Project

LONGEST_DESCRIPTION = 20_000


class StateError(Exception):
    """Somebody else was first, or the step does not exist in this state; the text says what is the case, for people."""


class OpportunityQuerySet(OfProjectQuerySet["Opportunity"]):
    def open(self) -> Self:
        """Free to take, in a project that still goes on."""
        return self.filter(state=Opportunity.State.OPEN, project__removed_at=None).exclude(
            project__lifecycle=Project.Lifecycle.ARCHIVED
        )

    def under_way(self) -> Self:
        """Somebody is at it."""
        return self.filter(state__in=Opportunity.UNDER_WAY)


class Opportunity(models.Model):
    """A task in a project. Its state changes through the verbs of `contributions.opportunities` alone."""

    class Kind(models.TextChoices):
        BUG = "bug", "Bug"
        FEATURE = "feature", "Feature"
        DOCS = "docs", "Documentation"
        TESTS = "tests", "Tests"
        REFACTORING = "refactoring", "Refactoring"
        REVIEW = "review", "Review"
        PAIRING = "pairing", "Pairing"

    class Effort(models.TextChoices):
        HOUR = "hour", "An hour"
        DAY = "day", "A day"
        WEEK = "week", "A week"
        MORE = "more", "More than a week"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN = "taken", "Taken"
        IN_REVIEW = "in-review", "In review"
        LANDED = "landed", "Landed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    UNDER_WAY = (State.TAKEN, State.IN_REVIEW)

    project = models.ForeignKey(Project, models.CASCADE, related_name="opportunities")
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=LONGEST_DESCRIPTION, blank=True, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False, help_text="The description as it looks, made safe.")
    kind = models.CharField(max_length=20, choices=Kind)
    effort = models.CharField(max_length=10, choices=Effort)
    skills = models.JSONField(default=list, blank=True)
    languages = models.JSONField(default=list, blank=True)
    mentor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    good_first = models.BooleanField(default=False)
    deadline = models.DateField(null=True, blank=True)
    path = models.CharField(max_length=1000, blank=True, help_text="Where in the repository.")
    state = models.CharField(max_length=20, choices=State, default=State.OPEN, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="taken_opportunities"
    )
    taken_at = models.DateTimeField(null=True, editable=False)
    sign_of_life_at = models.DateTimeField(null=True, editable=False, help_text="When the taker was last heard of.")
    asked_at = models.DateTimeField(null=True, editable=False, help_text="When the taker was asked whether it goes on.")
    closed_at = models.DateTimeField(null=True, editable=False)
    stamp = models.BigIntegerField(default=time.time_ns, editable=False, help_text="Another one after each edit.")

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "opportunities"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", taken_by=None)
                | Q(state__in=["taken", "in-review"], taken_by__isnull=False)
                | Q(state__in=["landed", "withdrawn"]),
                name="opportunity_taken_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state"], name="opportunity_of_project"),  # the Contribute tab
            models.Index(fields=["state", "sign_of_life_at"], name="opportunity_by_state"),  # silent takers
            # The list: did anything change, and which projects have open ones? All of it is in the index.
            models.Index(fields=["state", "stamp", "project"], name="opportunity_by_stamp"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and not self.html:
            self.draw()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("contributions:opportunity", args=[self.pk])

    def draw(self) -> None:
        """Make the description's HTML anew; may take seconds, so outside of transactions."""
        self.html = render_document(self.description, "markdown") if self.description else ""

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def mentor_left(self) -> bool:
        return self.mentor is not None and not self.mentor.is_active
