"""Telling people: `notify` writes rows in the caller's transaction; a task mails them, see docs/notifications.md."""

from accounts.notifications.kinds import KINDS, Kind, kind_of
from accounts.notifications.telling import notify

__all__ = ["KINDS", "Kind", "kind_of", "notify"]
