"""What of each repository is searchable, and what is not and why. Written by `search.indexing` alone."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F

from accounts.models import User
from projects.models import Project, Repository
from search.engine import SKIP_REASONS


class IndexStateQuerySet(models.QuerySet["IndexState"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Of repositories whose code this viewer may read: those whose main project they may see."""
        main = Project.objects.visible_to(user).filter(subdirectory="")
        return self.filter(repository__in=main.values("repository_id"))

    def behind(self) -> Self:
        """The default branch has moved on since, or the last attempt failed."""
        return self.exclude(commit=F("repository__head_commit")) | self.exclude(error="")


class IndexState(models.Model):
    """The searchable part of one repository. Patterns are a maintainer's choice; the default branch is always in."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="index_state")
    branch_patterns = models.JSONField(default=list, help_text="Further branches, such as release/*.")
    tag_patterns = models.JSONField(default=list, help_text="Tags, such as v2.*.")
    engine = models.CharField(max_length=100, blank=True, help_text="Label of the index that holds it.")
    commit = models.CharField(max_length=64, blank=True, help_text="Of the default branch.")
    refs = models.JSONField(default=list, help_text="[short name, commit] pairs, the default branch first.")
    refs_left_out = models.IntegerField(default=0, help_text="Branches and tags that match but are too many.")
    files = models.IntegerField(default=0)
    text_bytes = models.BigIntegerField(default=0)
    skipped_total = models.IntegerField(default=0)
    skipped_counts = models.JSONField(default=dict, help_text="Files that are not indexed, by reason.")
    error = models.CharField(max_length=1000, blank=True)
    indexed_at = models.DateTimeField(null=True)

    objects = IndexStateQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.repository}: {self.commit[:10] or 'nothing'}"

    @property
    def is_behind(self) -> bool:
        """The default branch has moved on since, or nothing was indexed yet."""
        return self.commit != self.repository.head_commit


class SkippedFile(models.Model):
    """One file that is not searchable. At most 1,000 are listed for a repository; the state counts all of them."""

    state = models.ForeignKey(IndexState, models.CASCADE, related_name="skipped")
    path = models.TextField(help_text="Bytes that are not UTF-8 as \\xNN.")
    ref = models.TextField(blank=True, help_text="The branch or tag on which it was met.")
    reason = models.CharField(max_length=20, choices=[*SKIP_REASONS.items()])
    size_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state", "reason"], name="skipped_by_reason")]  # page of what is not indexed

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
