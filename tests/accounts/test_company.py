"""Signing in with a real OpenID Connect provider, by HTTP from the button to the signed-in page."""

import os
import re
import subprocess
import sys
import time
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import User
from common.openid import company_provider
from tests.accounts.provider import CLIENT, OTHER_KEY, SECRET, Provider

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
START = "/accounts/oidc/company/login/"
WRONG = "Signing in did not work"


@pytest.fixture
def provider(settings):
    provider = Provider()
    settings.OIDC_ISSUER = provider.issuer
    settings.OIDC_SIGNUP = True
    settings.SOCIALACCOUNT_PROVIDERS = company_provider(provider.issuer, CLIENT, SECRET, "Corp", testing=True)
    yield provider
    provider.close()


def leave(client, start=START):
    """Press the button; the address of the provider that the page leads to."""
    response = client.post(start)
    assert response.status_code == 200, response.content
    return unescape(re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', response.content.decode())[1])


def come_back(client, address):
    """Go to the provider and follow its answer into the portal."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def sign_in(client, start=START):
    return come_back(client, leave(client, start))


def refused(client, response):
    return response.status_code == 401 and WRONG in response.content.decode() and "_auth_user_id" not in client.session


class TestNewPerson:
    def test_gets_an_account_and_comes_back_to_where_they_wanted(self, client, provider):
        page = client.get("/accounts/login/?next=/projects/").content.decode()
        assert "Continue with Corp" in page
        start = unescape(re.search(r'action="(/accounts/oidc/company/login/[^"]*)"', page)[1])
        response = sign_in(client, start)
        assert response.status_code == 302, response.content
        assert response.url == "/projects/"
        user = User.objects.get()
        assert (user.username, user.name, user.email) == ("ada", "Ada Kiplagat", "ada@corp.example")
        assert not user.has_usable_password()
        assert not user.is_superuser
        assert SocialAccount.objects.get().uid == "1"
        assert EmailAddress.objects.get().verified is True
        assert client.get("/projects/").status_code == 200

    def test_the_request_carries_state_nonce_and_a_challenge(self, client, provider):
        query = {name: values[0] for name, values in parse_qs(urlsplit(leave(client)).query).items()}
        assert set(query["scope"].split()) == {"openid", "profile", "email"}
        assert query["redirect_uri"] == "http://testserver/accounts/oidc/company/login/callback/"
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) >= 16 and len(query["nonce"]) >= 16

    def test_an_unproven_address_stays_unproven(self, client, provider):
        provider.person["email_verified"] = "false"
        assert sign_in(client).status_code == 302
        assert EmailAddress.objects.get().verified is False

    def test_a_name_that_is_taken_gets_another(self, client, provider):
        User.objects.create_user("ada", "other@corp.example")
        assert sign_in(client).status_code == 302
        assert SocialAccount.objects.get().user.username != "ada"

    def test_without_an_address_one_is_asked_for(self, client, provider):
        del provider.person["email"]
        response = sign_in(client)
        assert response.url == "/accounts/3rdparty/signup/"
        page = client.get(response.url).content.decode()
        assert "One more step" in page
        response = client.post(response.url, {"email": "ada@corp.example", "username": "ada"})
        assert response.status_code == 302
        assert User.objects.get().email == "ada@corp.example"

    def test_gets_none_while_sign_up_is_closed(self, client, provider, settings):
        settings.OIDC_SIGNUP = False
        response = sign_in(client)
        assert "Accounts are made by administrators" in response.content.decode()
        assert not User.objects.exists()


class TestReturningPerson:
    def test_is_known_by_subject_whatever_else_changed(self, client, provider, settings):
        sign_in(client)
        settings.OIDC_SIGNUP = False
        provider.person |= {"email": "ada.new@corp.example", "preferred_username": "ada.new", "name": "Ada New"}
        other = Client()
        assert sign_in(other).status_code == 302
        assert other.session["_auth_user_id"] == str(User.objects.get().pk)

    def test_another_subject_with_the_same_name_is_another_person(self, client, provider):
        sign_in(client)
        provider.person |= {"sub": "2", "email": "ada2@corp.example"}
        other = Client()
        assert sign_in(other).status_code == 302
        assert User.objects.count() == 2

    def test_who_was_deactivated_stays_out(self, client, provider):
        sign_in(client)
        User.objects.update(is_active=False)
        other = Client()
        sign_in(other)
        assert "_auth_user_id" not in other.session


class TestSameAddress:
    @pytest.mark.parametrize("verified", [True, False])
    @pytest.mark.parametrize("address", ["olga@example.com", "OLGA@example.com"])
    def test_links_nothing_and_leads_to_connecting(self, client, provider, owner, verified, address):
        provider.person |= {"email": address, "email_verified": verified}
        response = sign_in(client)
        assert response.url == "/accounts/login/?next=%2Faccounts%2F3rdparty%2F"
        assert "_auth_user_id" not in client.session
        assert not SocialAccount.objects.exists()
        assert "exists already" in client.get(response.url).content.decode()

    def test_a_second_address_of_somebody_counts_too(self, client, provider, owner):
        EmailAddress.objects.create(user=owner, email="ada@corp.example", verified=False, primary=False)
        assert sign_in(client).url.startswith("/accounts/login/")
        assert not SocialAccount.objects.exists()

    def test_who_signed_in_locally_connects_it_and_uses_it_from_then_on(self, client, provider, owner):
        provider.person["email"] = owner.email
        client.force_login(owner)
        page = client.get("/accounts/3rdparty/").content.decode()
        assert "Connect Corp" in page
        start = unescape(re.search(r'action="(/accounts/oidc/company/login/[^"]*)"', page)[1])
        assert sign_in(client, start).status_code == 302
        assert SocialAccount.objects.get().user == owner
        assert "Disconnect" in client.get("/accounts/3rdparty/").content.decode()
        other = Client()
        sign_in(other)
        assert other.session["_auth_user_id"] == str(owner.pk)

    def test_an_account_of_somebody_else_is_not_taken_over(self, client, provider, owner):
        sign_in(Client())
        client.force_login(owner)
        sign_in(client, START + "?process=connect")
        assert SocialAccount.objects.get().user != owner


class TestWrongAnswers:
    @pytest.mark.parametrize(
        "bend",
        [
            {"nonce": "of another sign-in"},
            {"nonce": None},
            {"iss": "https://evil.example"},
            {"aud": "another-application"},
            {"aud": [CLIENT, "other"], "azp": "other"},
            {"exp": int(time.time()) - 3600},
            {"iat": int(time.time()) + 3600},
            {"sub": "another"},
            {"sub": None},
        ],
    )
    def test_a_token_for_somebody_or_something_else(self, client, provider, bend):
        provider.bend = bend
        assert refused(client, sign_in(client))
        assert not User.objects.exists()

    @pytest.mark.parametrize("algorithm", ["HS256", "none"])
    def test_a_token_that_is_not_signed_by_a_key_of_the_provider(self, client, provider, algorithm):
        provider.algorithm = algorithm
        assert refused(client, sign_in(client))

    def test_a_token_signed_with_a_foreign_key(self, client, provider):
        provider.signs_with = OTHER_KEY
        assert refused(client, sign_in(client))

    def test_user_information_of_another_subject(self, client, provider):
        provider.other_person = {"sub": "admin", "email": "root@corp.example", "email_verified": True}
        assert refused(client, sign_in(client))

    def test_clocks_that_differ_a_little_do_no_harm(self, client, provider):
        provider.bend = {"iat": int(time.time()) + 20}
        assert sign_in(client).status_code == 302

    @pytest.mark.parametrize("state", ["", "guessed"])
    def test_a_state_that_this_browser_never_got(self, client, provider, state):
        response = client.get(f"{START}callback/?code=x&state={state}")
        assert refused(client, response)

    def test_an_answer_meant_for_another_browser(self, client, provider):
        address = leave(Client())
        assert refused(client, come_back(client, address))

    def test_the_same_answer_twice(self, client, provider):
        address = leave(client)
        back = urlsplit(requests.get(address, allow_redirects=False, timeout=10).headers["Location"])
        client.get(f"{back.path}?{back.query}")
        client.logout()
        assert refused(client, client.get(f"{back.path}?{back.query}"))

    def test_the_provider_refuses(self, client, provider):
        provider.refuses = "server_error"
        assert refused(client, sign_in(client))

    def test_the_person_changes_their_mind(self, client, provider):
        provider.refuses = "access_denied"
        response = sign_in(client)
        assert "You stopped signing in" in client.get(response.url).content.decode()


class TestBrokenProvider:
    def test_that_is_away(self, client, provider, settings):
        settings.SOCIALACCOUNT_PROVIDERS = company_provider("http://127.0.0.1:9", CLIENT, SECRET, "Corp", testing=True)
        assert refused(client, client.post(START))
        assert refused(client, client.get(f"{START}callback/?code=x&state=y"))

    @pytest.mark.parametrize(
        "discovery",
        [
            {"issuer": "https://other.example"},
            {"token_endpoint": "http://corp.example/token"},
            {"jwks_uri": "file:///etc/passwd"},
            {"authorization_endpoint": None},
        ],
    )
    def test_whose_discovery_cannot_be_believed(self, client, provider, discovery):
        provider.discovery = discovery
        assert refused(client, client.post(START))

    def test_that_does_not_know_our_secret(self, client, provider, settings):
        settings.SOCIALACCOUNT_PROVIDERS = company_provider(provider.issuer, CLIENT, "old", "Corp", testing=True)
        assert refused(client, sign_in(client))


class TestDoor:
    def test_a_link_alone_starts_nothing(self, client, provider):
        assert client.get(START).status_code == 405

    def test_leads_back_to_this_portal_only(self, client, provider):
        assert sign_in(client, START + "?next=https://evil.example/").url == "/"

    def test_an_unknown_provider_is_not_found(self, client, provider):
        assert client.post("/accounts/oidc/other/login/").status_code == 404
        assert client.get("/accounts/oidc/other/login/callback/").status_code == 404

    def test_plain_http_is_refused_outside_tests(self, tmp_path):
        given = {"PORTAL_SECRET_KEY": "k" * 50, "PORTAL_ALLOWED_HOSTS": "p.example", "PORTAL_DATA_DIR": str(tmp_path)}
        given |= {"PORTAL_OIDC_CLIENT_ID": "x", "PORTAL_OIDC_CLIENT_SECRET": "y", "PATH": os.environ["PATH"]}
        command = [sys.executable, "manage.py", "check"]
        for issuer, works in (("https://id.example", True), ("http://127.0.0.1:9", False), ("id.example", False)):
            environment = given | {"PORTAL_OIDC_ISSUER": issuer}
            result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert (result.returncode == 0) is works, result.stderr
            assert works or "has to begin with https://" in result.stderr
