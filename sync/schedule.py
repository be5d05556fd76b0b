"""When to look at a repository again."""

import random
from datetime import datetime, timedelta

from django.conf import settings

RETRY_BASE_SECONDS = 60
RETRY_CAP_SECONDS = 6 * 3600
HOPELESS_MIN_SECONDS = 6 * 3600
HOPELESS_MAX_SECONDS = 24 * 3600
QUIET_SHARE = 20  # a repository is looked at about 20 times within the time it has been quiet

_random = random.SystemRandom()


def regular_delay(active_at: datetime | None, now: datetime) -> timedelta:
    """Time to the next look at a healthy repository: often while it moves, rarely once it sleeps; +-10 % jitter."""
    quiet = (now - active_at).total_seconds() if active_at else float("inf")
    seconds = min(max(quiet / QUIET_SHARE, settings.SYNC_MIN_SECONDS), settings.SYNC_MAX_SECONDS)
    return timedelta(seconds=seconds * _random.uniform(0.9, 1.1))


def retry_delay(attempt: int, *, soon: bool) -> timedelta:
    """Time to the next try after `attempt` (1, 2, ...) failures in a row.

    `soon`: exponential with full jitter, at most 6 hours. Otherwise waiting does not help by itself: 6 to 24 hours.
    """
    steps = min(max(attempt, 1) - 1, 20)
    if soon:
        ceiling = min(RETRY_BASE_SECONDS * 2**steps, RETRY_CAP_SECONDS)
        return timedelta(seconds=_random.uniform(RETRY_BASE_SECONDS / 6, ceiling))
    floor = min(HOPELESS_MIN_SECONDS * 2**steps, HOPELESS_MAX_SECONDS)
    return timedelta(seconds=_random.uniform(floor * 0.9, floor))


def lost_delay(crashes: int) -> timedelta:
    """Time to the next try after a run whose worker died: soon, but not all at once."""
    return timedelta(seconds=_random.uniform(0, 10 * max(crashes, 1)))
