"""Star and follow, with and without script."""

import pytest
from django.urls import reverse

from projects.models import CatalogEntry, Follow, Star
from tests.projects.catalog_data import listed

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def project():
    return listed("billing")


def star(client, on, **options):
    return client.post(reverse("projects:star", args=["billing"]), {"on": on}, **options)


class TestStar:
    def test_a_repeated_click_changes_nothing(self, client, project, stranger):
        client.force_login(stranger)
        for on, count in (("1", 1), ("1", 1), ("0", 0), ("0", 0)):
            assert star(client, on)["Location"] == "/projects/billing/"
            project.refresh_from_db()
            assert (project.star_count, Star.objects.count()) == (count, count)
            assert CatalogEntry.objects.get().stars == count

    def test_counts_people(self, client, project, stranger, owner):
        for person in (stranger, owner):
            client.force_login(person)
            star(client, "1")
        project.refresh_from_db()
        assert project.star_count == 2

    def test_htmx_gets_the_button(self, client, project, stranger):
        client.force_login(stranger)
        text = star(client, "1", headers=HTMX).content.decode()
        assert text.lstrip().startswith("<form") and 'aria-pressed="true"' in text and 'value="0"' in text

    def test_a_former_address_still_works(self, client, project, stranger):
        project.rename_slug("invoices")
        client.force_login(stranger)
        assert star(client, "1")["Location"] == "/projects/invoices/"


class TestFollow:
    def test_on_and_off(self, client, project, stranger):
        client.force_login(stranger)
        follow = reverse("projects:follow", args=["billing"])
        for on, count in (("1", 1), ("1", 1), ("0", 0), ("0", 0)):
            client.post(follow, {"on": on})
            assert Follow.objects.count() == count
        text = client.post(follow, {"on": "1"}, headers=HTMX).content.decode()
        assert "Following" in text and 'value="0"' in text
