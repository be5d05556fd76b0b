"""Suggested teams: who is counted, what an administrator decides, and that it is remembered."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership, Team
from activity import suggested_teams
from activity.models import Identity, Person
from projects.models import OwnerGroup, Project
from tests.projects.planting import grow, plant, read

pytestmark = pytest.mark.django_db
PAGE = "/teams/suggestions/"


def person(name, *emails, **fields):
    made = Person.objects.create(key=name, name=name, **fields)
    for email in emails:
        Identity.objects.create(digest=email[:40], key=name, name=name, email=email, person=made)
    return made


@pytest.fixture
def people(db):
    for number in range(3):
        person(f"Ann {number}", f"ann{number}@rail.example", f"ann{number}@gmail.com")
    for number in range(8):
        person(f"Bob {number}", f"bob{number}@users.noreply.github.com")
    for number in range(3):
        person(f"Robot {number}", f"r{number}@bots.example", is_bot=True)
    person("Two 1", "1@two.example")
    person("Two 2", "2@two.example")


def keys():
    return [one.key for one in suggested_teams.suggestions()]


class TestSuggestions:
    def test_a_domain_of_three_people_without_a_team(self, people):
        found = suggested_teams.suggestions()
        assert [(one.key, one.slug, len(one.people)) for one in found] == [("domain:rail.example", "rail.example", 3)]

    def test_people_with_a_team_are_not_counted(self, people, team):
        Membership.objects.create(email="ann1@rail.example", team=team)
        assert keys() == []

    def test_the_domain_of_nearly_everybody_is_no_team(self, db):
        for number in range(12):
            person(f"P{number}", f"p{number}@corp.example")
        assert keys() == []

    def test_queries_do_not_grow(self, people):
        with CaptureQueriesContext(connection) as few:
            keys()
        for number in range(40):
            person(f"C{number}", f"c{number}@d{number % 5}.example")
        with CaptureQueriesContext(connection) as many:
            keys()
        assert len(few) == len(many) <= 6

    def test_an_address_that_several_used_and_an_endless_one_do_no_harm(self, people, administrator):
        for number in range(2):
            made = Person.objects.create(key=f"r{number}", name=f"Root {number}")
            Identity.objects.create(digest=f"r{number}", key="r", name="r", email="root@rail.example", person=made)
        person("Long", f"{'a' * 270}@rail.example")
        assert len(suggested_teams.suggestions()[0].people) == 4
        assert suggested_teams.accept("domain:rail.example", administrator).memberships.count() == 4


class TestGroups:
    FILE = b"* @rail/Signals\n/docs/ @rail/writers @ann ann@x.example\n/x @@developer\n"

    def test_codeowners_name_teams_and_what_they_own(self, administrator, team):
        project = plant(files={b"CODEOWNERS": self.FILE})
        secret = plant("secret", files={b"CODEOWNERS": self.FILE}, visibility="restricted")
        taken = plant("taken", files={b"CODEOWNERS": self.FILE}, owner=team)
        for one in (project, secret, taken):
            read(one)
        names = list(OwnerGroup.objects.filter(project=project).values_list("name", "is_default"))
        assert names == [("@rail/signals", True), ("@rail/writers", False)]
        signals, writers = suggested_teams.suggestions()
        assert (signals.key, signals.name, len(signals.projects)) == ("codeowners:@rail/signals", "signals", 3)
        assert (signals.owned, writers.owned) == ([project.pk], [])
        made = suggested_teams.accept(signals.key, administrator)
        assert Project.objects.filter(owner=made).get() == project
        assert not made.memberships.exists()
        assert keys() == ["codeowners:@rail/writers"]
        suggested_teams.dismiss("codeowners:@rail/writers", administrator)
        assert keys() == []

    def test_the_page_says_where_it_comes_from(self, client, administrator):
        read(plant(files={b"CODEOWNERS": self.FILE}))
        client.force_login(administrator)
        text = client.get(PAGE).content.decode()
        assert "inferred from CODEOWNERS" in text
        assert "Named in CODEOWNERS of 1 project" in text

    def test_a_file_that_goes_takes_its_groups_along(self, db):
        project = plant(files={b"CODEOWNERS": self.FILE})
        read(project)
        grow(project.repository, {b"README.md": b"x"})
        project.refresh_from_db()
        read(project)
        assert not OwnerGroup.objects.exists()


class TestPage:
    def test_is_for_administrators(self, client, people, owner, stranger, administrator):
        assert client.get(PAGE).status_code == 302
        for viewer, status in ((owner, 403), (stranger, 403), (administrator, 200)):
            client.force_login(viewer)
            assert client.get(PAGE).status_code == status
        for action in ("accept", "dismiss", "restore"):
            assert client.get(f"{PAGE}{action}/").status_code == 405
            client.force_login(stranger)
            assert client.post(f"{PAGE}{action}/", {"key": "domain:rail.example"}).status_code == 403
            client.force_login(administrator)
        assert keys() == ["domain:rail.example"]

    def test_accepting_makes_the_team_once(self, client, people, administrator):
        client.force_login(administrator)
        assert "inferred" in client.get(PAGE).content.decode()
        form = {"key": "domain:rail.example"}
        assert client.post(f"{PAGE}accept/", form).headers["Location"] == "/teams/rail.example/edit/"
        team = Team.objects.get(slug="rail.example")
        assert "Inferred" in team.description
        assert sorted(team.memberships.values_list("email", flat=True)) == [f"ann{n}@rail.example" for n in range(3)]
        assert client.post(f"{PAGE}accept/", form).headers["Location"] == PAGE
        assert client.post(f"{PAGE}accept/").headers["Location"] == PAGE
        assert Team.objects.filter(slug__startswith="rail").count() == 1

    def test_what_was_dismissed_is_not_offered_until_restored(self, client, people, administrator):
        client.force_login(administrator)
        form = {"key": "domain:rail.example"}
        client.post(f"{PAGE}dismiss/", form)
        client.post(f"{PAGE}dismiss/", {"key": "x\x00y"})
        assert keys() == []
        assert AuditEvent.objects.filter(action="team.suggestion_dismissed").count() == 1
        assert "Offer again" in client.get(PAGE).content.decode()
        client.post(f"{PAGE}restore/", form)
        assert keys() == ["domain:rail.example"]
