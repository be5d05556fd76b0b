"""All that is mailed, in one place and one at a time, so that a mail server that hangs holds up nothing else."""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections, connection

from accounts.notifications import mails
from activity import claims

logger = logging.getLogger(__name__)

_busy = threading.Lock()


def send() -> None:
    """Send what is due. The embedded worker has few threads, all needed: there a thread of its own does it."""
    if not _busy.acquire(blocking=False):
        return  # this process is at it
    if settings.REDIS_URL:
        _send_and_release()
    else:
        threading.Thread(target=_send_in_thread, name="mails", daemon=True).start()


def send_all() -> int:
    """Gather daily mails and send all that is due; how many mails went out."""
    mails.gather_digests()
    return mails.send_due() + claims.send_due()


def _send_and_release() -> None:
    try:
        close_old_connections()
        send_all()
    finally:
        _busy.release()


def _send_in_thread() -> None:
    try:
        _send_and_release()
    except Exception:
        logger.exception("Mails could not be sent; the next run tries again")
    finally:
        connection.close()
