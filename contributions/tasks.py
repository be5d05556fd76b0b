"""Doorbells: one call, done."""

from celery import shared_task
from django.db import close_old_connections

from contributions import mining, silence, waits, warranties


@shared_task(name="contributions.end_warranties")
def end_warranties(**_: object) -> None:
    close_old_connections()
    warranties.end_due()


@shared_task(name="contributions.measure_waits")
def measure_waits(**_: object) -> None:
    close_old_connections()
    waits.refresh_figures()


@shared_task(name="contributions.tend_tasks")
def tend_tasks(**_: object) -> None:
    close_old_connections()
    silence.tend()


@shared_task(name="contributions.mine_starter_tasks")
def mine_starter_tasks(**_: object) -> None:
    close_old_connections()
    mining.mine_due()
