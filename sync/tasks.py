"""Doorbells: an id in, one call, done. Lost ones cost seconds, never data."""

from celery import shared_task
from django.db import close_old_connections

from activity.rollups import refresh_rollups as refresh_activity_rollups
from sync import pipeline, queue, stopping, upkeep
from sync import sweep as sweeping

__all__ = ["stopping"]  # loaded with the tasks, in every worker


@shared_task(name="sync.dispatch_jobs")
def dispatch_jobs(**_: object) -> None:
    queue.dispatch()
    sweeping.dispatch_sweeps()


@shared_task(name="sync.sweep")
def sweep(**_: object) -> None:
    close_old_connections()
    sweeping.sweep()


@shared_task(name="sync.run_job")
def run_job(job_id: int, **_: object) -> None:
    close_old_connections()  # threads of the embedded worker live long, a database restart must not stay with them
    pipeline.run_job(job_id)


@shared_task(name="sync.refresh_rollups")
def refresh_rollups(**_: object) -> None:
    refresh_activity_rollups(None)
    upkeep.forget_old_runs()
