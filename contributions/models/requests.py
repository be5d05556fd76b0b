"""Changes that people offer to a project of another team."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from common.markdown import render_document
from contributions.models.of_project import OfProjectQuerySet
from contributions.models.opportunities import Opportunity
from projects.models import Project

LONGEST_WHY = 20_000


def wait_words(wait: dt.timedelta | None) -> str:
    """A time that people wait, roughly: "3 hours", "12 days"."""
    if wait is None:
        return "unknown"
    seconds = max(0.0, wait.total_seconds())
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (word == "minute" and seconds >= size):
            number = round(seconds / size)
            return f"{number:,} {word}{'' if number == 1 else 's'}"
    return "less than a minute"


class ChangeRequestQuerySet(OfProjectQuerySet["ChangeRequest"]):
    def open(self) -> Self:
        """Neither landed nor given up."""
        return self.filter(state__in=ChangeRequest.OPEN)

    def unanswered(self) -> Self:
        """Open, and nobody of the project has said anything yet."""
        return self.open().filter(answered_at=None)


class ChangeRequest(models.Model):
    """Somebody would like to change something, and perhaps has. Its state changes through `contributions.requests`."""

    class State(models.TextChoices):
        OFFERED = "offered", "Offered"
        WELCOMED = "welcomed", "Welcomed"
        CHANGES_WANTED = "changes-wanted", "Changes wanted"
        ACCEPTED = "accepted", "Accepted"
        LANDED = "landed", "Landed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Evidence(models.TextChoices):
        PATCH_ID = "patch-id", "the same change"
        LINES = "lines", "the same lines, with others around them"
        TRAILER = "trailer", "a trailer that names this request"
        MERGED = "merged", "the branch was merged"
        BY_HAND = "by-hand", "a maintainer says so"

    OPEN = (State.OFFERED, State.WELCOMED, State.CHANGES_WANTED, State.ACCEPTED)

    project = models.ForeignKey(Project, models.CASCADE, related_name="change_requests")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="change_requests")
    opportunity = models.ForeignKey(Opportunity, models.SET_NULL, null=True, blank=True, related_name="change_requests")
    title = models.CharField(max_length=200)
    why = models.TextField(max_length=LONGEST_WHY, help_text="Markdown.")
    html = models.TextField(blank=True, editable=False, help_text="What and why as it looks, made safe.")
    paths = models.JSONField(default=list, blank=True, help_text="Where in the repository, as the author says.")
    state = models.CharField(max_length=20, choices=State, default=State.OFFERED, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False, help_text="Of the last line in it.")
    answered_at = models.DateTimeField(null=True, editable=False, help_text="First answer of a maintainer.")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    watched_commit = models.CharField(max_length=64, blank=True, editable=False, help_text="Looked for up to here.")
    landed_commit = models.CharField(max_length=64, blank=True, editable=False)
    landed_commits = models.JSONField(default=list, editable=False, help_text="All of them, oldest first.")
    landed_at = models.DateTimeField(null=True, editable=False, help_text="Time of the commit.")
    evidence = models.CharField(max_length=10, choices=Evidence, blank=True, editable=False)
    refuted = models.JSONField(default=list, editable=False, help_text="Commits that a maintainer says are not it.")

    objects = ChangeRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="landed") | ~Q(landed_commit=""), name="landed_request_names_its_commit"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state"], name="request_of_project"),  # its list, the sync
            models.Index(fields=["author", "state"], name="request_by_author"),  # home: my requests
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("contributions:request", args=[self.pk])

    def draw(self) -> None:
        """Make the HTML of what and why anew; may take seconds, so outside of transactions."""
        self.html = render_document(self.why, "markdown") if self.why else ""

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def latest(self) -> "RequestVersion | None":
        """The version in force: branch or patch as last offered."""
        return self.versions.last()

    @property
    def wait(self) -> dt.timedelta:
        """Until the first answer, or until now where there is none."""
        return (self.answered_at or timezone.now()) - self.created_at

    @property
    def wait_words(self) -> str:
        return wait_words(self.wait)


class RequestVersion(models.Model):
    """A branch or patch as it was offered, and how it stood to the default branch when last looked at.

    `diff` is unified text to show; `ids` holds what landings are found by: {"steps": [[patch id, lines id], …],
    "whole": [patch id, lines id], "step_paths": [[path, …], …], "paths": […]}, paths being bytes read as Latin-1, which
    also holds for `conflicts`, [path, line, why] triples. `applies` is None where git could not tell.
    """

    request = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="versions")
    number = models.IntegerField()
    at = models.DateTimeField(default=timezone.now)
    branch = models.CharField(max_length=250, blank=True, help_text="Empty for a patch.")
    tip = models.CharField(max_length=64, blank=True)
    patch = models.BinaryField(default=b"", editable=False, help_text="As it was given.")
    messages = models.JSONField(default=list, help_text="[author, message] of each patch.")
    diff = models.BinaryField(default=b"", editable=False)
    base = models.CharField(max_length=64, help_text="Commit it was last tried on.")
    checked_at = models.DateTimeField(default=timezone.now)
    applies = models.BooleanField(null=True)
    merged = models.BooleanField(default=False, help_text="Only with a merge: the lines around it differ.")
    conflicts = models.JSONField(default=list)
    files = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    ids = models.JSONField(default=dict)

    class Meta:
        ordering = ["request", "number"]
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="request_version_once")]

    def __str__(self) -> str:
        return f"Version {self.number}"

    @property
    def is_branch(self) -> bool:
        return bool(self.branch)

    @property
    def stands(self) -> str:
        """How it stands to the default branch, in words."""
        if self.applies:
            return "applies with a merge" if self.merged else "applies cleanly"
        return "conflicts" if self.conflicts else "not tried: the portal's git is too old to merge"

    @property
    def named_conflicts(self) -> list[tuple[bytes, int, str]]:
        """(path, line or 0, why) for pages."""
        return [(path.encode("latin-1"), line, why) for path, line, why in self.conflicts]
