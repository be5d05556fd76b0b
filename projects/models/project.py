"""A project: what engineers look for. One repository, or one folder of it."""

import datetime as dt
from functools import lru_cache
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Team, User, slug_validator
from projects.models.repository import Repository


class ProjectQuerySet(models.QuerySet["Project"]):
    def internal(self) -> Self:
        return self.filter(visibility=Project.Visibility.INTERNAL)

    def restricted(self) -> Self:
        return self.filter(visibility=Project.Visibility.RESTRICTED)

    def live(self) -> Self:
        """Not removed."""
        return self.filter(removed_at=None)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What this viewer may read. Anonymous viewers reach this only where the site lets them in."""
        from projects.models.people import Access, Role

        live = self.live()
        if not isinstance(user, User):
            return live.internal()
        if user.is_administrator:
            return live
        teams = Membership.objects.current().filter(user=user).values("team_id")
        granted = Access.objects.filter(project=OuterRef("pk")).filter(Q(user=user) | Q(team__in=teams))
        holds = Role.objects.current().filter(project=OuterRef("pk"), user=user)
        return live.filter(
            Q(visibility=Project.Visibility.INTERNAL) | Q(owner__in=teams) | Exists(granted) | Exists(holds)
        )

    def maintainable_by(self, user: User | AnonymousUser) -> Self:
        """Projects whose page this viewer may edit: owner team, role holders, administrators."""
        from projects.models.people import Role

        if not isinstance(user, User):
            return self.none()
        if user.is_administrator:
            return self.live()
        teams = Membership.objects.current().filter(user=user).values("team_id")
        holds = Role.objects.current().filter(project=OuterRef("pk"), user=user)
        return self.live().filter(Q(owner__in=teams) | Exists(holds))


_FromQuerySet = models.Manager.from_queryset(ProjectQuerySet)


class ProjectManager(_FromQuerySet):
    """Keeps the question of what somebody may read, never its answer: a page asks it in five to eight queries, and
    putting it together took a tenth of the time of most pages."""

    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        if type(self) is not ProjectManager or not isinstance(user, User) or user.is_administrator:
            everything: ProjectQuerySet = self.get_queryset()  # type: ignore[assignment]
            return everything.visible_to(user)
        return _readable(user.pk, timezone.localdate()).all()


@lru_cache(maxsize=200)
def _readable(user_id: int, _today: dt.date) -> ProjectQuerySet:
    """Not evaluated; memberships and roles count from a day on, which is part of it."""
    return ProjectQuerySet(Project).visible_to(User(pk=user_id))


class Project(models.Model):
    """Columns named in `facts.FIELDS` hold the value in force; `FieldValue` keeps where each came from."""

    class Visibility(models.TextChoices):
        INTERNAL = "internal", "Internal: everyone signed in"
        RESTRICTED = "restricted", "Restricted: named teams and people"

    class Lifecycle(models.TextChoices):
        EXPERIMENTAL = "experimental", "Experimental"
        PRODUCTION = "production", "Production"
        DEPRECATED = "deprecated", "Deprecated"
        ARCHIVED = "archived", "Archived"

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    repository = models.ForeignKey(Repository, models.PROTECT, related_name="projects")
    subdirectory = models.CharField(max_length=1000, blank=True, help_text="Folder within the repository, or empty.")
    owner = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="projects")
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.INTERNAL)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    # In force, from FieldValue
    name = models.CharField(max_length=200)
    tagline = models.CharField(max_length=400, blank=True)
    lifecycle = models.CharField(max_length=20, choices=Lifecycle, blank=True)
    kind = models.CharField(max_length=30, blank=True)
    homepage = models.CharField(max_length=1000, blank=True)
    documentation = models.CharField(max_length=1000, blank=True)
    contact = models.CharField(max_length=300, blank=True)
    chat = models.CharField(max_length=1000, blank=True)
    motivation = models.TextField(blank=True)
    welcomes = models.BooleanField(default=False, help_text="Contributions from other teams are welcome.")
    topics = models.ManyToManyField("projects.Topic", related_name="projects", blank=True)

    # Counters that lists show, written by the sync
    language = models.CharField(max_length=60, blank=True, editable=False)
    licence = models.CharField(max_length=100, blank=True, editable=False)
    file_count = models.IntegerField(default=0, editable=False)
    readiness = models.IntegerField(default=0, editable=False)
    commits_total = models.IntegerField(default=0, editable=False)
    commits_90d = models.IntegerField(default=0, editable=False)
    contributors_total = models.IntegerField(default=0, editable=False)
    contributors_90d = models.IntegerField(default=0, editable=False)
    first_commit_at = models.DateTimeField(null=True, editable=False)
    last_commit_at = models.DateTimeField(null=True, editable=False)
    weeks = models.JSONField(default=list, editable=False, help_text="Commits in each of the last 52 weeks.")
    star_count = models.IntegerField(default=0, editable=False)

    objects = ProjectManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "subdirectory"], name="project_once_per_folder"),
        ]
        indexes = [
            models.Index(fields=["visibility"], name="project_by_visibility"),  # visible_to
            models.Index(fields=["-last_commit_at"], name="project_by_activity"),  # home: what moved
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("pages:project", args=[self.slug])

    def rename_slug(self, slug: str) -> None:
        """Give the page a new address; the old one redirects for ever."""
        if slug == self.slug:
            return
        FormerSlug.objects.filter(slug=slug).delete()
        FormerSlug.objects.update_or_create(slug=self.slug, defaults={"project": self})
        self.slug = slug
        self.save(update_fields=["slug"])

    def change_owner(self, owner: Team | None) -> None:
        """Give the project to a team from today on; before, figures count for the team that had it.

        The first owner anybody names counts for all time before: it was only not known yet.
        """
        if owner == self.owner:
            return
        if self.owner is not None or self.past_owners.exists():
            self.past_owners.get_or_create(ended_on=timezone.localdate(), defaults={"team": self.owner})
        self.owner = owner
        self.save(update_fields=["owner"])


class PastOwner(models.Model):
    """The team that owned a project until a day (the first day of another owner); None where it had no owner.

    Written by `Project.change_owner`, so that figures of the past stay when a project changes hands.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="past_owners")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField()

    class Meta:
        ordering = ["project", "ended_on"]
        constraints = [models.UniqueConstraint(fields=["project", "ended_on"], name="past_owner_once_per_day")]

    def __str__(self) -> str:
        return f"{self.project_id} of {self.team_id} until {self.ended_on}"


class FormerSlug(models.Model):
    """An address a project once had."""

    slug = models.CharField(max_length=100, unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="former_slugs")

    def __str__(self) -> str:
        return self.slug
