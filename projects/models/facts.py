"""What a repository tells about a project, and what people said instead."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from projects.models.project import Project


class FieldValue(models.Model):
    """One field's value from one source. The strongest present source is in force: edited, declared, derived."""

    class Source(models.TextChoices):
        EDITED = "edited", "edited here"
        DECLARED = "declared", "declared file"
        DERIVED = "derived", "derived"

    project = models.ForeignKey(Project, models.CASCADE, related_name="field_values")
    field = models.CharField(max_length=30)
    source = models.CharField(max_length=10, choices=Source)
    value = models.JSONField()
    origin = models.CharField(max_length=1000, blank=True, help_text="File it was read from.")
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "field", "source"], name="value_once_per_source")]

    def __str__(self) -> str:
        return f"{self.field} ({self.source})"


class Topic(models.Model):
    name = models.CharField(max_length=63, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Language(models.Model):
    """Share of one language in a project, by bytes after linguist's rules."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="languages")
    name = models.CharField(max_length=60)
    bytes = models.BigIntegerField()
    share = models.FloatField()
    colour = models.CharField(max_length=7)

    class Meta:
        ordering = ["-bytes", "name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="language_once")]

    def __str__(self) -> str:
        return self.name


class Licence(models.Model):
    """A licence found; `confidence` 0 to 1."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="licences")
    spdx = models.CharField(max_length=100)
    confidence = models.FloatField()
    path = models.CharField(max_length=1000)
    method = models.CharField(max_length=30)

    class Meta:
        ordering = ["-confidence", "path"]

    def __str__(self) -> str:
        return self.spdx


class Release(models.Model):
    """A tag that reads as a version; `position` 0 is the newest in semantic order."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases")
    tag = models.CharField(max_length=300)
    version = models.CharField(max_length=100)
    prerelease = models.BooleanField(default=False)
    at = models.DateTimeField()
    commit = models.CharField(max_length=64)
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["project", "position"], name="release_newest_first")]

    def __str__(self) -> str:
        return self.tag


class Package(models.Model):
    """A package the project publishes."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="packages")
    ecosystem = models.CharField(max_length=30)
    name = models.CharField(max_length=300)
    version = models.CharField(max_length=100, blank=True)
    path = models.CharField(max_length=1000)

    class Meta:
        ordering = ["path", "name"]

    def __str__(self) -> str:
        return self.name


class PeopleFile(models.Model):
    """A file written for people: CONTRIBUTING, SECURITY, CODEOWNERS and so on."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="people_files")
    kind = models.CharField(max_length=30)
    path = models.CharField(max_length=1000)

    class Meta:
        ordering = ["kind"]

    def __str__(self) -> str:
        return self.path


class OwnerGroup(models.Model):
    """A group such as @org/payments that CODEOWNERS names; `is_default` where it owns what no other line speaks of."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="owner_groups")
    name = models.CharField(max_length=200)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="owner_group_once")]

    def __str__(self) -> str:
        return self.name


class Readme(models.Model):
    """README as safe HTML, rendered once per version of the file."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="readme")
    path = models.CharField(max_length=1000)
    oid = models.CharField(max_length=64)
    html = models.TextField()
    headings = models.TextField(blank=True)
    text = models.TextField(blank=True, help_text="Plain words for search, cut.")
    truncated = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.path
