"""Doorbells: an id in, one call, done. Lost ones cost seconds, never data."""

from celery import shared_task
from django.db import close_old_connections

from activity import account_links, claims, identities
from activity.flow import refresh_flow as refresh_activity_flow
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


@shared_task(name="sync.refresh_flow")
def refresh_flow(**_: object) -> None:
    close_old_connections()
    refresh_activity_flow()


@shared_task(name="sync.refresh_rollups")
def refresh_rollups(**_: object) -> None:
    refresh_activity_rollups(None)
    upkeep.forget_old_runs()


@shared_task(name="sync.mail_claims")
def mail_claims(**_: object) -> None:
    close_old_connections()
    claims.send_due()


@shared_task(name="sync.tend_people")
def tend_people(**_: object) -> None:
    close_old_connections()
    identities.straighten()
    account_links.link_accounts()
