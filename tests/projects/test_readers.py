"""Who may read holds for a whole repository, however it is changed."""

import importlib

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from accounts.models import AuditEvent
from projects import readers
from projects.models import Access, CatalogEntry, Project
from tests.conftest import make_user
from tests.projects.catalog_data import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def main(team):
    return listed("mono", owner=team)


@pytest.fixture
def part(main):
    return Project.objects.create(slug="part", name="Part", repository=main.repository, subdirectory="part")


@pytest.fixture
def removed(main):
    from django.utils import timezone

    fields = {"slug": "old", "name": "Old", "subdirectory": "old", "removed_at": timezone.now()}
    return Project.objects.create(repository=main.repository, **fields)


def alike(*projects):
    """The one answer of these projects; fails when they differ."""
    answers = set()
    for project in projects:
        project.refresh_from_db()
        answers.add((project.visibility, frozenset(readers.readers_of(project))))
    assert len(answers) == 1, answers
    visibility, found = answers.pop()
    return visibility, set(found)


class TestEditPage:
    @pytest.fixture(autouse=True)
    def signed_in(self, client, administrator):
        client.force_login(administrator)

    def test_restricting_a_part_restricts_the_repository(self, client, main, part, removed, stranger, administrator):
        other = listed("other")
        answer = client.post(reverse("projects:owner", args=["part"]), {"owner": "", "visibility": "restricted"})
        assert answer.status_code == 302
        assert alike(main, part, removed) == ("restricted", set())
        other.refresh_from_db()
        assert other.visibility == "internal"
        assert not Project.objects.visible_to(stranger).filter(repository=main.repository).exists()
        assert CatalogEntry.objects.get(project_id=main.pk).restricted
        events = AuditEvent.objects.filter(action="project.visibility_set")
        assert {event.target_id for event in events} == {main.pk, part.pk, removed.pk}
        assert {event.actor for event in events} == {administrator}

    def test_readers_come_and_go_everywhere(self, client, main, part, removed, other_team, stranger):
        readers.set_visibility(main, "restricted", None)
        assert client.post(reverse("projects:access_add", args=["part"]), {"team": other_team.pk}).status_code == 302
        assert alike(main, part, removed) == ("restricted", {(other_team.pk, None)})
        assert Project.objects.visible_to(stranger).count() == 2
        pk = main.access.get().pk
        assert client.post(reverse("projects:access_remove", args=["mono", pk])).status_code == 302
        assert alike(main, part, removed) == ("restricted", set())
        assert not Project.objects.visible_to(stranger).exists()
        assert AuditEvent.objects.filter(action="project.access_withdrawn").count() == 3

    def test_the_owner_stays_one_of_the_project(self, client, main, part, team, other_team):
        data = {"owner": other_team.pk, "visibility": "internal"}
        client.post(reverse("projects:owner", args=["part"]), data)
        main.refresh_from_db(), part.refresh_from_db()
        assert (main.owner, part.owner) == (team, other_team)

    def test_the_page_says_so(self, client, main, part):
        page = client.get(reverse("projects:edit", args=["part"])).content.decode()
        assert "every project of this repository" in page


class TestAdministration:
    def test_inlines_and_the_field_hold_for_all(self, client, main, part, removed, administrator, other_team):
        Access.objects.create(project=main, user=make_user("gone"))
        client.force_login(administrator)
        form = {"owner": "", "visibility": "restricted", "roles-TOTAL_FORMS": 0, "roles-INITIAL_FORMS": 0}
        form |= {"access-TOTAL_FORMS": 1, "access-INITIAL_FORMS": 0, "access-0-project": part.pk}
        form |= {"access-0-team": other_team.pk, "access-0-user": ""}
        answer = client.post(reverse("admin:projects_project_change", args=[part.pk]), form)
        assert answer.status_code == 302, answer.context["errors"]
        assert alike(main, part, removed) == ("restricted", {(other_team.pk, None)})
        assert CatalogEntry.objects.get(project_id=main.pk).restricted
        assert AuditEvent.objects.filter(action="project.access_withdrawn", target_id=main.pk).exists()


class TestMigration:
    """Rows of an older portal, where each project had an answer of its own."""

    def align(self):
        importlib.import_module("projects.migrations.0003_alike_readers").align(apps, connection.schema_editor())

    def test_the_most_restricted_wins(self, main, part, removed, team, other_team):
        person = make_user("pia")
        Project.objects.filter(pk__in=[part.pk, removed.pk]).update(visibility="restricted")
        for project in (part, removed):
            Access.objects.create(project=project, team=other_team)
        Access.objects.create(project=part, user=person)
        Access.objects.create(project=main, team=team)
        version = CatalogEntry.objects.get(project_id=main.pk).version
        self.align()
        assert alike(main, part, removed) == ("restricted", {(other_team.pk, None)})
        entry = CatalogEntry.objects.get(project_id=main.pk)
        assert entry.restricted and entry.version > version

    def test_what_agrees_stays(self, main, part, other_team):
        alone = listed("alone", visibility="restricted")
        Access.objects.create(project=alone, team=other_team)
        before = list(CatalogEntry.objects.values_list("version"))
        self.align()
        assert alike(main, part) == ("internal", set())
        assert alike(alone) == ("restricted", {(other_team.pk, None)})
        assert list(CatalogEntry.objects.values_list("version")) == before
