"""What happened: who committed how much on which day."""

from django.db import models

from projects.models import Project


class Contributor(models.Model):
    """An identity (after the repository's .mailmap) that committed to a project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="contributors")
    name = models.CharField(max_length=300)
    email = models.CharField(max_length=300)
    is_bot = models.BooleanField(default=False)
    commits = models.IntegerField(default=0)
    commits_90d = models.IntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-commits_90d", "-commits", "name"]
        constraints = [models.UniqueConstraint(fields=["project", "email"], name="contributor_once")]

    def __str__(self) -> str:
        return self.name


class ActivityDay(models.Model):
    """Commits of one contributor on one day (UTC, author time) in one project."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="activity_days")
    contributor = models.ForeignKey(Contributor, models.CASCADE, related_name="days")
    day = models.DateField()
    commits = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "day", "contributor"], name="day_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.commits}"
