"""The catalog's read model: one flat row a project, rewritten whenever anything shown in a list changes."""

from django.db import models
from django.utils import timezone


class CatalogClock(models.Model):
    """One row; its value grows under a row lock with every catalog change, so versions commit in order."""

    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.value)


class CatalogEntry(models.Model):
    """What the catalog filters, sorts and searches by. `removed` rows stay, so that every process learns of them."""

    project_id = models.BigIntegerField(primary_key=True)
    version = models.BigIntegerField(db_index=True)
    removed = models.BooleanField(default=False)
    restricted = models.BooleanField(default=False)
    name = models.CharField(max_length=200)
    team = models.CharField(max_length=100, blank=True)
    team_name = models.CharField(max_length=200, blank=True)
    languages = models.JSONField(default=list)
    topics = models.JSONField(default=list)
    licences = models.JSONField(default=list)
    lifecycle = models.CharField(max_length=20, blank=True)
    welcomes = models.BooleanField(default=False)
    readiness = models.IntegerField(default=0)
    stars = models.IntegerField(default=0)
    commits_90d = models.IntegerField(default=0)
    last_commit_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class CatalogWord(models.Model):
    """A word of names, topics, packages, first lines, headings or people, for finding what is spelled alike."""

    word = models.CharField(max_length=30, primary_key=True)
    initial = models.CharField(max_length=1)
    length = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["initial", "length"], name="catalog_word_near")]

    def __str__(self) -> str:
        return self.word


class UnansweredSearch(models.Model):
    """What somebody searched the catalog for without finding anything; nobody knows who."""

    text = models.CharField(max_length=200, unique=True, help_text="Words as the catalog compares them.")
    count = models.IntegerField(default=1)
    first_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "unanswered searches"
        ordering = ["-count", "-last_at"]
        indexes = [models.Index(fields=["-count", "-last_at"], name="unanswered_by_count")]  # its page

    def __str__(self) -> str:
        return self.text
