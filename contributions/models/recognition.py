"""How a project recognises people: by a role they earned, and by words."""

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from common.markdown import render_document
from contributions.models.of_project import OfProjectQuerySet
from projects.models import Project, Role

LONGEST_THANKS = 4000


class Nomination(models.Model):
    """Somebody is asked to become a trusted committer. Once accepted, `role` is the role it led to."""

    class State(models.TextChoices):
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    project = models.ForeignKey(Project, models.CASCADE, related_name="nominations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="nominations")
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    nominated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    nominated_at = models.DateTimeField(default=timezone.now)
    words = models.TextField(blank=True, max_length=2000, help_text="Why, for the person to read.")
    evidence = models.JSONField(default=dict, help_text="What spoke for it on that day.")
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, max_length=2000)
    role = models.OneToOneField(Role, models.SET_NULL, null=True, related_name="nomination")

    class Meta:
        ordering = ["-nominated_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "person"], condition=Q(state="offered"), name="nomination_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.project}"


class ThanksQuerySet(OfProjectQuerySet["Thanks"]):
    def sent(self) -> Self:
        return self.filter(state=Thanks.State.SENT)

    def drafts(self) -> Self:
        return self.filter(state=Thanks.State.DRAFT)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Sent ones in projects that this viewer may read; drafts are for maintainers alone."""
        return super().visible_to(user).sent()


class Thanks(models.Model):
    """Words of a maintainer to somebody for what they did. A draft until the maintainer sends it.

    `evidence` is a list of {"commit", "title", "day", "paths", "request"}: what it is for, newest first.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        DISCARDED = "discarded", "Discarded"

    project = models.ForeignKey(Project, models.CASCADE, related_name="thanks")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="thanks")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    text = models.TextField(max_length=LONGEST_THANKS, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False)
    evidence = models.JSONField(default=list)
    drafted_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    objects = ThanksQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "thanks"
        ordering = [F("sent_at").desc(nulls_first=True), "-pk"]
        indexes = [
            models.Index(fields=["project", "state"], name="thanks_of_project"),  # its page, its drafts
            models.Index(fields=["person", "state"], name="thanks_of_person"),  # the person's page
        ]

    def __str__(self) -> str:
        return f"{self.author} thanks {self.person}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding and not self.html:
            self.draw()
        super().save(*args, **kwargs)

    def draw(self) -> None:
        """Make the HTML anew; may take seconds, so outside of transactions."""
        self.html = render_document(self.text, "markdown")


class Manager(models.Model):
    """Whom a person wants to hear when they are thanked. Chosen by the person alone."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="named_manager")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("manager")), name="manager_is_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.manager} of {self.person}"
