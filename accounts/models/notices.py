"""What people are told, how they want to be told, and the key to their feeds."""

import secrets
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models.mail import Mail
from accounts.models.people import User


class Way(models.TextChoices):
    """How somebody hears of a kind of notification."""

    NOW = "now", "Here, and by mail at once"
    DAILY = "daily", "Here, and in the daily mail"
    HERE = "here", "Here only"
    NEVER = "never", "Not at all"


def new_nonce() -> str:
    return secrets.token_urlsafe(12)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The person's own, without those about projects that the person may not read (any more)."""
        if not isinstance(user, User):
            return self.none()
        projects: Any = Notification._meta.get_field("project").related_model._default_manager
        return self.filter(user=user).filter(Q(project=None) | Q(project__in=projects.visible_to(user).values("pk")))

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """Somebody is told something. `url` is a path within the portal; `reason` says why, as a clause: "you follow it".

    `project` is the one it is about: whoever may not read that neither sees the row, nor its count, nor a mail of it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True, help_text="Plain text, some lines at most.")
    url = models.CharField(max_length=1000)
    reason = models.CharField(max_length=200)
    # Named by a string, as this app lies below the projects.
    project = models.ForeignKey("projects.Project", models.CASCADE, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    way = models.CharField(max_length=6, choices=Way, help_text="How it was wanted when it came.")
    mail = models.ForeignKey(Mail, models.SET_NULL, null=True, related_name="notifications")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notification_of_user"),  # the list
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread"),  # the bell
            models.Index(fields=["created_at"], condition=Q(way="daily", mail=None), name="notification_for_digest"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Where it leads: by way of a redirect that marks it read."""
        return reverse("notifications:open", args=[self.pk])


class KindChoice(models.Model):
    """How a person wants to hear of one kind of notification; without a row, as the kind says."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="kind_choices")
    kind = models.CharField(max_length=40)
    way = models.CharField(max_length=6, choices=Way)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="kind_choice_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.way}"


class FeedKey(models.Model):
    """What the addresses of a person's feeds are signed with; a new nonce ends all addresses given out before."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="feed_key")
    nonce = models.CharField(max_length=20, default=new_nonce)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Feed key of {self.user_id}"
