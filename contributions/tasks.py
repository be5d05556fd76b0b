"""Doorbells: one call, done."""

from celery import shared_task
from django.db import close_old_connections

from contributions import waits, warranties


@shared_task(name="contributions.end_warranties")
def end_warranties(**_: object) -> None:
    close_old_connections()
    warranties.end_due()


@shared_task(name="contributions.measure_waits")
def measure_waits(**_: object) -> None:
    close_old_connections()
    waits.refresh_figures()
