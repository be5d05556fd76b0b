"""Flow between teams as a viewer may see it: sums kept for all, corrected by the projects this viewer reads.

Kept sums hold every project that is internal; what a viewer may read beyond is added, what is counted there
and the viewer may not read is taken away, on every page. So no figure ever holds a project out of sight.
"""

import datetime as dt
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q

from accounts.models import User
from activity.models import Kind, Participation, Person
from projects.models import Project

Viewer = User | AnonymousUser
MANY = 110
PAIRS = ("team", "owner", "kind")
# Without the statement around it, a change between two questions would be taken away twice or not at all.
_SUMS = """
    WITH visible (id) AS ({visible}),
    counted (id) AS (SELECT project_id FROM activity_flowstate WHERE counted),
    corrected (project_id, sign) AS (
        SELECT id, 1 FROM visible WHERE id NOT IN (SELECT id FROM counted)
        UNION ALL SELECT id, -1 FROM counted WHERE id NOT IN (SELECT id FROM visible)
    )
    SELECT {columns}, SUM(contributions) FROM (
        {kept}
        UNION ALL SELECT {columns}, (commits + coauthored) * sign
        FROM activity_flowweek JOIN corrected USING (project_id) WHERE precedence_id IS NULL AND {narrow}
        UNION ALL SELECT {columns}, commits + coauthored FROM activity_flowweek w
        WHERE precedence_id IS NOT NULL AND {narrow} AND project_id IN (SELECT id FROM visible)
        AND NOT EXISTS (SELECT 1 FROM activity_precedenceproject p
            WHERE p.precedence_id = w.precedence_id AND p.project_id IN (SELECT id FROM visible))
    ) AS parts GROUP BY {columns} ORDER BY {order}
"""
_ORDER = "kind <> 2, kind, SUM(contributions) DESC, team, owner"
_WEEKS = "SELECT {columns}, contributions FROM {table} WHERE {narrow}"
# Until the first refresh of a new week has added its windows up, their weeks answer.
_WINDOW = """
    SELECT {columns}, contributions FROM activity_teamstanding JOIN activity_standingstart s USING ("window")
    WHERE s.first = %s AND {narrow}
    UNION ALL {weeks} AND NOT EXISTS (SELECT 1 FROM activity_standingstart WHERE first = %s)
"""


@dataclass(slots=True)
class Share:
    """Contributions by class. Coverage is the share whose teams are known; bots count in nothing."""

    kinds: Counter[int] = field(default_factory=Counter)

    @property
    def inside(self) -> int:
        return self.kinds[Kind.INSIDE]

    @property
    def outside(self) -> int:
        return self.kinds[Kind.OUTSIDE]

    @property
    def unmapped(self) -> int:
        return self.kinds[Kind.UNMAPPED]

    @property
    def bots(self) -> int:
        return self.kinds[Kind.BOT]

    @property
    def total(self) -> int:
        """Contributions of humans."""
        return self.inside + self.outside + self.unmapped

    @property
    def share(self) -> float | None:
        """From outside, of what is mapped; None where nothing is."""
        mapped = self.inside + self.outside
        return self.outside / mapped if mapped else None

    @property
    def coverage(self) -> float | None:
        return (self.inside + self.outside) / self.total if self.total else None


def team_sums(
    viewer: Viewer,
    columns: tuple[str, ...],
    first: dt.date | None,
    last: dt.date | None = None,
    team: int | None = None,
) -> Counter[tuple[Any, ...]]:
    """Contributions by these columns of `TeamWeek` in weeks from `first` to before `last`. One query.

    `PAIRS` come with those that cross a border first, most first. `team`: only what it gives or receives.
    """
    visible, ids = Project.objects.visible_to(viewer).order_by().values("pk").query.sql_with_params()
    narrow, values = _narrow(first, last, team)
    kept, asked = _kept(columns, first, last, team)
    names = ", ".join(columns)
    order = _ORDER if columns == PAIRS else names
    statement = _SUMS.format(visible=visible, columns=names, kept=kept, narrow=narrow, order=order)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*ids, *asked, *values, *values])
        rows = cursor.fetchall()
    if rows and isinstance(rows[0][0], str):  # SQLite has no type for days
        rows = [(dt.date.fromisoformat(day), *others) for day, *others in rows]
    return Counter({row[:-1]: row[-1] for row in rows})


def _narrow(first: dt.date | None, last: dt.date | None, team: int | None) -> tuple[str, list[str | int]]:
    """A condition on rows with a week, and its values."""
    parts: list[tuple[str, list[str | int]]] = [("true", [])]
    if first is not None:
        parts.append(("week >= %s", [first.isoformat()]))
    if last is not None:
        parts.append(("week < %s", [last.isoformat()]))
    if team is not None:
        parts.append(("(team = %s OR owner = %s)", [team, team]))
    return " AND ".join(words for words, _ in parts), [value for _, values in parts for value in values]


def _kept(
    columns: tuple[str, ...], first: dt.date | None, last: dt.date | None, team: int | None
) -> tuple[str, list[str | int]]:
    """The fewest rows of kept sums that answer, and their values."""
    narrow, values = _narrow(first, last, team)
    names = ", ".join(columns)
    if team is None and set(columns) <= {"week", "kind"}:
        return _WEEKS.format(table="activity_kindweek", columns=names, narrow=narrow), values
    weeks = _WEEKS.format(table="activity_teamweek", columns=names, narrow=narrow)
    if "week" in columns or last is not None:
        return weeks, values
    start: list[str | int] = [(first or dt.date.min).isoformat()]
    narrow, own = _narrow(None, None, team)
    return _WINDOW.format(columns=names, narrow=narrow, weeks=weeks), [*start, *own, *values, *start]


def visible_people(viewer: Viewer) -> Any:
    """Humans with a contribution to a project that the viewer may read, or an account."""
    seen = Participation.objects.filter(Q(commits__gt=0) | Q(coauthored__gt=0))
    seen = seen.filter(project__in=Project.objects.visible_to(viewer))
    known = Q(pk__in=seen.values("person")) | Q(user__is_active=True)
    return Person.objects.standing().humans().filter(known)


@dataclass(frozen=True, slots=True)
class Periods:
    """The bars of a chart: weeks, or longer spans where there would be too many. `starts` are their first days."""

    unit: str
    starts: list[dt.date]

    @classmethod
    def of(cls, first: dt.date, last: dt.date) -> "Periods":
        """From the week of `first` to that of `last`, Mondays both."""
        weeks = max(1, (last - first).days // 7 + 1)
        if weeks <= MANY:
            return cls("week", [first + dt.timedelta(weeks=number) for number in range(weeks)])
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        step, unit = (1, "month") if months <= MANY else (12, "year")
        begin = first.year * 12 + (first.month - 1 if step == 1 else 0)
        numbers = range(begin, last.year * 12 + last.month, step)
        return cls(unit, [dt.date(number // 12, number % 12 + 1, 1) for number in numbers])

    def index(self, week: dt.date) -> int:
        """Of the span in which the week begins; the first for anything before."""
        return max(0, bisect_right(self.starts, week) - 1)

    def spread(self, weeks: dict[dt.date, int]) -> list[int]:
        """Sums by span of numbers by week."""
        found = [0] * len(self.starts)
        for week, number in weeks.items():
            found[self.index(week)] += number
        return found
