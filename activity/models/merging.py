"""What people decided about who is who: merges, pairs kept apart, terms, patterns of programs, claimed addresses."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import MailRow
from activity.models.people import Person

LONGEST_REASON = 500
LONGEST_PATTERN = 200


class PeopleClock(models.Model):
    """One row: locked while identities move between people, so that changes come one after the other; counts them."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class MergeQuerySet(models.QuerySet["Merge"]):
    def open(self) -> Self:
        """Not undone."""
        return self.filter(undone_at=None)


class Merge(models.Model):
    """`person` is said to be `into`. Open merges form a forest: whoever is at the top has everybody's identities.

    Undoing takes one branch out of it, together with what was merged into that branch before.
    """

    class Ground(models.TextChoices):
        HAND = "hand", "by hand"
        SUGGESTION = "suggestion", "a suggestion"
        ADDRESS = "address", "a verified address"
        LOGIN = "login", "a login at the forge"
        CLAIM = "claim", "a claimed address"

    person = models.ForeignKey(Person, models.PROTECT, related_name="merges")
    into = models.ForeignKey(Person, models.PROTECT, related_name="+")
    ground = models.CharField(max_length=12, choices=Ground)
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    moved_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_reason = models.CharField(max_length=LONGEST_REASON, blank=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(undone_at=None), name="merge_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person} is {self.into}"


class KeptApart(models.Model):
    """An administrator said that these are two people: no suggestion and no automatic step joins them."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    other = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=LONGEST_REASON, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "people kept apart"
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "other"], name="kept_apart_once"),
            models.CheckConstraint(condition=Q(person__lt=F("other")), name="kept_apart_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.person} is not {self.other}"


class ExcludedTerm(models.Model):
    """A name, or a part of an address, that many use: it says nothing about who somebody is."""

    term = models.CharField(max_length=100, unique=True, help_text="In lower case.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["term"]

    def __str__(self) -> str:
        return self.term


class BotPattern(models.Model):
    """A pattern that tells programs from people, or one of the built-in ones, changed or switched off (`key`)."""

    class Field(models.TextChoices):
        NAME = "name", "name"
        ADDRESS = "address", "address"

    class Meaning(models.TextChoices):
        PROGRAM = "program", "is a program"
        HUMAN = "human", "is a human all the same"

    key = models.CharField(max_length=40, unique=True, null=True, editable=False, help_text="Of a built-in pattern.")
    field = models.CharField("looks at", max_length=8, choices=Field, default=Field.NAME)
    pattern = models.CharField(max_length=LONGEST_PATTERN)
    meaning = models.CharField("whoever matches", max_length=8, choices=Meaning, default=Meaning.PROGRAM)
    is_on = models.BooleanField(default=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.pattern


class AddressClaim(MailRow):
    """Somebody says that an address in commits is theirs, and proves it with a link mailed there."""

    class State(models.TextChoices):
        WAITING = MailRow.WAITING, "to be mailed"
        SENT = MailRow.SENT, "mailed"
        UNKNOWN = "unknown", "no commit uses it"  # looks to the person like SENT
        FAILED = MailRow.FAILED, "could not be mailed"
        CONFIRMED = "confirmed", "confirmed"
        DISPUTED = "disputed", "belongs to another account"

    longest_tried = dt.timedelta(hours=4)  # then who waits for it had better ask again
    outlasts_servers = False

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="address_claims")
    email = models.CharField(max_length=254, help_text="In lower case.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    decided_at = models.DateTimeField(null=True)  # of a disputed one: when an administrator left it as it was

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="claim_to_mail"),  # the task that mails
            models.Index(fields=["email", "created_at"], name="claim_by_email"),  # limits, erasure
        ]

    def __str__(self) -> str:
        return f"{self.email} of {self.user_id}"
