"""People by name, login, address and paths; never anybody, or an address, of a project that the viewer may not read."""

import pytest

from activity.erasure import erase
from activity.models import Person
from activity.people_search import search_people
from projects.models import Access
from tests.activity.histories import imported, planted
from tests.activity.test_commit_search import HOSTILE
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def history(slug, *authors, path="src/api/a.txt", **fields):
    builder, project = planted(slug, **fields)
    for number, author in enumerate(authors):
        builder.commit({path: f"{slug}{number}"}, author=author)
    return imported(project)


def names(viewer, text, **options):
    return [hit.person.name for hit in search_people(viewer, text, **options)]


def reasons(viewer, text):
    return [(hit.person.name, *hit.reasons) for hit in search_people(viewer, text)]


def test_names_logins_addresses_and_paths_find(stranger):
    history("a", "Ann Other <ann@example.org>", "José Núñez <jose@example.org>", "Anna Lytic <lytic@example.org>")
    maya = make_user("maya")
    Person.objects.create(key="m", name="M. Fields", user=maya)
    assert names(stranger, "ann") == ["Ann Other", "Anna Lytic"]
    assert names(stranger, "an") == ["Ann Other", "Anna Lytic"]
    assert names(stranger, "o") == ["Ann Other"]
    assert names(stranger, "oth ANN") == ["Ann Other"]
    assert names(stranger, "nother") == []
    assert names(stranger, "jose") == names(stranger, "NÚÑEZ") == names(stranger, "nunez jos") == ["José Núñez"]
    assert reasons(stranger, "maya") == [("M. Fields", "name", "login")]
    assert reasons(stranger, "may") == [("M. Fields", "name", "login")]
    assert reasons(stranger, "ANN@example.org") == [("Ann Other", "address")]
    assert names(stranger, "ann@example") == []
    assert names(stranger, "@example.org") == []
    assert names(stranger, "maya@example.com") == []
    (first, *_) = hits = search_people(stranger, "src/api")
    assert len(hits) == 3
    assert [(area.project.slug, area.path, area.commits) for area in first.areas] == [("a", "src/api", 1)]
    assert len(names(stranger, "api")) == 3
    assert names(stranger, "api", limit=1) == names(stranger, "api")[:1]
    Person.objects.create(key="a", name="Zoe Anders", user=make_user("zoe"))
    Person.objects.create(key="b", name="Anton Zett", user=make_user("anton"))
    assert names(stranger, "an") == ["Anton Zett", "Ann Other", "Anna Lytic", "Zoe Anders"]  # accounts, first names
    assert names(stranger, "") == names(stranger, "  ") == []


def test_any_text_is_allowed(stranger):
    history("a", "Zoë <zoe@example.org>")
    for text in HOSTILE:
        assert names(stranger, text) == []


def test_restricted_projects_tell_nothing(team, administrator):
    owner, stranger = make_user("olga", team), make_user("sven")
    history("a", "Ann Other <ann@example.org>", "Bo <bo@example.org>")
    asked = ["ann", "cy", "bo", "other@secret.org", "ann@example.org", "cy@secret.org", "src", "vault", "hidden", "o"]
    before = [search_people(stranger, text) for text in asked]
    secret = history(
        "secret",
        *("Cy Hidden <cy@secret.org>", "Ann Other <ann@example.org>", "Bo <bo@example.org>"),
        path="vault/src/x",
        owner=team,
        visibility="restricted",
    )
    imported(secret)
    builder, more = planted("alias", owner=team, visibility="restricted")
    builder.commit(
        {"x": "1", ".mailmap": "Ann Other <ann@example.org> <other@secret.org>\n"}, author="A <other@secret.org>"
    )
    imported(more)
    ann = Person.objects.get(name="Ann Other")
    ann.identities.update(person=ann)
    Person.objects.filter(identities__email="other@secret.org").update(merged_into=ann)
    ann.identities.model.objects.filter(email="other@secret.org").update(person=ann)
    assert [search_people(stranger, text) for text in asked] == before
    for viewer in (owner, administrator):
        assert names(viewer, "cy") == names(viewer, "cy@secret.org") == ["Cy Hidden"]
        assert names(viewer, "other@secret.org") == ["Ann Other"]
        assert set(names(viewer, "vault")) == {"Ann Other", "Bo", "Cy Hidden"}
    Access.objects.create(project=secret, user=stranger)
    assert names(stranger, "cy@secret.org") == ["Cy Hidden"]


def test_ones_own_address_is_found_by_oneself(team):
    stranger = make_user("sven")
    history("secret", "Sven <sven@example.com>", owner=team, visibility="restricted")
    Person.objects.filter(name="Sven").update(user=stranger)
    assert names(stranger, "sven@example.com") == ["Sven"]
    assert names(make_user("sam"), "sven@example.com") == []


def test_erased_people_are_not_found_by_what_they_were(stranger, administrator):
    history("a", "Ann Other <ann@example.org>")
    erase(Person.objects.get().pk, administrator)
    for viewer in (stranger, administrator):
        assert names(viewer, "ann") == names(viewer, "ann@example.org") == []


def test_figures_about_people_may_be_their_own(stranger, settings):
    settings.PERSON_FIGURES = "self"
    history("a", "Sam <sam@example.com>", "Ann <ann@example.org>")
    assert names(stranger, "src/api") == []
    Person.objects.filter(name="Sam").update(user=stranger)
    assert names(stranger, "src/api") == ["Sam"]
