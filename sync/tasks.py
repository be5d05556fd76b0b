"""Doorbells: an id in, one call, done. Lost ones cost seconds, never data."""

from celery import shared_task
from django.db import close_old_connections

from accounts.notifications.forgetting import forget_old_notifications
from activity import account_links, identities
from activity.flow.refresh import refresh_flow as refresh_activity_flow
from activity.rollups import refresh_rollups as refresh_activity_rollups
from search import indexing
from sync import mails, pipeline, queue, stopping, upkeep
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
    forget_old_notifications()


@shared_task(name="sync.mend_index")
def mend_index(**_: object) -> None:
    close_old_connections()
    indexing.mend()


@shared_task(name="sync.send_mails")
def send_mails(**_: object) -> None:
    mails.send()


@shared_task(name="sync.tend_people")
def tend_people(**_: object) -> None:
    close_old_connections()
    identities.straighten()
    account_links.link_accounts()
