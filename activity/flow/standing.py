"""Figures of one project in each window: how much came from outside, and on how few people it hangs."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connection

from activity.models import Kind, Standing

WINDOWS = (30, 90, 365, 0)
FIGURES = ("inside", "outside", "unmapped", "bots", "people", "absence")
_COLUMNS = {Kind.INSIDE: "inside", Kind.OUTSIDE: "outside", Kind.UNMAPPED: "unmapped", Kind.BOT: "bots"}


def first_week(window: int, today: dt.date, *, back: int = 0) -> dt.date | None:
    """The Monday on which a window of days begins: the whole weeks that hold them. None for all (0).

    `back` = 1 gives the window of the same length before.
    """
    if not window:
        return None
    day = today - dt.timedelta(days=window - 1)
    start = day - dt.timedelta(days=day.weekday())
    weeks = (today - dt.timedelta(days=today.weekday()) - start).days // 7 + 1
    return start - dt.timedelta(weeks=weeks * back)


def absence_factor(commits: Iterable[int]) -> int:
    """The fewest people who together made at least half of the commits; 0 where there are none."""
    counts = sorted(commits, reverse=True)
    half, reached = sum(counts) / 2, 0
    for number, count in enumerate(counts, start=1):
        reached += count
        if reached and reached >= half:
            return number
    return 0


def write_standings(project: int, today: dt.date) -> None:
    """Keep a row for each window in which something happened, from the weeks laid out by `activity.flow.weeks`."""
    firsts = [first_week(window, today) or dt.date.min for window in WINDOWS]
    wanted = dict(zip(WINDOWS, _figures(firsts), strict=True))
    stored = {row.window: row for row in Standing.objects.filter(project=project)}
    for window, figures in wanted.items():
        row = stored.get(window)
        if row is None and any(figures):
            Standing.objects.create(project_id=project, window=window, **dict(zip(FIGURES, figures, strict=True)))
        elif row is not None and tuple(getattr(row, name) for name in FIGURES) != figures:
            Standing.objects.filter(pk=row.pk).update(**dict(zip(FIGURES, figures, strict=True)))


def _figures(firsts: Sequence[dt.date]) -> list[tuple[int, ...]]:
    """The figures from each of these days on. Memory grows with the number of people, not of weeks."""
    kinds = _sums("kind", "commits + coauthored", "true", firsts)
    people = _sums("person_id", "commits", f"kind <> {int(Kind.BOT)}", firsts)
    found = []
    for place in range(len(firsts)):
        by_kind = {_COLUMNS[Kind(kind)]: numbers[place] or 0 for kind, numbers in kinds}
        commits = [numbers[place] for _, numbers in people if numbers[place] is not None]
        known = (*(by_kind.get(name, 0) for name in FIGURES[:4]), len(commits), absence_factor(commits))
        found.append(known)
    return found


def _sums(column: str, number: str, narrow: str, firsts: Sequence[dt.date]) -> list[tuple[int, tuple[int, ...]]]:
    """Sums of `number` by `column` from each of the days on; None where there is no row."""
    sums = ", ".join([f"SUM(CASE WHEN week >= %s THEN {number} END)"] * len(firsts))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}, {sums} FROM flow_wanted WHERE {narrow} GROUP BY {column}",  # noqa: S608
            [first.isoformat() for first in firsts],
        )
        return [(row[0], row[1:]) for row in cursor.fetchall()]
