"""Calendar of the weekly charts."""

import datetime as dt

from django.utils import timezone


def week_starts(count: int) -> list[dt.date]:
    """The Mondays (UTC) on which the last `count` weeks began, oldest first; the last one is this week's."""
    today = timezone.now().astimezone(dt.UTC).date()
    monday = today - dt.timedelta(days=today.weekday())
    return [monday - dt.timedelta(weeks=back) for back in range(count - 1, -1, -1)]
