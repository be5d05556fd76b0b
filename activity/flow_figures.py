"""Flow between teams as a viewer may see it: sums kept for all, corrected by the projects this viewer reads.

`TeamWeek` holds every project that is internal; what a viewer may read beyond is added, what is counted there
and the viewer may not read is taken away, on every page. So no figure ever holds a project out of sight.
"""

import datetime as dt
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, Sum

from accounts.models import User
from activity.models import FlowState, FlowWeek, Kind, Participation, Person, TeamWeek
from projects.models import Project

Viewer = User | AnonymousUser
MANY = 110


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

    `team`: only what it gives or receives.
    """
    visible, counted = Project.objects.visible_to(viewer), FlowState.objects.filter(counted=True).values("project")
    narrow = Q() if team is None else Q(team=team) | Q(owner=team)
    narrow &= Q() if first is None else Q(week__gte=first)
    narrow &= Q() if last is None else Q(week__lt=last)
    hidden = Project.objects.filter(pk__in=counted).exclude(pk__in=visible.values("pk")).values("pk")
    apart = visible.exclude(pk__in=counted).values("pk")
    weeks = FlowWeek.objects.filter(narrow).order_by()
    alone = weeks.filter(precedence=None)
    both = Sum(F("commits") + F("coauthored"))
    kept = TeamWeek.objects.filter(narrow).order_by().values_list(*columns).annotate(number=Sum("contributions"))
    parts = kept.union(
        weeks.once(visible).filter(precedence__isnull=False).values_list(*columns).annotate(number=both),
        alone.filter(project__in=apart).values_list(*columns).annotate(number=both),
        alone.filter(project__in=hidden).values_list(*columns).annotate(number=-both),
        all=True,
    )
    found: Counter[tuple[Any, ...]] = Counter()
    for *key, number in parts:
        found[tuple(key)] += number
    return found


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
