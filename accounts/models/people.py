"""People who sign in, the teams they belong to, and the record of who changed what."""

import datetime as dt
from typing import Any, Self

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
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


class TeamQuerySet(models.QuerySet["Team"]):
    def open(self) -> Self:
        """Teams that exist today."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=timezone.localdate()))


class Team(models.Model):
    """A group of people that owns projects; teams form a tree.

    `parent` is where it hangs today, `PastParent` where it hung before. Change both through `accounts.team_verbs`.
    A team that anything refers to is closed, never deleted, so that figures of the past keep their names.
    """

    slug = models.CharField(max_length=100, unique=True, validators=[slug_validator])
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=2000)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    closed_on = models.DateField(null=True, blank=True, editable=False, help_text="The first day without it.")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("pk")), name="team_not_below_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("pages:team", args=[self.slug])

    @property
    def is_closed(self) -> bool:
        return self.closed_on is not None and self.closed_on <= timezone.localdate()

    def is_referred_to(self) -> bool:
        """Whether any row of any table names this team; then it may be closed, but not deleted."""
        return any(
            relation.related_model._base_manager.filter(**{relation.field.name: self.pk}).exists()
            for relation in self._meta.related_objects
        )


class PastParent(models.Model):
    """Where a team hung until a day (the first day elsewhere): below `parent`, or at the top."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="past_parents")
    parent = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    ended_on = models.DateField()

    class Meta:
        ordering = ["team", "ended_on"]
        constraints = [models.UniqueConstraint(fields=["team", "ended_on"], name="past_parent_once_per_day")]

    def __str__(self) -> str:
        return f"{self.team_id} below {self.parent_id} until {self.ended_on}"


class TeamsClock(models.Model):
    """One row: locked while teams change, so that changes come one after the other; counts them."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> Self:
        return self.on(timezone.localdate())

    def on(self, day: dt.date) -> Self:
        return self.filter(Q(started_on=None) | Q(started_on__lte=day), Q(ended_on=None) | Q(ended_on__gt=day))


class Membership(models.Model):
    """A person's time in a team; `started_on` None is "always", `ended_on` is the first day outside it.

    The person is an account, or somebody known by an address, a login or both only. Such a membership decides whose
    team a contribution came from, but gives no permission to anybody: permission goes by `user` alone. At a time a
    person has at most one primary membership, which is "the author's team" of figures.
    """

    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="memberships")
    email = models.CharField(max_length=254, blank=True, help_text="In lower case; of somebody without an account.")
    login = models.CharField(max_length=150, blank=True, help_text="In lower case; of somebody without an account.")
    name = models.CharField(max_length=200, blank=True, help_text="Of somebody without an account.")
    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    is_primary = models.BooleanField(default=True, help_text="Contributions of the person count for this team.")
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team", "started_on"], name="membership_once_per_start"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="", login="") | Q(user=None) & (~Q(email="") | ~Q(login="")),
                name="membership_account_or_address",
            ),
            models.CheckConstraint(
                condition=Q(started_on=None) | Q(ended_on=None) | Q(ended_on__gt=F("started_on")),
                name="membership_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["email"], name="membership_by_email")]  # overlap checks, erasure

    def __str__(self) -> str:
        return f"{self.person_label} in {self.team}"

    @property
    def person_label(self) -> str:
        return str(self.user) if self.user else self.name or self.email or self.login

    @property
    def is_current(self) -> bool:
        today = timezone.localdate()
        return (self.started_on is None or self.started_on <= today) and (
            self.ended_on is None or self.ended_on > today
        )


class TeamImport(models.Model):
    """A file of teams that an administrator is looking at, until it is applied or a day has gone."""

    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    filename = models.CharField(max_length=200)
    content = models.BinaryField()
    complete = models.BooleanField(default=False, help_text="People whom the file does not name leave its teams.")

    def __str__(self) -> str:
        return self.filename


class DismissedTeam(models.Model):
    """A suggested team that an administrator does not want; `key` is the suggestion's."""

    key = models.CharField(max_length=300, unique=True)
    dismissed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    dismissed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


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
