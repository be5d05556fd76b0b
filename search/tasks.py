"""Doorbells: one call, done."""

from celery import shared_task
from django.db import close_old_connections

from search import saved


@shared_task(name="search.run_saved")
def run_saved(**_: object) -> None:
    close_old_connections()
    saved.run_due()
