"""Names of authors in code pages lead to people, where the viewer may see them."""

import pytest
from django.test import Client

from activity.models import Person
from projects.models import Project
from source.addresses import address
from tests.activity.histories import imported

ANN = "Ann <ann@example.org>"


def pages(project):
    return [
        address(project, "commits", b"main"),
        address(project, "commit", project.repository.head_commit.encode()),
        address(project, "blame", b"main", b"a.txt"),
        address(project, "blob", b"main", b"a.txt") + "?part=people",
        address(project, "compare", b"v1...main"),
    ]


@pytest.fixture
def project(builder, planted):
    builder.commit({"a.txt": "0\n"}, author=ANN)
    builder.tag("v1")
    builder.commit({"a.txt": "1\n"}, author=ANN)
    project = planted(builder)
    imported(project)
    return project


def test_an_author_leads_to_the_person(browser, project):
    person = Person.objects.get(name="Ann")
    for page in pages(project):
        assert f'href="/people/{person.pk}/"' in browser.get(page).content.decode(), page


def test_somebody_known_from_restricted_projects_alone_leads_nowhere(browser, project, builder, planted):
    person = Person.objects.get(name="Ann")
    copy = planted(builder, slug="open")
    Project.objects.filter(pk=project.pk).update(visibility="restricted")
    for page in pages(copy):
        text = browser.get(page).content.decode()
        assert "Ann" in text and f"/people/{person.pk}/" not in text, page


def test_without_signing_in_nobody_leads_anywhere(settings, project):
    settings.ANONYMOUS_READ = True
    for page in pages(project):
        assert "/people/" not in Client().get(page).content.decode()


def test_an_address_of_several_people_leads_nowhere(browser, builder, planted):
    builder.commit({"a.txt": "1\n"}, author="Bo <root@localhost>")
    builder.commit({"a.txt": "2\n"}, author="Cy <root@localhost>")
    project = planted(builder)
    imported(project)
    for page in pages(project)[:-1]:
        assert "/people/" not in browser.get(page).content.decode().partition("<main")[2], page


def test_figures_that_are_for_the_person_alone_are_not_beside_a_file(browser, project, settings):
    settings.PERSON_FIGURES = "self"
    text = browser.get(pages(project)[3]).content.decode()
    assert "Last changed by" in text and "Known by" not in text
