"""Signing in with the company's OpenID Connect provider: allauth's flow, with every answer of the provider checked."""

import secrets
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from common.openid import is_secure

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CLOCKS_APART_SECONDS = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
# What a provider that is away, or answers with something else than the standard says, makes the flow raise.
PROVIDER_ERRORS = (RequestException, OAuth2Error, jwt.PyJWTError, KeyError, TypeError, ValueError)


class CompanyAdapter(OpenIDConnectOAuth2Adapter):
    """Checks issuer, endpoints, signature, audience, nonce and subject, which allauth leaves to TLS."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document. Raises OAuth2Error when it speaks for another issuer or of endpoints without TLS."""
        config: dict[str, Any] = super().openid_config
        issuer = self.get_provider().app.settings["issuer"]
        if str(config.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise OAuth2Error(f"The discovery document is of the issuer {config.get('issuer')!r}.")
        for name in ENDPOINTS:
            if not is_secure(str(config[name]), testing=settings.TESTING):
                raise OAuth2Error(f"{name} is no https:// address.")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        claims = self._claims(app, kwargs["response"]["id_token"])
        person = self._fetch_user_info(token.token)
        if person.get("sub") != claims["sub"]:
            raise OAuth2Error("Token and user information speak of different people.")
        person["email_verified"] = person.get("email_verified") in (True, "true")
        return self.get_provider().sociallogin_from_response(request, {"userinfo": person, "id_token": claims})

    def _claims(self, app: SocialApp, token: str) -> dict[str, Any]:
        """Claims of an id token that was made for this portal and this very sign-in."""
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key(token),
            algorithms=ALGORITHMS,
            audience=app.client_id,
            issuer=self.openid_config["issuer"],
            leeway=CLOCKS_APART_SECONDS,
            options={"require": ["exp", "iat", "sub", "nonce"]},
        )
        if not self.nonce or not secrets.compare_digest(str(claims["nonce"]), self.nonce):
            raise OAuth2Error("The token belongs to another sign-in.")
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The token was made for another application.")
        return claims

    def _key(self, token: str) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(response.json()).keys
        wanted = jwt.get_unverified_header(token).get("kid")
        fitting = [key for key in keys if wanted is None or key.key_id == wanted]
        if len(fitting) != 1:
            raise OAuth2Error("No key of the provider fits the token.")
        return fitting[0]


class CallbackView(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[dict[str, Any] | None, HttpResponse | None]:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


@require_POST
def company_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Off to the provider. A page leads there: the policy for forms ends a redirect to another host."""
    provider = _provider(request, provider_id)
    connects = request.GET.get("process") == AuthProcess.CONNECT and request.user.is_authenticated
    next_url = request.POST.get("next") or request.GET.get("next")
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure()):
        next_url = None
    nonce = secrets.token_urlsafe(24)
    process = AuthProcess.CONNECT if connects else AuthProcess.LOGIN
    try:
        response: HttpResponse = provider.redirect(
            request, process, next_url=next_url, auth_params={"nonce": nonce}, nonce=nonce
        )
    except PROVIDER_ERRORS as error:
        return _failed(request, provider, error)
    if not isinstance(response, HttpResponseRedirect):
        return response
    return render(request, "socialaccount/leaving.html", {"address": response.url, "provider": provider})


@require_safe
def company_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    provider = _provider(request, provider_id)
    view = CallbackView.adapter_view(CompanyAdapter(request, provider_id))
    try:
        response: HttpResponse = view(request)
    except PROVIDER_ERRORS as error:
        return _failed(request, provider, error)
    return response


def _failed(request: HttpRequest, provider: Any, error: Exception) -> HttpResponse:
    response: HttpResponse = render_authentication_error(request, provider, exception=error)
    return response


def _provider(request: HttpRequest, provider_id: str) -> Any:
    try:
        provider = get_adapter(request).get_provider(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    provider.oauth2_adapter_class = CompanyAdapter
    return provider
