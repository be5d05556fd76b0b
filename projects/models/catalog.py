"""The catalog's read model: one flat row a project, rewritten whenever anything shown in a list changes."""

from django.db import models


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
    # Text by weight: A name and former names, B tagline, topics, packages, C headings, owner, people, D README
    text_a = models.TextField(blank=True)
    text_b = models.TextField(blank=True)
    text_c = models.TextField(blank=True)
    text_d = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
