"""Figures of one project in each window: how much came from outside, and on how few people it hangs."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

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


def write_standings(
    project: int, sums: Mapping[tuple[int, dt.date, int, int, int, int | None], tuple[int, int]], today: dt.date
) -> None:
    """Keep a row for each window in which something happened. `sums` as in `activity.flow`."""
    wanted = {window: _figures(sums, first_week(window, today)) for window in WINDOWS}
    stored = {row.window: row for row in Standing.objects.filter(project=project)}
    for window, figures in wanted.items():
        row = stored.get(window)
        if row is None and any(figures):
            Standing.objects.create(project_id=project, window=window, **dict(zip(FIGURES, figures, strict=True)))
        elif row is not None and tuple(getattr(row, name) for name in FIGURES) != figures:
            Standing.objects.filter(pk=row.pk).update(**dict(zip(FIGURES, figures, strict=True)))


def _figures(
    sums: Mapping[tuple[int, dt.date, int, int, int, int | None], tuple[int, int]], first: dt.date | None
) -> tuple[int, ...]:
    kinds: Counter[str] = Counter()
    people: Counter[int] = Counter()
    for (person, week, _, _, kind, _), (commits, shared) in sums.items():
        if first is None or week >= first:
            kinds[_COLUMNS[Kind(kind)]] += commits + shared
            if kind != Kind.BOT:
                people[person] += commits
    return (*(kinds[name] for name in FIGURES[:4]), len(people), absence_factor(people.values()))
