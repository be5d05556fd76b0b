"""Sums over commits, kept so that no page has to add up a history. All of them can be rebuilt from the commits."""

import datetime as dt
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from activity.models.people import Person
from projects.models import Project

EPOCH = dt.date(1970, 1, 1)


class Precedence(models.Model):
    """The projects that come first where a commit belongs to several (a copy of the repository, a folder of it).

    In figures over several projects such a commit counts in one: here only for those who can read none of `projects`.
    """

    id = models.AutoField(primary_key=True)
    key = models.CharField(max_length=40, unique=True, editable=False, help_text="Digest of the ids of the projects.")
    projects = models.ManyToManyField(Project, through="PrecedenceProject", related_name="+")

    class Meta:
        verbose_name_plural = "precedences"

    def __str__(self) -> str:
        return f"after {self.pk}"


class PrecedenceProject(models.Model):
    """One project of a precedence."""

    precedence = models.ForeignKey(Precedence, models.CASCADE, related_name="members", db_index=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["precedence", "project"], name="precedence_project_once")]

    def __str__(self) -> str:
        return f"{self.project_id} in {self.precedence_id}"


def _earlier(projects: QuerySet[Project]) -> QuerySet[PrecedenceProject]:
    return PrecedenceProject.objects.filter(precedence=OuterRef("precedence"), project__in=projects)


class PersonDayQuerySet(models.QuerySet["PersonDay"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(project__in=Project.objects.visible_to(user))

    def once(self, projects: QuerySet[Project]) -> Self:
        """Rows of these projects, without what belongs to one of them that comes first: each commit counts once."""
        return self.filter(project__in=projects).filter(Q(precedence=None) | ~Exists(_earlier(projects)))

    def again(self, projects: QuerySet[Project]) -> Self:
        """Rows of these projects that `once` leaves out."""
        return self.filter(Exists(_earlier(projects)), project__in=projects, precedence__isnull=False)

    def between(self, first: dt.date | None, last: dt.date | None) -> Self:
        """Days from `first` to `last`, both included; None leaves the side open."""
        days = self if first is None else self.filter(day__gte=first)
        return days if last is None else days.filter(day__lte=last)

    def humans(self) -> Self:
        return self.filter(person__is_bot=False)

    def bots(self) -> Self:
        return self.filter(person__is_bot=True)

    def with_contributions(self) -> Self:
        """`contributions`: commits written plus commits shared as co-author."""
        return self.annotate(contributions=F("commits") + F("coauthored"))


class PersonDay(models.Model):
    """What one person did in one project on one day (UTC, author time).

    Several rows where commits of that day have different precedence: always sum. `commits` are those written, without
    merges; `coauthored` those of others that name this person in Co-authored-by; `merges` stand apart and count in
    nothing; `added` and `removed` are lines of `commits`, as far as they are counted.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="person_days", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="days", db_index=False)
    day = models.DateField()
    precedence = models.ForeignKey(Precedence, models.PROTECT, null=True, related_name="+", db_index=False)
    commits = models.IntegerField(default=0)
    coauthored = models.IntegerField(default=0)
    merges = models.IntegerField(default=0)
    added = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)

    objects = PersonDayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "day", "person", "precedence"], name="person_day_once"),
        ]
        indexes = [
            models.Index(fields=["person", "day"], name="person_day_by_person"),  # person page
            models.Index(fields=["day"], name="person_day_by_day"),  # insights: the last weeks of everything
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.commits}"


class Participation(models.Model):
    """All that one person did in one project; the days (UTC) are those of the first and last commit, written or
    shared, None where there are only merges."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="participations", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="participations")
    commits = models.IntegerField(default=0)
    coauthored = models.IntegerField(default=0)
    merges = models.IntegerField(default=0)
    added = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    commits_90d = models.IntegerField(default=0)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta:
        ordering = ["-commits_90d", "-commits", "person__name"]
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="participation_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.project_id}"


class PersonArea(models.Model):
    """Commits (not merges) of one person that touch a folder of a project, up to two levels deep; "." is the top.

    A commit counts in each folder it touches, so areas do not add up to commits.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="areas", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="areas")
    path = models.CharField(max_length=500)
    commits = models.IntegerField()
    last_day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person", "path"], name="person_area_once")]

    def __str__(self) -> str:
        return self.path
