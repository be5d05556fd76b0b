"""What happened to an opportunity or a request, line by line; nothing in it is ever changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.markdown import render_document
from contributions.models.opportunities import Opportunity
from contributions.models.requests import ChangeRequest

LONGEST_TEXT = 20_000  # characters of what somebody writes at once


class TimelineEntry(models.Model):
    """One line. `actor` None is the portal itself; `text` is Markdown and `html` what it looks like, made safe."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        STATE = "state", "State"
        COMMENT = "comment", "Comment"
        EDITED = "edited", "Edited"
        EVIDENCE = "evidence", "Evidence"

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, null=True, blank=True, related_name="timeline")
    request = models.ForeignKey(ChangeRequest, models.CASCADE, null=True, blank=True, related_name="timeline")
    kind = models.CharField(max_length=10, choices=Kind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True, max_length=LONGEST_TEXT)
    html = models.TextField(blank=True, editable=False)
    commit = models.CharField(max_length=64, blank=True, help_text="Object id of the commit that proves it.")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opportunity=None, request__isnull=False) | Q(opportunity__isnull=False, request=None),
                name="timeline_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["opportunity", "at"], name="timeline_of_opportunity"),  # its page
            models.Index(fields=["request", "at"], name="timeline_of_request"),  # its page
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and self.text and not self.html:
            self.html = render_document(self.text, "markdown")
        super().save(*args, **kwargs)

    @property
    def to_words(self) -> str:
        """The state it led to, in words in the middle of a sentence."""
        states = ChangeRequest.State if self.request_id else Opportunity.State
        return str(dict(states.choices).get(self.to_state, self.to_state)).lower()
