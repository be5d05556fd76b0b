"""The Celery application. The queue of record is a table (sync.SyncJob); Celery only carries wake-ups."""

import os

from celery import Celery
from celery.schedules import schedule
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innersource_portal.settings")

from django.conf import settings

app = Celery("innersource_portal")
# Tasks called from other threads of the embedded worker must find this app, not an empty default one.
app.set_default()
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://localhost//",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,  # a wake-up taken by a process that ends before its claim goes to another
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2},
    worker_max_tasks_per_child=200,
    worker_hijack_root_logger=False,
    worker_soft_shutdown_timeout=60,
    task_default_queue="default",
    # Taken in turn, so sweeps and the dispatcher never stand behind a row of runs; a worker without -Q takes all.
    task_queues=[Queue(name, Exchange(name), routing_key=name) for name in ("default", "sync", "sweep")],
    task_routes={"sync.run_job": {"queue": "sync"}, "sync.sweep": {"queue": "sweep"}},
    broker_transport_options={
        "visibility_timeout": 7200,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 30,
        "global_keyprefix": "portal:",
    }
    if settings.REDIS_URL
    else {},
    beat_schedule={
        "dispatch-jobs": {"task": "sync.dispatch_jobs", "schedule": schedule(5), "options": {"expires": 30}},
        "send-mails": {"task": "sync.send_mails", "schedule": schedule(20), "options": {"expires": 60}},
        "tend-people": {"task": "sync.tend_people", "schedule": schedule(300), "options": {"expires": 300}},
        "mend-index": {"task": "sync.mend_index", "schedule": schedule(300), "options": {"expires": 300}},
        "refresh-flow": {"task": "sync.refresh_flow", "schedule": schedule(60), "options": {"expires": 60}},
        "end-warranties": {"task": "contributions.end_warranties", "schedule": schedule(600)},
        "tend-tasks": {"task": "contributions.tend_tasks", "schedule": schedule(900)},
        "mine-starter-tasks": {"task": "contributions.mine_starter_tasks", "schedule": schedule(60)},
        "measure-waits": {"task": "contributions.measure_waits", "schedule": schedule(300)},
        "run-saved-searches": {"task": "search.run_saved", "schedule": schedule(60), "options": {"expires": 60}},
        "refresh-rollups": {"task": "sync.refresh_rollups", "schedule": schedule(6 * 3600)},
    },
)
app.autodiscover_tasks(["sync", "contributions", "search"])
