"""Contributions across team borders, by week: sums over `PersonDay`, classified by the teams of their day."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from activity.models.people import Person
from activity.models.sums import Precedence, PrecedenceProject
from projects.models import Project


class Kind(models.IntegerChoices):
    """What a contribution is, seen from the team that owned the project on its day."""

    INSIDE = 1, "inside"
    OUTSIDE = 2, "from outside"
    UNMAPPED = 3, "unmapped"
    BOT = 4, "bots"


class FlowWeekQuerySet(models.QuerySet["FlowWeek"]):
    def once(self, projects: QuerySet[Project]) -> Self:
        """Rows of these projects, each commit once; as `PersonDayQuerySet.once`."""
        earlier = PrecedenceProject.objects.filter(precedence=OuterRef("precedence"), project__in=projects)
        return self.filter(project__in=projects).filter(Q(precedence=None) | ~Exists(earlier))

    def within(self, first: dt.date | None, last: dt.date | None = None) -> Self:
        """Weeks from the one of `first` to before that of `last`; None leaves the side open."""
        weeks = self if first is None else self.filter(week__gte=first)
        return weeks if last is None else weeks.filter(week__lt=last)

    def with_contributions(self) -> Self:
        return self.annotate(contributions=F("commits") + F("coauthored"))


class FlowWeek(models.Model):
    """What one person did in one project in one week (its Monday, UTC), for one team of theirs and one owner.

    `team` and `owner` are ids of teams, 0 where nobody knows. Teams are closed and never deleted, so no key is needed.
    A week in which somebody changed teams has two rows.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="flow", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="flow", db_index=False)
    precedence = models.ForeignKey(Precedence, models.PROTECT, null=True, related_name="+", db_index=False)
    week = models.DateField()
    team = models.IntegerField(default=0)
    owner = models.IntegerField(default=0)
    kind = models.SmallIntegerField(choices=Kind)
    commits = models.IntegerField(default=0)
    coauthored = models.IntegerField(default=0)

    objects = FlowWeekQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["project", "week"], name="flow_by_project"),  # project page, refreshing
            models.Index(fields=["person", "week"], name="flow_by_person"),  # person page
            models.Index(fields=["team", "owner", "week"], name="flow_by_teams"),  # behind a cell of the matrix
            # insights: what belongs to several projects is added up for each viewer
            models.Index(fields=["week"], condition=Q(precedence__isnull=False), name="flow_shared"),
        ]

    def __str__(self) -> str:
        return f"{self.week}: {self.team} to {self.owner}"


class TeamWeek(models.Model):
    """Contributions of one team to projects of one owner in one week: of all projects whose `FlowState` is `counted`,
    without what belongs to several projects."""

    week = models.DateField()
    team = models.IntegerField()
    owner = models.IntegerField()
    kind = models.SmallIntegerField(choices=Kind)
    contributions = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["week", "team", "owner", "kind"], name="team_week_once")]
        indexes = [  # the page of a team
            models.Index(fields=["team", "week"], name="team_week_gives"),
            models.Index(fields=["owner", "week"], name="team_week_receives"),
        ]

    def __str__(self) -> str:
        return f"{self.week}: {self.team} to {self.owner}"


class KindWeek(models.Model):
    """`TeamWeek` added up over all teams."""

    week = models.DateField()
    kind = models.SmallIntegerField(choices=Kind)
    contributions = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["week", "kind"], name="kind_week_once")]

    def __str__(self) -> str:
        return f"{self.week}: {self.kind}"


class TeamStanding(models.Model):
    """`TeamWeek` added up over one window of weeks. `window` is in days, 0 is all."""

    window = models.SmallIntegerField()
    team = models.IntegerField()
    owner = models.IntegerField()
    kind = models.SmallIntegerField(choices=Kind)
    contributions = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "team", "owner", "kind"], name="team_standing_once")]

    def __str__(self) -> str:
        return f"{self.team} to {self.owner} in {self.window} days"


class StandingStart(models.Model):
    """From which Monday on the rows of a window in `TeamStanding` count."""

    window = models.SmallIntegerField(primary_key=True)
    first = models.DateField(unique=True)

    def __str__(self) -> str:
        return f"{self.window} days from {self.first}"


class FlowState(models.Model):
    """How a project's weeks were computed: `inputs` of teams, owners and calendar; empty when days changed since.

    `counted`: its rows are in `TeamWeek`. Whether somebody may read the project is asked again on every page.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="flow_state")
    inputs = models.CharField(max_length=100, blank=True)
    counted = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.project_id} at {self.inputs}"


class Standing(models.Model):
    """Figures of one project in one window of weeks, for lists over many projects. `window` is in days, 0 is all."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="standings", db_index=False)
    window = models.SmallIntegerField()
    inside = models.IntegerField(default=0)
    outside = models.IntegerField(default=0)
    unmapped = models.IntegerField(default=0)
    bots = models.IntegerField(default=0)
    people = models.IntegerField(default=0, help_text="Humans with a contribution.")
    absence = models.IntegerField(default=0, help_text="Fewest people with half of the commits.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["window", "project"], name="standing_once")]

    def __str__(self) -> str:
        return f"{self.project_id} in {self.window} days"
