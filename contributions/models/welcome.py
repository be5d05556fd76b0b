"""How a project receives people of other teams: what it says about that, and what its history tells."""

from django.conf import settings
from django.db import models

from contributions.models.of_project import OfProjectQuerySet
from projects.models import Project


class GuideQuerySet(OfProjectQuerySet["Guide"]):
    """Guides of projects."""


class Guide(models.Model):
    """CONTRIBUTING as safe HTML with the commands found in it, and how much say others have.

    `html` has links as stored READMEs do. `commands`: [kind, command] pairs, kinds being set up, build, test, check.
    """

    class Level(models.IntegerChoices):
        """The InnerSource pattern's four levels of governance."""

        BUG_REPORTS = 1, "Bug reports welcome"
        CONTRIBUTIONS = 2, "Contributions welcome"
        SHARED_WRITE = 3, "Shared write access"
        SHARED_OWNERSHIP = 4, "Shared ownership"

    project = models.OneToOneField(Project, models.CASCADE, related_name="guide")
    path = models.CharField(max_length=1000, blank=True)
    oid = models.CharField(max_length=64, blank=True)
    html = models.TextField(blank=True)
    truncated = models.BooleanField(default=False)
    commands = models.JSONField(default=list)
    commands_path = models.CharField(max_length=1000, blank=True, help_text="File that the commands were found in.")
    commands_oid = models.CharField(max_length=64, blank=True)
    rules = models.IntegerField(default=0, help_text="Version of the rules it was read with.")
    level = models.SmallIntegerField(choices=Level, null=True, blank=True, help_text="Empty: told by what is known.")
    level_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    level_at = models.DateTimeField(null=True, blank=True)

    objects = GuideQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Guide of {self.project_id}"


class LandingFigures(models.Model):
    """What a project's history tells about changes from outside; every figure is defined in docs/contributions.md.

    Times are in seconds, None where there was nothing to measure. `mark` is what they were computed from.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="landing_figures")
    mark = models.CharField(max_length=200)
    outside = models.IntegerField(default=0, help_text="Commits of outsiders that landed in the window.")
    outside_median = models.BigIntegerField(null=True)
    outside_p90 = models.BigIntegerField(null=True)
    inside = models.IntegerField(default=0)
    inside_median = models.BigIntegerField(null=True)
    inside_p90 = models.BigIntegerField(null=True)
    last_outside_at = models.DateTimeField(null=True)
    last_outside_commit = models.CharField(max_length=64, blank=True)
    outsiders = models.IntegerField(default=0, help_text="People from outside, in the longer window.")
    returned = models.IntegerField(default=0, help_text="Of them, those who came in two weeks or more.")

    class Meta:
        verbose_name_plural = "landing figures"

    def __str__(self) -> str:
        return f"Landings of {self.project_id}"
