"""Commits of the default branches, as Git tells them."""

import datetime as dt
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from activity.models.fields import OidField
from activity.models.people import Identity
from projects.models import Project, Repository

TITLE = 300


class History(models.Model):
    """How far the history of a repository was read: commits up to `commit`, line counts up to `lines_commit`."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="history")
    commit = models.CharField(max_length=64, blank=True, help_text="The tables hold exactly its history.")
    target = models.CharField(max_length=64, blank=True, help_text="What is being read instead, or empty.")
    rules = models.IntegerField(default=0, help_text="Version of the rules it was read with.")
    mailmap = models.CharField(max_length=64, blank=True, help_text="Object id of the .mailmap in force.")
    lines_commit = models.CharField(max_length=64, blank=True, help_text="Line sums are complete up to this commit.")
    lines_left = models.IntegerField(default=0, help_text="Commits whose lines are not counted yet.")
    words_to = models.BigIntegerField(default=0, help_text="Messages of commits up to this row id are searchable.")
    titles_to = models.BigIntegerField(default=0, help_text="Up to here an older version indexed titles; SQLite only.")
    projects = models.JSONField(default=list, help_text="Ids of the projects with sums.")
    problems = models.JSONField(default=list, help_text="[place, message] pairs of what could not be read.")

    class Meta:
        verbose_name_plural = "histories"

    def __str__(self) -> str:
        return f"{self.repository_id} at {self.commit[:10]}"


class CommitQuerySet(models.QuerySet["Commit"]):
    def contributions(self) -> Self:
        """What counts in figures: all but merges."""
        return self.filter(parents__lte=1)

    def merges(self) -> Self:
        return self.filter(parents__gt=1)

    def uncounted(self) -> Self:
        """Their lines are still to be counted."""
        return self.contributions().filter(files=None)

    def authored_between(self, first: dt.date | None, last: dt.date | None) -> Self:
        """Author time within these days (UTC), both included; None leaves the side open."""
        commits = self
        if first is not None:
            commits = commits.filter(authored_at__gte=day_start(first))
        if last is not None:
            commits = commits.filter(authored_at__lt=day_start(last) + 86_400)
        return commits

    def for_project(self, project: Project) -> Self:
        """Commits of the project's repository, for a folder those that touch it."""
        commits = self.filter(repository=project.repository_id)
        if project.subdirectory:
            inside = FolderCommit.objects.filter(commit=OuterRef("pk"), project=project)
            return commits.filter(Exists(inside))
        return commits

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Commits of a project this viewer may read."""
        visible = Project.objects.visible_to(user)
        inside = FolderCommit.objects.filter(commit=OuterRef("pk"), project__in=visible.exclude(subdirectory=""))
        whole = Q(repository__in=visible.filter(subdirectory="").values("repository_id"))
        return self.filter(whole | Exists(inside))


class Commit(models.Model):
    """One commit in one repository. `author` and `committer` are after the repository's .mailmap, `raw_...` before.

    Times are seconds since 1970 with the zone in minutes east of UTC. `files` is None until the lines are counted; then
    `added` and `removed` are None only where Git could not compare (`files` 0). Merges are never compared. `areas` are
    the folders touched, two levels deep, joined by "//"; "." is the top.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="commits", db_index=False)
    # Identities are never deleted; a constraint on each would cost more than the rest of the row.
    author = models.ForeignKey(Identity, models.PROTECT, related_name="commits", db_constraint=False, db_index=False)
    raw_author = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    committer = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    raw_committer = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    precedence = models.ForeignKey(
        "activity.Precedence", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    authored_at = models.BigIntegerField()
    committed_at = models.BigIntegerField()
    author_zone = models.SmallIntegerField()
    committer_zone = models.SmallIntegerField()
    parents = models.SmallIntegerField(help_text="Number of parents; at most 32,767.")
    coauthors = models.SmallIntegerField(default=0, help_text="Number of Co-authored-by trailers.")
    files = models.IntegerField(null=True)
    added = models.IntegerField(null=True)
    removed = models.IntegerField(null=True)
    oid = OidField(max_length=32)
    title = models.CharField(max_length=TITLE)
    areas = models.TextField(default="")
    words = models.TextField(
        db_default="", help_text="What is searched of the message after its first line; follows in the background."
    )

    objects = CommitQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also finds the same commit in other repositories.
            models.UniqueConstraint(fields=["oid", "repository"], name="commit_once"),
        ]
        indexes = [
            models.Index(fields=["repository", "authored_at"], name="commit_by_time"),  # project: lists, day sums
            models.Index(fields=["author", "authored_at"], name="commit_by_author"),  # person: lists, day sums
            models.Index(fields=["authored_at", "id"], name="commit_by_moment"),  # search: newest first, wherever
            models.Index(
                fields=["repository"], condition=Q(files=None, parents__lte=1), name="commit_uncounted"
            ),  # what the line counts still have to do
            models.Index(fields=["repository"], condition=Q(parents=0), name="commit_root"),  # related repositories
        ]

    def __str__(self) -> str:
        return f"{self.oid[:10]} {self.title}"

    @property
    def is_merge(self) -> bool:
        return self.parents > 1

    @property
    def author_time(self) -> dt.datetime:
        """When it was written, in the author's own zone."""
        return moment(self.authored_at, self.author_zone)

    @property
    def committer_time(self) -> dt.datetime:
        return moment(self.committed_at, self.committer_zone)


class Trailer(models.Model):
    """A line such as `Co-authored-by: Ann <ann@example.com>` at the end of a message; identities as in `Commit`."""

    class Key(models.IntegerChoices):
        CO_AUTHORED_BY = 1, "Co-authored-by"
        REVIEWED_BY = 2, "Reviewed-by"
        SIGNED_OFF_BY = 3, "Signed-off-by"
        HELPED_BY = 4, "Helped-by"
        REPORTED_BY = 5, "Reported-by"
        TESTED_BY = 6, "Tested-by"
        ACKED_BY = 7, "Acked-by"
        SUGGESTED_BY = 8, "Suggested-by"
        MENTORED_BY = 9, "Mentored-by"

    commit = models.ForeignKey(Commit, models.CASCADE, related_name="trailers", db_index=False)
    key = models.SmallIntegerField(choices=Key)
    identity = models.ForeignKey(Identity, models.PROTECT, related_name="trailers", db_constraint=False)
    raw_identity = models.ForeignKey(Identity, models.PROTECT, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commit", "key", "raw_identity"], name="trailer_once")]

    def __str__(self) -> str:
        return f"{self.get_key_display()}: {self.identity_id}"


class FolderCommit(models.Model):
    """A commit that touches the folder of a project, with what it changes there; None until counted."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    commit = models.ForeignKey(Commit, models.CASCADE, related_name="folders")
    precedence = models.ForeignKey(
        "activity.Precedence", models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    files = models.IntegerField(null=True)
    added = models.IntegerField(null=True)
    removed = models.IntegerField(null=True)
    areas = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "commit"], name="folder_commit_once")]

    def __str__(self) -> str:
        return f"{self.commit_id} in {self.project_id}"


def day_start(day: dt.date) -> int:
    """Seconds since 1970 at which this day begins in UTC."""
    return (day - dt.date(1970, 1, 1)).days * 86_400


def moment(seconds: int, zone: int = 0) -> dt.datetime:
    """The time `seconds` after 1970 on a clock `zone` minutes east of UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.timezone(dt.timedelta(minutes=zone)))
