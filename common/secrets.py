"""Secrets at rest: encrypted with keys that live in the environment, never in the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Undecryptable(Exception):
    """No configured key opens this secret."""


def _keyring() -> MultiFernet:
    passphrases = settings.ENCRYPTION_KEYS or [settings.SECRET_KEY]
    keys = [base64.urlsafe_b64encode(hashlib.sha256(b"portal-secret:" + p.encode()).digest()) for p in passphrases]
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str) -> bytes:
    """Encrypt with the first configured key."""
    return _keyring().encrypt(secret.encode())


def decrypt(token: bytes) -> str:
    """Decrypt with any configured key; raises `Undecryptable`."""
    try:
        return _keyring().decrypt(token).decode()
    except InvalidToken:
        raise Undecryptable("This secret was encrypted with a key that is no longer configured.") from None
