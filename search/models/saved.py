"""Searches that people keep, and what each has found since."""

import secrets
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from projects.models import Project, Repository


def new_token() -> str:
    """Long enough that nobody guesses it: it is all a feed reader has to show."""
    return secrets.token_urlsafe(32)


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def due(self, now: datetime) -> Self:
        """Neither run lately nor being run."""
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        return self.filter(free, due_at__lte=now, owner__is_active=True)


class SavedSearch(models.Model):
    """A query that runs again and again with its owner's permissions. `token` opens its feed without signing in."""

    class Kind(models.TextChoices):
        CODE = "code", "Code"
        SYMBOLS = "symbols", "Symbols"
        PROJECTS = "projects", "Projects"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(max_length=100)
    text = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CODE)
    token = models.CharField(max_length=60, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # How its runs stand
    due_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    ran_at = models.DateTimeField(null=True, editable=False)
    began_at = models.DateTimeField(null=True, editable=False, help_text="The first run: what it found is not new.")
    total = models.IntegerField(default=0, editable=False)
    message = models.CharField(max_length=500, blank=True, editable=False, help_text="Why the last run is not whole.")

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "saved searches"
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["due_at"], name="saved_search_due")]  # what runs next

    def __str__(self) -> str:
        return self.name

    def renew_token(self) -> None:
        """A new address for the feed; the old one leads nowhere from now on."""
        self.token = new_token()
        self.save(update_fields=["token"])


class SavedHitQuerySet(models.QuerySet["SavedHit"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Asked of the database whenever hits are shown: what somebody may read changes after a run."""
        visible = Project.objects.visible_to(user)
        whole = visible.filter(subdirectory="").values("repository_id")
        return self.filter(Q(repository__in=whole) | Q(repository=None, project__in=visible.values("pk")))


class SavedHit(models.Model):
    """One thing that a saved search found: a file of a repository, or a project. `key` tells it from the others."""

    search = models.ForeignKey(SavedSearch, models.CASCADE, related_name="hits")
    key = models.CharField(max_length=64)
    is_new = models.BooleanField(default=True)
    found_at = models.DateTimeField(default=timezone.now)
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    repository = models.ForeignKey(Repository, models.CASCADE, null=True, related_name="+")
    path = models.BinaryField(default=b"")
    commit = models.CharField(max_length=64, blank=True)
    line = models.IntegerField(default=0)
    excerpt = models.CharField(max_length=400, blank=True)

    objects = SavedHitQuerySet.as_manager()

    class Meta:
        ordering = ["-found_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["search", "key"], name="saved_hit_once")]
        indexes = [models.Index(fields=["search", "-found_at"], name="saved_hit_newest")]  # the feed

    def __str__(self) -> str:
        return f"{self.search}: {self.key[:10]}"
