"""People who sign in, the teams they belong to, and the record of who changed what."""

from typing import Any, Self

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

slug_validator = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?\Z",
    "Use lower-case letters, digits, dots, hyphens and underscores; begin and end with a letter or digit.",
)


class User(AbstractUser):
    """Somebody who signs in. `is_staff` and `is_superuser` together make an administrator."""

    name = models.CharField(max_length=200, blank=True, help_text="How others see you.")

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.get_full_name() or self.username

    @property
    def is_administrator(self) -> bool:
        return self.is_active and self.is_superuser

    def team_ids(self) -> list[int]:
        """Ids of the teams this person belongs to today."""
        return list(Membership.objects.current().filter(user=self).values_list("team_id", flat=True))


class Team(models.Model):
    """A group of people that owns projects; teams form a tree."""

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=2000)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        today = timezone.localdate()
        return self.filter(Q(started_on=None) | Q(started_on__lte=today), Q(ended_on=None) | Q(ended_on__gt=today))


class Membership(models.Model):
    """A person's time in a team; `ended_on` is the first day outside it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "started_on"], name="membership_once_per_start"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class AuditEvent(models.Model):
    """One line of the append-only record: who did what to which object, and what changed."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    actor_name = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.BigIntegerField(null=True)
    target_name = models.CharField(max_length=300)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_type", "target_id"], name="audit_by_target")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RuntimeError("An audit event is never changed.")
        super().save(*args, **kwargs)


def record_event(
    actor: "User | AnonymousUser | None", action: str, target: models.Model, changes: dict[str, Any] | None = None
) -> AuditEvent:
    """Append one audit event; `changes` maps field names to [before, after]. Secrets never go in here."""
    user = actor if isinstance(actor, User) else None
    return AuditEvent.objects.create(
        actor=user,
        actor_name=user.username if user else "",
        action=action,
        target_type=target._meta.label_lower,
        target_id=target.pk,
        target_name=str(target)[:300],
        changes=changes or {},
    )
