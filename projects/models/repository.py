"""Where code is cloned from, and with what secret."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from common import secrets
from gitstore import credentials
from gitstore.mirrors import Mirror
from gitstore.records import Limits


class Credential(models.Model):
    """A secret for fetching; stored encrypted, shown never again."""

    class Kind(models.TextChoices):
        TOKEN = "token", "Access token"
        PASSWORD = "password", "User and password"
        SSH_KEY = "ssh-key", "Deploy key"

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    username = models.CharField(max_length=200, blank=True)
    encrypted = models.BinaryField(editable=False)
    known_hosts = models.TextField(blank=True, help_text="Host keys of the server, as in a known_hosts file.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    def set_secret(self, secret: str) -> None:
        self.encrypted = secrets.encrypt(secret)

    def reveal(self) -> credentials.Credential:
        """The decrypted form that gitstore takes; raises `common.secrets.Undecryptable` when the key is gone."""
        return credentials.Credential(
            kind=self.kind,
            username=self.username,
            secret=secrets.decrypt(bytes(self.encrypted)),
            known_hosts=self.known_hosts,
        )


class Repository(models.Model):
    """One Git repository and its mirror on disk; one or several projects live in it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clone_url = models.CharField(max_length=2000, help_text="Without any secret.")
    address_key = models.CharField(max_length=2000, unique=True, editable=False)
    credential = models.ForeignKey(Credential, models.PROTECT, null=True, blank=True, related_name="repositories")
    wanted_branch = models.CharField(max_length=250, blank=True, help_text="Empty: the branch HEAD points to.")
    default_branch = models.CharField(max_length=250, blank=True, editable=False)
    head_commit = models.CharField(max_length=64, blank=True, editable=False)
    root_commit = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    size_bytes = models.BigIntegerField(default=0, editable=False)
    ref_count = models.IntegerField(default=0, editable=False)
    ci_systems = models.JSONField(default=list, editable=False)
    problems = models.JSONField(default=list, editable=False, help_text="[path, message] pairs of what was unreadable.")
    fetched_at = models.DateTimeField(null=True, editable=False)
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name_plural = "repositories"

    def __str__(self) -> str:
        return self.clone_url

    @property
    def mirror_path(self) -> Path:
        name = self.uid.hex
        return Path(settings.MIRROR_DIR) / name[:2] / f"{name}.git"

    def mirror(self) -> Mirror:
        return Mirror(
            self.mirror_path,
            Limits(
                seconds=settings.GIT_TIMEOUT_SECONDS,
                file_bytes=settings.GIT_MAX_PACK_BYTES,
                refs=settings.GIT_MAX_REFS,
                files=settings.GIT_MAX_FILES,
            ),
        )
