"""Teams to read: nobody learns of a project they may not read, and people are for people who are signed in."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Team
from activity.models import Person
from projects.models import Project, Repository
from tests.activity.test_flow import ADA, BO, CY, join, read
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def project(slug, team, **fields):
    repository = Repository.objects.create(clone_url=f"https://git.example/{slug}", address_key=f"git.example/{slug}")
    return Project.objects.create(slug=slug, name=slug.title(), repository=repository, owner=team, **fields)


class TestTeams:
    def test_counts_people_of_today_and_visible_projects(self, client, team, owner, stranger, administrator):
        project("open", team)
        project("zanzibarine", team, visibility="restricted")
        Membership.objects.create(email="gone@x.example", team=team, ended_on="2020-01-01")
        Membership.objects.create(email="kim@x.example", team=team)
        for person, count in ((owner, 2), (administrator, 2), (stranger, 1)):
            client.force_login(person)
            rows = {row.node.slug: row for row in client.get("/teams/").context["rows"]}
            assert (rows["payments"].people, rows["payments"].projects) == (2, count), person

    def test_is_a_tree_with_closed_teams_apart(self, client, team, other_team, owner):
        Team.objects.filter(pk=other_team.pk).update(parent=team)
        Team.objects.create(slug="old", name="Old", closed_on="2024-01-01")
        client.force_login(owner)
        context = client.get("/teams/").context
        assert [(row.depth, row.node.slug) for row in context["rows"]] == [(0, "payments"), (1, "logistics")]
        assert [row.node.slug for row in context["closed"]] == ["old"]

    def test_says_what_to_do_when_there_is_none(self, client, administrator):
        client.force_login(administrator)
        assert "Import teams" in client.get("/teams/").content.decode()

    def test_queries_do_not_grow(self, client, owner, team):
        client.force_login(owner)
        client.get("/teams/")
        counted = []
        for more in (2, 20):
            for number in range(more):
                child = Team.objects.create(slug=f"t{more}-{number}", name="T", parent=team)
                project(f"p{more}-{number}", child)
            with CaptureQueriesContext(connection) as queries:
                client.get("/teams/")
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 10

    def test_wrong_verb(self, client, owner):
        client.force_login(owner)
        assert client.post("/teams/").status_code == client.post("/teams/payments/").status_code == 405


class TestTeam:
    def test_shows_projects_the_viewer_may_read(self, client, team, owner, stranger):
        project("open", team)
        project("zanzibarine", team, visibility="restricted")
        for person, seen in ((owner, True), (stranger, False)):
            client.force_login(person)
            text = client.get("/teams/payments/").content.decode()
            assert "Open" in text
            assert ("anzibarine" in text) is seen, person

    def test_shows_who_is_in_it_and_who_was(self, client, team, owner):
        Membership.objects.create(email="kim.lee@x.example", team=team)
        Membership.objects.create(email="gone@x.example", name="Gone Girl", team=team, ended_on="2020-05-01")
        client.force_login(owner)
        page = client.get("/teams/payments/")
        text = page.content.decode()
        assert [name for _, name, _ in page.context["now"]] == ["kim.lee", "Olga"]
        assert [name for _, name, _ in page.context["before"]] == ["Gone Girl"]
        assert "x.example" not in text
        assert "Edit</a>" not in text

    def test_people_lead_to_their_pages(self, client, team, owner):
        read(commits=[(BO, 1), (ADA, 1)], owner=team)
        join(team, BO), join(team, ("Nobody", "nobody@x.example"))
        secret = read("secret", files={b"s": b"1"}, commits=[(CY, 1)])
        Project.objects.filter(pk=secret.pk).update(visibility="restricted")
        join(team, CY)
        client.force_login(owner)
        people = {name: url for _, name, url in client.get("/teams/payments/").context["now"]}
        bo = Person.objects.get(name=BO[0])
        assert people == {"bo": f"/people/{bo.pk}/", "Olga": "/people/olga/", "nobody": "", "cy": ""}
        assert all(client.get(url, follow=True).status_code == 200 for url in people.values() if url)

    def test_visitors_who_are_not_signed_in_see_nobody(self, client, team, owner, settings):
        assert client.get("/teams/payments/").status_code == 302
        settings.ANONYMOUS_READ = True
        text = client.get("/teams/payments/").content.decode()
        assert "Olga" not in text
        assert "Sign in to see" in text

    def test_missing_ones_are_404(self, client, owner):
        client.force_login(owner)
        assert client.get("/teams/nobody/").status_code == client.get("/teams/a%00b/").status_code == 404

    def test_queries_do_not_grow(self, client, owner, team):
        client.force_login(owner)
        client.get("/teams/payments/")
        counted = []
        for more in (2, 20):
            for number in range(more):
                make_user(f"p{more}-{number}", team)
                project(f"p{more}-{number}", team)
            with CaptureQueriesContext(connection) as queries:
                client.get("/teams/payments/")
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 12
