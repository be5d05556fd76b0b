"""Whose figures a viewer may see: a setting leaves those about one person to that person."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User


def figures_are_shared() -> bool:
    """Whether everybody may see figures about anybody."""
    return bool(settings.PERSON_FIGURES == "everybody")


def shows_person(user: User | AnonymousUser, account: int | None) -> bool:
    """Whether this viewer may see figures of the person with this account (id)."""
    return figures_are_shared() or (account is not None and user.pk == account)
