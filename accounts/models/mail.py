"""Mails that wait to be sent. The rows are the queue: a mail server that is away loses nothing and blocks nobody."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class MailRow(models.Model):
    """A row that is sent as one mail, by `accounts.mailing`. States of a child add to waiting, sent and failed."""

    WAITING, SENT, FAILED = "waiting", "sent", "failed"

    longest_tried: ClassVar[dt.timedelta] = dt.timedelta(days=3)  # a server that is only set up wrongly refuses too
    outlasts_servers: ClassVar[bool] = True  # waits for one that is away as long as it takes
    problem_column: ClassVar[str] = ""

    state = models.CharField(max_length=10, default=WAITING)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def hopeless(self, refused: bool) -> bool:
        """Whether a failure was the last one. `refused`: the server took the talk, but not this mail."""
        return (refused or not self.outlasts_servers) and self.created_at < timezone.now() - self.longest_tried


class Mail(MailRow):
    """One mail to one account, of one notification or of a day's. Its words are written when it is sent."""

    class State(models.TextChoices):
        WAITING = MailRow.WAITING, "to be sent"
        SENT = MailRow.SENT, "sent"
        FAILED = MailRow.FAILED, "refused for good"
        DROPPED = "dropped", "nothing to say any more"

    problem_column = "problem"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mails")
    is_digest = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True, help_text="What the mail server said last.")

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="mail_to_send"),  # the task
            models.Index(fields=["user", "-created_at"], name="mail_of_user"),  # the page of choices
        ]

    def __str__(self) -> str:
        return f"Mail {self.pk} to {self.user_id}"
