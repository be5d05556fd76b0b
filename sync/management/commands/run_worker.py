"""The embedded worker: one process that runs the jobs and keeps the schedule, with no broker to install."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery import Celery, current_app
from celery.worker import WorkController, state
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from common.supervised import end_with_supervisor
from sync import pipeline, queue, sweep, tasks

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
SOON_SECONDS = 20.0
STOP_SECONDS = 10.0


class Repeater(threading.Thread):
    """Calls one function soon and then every so many seconds until told to end, whatever it raises."""

    def __init__(self, call: Callable[[], object], every: float) -> None:
        super().__init__(name=call.__name__, daemon=True)
        self.call, self.every = call, every
        self.done = threading.Event()

    def run(self) -> None:
        wait = min(self.every, SOON_SECONDS)
        while not self.done.wait(wait):
            wait = self.every
            try:
                self.call()
            except Exception:
                logger.exception("%s failed; it is tried again", self.name)
            finally:
                connection.close()


class Command(BaseCommand):
    help = "Run the embedded worker and its schedule in one process, where no Redis is configured."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--concurrency", type=int, default=settings.SYNC_CONCURRENCY, help="Repositories read at the same time."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.REDIS_URL:
            raise CommandError(
                "REDIS_URL is set, so workers run on their own: celery -A innersource_portal worker; "
                "and once: celery -A innersource_portal beat.",
                returncode=2,
            )
        app = current_app._get_current_object()
        app.set_default()
        queue.release_orphans()
        connection.close()
        threads = repeaters(app)
        worker = WorkController(
            app=app, pool_cls="threads", concurrency=options["concurrency"], without_gossip=True, without_mingle=True
        )
        _end_on_signal(threads)
        end_with_supervisor()
        for repeater in threads:
            repeater.start()
        self.stdout.write(f"Worker and schedule run; {options['concurrency']} repositories at a time.")
        self.stdout.flush()  # whoever supervises this process reads it from a pipe
        worker.start()


def repeaters(app: Celery) -> list[Repeater]:
    """All that Celery's schedule asks for, each in a thread of its own, so that nothing waits behind long clones."""
    often = [Repeater(queue.dispatch, TICK_SECONDS), Repeater(sweep.sweep, TICK_SECONDS)]
    app.loader.import_default_modules()
    planned = [entry for entry in app.conf.beat_schedule.values() if entry["task"] != tasks.dispatch_jobs.name]
    return often + [
        Repeater(app.tasks[entry["task"]], entry["schedule"].run_every.total_seconds()) for entry in planned
    ]


def _end_on_signal(repeaters: list[Repeater]) -> None:
    def end(_signum: int, _frame: FrameType | None) -> None:
        # A thread, because the signal may have come in the middle of a database call of the main thread.
        threading.Thread(target=_end, args=(repeaters,), name="ending", daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _end(repeaters: list[Repeater]) -> None:
    """Stop claiming, return what is running to the queue, then end even if a thread still waits for git."""
    for repeater in repeaters:
        repeater.done.set()
    given_back = pipeline.release_all()
    logger.info("The worker ends; %s unfinished runs went back to the queue", given_back)
    connection.close()
    hard_end = threading.Timer(STOP_SECONDS, os._exit, args=(0,))
    hard_end.daemon = True
    hard_end.start()
    state.should_stop = 0
