import pytest
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.urls import reverse

from accounts.adapters import SocialAccountAdapter
from accounts.models import AuditEvent, User, record_event

pytestmark = pytest.mark.django_db


class TestSignIn:
    def test_sends_anonymous_viewers_to_sign_in_and_back(self, client):
        response = client.get("/projects/?q=x")
        assert response.status_code == 302
        assert response.url == "/accounts/login/?next=/projects/%3Fq%3Dx"

    def test_an_address_too_long_to_come_back_to_keeps_its_path(self, client):
        response = client.get("/projects/", {"q": "x" * 20_000})
        assert response.url == "/accounts/login/?next=/projects/"

    def test_a_fragment_of_an_ended_session_sends_the_page_to_sign_in(self, client):
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/projects/?q=x"}
        response = client.get("/sync/1/progress/", headers=headers)
        assert response.status_code == 401
        assert response["HX-Redirect"] == "/accounts/login/?next=/projects/"

    def test_by_username_and_by_address(self, client, owner):
        EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
        for login in (owner.username, owner.email):
            response = client.post(reverse("account_login"), {"login": login, "password": "correct horse"})
            assert response.status_code == 302, response.content
            client.logout()

    def test_wrong_password_says_nothing_of_the_account(self, client, owner):
        known = client.post(reverse("account_login"), {"login": owner.username, "password": "no"})
        unknown = client.post(reverse("account_login"), {"login": "nobody", "password": "no"})
        words = "not correct"
        assert words in known.content.decode()
        assert words in unknown.content.decode()

    def test_does_not_follow_a_foreign_next(self, client, owner):
        EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
        address = reverse("account_login") + "?next=https://evil.example/"
        response = client.post(
            address, {"login": owner.username, "password": "correct horse", "next": "https://evil.example/"}
        )
        assert response.status_code == 302
        assert response.url == "/"


class TestSignUp:
    form = {
        "email": "new@example.com",
        "username": "newcomer",
        "password1": "a long secret",
        "password2": "a long secret",
    }

    def test_is_closed(self, client):
        response = client.post(reverse("account_signup"), self.form)
        assert not User.objects.filter(username="newcomer").exists()
        assert "account/signup_closed.html" in [template.name for template in response.templates]

    def test_opens_by_setting(self, client, settings):
        settings.SIGNUP_OPEN = True
        client.post(reverse("account_signup"), self.form)
        assert User.objects.filter(username="newcomer").exists()


class TestCompanyAccount:
    """An e-mail address from an identity provider never links to an account that exists."""

    def test_same_address_other_subject_is_refused(self, rf, owner):
        request = rf.get("/")
        SessionMiddleware(lambda r: None).process_request(request)
        MessageMiddleware(lambda r: None).process_request(request)
        request.user = type("Anonymous", (), {"is_authenticated": False})()
        login = SocialLogin(
            user=User(email=owner.email.upper()), account=SocialAccount(provider="company", uid="another-subject")
        )
        with pytest.raises(ImmediateHttpResponse):
            SocialAccountAdapter().pre_social_login(request, login)
        assert not SocialAccount.objects.exists()


class TestPrivacyOfResponses:
    def test_private_pages_are_kept_by_no_cache(self, client, owner):
        client.force_login(owner)
        assert "no-store" in client.get("/projects/")["Cache-Control"]

    def test_policy_allows_nothing_inline(self, client, owner):
        client.force_login(owner)
        policy = client.get("/projects/")["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


class TestAuditRecord:
    def test_is_append_only(self, administrator, team):
        event = record_event(administrator, "change", team, {"name": ["a", "b"]})
        event.action = "other"
        with pytest.raises(RuntimeError):
            event.save()

    def test_admin_changes_are_recorded_and_passwords_are_not(self, client, administrator, team):
        client.force_login(administrator)
        fields = {"name": "Pay", "description": "", "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
        response = client.post(f"/admin/accounts/team/{team.pk}/change/", fields)
        assert response.status_code == 302, response.content
        event = AuditEvent.objects.get(target_type="accounts.team")
        assert event.changes == {"name": ["Payments", "Pay"]}
        assert event.actor == administrator

    def test_only_a_team_that_nothing_names_is_deleted_in_the_admin(self, client, administrator, owner, team):
        client.force_login(administrator)
        address = f"/admin/accounts/team/{team.pk}/delete/"
        assert client.post(address, {"post": "yes"}).status_code == 403
        owner.memberships.all().delete()
        assert client.post(address, {"post": "yes"}).status_code == 302
        assert AuditEvent.objects.filter(action="delete", target_name="Payments").exists()

    def test_the_admin_neither_moves_teams_nor_changes_memberships(
        self, client, administrator, owner, team, other_team
    ):
        client.force_login(administrator)
        row = owner.memberships.get()
        fields = {"name": "Payments", "description": "", "parent": other_team.pk, "slug": "x"}
        inline = {"TOTAL_FORMS": 2, "INITIAL_FORMS": 1, "0-id": row.pk, "0-team": team.pk, "0-DELETE": "on"}
        inline |= {"1-team": team.pk, "1-user": administrator.pk}
        fields |= {f"memberships-{name}": value for name, value in inline.items()}
        client.post(f"/admin/accounts/team/{team.pk}/change/", fields)
        team.refresh_from_db()
        assert (team.parent, team.slug) == (None, "payments")
        assert list(team.memberships.values_list("user", flat=True)) == [owner.pk]
        assert client.get("/admin/accounts/team/add/").status_code == 403

    def test_admin_is_for_administrators(self, client, owner):
        client.force_login(owner)
        assert client.get("/admin/accounts/team/").status_code == 302
