"""What the PORTAL_OIDC_* settings mean to allauth. Imported by the settings: nothing of Django's models here."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PROVIDER = "company"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_secure(address: str, *, testing: bool) -> bool:
    """Whether a provider may be asked at this address: https; tests may use http on this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (testing and parts.scheme == "http" and parts.hostname in LOOPBACK)


def company_provider(issuer: str, client_id: str, secret: str, name: str, *, testing: bool = False) -> dict[str, Any]:
    """`SOCIALACCOUNT_PROVIDERS` for one provider. Raises ImproperlyConfigured for an issuer without https."""
    if not is_secure(issuer, testing=testing):
        raise ImproperlyConfigured(
            f"PORTAL_OIDC_ISSUER is {issuer!r}. It has to begin with https://: whoever could change what the provider "
            "answers could sign in as anybody."
        )
    app: dict[str, Any] = {"provider_id": PROVIDER, "name": name, "client_id": client_id, "secret": secret}
    app |= {"settings": {"server_url": issuer.rstrip("/"), "issuer": issuer, "uid_field": "sub"}}
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
