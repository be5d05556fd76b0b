"""Who: the names and addresses that Git has, and the people and programs behind them."""

from typing import Self

from django.conf import settings
from django.db import models

from projects.models import Repository

LONGEST = 300


class PersonQuerySet(models.QuerySet["Person"]):
    def humans(self) -> Self:
        return self.filter(is_bot=False)

    def bots(self) -> Self:
        return self.filter(is_bot=True)

    def standing(self) -> Self:
        """Not merged into somebody else."""
        return self.filter(merged_into=None)


class Person(models.Model):
    """One human, or one program, under all addresses used. Made by the import, one for each address; merged by people.

    `key` is that of the identities this person was made for (`Identity.key`). Merging A into B sets `A.merged_into` and
    points A's identities to B; undoing points the identities with A's key back. B never is merged itself at that time.
    """

    key = models.CharField(max_length=40, unique=True, editable=False)
    name = models.CharField(max_length=LONGEST, help_text="The name most recently used, unless somebody chose one.")
    name_chosen = models.BooleanField(default=False, help_text="Imports leave the name alone.")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="person")
    is_bot = models.BooleanField(default=False)
    bot_chosen = models.BooleanField(default=False, help_text="Somebody decided; patterns no longer do.")
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    erased_at = models.DateTimeField(null=True, editable=False, help_text="Name is a pseudonym since then.")

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Identity(models.Model):
    """A name and address as Git has them, once for the whole portal; also those that a mailmap calls proper.

    `digest` is made of the exact bytes, so it stays the same when name and address are overwritten for erasure; `key`
    is equal for identities that surely are one person (`activity.people.key_of`).
    """

    id = models.AutoField(primary_key=True)  # four bytes: every commit holds four of them
    digest = models.CharField(max_length=40, unique=True, editable=False)
    name = models.CharField(max_length=LONGEST, blank=True)
    email = models.CharField(max_length=LONGEST, blank=True)
    raw = models.BinaryField(null=True, editable=False, help_text="name NUL address, where text cannot hold them.")
    key = models.CharField(max_length=40, db_index=True, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="identities")

    class Meta:
        verbose_name_plural = "identities"
        indexes = [models.Index(fields=["email"], name="identity_by_email")]  # claiming an address

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>".strip()


class ErasedText(models.Model):
    """A name, address or login of an erased person, as a digest: texts that Git brings later are compared with it.

    For addresses it is that of `Identity.key`. `words`: how many a name has, 0 for anything else; `first`: beginning of
    the digest of its first word, so that most words of a text need no more than one look.
    """

    digest = models.CharField(max_length=40, unique=True, editable=False)
    words = models.SmallIntegerField(default=0)
    first = models.CharField(max_length=4, blank=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="erased_texts")

    def __str__(self) -> str:
        return f"{self.person_id}: {self.digest[:10]}"


class MailmapEntry(models.Model):
    """In this repository, `identity` is properly called `proper`; only where its .mailmap says something else."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="mailmap", db_index=False)
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="+")
    proper = models.ForeignKey(Identity, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "identity"], name="mailmap_once")]

    def __str__(self) -> str:
        return f"{self.identity_id} is {self.proper_id}"
