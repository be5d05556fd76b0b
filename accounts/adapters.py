"""How allauth behaves here: sign-up closed unless allowed, accounts linked by issuer and subject only."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """The company's identity provider decides who has an account; an e-mail address never links two accounts."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.SIGNUP_OPEN or settings.OIDC_ISSUER)

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        email = (sociallogin.user.email or "").strip()
        if email and User.objects.filter(email__iexact=email).exists():
            messages.error(
                request,
                "An account with this e-mail address exists already. Sign in to it first, then connect the company "
                "account in your account's settings.",
            )
            raise ImmediateHttpResponse(redirect("account_login"))
