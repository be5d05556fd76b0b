"""The queue of record: one job a repository, its lease and its history."""

from django.db import models
from django.utils import timezone

from projects.models import Repository


class SyncJob(models.Model):
    """When a repository is next looked at, who is on it now, and how the last times went."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        QUARANTINED = "quarantined", "Quarantined"

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="sync_job")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
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
    remote_digest = models.CharField(max_length=64, blank=True)
    remote_head = models.CharField(max_length=500, blank=True)
    facts_commit = models.CharField(max_length=100, blank=True, help_text="Watermark of the metadata step.")
    activity_commit = models.CharField(max_length=100, blank=True, help_text="Watermark of the activity step.")
    checked_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"], name="job_due")]  # dispatcher

    def __str__(self) -> str:
        return f"{self.repository}: {self.state}"


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
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["job", "-started_at"], name="run_newest_first")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.outcome}"
