"""The frame around every page, the pages for failures, and signing in."""

import pytest
from django.template import loader

from accounts.models import User


class TestBar:
    def test_stranger_sees_projects_and_no_sync(self, client, stranger):
        client.force_login(stranger)
        html = client.get("/styleguide/").content.decode()
        assert 'data-key="g p"' in html
        assert 'data-key="g s"' not in html
        assert "Administration" not in html

    def test_administrator_sees_sync_and_administration(self, client, administrator):
        client.force_login(administrator)
        html = client.get("/styleguide/").content.decode()
        assert 'data-key="g s"' in html
        assert "Administration" in html

    def test_visitor_sees_neither_menu_nor_search(self, client, db):
        html = client.get("/accounts/login/").content.decode()
        assert 'data-key="g p"' not in html
        assert 'role="search"' not in html

    def test_visitor_may_search_where_the_site_lets_visitors_read(self, client, db, settings):
        settings.ANONYMOUS_READ = True
        html = client.get("/accounts/login/").content.decode()
        assert 'role="search"' in html

    def test_names_are_escaped(self, client, db):
        client.force_login(User.objects.create_user("eve", name="<img src=x>"))
        assert "<img src=x>" not in client.get("/styleguide/").content.decode()


class TestDemoAccounts:
    ACCOUNT = {"username": "ada", "password": "open sesame", "name": "Ada", "role": "Maintainer"}

    def test_shown_and_usable_in_demo_mode(self, client, db, settings):
        settings.DEMO, settings.DEMO_ACCOUNTS = True, [self.ACCOUNT]
        html = client.get("/accounts/login/").content.decode()
        assert "open sesame" in html
        assert 'aria-label="Sign in as Ada"' in html

    def test_never_shown_otherwise(self, client, db, settings):
        settings.DEMO, settings.DEMO_ACCOUNTS = False, [self.ACCOUNT]
        assert "open sesame" not in client.get("/accounts/login/").content.decode()


class TestAccountPages:
    @pytest.mark.parametrize("address", ["login/", "password/reset/", "password/reset/done/", "inactive/", "signup/"])
    def test_visitors_pages_stand_in_the_frame(self, client, db, address):
        response = client.get(f"/accounts/{address}")
        assert response.status_code == 200
        assert 'id="main"' in response.content.decode()

    @pytest.mark.parametrize("address", ["logout/", "password/change/", "email/", "reauthenticate/"])
    def test_members_pages_stand_in_the_frame(self, client, stranger, address):
        client.login(username="sam", password="correct horse")
        response = client.get(f"/accounts/{address}", follow=True)
        assert response.status_code == 200
        assert 'class="entrance"' in response.content.decode()

    def test_wrong_password_says_so_at_the_form(self, client, stranger):
        response = client.post("/accounts/login/", {"login": "sam", "password": "wrong"})
        assert "callout bad" in response.content.decode()

    def test_closed_sign_up_says_whom_to_ask(self, client, db, settings):
        settings.SIGNUP_OPEN = False
        assert "Ask an administrator" in client.get("/accounts/signup/").content.decode()

    def test_spent_link_to_a_new_password(self, client, db):
        html = client.get("/accounts/password/reset/key/1-bad/").content.decode()
        assert "This link no longer works" in html


class TestFailures:
    def test_missing_page(self, client, stranger):
        client.force_login(stranger)
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "There is nothing at this address" in response.content.decode()

    def test_form_out_of_date(self, stranger):
        from django.test import Client

        strict = Client(enforce_csrf_checks=True)
        response = strict.post("/accounts/login/", {"login": "sam", "password": "x"})
        assert response.status_code == 403
        assert "This form is out of date" in response.content.decode()

    @pytest.mark.parametrize("name", ["500.html", "403_csrf.html"])
    def test_stands_alone_without_any_context(self, name):
        assert "<h1>" in loader.get_template(name).render()
