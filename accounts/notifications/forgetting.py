"""What keeps the tables of notifications and mails small."""

import datetime as dt

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Mail, Notification

KEEP_DAYS = 180
KEEP_MAILS_DAYS = 30
BATCH = 500


def forget_old_notifications() -> int:
    """Delete notifications older than `KEEP_DAYS` and mails done with, in short transactions; number deleted."""
    now = timezone.now()
    old = Notification.objects.filter(created_at__lt=now - dt.timedelta(days=KEEP_DAYS))
    done = Mail.objects.exclude(state=Mail.State.WAITING).filter(
        created_at__lt=now - dt.timedelta(days=KEEP_MAILS_DAYS)
    )
    return _forget(old) + _forget(done)


def _forget(rows: QuerySet[Notification] | QuerySet[Mail]) -> int:
    gone = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        gone += len(ids)
    return gone
