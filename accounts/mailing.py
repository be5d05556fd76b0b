"""Sending rows as mails. A row is claimed before and marked after; a process that dies in between costs one repeat.

A server that is away stops the batch, so it costs one attempt a run, and rows wait for it as long as it takes. Rows
whose mail it refuses wait longer each time and let the others pass, until their `hopeless` says that it is enough.
"""

import datetime as dt
import logging
import smtplib
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from django.core.mail import EmailMessage, get_connection
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import MailRow

LEASE = dt.timedelta(minutes=5)
LONGEST_SECONDS = 120.0  # of one mail, whatever the server does; shorter than the lease
FIRST_WAIT = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=1)
BATCH = 100
PERMANENT = 500

Row = TypeVar("Row", bound=MailRow)
logger = logging.getLogger(__name__)


def send_due(rows: QuerySet[Row], compose: Callable[[Row], EmailMessage | None], nothing: str) -> int:
    """Mail all of these rows that are due; how many mails went out. Safe to run several times at once.

    `compose` writes a row's mail, or gives None when there is nothing to send: then the row's state becomes `nothing`.
    """
    due = rows.filter(state=MailRow.WAITING, next_try_at__lte=timezone.now()).order_by("next_try_at", "pk")
    batch = list(due[:BATCH])
    sent, connection = 0, get_connection()
    try:
        for row in batch:
            if not _claim(row):
                continue
            done = _send(row, compose, nothing, connection)
            if done is None:
                break
            sent += done
    finally:
        with suppress(OSError):
            connection.close()
    return sent


def wait_after(attempts: int) -> dt.timedelta:
    """How long to wait after so many failures: a minute, doubled each time, at most an hour."""
    doublings = min(max(attempts, 1) - 1, 10)
    return min(FIRST_WAIT * int(2**doublings), LONGEST_WAIT)


def _mine(row: MailRow) -> QuerySet[Any]:
    """The row, for as long as nobody else claims it."""
    return type(row)._default_manager.filter(pk=row.pk, state=MailRow.WAITING, next_try_at=row.next_try_at)


def _claim(row: MailRow) -> bool:
    until = timezone.now() + LEASE
    claimed = bool(_mine(row).update(next_try_at=until))
    row.next_try_at = until
    return claimed


def _send(row: Row, compose: Callable[[Row], EmailMessage | None], nothing: str, connection: Any) -> int | None:
    """1 sent, 0 not; None when the server is away, so that the others need not be tried."""
    try:
        message = compose(row)
        if message is None:
            _mine(row).update(state=nothing, sent_at=None)
            return 0
        _hand_over(message, connection)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        return _failed(row, _words(error), refused=_code(error) >= PERMANENT)
    except (OSError, smtplib.SMTPException) as error:
        _failed(row, _words(error), refused=False)
        return None
    except Exception as error:
        # An address or a text that makes no mail must not hold up the mails of others.
        logger.exception("Mail row %s of %s cannot be written", row.pk, type(row).__name__)
        return _failed(row, type(error).__name__, refused=True)
    _mine(row).update(state=MailRow.SENT, sent_at=timezone.now(), attempts=F("attempts") + 1)
    return 1


def _hand_over(message: EmailMessage, connection: Any) -> None:
    """Send, and hang up on a server that takes too long in too small pieces for the time limit of each."""
    connection.open()
    timer = threading.Timer(LONGEST_SECONDS, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        message.connection = connection
        message.send()
    finally:
        timer.cancel()


def _hang_up(connection: Any) -> None:
    held = getattr(getattr(connection, "connection", None), "sock", None)
    if held is not None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)


def _failed(row: MailRow, words: str, *, refused: bool) -> int:
    logger.warning("Mail row %s of %s was not sent: %s", row.pk, type(row).__name__, words)
    attempts = row.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "next_try_at": timezone.now() + wait_after(attempts)}
    if row.hopeless(refused):
        values["state"] = MailRow.FAILED
    if row.problem_column:
        values[row.problem_column] = words[:300]
    _mine(row).update(**values)
    return 0


def _code(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return int(error.smtp_code)


def _words(error: Exception) -> str:
    """What happened, without the addresses and passwords that such errors carry."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"recipient refused ({_code(error)})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} ({error.smtp_code})"
    return type(error).__name__
