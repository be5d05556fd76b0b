"""A restricted project leaves no trace for those who may not read it: no row, count, facet, search hit or export."""

import csv
import io
import json

import pytest
from django.core.management import call_command
from django.utils import timezone

from projects.catalog import refresh
from projects.models import Access, Project, Role
from tests.conftest import make_user
from tests.projects.catalog_data import listed

pytestmark = pytest.mark.django_db

SECRET = "zebrafish"
PATHS = [
    "/projects/",
    "/projects/?view=grid",
    "/projects/?view=table",
    f"/projects/?q={SECRET}",
    f"/projects/?topic={SECRET}-topic",
    "/projects/?language=Zebralang&licence=LicenseRef-Zebra",
    "/projects/?team=payments",
    "/projects/?readiness=high",
    "/projects/?sort=name&page=2",
    "/projects/export.json",
    f"/projects/export.json?q={SECRET}",
    "/projects/export.csv",
    f"/projects/export.csv?topic={SECRET}-topic",
]


@pytest.fixture
def secret(team, other_team):
    listed("open", owner=other_team, tagline="For everybody")
    project = listed(
        f"{SECRET}-vault",
        owner=team,
        visibility="restricted",
        tagline=f"{SECRET} plans",
        topics=[f"{SECRET}-topic"],
        languages=["Zebralang"],
        licence="LicenseRef-Zebra",
        readiness=95,
        welcomes=True,
        lifecycle="experimental",
        readme=f"All about the {SECRET}",
    )
    Role.objects.create(project=project, user=make_user("tracy"), kind=Role.Kind.TRUSTED_COMMITTER)
    return project


def body(response):
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def shown(text, path):
    """Without what the viewer typed, which the page may repeat."""
    asked = [SECRET + "-topic", SECRET, "Zebralang", "LicenseRef-Zebra"]
    for word in asked:
        if word in path:
            text = text.replace(f'"{word}"', "").replace(f" {word}<", "<").replace(f": {word}<", "<")
            text = text.replace(f"“{word}”", "").replace(f"={word}", "").replace(f"<title>{word}", "<title>")
    return text.lower()


@pytest.mark.parametrize("path", PATHS)
class TestNoTrace:
    def check(self, client, path):
        response = client.get(path)
        assert response.status_code == 200
        assert "zebra" not in shown(body(response), path)

    def test_for_a_stranger(self, client, secret, stranger, path):
        client.force_login(stranger)
        self.check(client, path)

    def test_for_anonymous(self, client, secret, settings, path):
        settings.ANONYMOUS_READ = True
        self.check(client, path)

    def test_anonymous_sees_nothing_at_all_where_the_site_is_closed(self, client, secret, path):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


class TestSameAnswerAsIfItWereNotThere:
    QUERIES = ["", f"q={SECRET}", f"topic={SECRET}-topic", "team=payments", "readiness=high", "welcomes=yes", "q=vault"]

    @pytest.mark.parametrize("query", QUERIES)
    def test_page(self, client, secret, stranger, query):
        client.force_login(stranger)
        with_it = self.figures(client.get(f"/projects/?{query}"))
        Project.objects.filter(pk=secret.pk).update(removed_at=timezone.now())
        refresh([secret.pk])
        assert self.figures(client.get(f"/projects/?{query}")) == with_it

    def figures(self, response):
        selection = response.context["selection"]
        groups = [[(value.value, value.count) for value in group.values] for group in selection.groups]
        return (selection.total, selection.ids, groups, selection.ignored, selection.relief, selection.pages)


class TestThoseWhoMay:
    @pytest.mark.parametrize("who", ["owner", "tracy", "granted", "team", "administrator"])
    def test_find_it_everywhere(self, client, secret, request, other_team, who):
        client.force_login(self.person(who, secret, request, other_team))
        for path in ("/projects/", f"/projects/?q={SECRET}", f"/projects/?topic={SECRET}-topic"):
            response = client.get(path)
            assert secret.pk in response.context["selection"].ids
            assert f"{SECRET}-vault" in response.content.decode()
        assert response.context["selection"].total == 2
        assert SECRET in body(client.get("/projects/export.json"))
        assert SECRET in body(client.get("/projects/export.csv"))

    def person(self, who, secret, request, other_team):
        if who == "tracy":
            return Role.objects.get().user
        if who in {"owner", "administrator"}:
            return request.getfixturevalue(who)
        user = make_user("gina", other_team)
        Access.objects.create(project=secret, **({"user": user} if who == "granted" else {"team": other_team}))
        return user

    def test_lose_it_at_once(self, client, secret):
        tracy = Role.objects.get()
        client.force_login(tracy.user)
        assert secret.pk in client.get("/projects/").context["selection"].ids
        tracy.delete()
        response = client.get("/projects/")
        assert secret.pk not in response.context["selection"].ids
        assert response.context["selection"].total == 1


def test_a_project_that_becomes_restricted_is_hidden_even_before_the_catalog_knows(client, stranger):
    project = listed("soon-hidden")
    client.force_login(stranger)
    Project.objects.filter(pk=project.pk).update(visibility="restricted")
    assert "soon-hidden" not in client.get("/projects/").content.decode()
    assert "soon-hidden" not in body(client.get("/projects/export.json"))
    refresh([project.pk])
    assert client.get("/projects/").context["selection"].total == 0


class TestCommand:
    def export(self, **options):
        out = io.StringIO()
        call_command("export_catalog", stdout=out, **options)
        return out.getvalue()

    def test_without_a_name_it_writes_what_everybody_may_see(self, secret):
        assert [row["name"] for row in json.loads(self.export())] == ["open"]
        assert SECRET not in self.export(format="csv")

    def test_as_somebody(self, secret, owner, stranger):
        assert [row["name"] for row in json.loads(self.export(username="olga"))] == ["open", f"{SECRET}-vault"]
        rows = list(csv.DictReader(io.StringIO(self.export(username="sam", format="csv"))))
        assert [row["slug"] for row in rows] == ["open"]
