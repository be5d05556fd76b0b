"""How allauth behaves here: sign-up closed unless allowed, accounts linked by issuer and subject only."""

import logging
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The company's identity provider decides who has an account; an e-mail address never links two accounts."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.SIGNUP_OPEN or settings.OIDC_SIGNUP)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        """The name as the provider spells it: nobody can tell which part is the first name."""
        user = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:200]
        return user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **details: Any) -> None:
        """The page says little, the log says why."""
        logger.warning("Sign-in with %s failed: %s %s", provider.name, details.get("error"), details.get("exception"))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        email = (sociallogin.user.email or "").strip()
        if email and _is_taken(email):
            messages.error(
                request,
                "An account with this email address exists already. Sign in to it here; on the next page you can "
                "connect your company account.",
            )
            target = urlencode({"next": reverse("socialaccount_connections")})
            raise ImmediateHttpResponse(redirect(f"{reverse('account_login')}?{target}"))


def _is_taken(email: str) -> bool:
    known = EmailAddress.objects.filter(email__iexact=email)
    return known.exists() or User.objects.filter(email__iexact=email).exists()
