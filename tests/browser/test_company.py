"""The company's sign-in in a browser, whose content policy for forms would end a redirect to another host."""

import pytest

from accounts.models import User
from common.openid import company_provider
from tests.accounts.provider import CLIENT, SECRET, Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def provider(settings):
    provider = Provider()
    settings.OIDC_SIGNUP = True
    settings.SOCIALACCOUNT_PROVIDERS = company_provider(provider.issuer, CLIENT, SECRET, "Corp", testing=True)
    yield provider
    provider.close()


@pytest.mark.parametrize("script", [True, False])
def test_the_button_leads_to_the_provider_and_back_signed_in(provider, open_page, live_server, script):
    page = open_page(java_script_enabled=script)
    page.goto("/accounts/login/?next=/projects/")
    page.get_by_role("button", name="Continue with Corp").click()
    page.wait_for_url("**/projects/")
    page.get_by_role("heading", name="Projects").wait_for()
    assert User.objects.get().name == "Ada Kiplagat"
    assert len(provider.asked) == 1
