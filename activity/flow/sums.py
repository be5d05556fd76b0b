"""Sums over all counted projects, kept by what each project gains and loses: no page adds up the weeks of a company."""

import datetime as dt

from django.db import connection
from django.db.backends.utils import CursorWrapper

from activity.flow.standing import WINDOWS, first_week
from activity.models import StandingStart

_ADD = """
    INSERT INTO {table} ({key}, contributions) SELECT {key}, SUM(number) FROM {source} GROUP BY {key} ORDER BY {key}
    ON CONFLICT ({key}) DO UPDATE SET contributions = {table}.contributions + excluded.contributions
"""
_EMPTY = """
    DELETE FROM {table} WHERE contributions = 0 AND {part} IN (SELECT {part} FROM flow_delta WHERE number < 0)
"""
_STARTED = "flow_delta JOIN activity_standingstart s ON flow_delta.week >= s.first"
_KEPT = (
    ("activity_teamweek", "week, team, owner, kind", "flow_delta", "week"),
    ("activity_kindweek", "week, kind", "flow_delta", "week"),
    ("activity_teamstanding", '"window", team, owner, kind', _STARTED, "team"),
)
_FRESH = """
    INSERT INTO activity_teamstanding ("window", team, owner, kind, contributions)
    SELECT %s, team, owner, kind, SUM(contributions) FROM activity_teamweek WHERE week >= %s GROUP BY team, owner, kind
"""


def add_up(today: dt.date) -> None:
    """Add what `activity.flow.weeks` left in `flow_delta`. In the caller's transaction, as its last writing.

    Rows of the sums belong to every project, so one writer comes after the other from here to its commit.
    """
    wanted = {window: first_week(window, today) or dt.date.min for window in WINDOWS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM flow_delta LIMIT 1")
        if cursor.fetchone() is None and _starts() == wanted:
            return
        if connection.vendor == "postgresql":
            cursor.execute("LOCK TABLE activity_teamstanding IN SHARE ROW EXCLUSIVE MODE")
        for table, key, source, part in _KEPT:
            cursor.execute(_ADD.format(table=table, key=key, source=source))
            cursor.execute(_EMPTY.format(table=table, part=part))
        _begin_windows(cursor, wanted)


def _starts() -> dict[int, dt.date]:
    return dict(StandingStart.objects.values_list("window", "first"))


def _begin_windows(cursor: CursorWrapper, wanted: dict[int, dt.date]) -> None:
    """Add up anew what begins on another Monday than before."""
    starts = _starts()
    stale = [window for window in wanted if starts.get(window) != wanted[window]]
    for window in stale:
        cursor.execute('DELETE FROM activity_teamstanding WHERE "window" = %s', [window])
        cursor.execute(_FRESH, [window, wanted[window].isoformat()])
    StandingStart.objects.filter(window__in=stale).delete()  # before any is written: each first day is there once
    StandingStart.objects.bulk_create(StandingStart(window=window, first=wanted[window]) for window in stale)
