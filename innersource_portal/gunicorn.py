"""gunicorn's settings: `gunicorn -c python:innersource_portal.gunicorn innersource_portal.wsgi`."""

import os

from gunicorn.http import message

from common.supervised import end_with_supervisor

# Search answers 10,000 characters with a message at the place, and the escapes of an address triple each byte of them;
# gunicorn by itself allows no setting above 8 KiB.
limit_request_line = message.MAX_REQUEST_LINE = 128 * 1024
bind = os.environ.get("PORTAL_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("PORTAL_WEB_WORKERS", "2"))
threads = 8  # of which source/places.py leaves some to what is no page of code
max_requests = 5000
max_requests_jitter = 500
graceful_timeout = 30
accesslog = None
preload_app = False
control_socket_disable = True


def on_starting(_server: object) -> None:
    """Run the system checks before the first worker starts; an unsafe production portal does not start."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check", "--fail-level", "ERROR")


def when_ready(_server: object) -> None:
    end_with_supervisor()


def post_worker_init(_worker: object) -> None:
    """Read views, templates and the catalog before this process takes its first request; others answer meanwhile."""
    import logging

    from django.db import DatabaseError, connection
    from django.template.loader import get_template
    from django.urls import reverse

    from projects.catalog.index import INDEX

    reverse("pages:home")  # reads all addresses, and with them all views
    for name in ("pages/home.html", "pages/project.html", "projects/catalog.html"):
        get_template(name)
    try:
        INDEX.warm_up()
    except DatabaseError as error:
        logging.getLogger(__name__).warning("The catalog is read with the first request: %s", error)
    finally:
        connection.close()
