"""The queue of record: one job a repository, its lease and its history."""

from datetime import datetime
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.models import Project, Repository


class SyncJobQuerySet(models.QuerySet["SyncJob"]):
    def due(self, now: datetime) -> Self:
        """Waiting, and its time has come."""
        return self.filter(state=SyncJob.State.WAITING, due_at__lte=now)

    def claimable(self, now: datetime) -> Self:
        """Due jobs that need a full run: somebody asked, or nothing was ever read completely."""
        return self.due(now).filter(Q(generation__gt=F("served_generation")) | Q(remote_digest=""))

    def pollable(self, now: datetime) -> Self:
        """Due jobs for which asking the remote for its refs may be enough."""
        return self.due(now).filter(generation__lte=F("served_generation")).exclude(remote_digest="")

    def expired(self, now: datetime) -> Self:
        """Leased to somebody who no longer says so."""
        return self.filter(state__in=[SyncJob.State.QUEUED, SyncJob.State.RUNNING], lease_until__lt=now)

    def running(self) -> Self:
        return self.filter(state=SyncJob.State.RUNNING)

    def quarantined(self) -> Self:
        return self.filter(state=SyncJob.State.QUARANTINED)

    def failing(self) -> Self:
        """The last attempt failed and another one is planned."""
        return self.exclude(error_code="").exclude(state=SyncJob.State.QUARANTINED)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Jobs of repositories with a project that this viewer maintains; all of them for administrators."""
        if isinstance(user, User) and user.is_administrator:
            return self.all()
        return self.filter(repository__in=Project.objects.maintainable_by(user).values("repository_id"))


class SyncJob(models.Model):
    """When a repository is next looked at, who is on it now, and how the last times went."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        QUARANTINED = "quarantined", "Quarantined"

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="sync_job")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=60, blank=True, help_text="Why the next run was asked for.")
    due_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    lease_holder = models.CharField(max_length=100, blank=True)
    generation = models.IntegerField(default=0, help_text="Grows with every request; a run serves those before it.")
    served_generation = models.IntegerField(default=0)
    attempt = models.IntegerField(default=0, help_text="Failures in a row.")
    crashes = models.IntegerField(default=0, help_text="Lost or limit-breaking runs in a row.")
    error_code = models.CharField(max_length=20, blank=True)
    error_message = models.CharField(max_length=1000, blank=True)
    error_hint = models.CharField(max_length=1000, blank=True)
    remote_digest = models.CharField(max_length=64, blank=True, help_text="Refs of the last complete run.")
    remote_head = models.CharField(max_length=500, blank=True)
    facts_commit = models.CharField(max_length=100, blank=True, help_text="Watermark of the metadata step.")
    activity_commit = models.CharField(max_length=100, blank=True, help_text="Watermark of the activity step.")
    active_at = models.DateTimeField(null=True, help_text="When something last moved in the repository.")
    checked_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)

    objects = SyncJobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="job_due")]  # dispatcher

    def __str__(self) -> str:
        return f"{self.repository}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("sync:repository", args=[self.repository_id])

    @property
    def is_open(self) -> bool:
        """Somebody works on it, or will within seconds."""
        asked = self.generation > self.served_generation and self.state != self.State.QUARANTINED
        return asked or self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_failing(self) -> bool:
        return bool(self.error_code)

    @property
    def latest_run(self) -> "SyncRun | None":
        return self.runs.first()


class SyncRun(models.Model):
    """One run of a job, with its phases as they happen."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        OK = "ok", "Succeeded"
        FAILED = "failed", "Failed"
        LOST = "lost", "Lost"

    job = models.ForeignKey(SyncJob, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    reason = models.CharField(max_length=60, blank=True)
    phase = models.CharField(max_length=60, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    commits_read = models.IntegerField(default=0)
    log = models.JSONField(default=list, help_text="[seconds since start, words] pairs.")

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["job", "-started_at"], name="run_newest_first")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.outcome}"

    @property
    def percent(self) -> int | None:
        """How far the present phase is, 0 to 100; None where git does not say."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def seconds(self) -> float:
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()
