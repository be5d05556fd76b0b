"""What keeps the sync tables small."""

from datetime import timedelta

from django.utils import timezone

from sync.models import SyncRun

KEEP_DAYS = 30
BATCH = 500


def forget_old_runs() -> int:
    """Delete finished runs older than `KEEP_DAYS`, in short transactions; number deleted."""
    old = SyncRun.objects.filter(finished_at__lt=timezone.now() - timedelta(days=KEEP_DAYS)).order_by()
    gone = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH]):
        SyncRun.objects.filter(pk__in=ids).delete()
        gone += len(ids)
    return gone
