"""The home page knows what concerns the reader and counts only what the reader may see."""

import datetime as dt
import shutil

import pytest
from django.utils import timezone

from contributions.models import ChangeRequest, Opportunity
from projects.models import Project, Role, Star
from tests.activity.histories import imported, planted
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db


def offer(project, author, title="Round up", state="offered", **fields):
    wish = {"title": title, "why": "It is wrong.", "state": state, **fields}
    return ChangeRequest.objects.create(project=project, author=author, **wish)


def post(project, title="Write tests", **fields):
    return Opportunity.objects.create(project=project, title=title, kind="tests", effort="day", **fields)


def home(client):
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


class TestHome:
    def test_first_run_tells_the_administrator_what_to_do(self, client, administrator, stranger):
        client.force_login(administrator)
        text = home(client)
        assert "Nothing is registered yet" in text and "/projects/register/" in text
        client.force_login(stranger)
        text = home(client)
        assert "Ask an administrator" in text and "/projects/register/" not in text

    def test_shows_mine_starred_moved_and_new(self, client, owner, stranger, team):
        make_project("ours", owner=team, days_ago=100)
        helped = make_project("helped", days_ago=100)
        liked = make_project("liked", days_ago=100)
        make_project("lively", days_ago=1)
        Role.objects.create(project=helped, user=owner, kind=Role.Kind.TRUSTED_COMMITTER)
        Star.objects.create(project=liked, user=owner)
        client.force_login(owner)
        response = client.get("/")
        names = {key: {row.slug for row in response.context[key]} for key in ("mine", "starred", "moved")}
        assert names == {"mine": {"ours", "helped"}, "starred": {"liked"}, "moved": {"lively"}}
        assert {row.slug for row in response.context["recent"]} == {"ours", "helped", "liked", "lively"}

    def test_a_restricted_project_leaves_no_trace(self, client, stranger, owner, team):
        make_project("open-one", days_ago=1, commits_90d=5)
        secret = make_project("secret-one", days_ago=1, commits_90d=70, owner=team, visibility="restricted")
        Star.objects.create(project=secret, user=stranger)
        client.force_login(stranger)
        response = client.get("/")
        assert "secret-one" not in response.content.decode()
        assert [figure["value"] for figure in response.context["figures"]][:3] == [1, 1, 5]
        assert response.context["figures"][-1]["value"] == 0
        client.force_login(owner)
        assert "secret-one" in home(client)

    def test_only_a_restricted_project_looks_like_an_empty_portal(self, client, stranger, team):
        make_project("secret-one", owner=team, visibility="restricted")
        client.force_login(stranger)
        assert "No project to show yet" in home(client)

    def test_removed_projects_are_gone(self, client, stranger):
        make_project("kept", days_ago=1)
        make_project("dropped", days_ago=1)
        Project.objects.filter(slug="dropped").update(removed_at=timezone.now())
        client.force_login(stranger)
        assert "dropped" not in home(client)

    def test_a_copy_and_a_folder_of_a_repository_change_no_sum(self, client, stranger, owner, team):
        builder, original = planted("original", visibility="restricted", owner=team)
        now = int(timezone.now().timestamp())
        for days in (100, 3, 2, 1):
            builder.commit({f"src/{days}": b"x"}, when=now - days * 86400)
        imported(original)
        copier, copy = planted("copy")
        shutil.rmtree(copier.path)
        shutil.copytree(builder.path, copier.path)
        Project.objects.create(
            slug="folder",
            name="F",
            repository=original.repository,
            subdirectory="src",
            owner=team,
            visibility="restricted",
        )
        for project in (copy, original):
            imported(project)
        for reader, projects in ((stranger, 1), (owner, 3)):
            client.force_login(reader)
            figures = {figure["words"]: figure["value"] for figure in client.get("/").context["figures"]}
            assert (figures["projects"], figures["commits, 90 d"]) == (projects, 3)

    def test_anonymous(self, client, settings):
        make_project("open-one", days_ago=1)
        assert client.get("/").status_code == 302
        settings.ANONYMOUS_READ = True
        assert "open-one" in home(client)

    def test_queries_do_not_grow(self, client, owner, stranger, team, django_assert_max_num_queries):
        client.force_login(owner)
        for number in range(20):
            project = make_project(f"p{number}", owner=team, days_ago=1)
            project.created_at = timezone.now() - dt.timedelta(days=number)
            Star.objects.create(project=project, user=owner)
            offer(project, stranger)
            post(project, title=f"Task {number}")
        home(client)
        with django_assert_max_num_queries(12):
            home(client)


class TestAgenda:
    def test_knows_whose_turn_it_is(self, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        elsewhere = make_project("routes")
        offer(project, stranger, title="Round up")
        offer(project, stranger, title="Agreed already", state="welcomed")
        offer(elsewhere, owner, title="Mend the map", state="changes-wanted")
        offer(elsewhere, owner, title="Say more")
        offer(elsewhere, owner, title="Done long ago", state="withdrawn")
        post(project, title="Look at this", state="in-review", taken_by=stranger)
        offered = post(project, title="Listed by its change", state="in-review", taken_by=stranger)
        offer(project, stranger, title="Its change", opportunity=offered)
        post(elsewhere, title="Being done", state="taken", taken_by=owner)
        post(elsewhere, title="Silent", state="taken", taken_by=owner, asked_at=timezone.now())
        client.force_login(owner)
        context = client.get("/").context
        assert {item.title: item.words for item in context["waiting"]} == {
            "Round up": "Offered, waits for your answer",
            "Its change": "Offered, waits for your answer",
            "Mend the map": "Changes wanted from you",
            "Look at this": "Taken and ready for your review",
            "Silent": "Are you still at it?",
        }
        assert {item.title: item.words for item in context["under_way"]} == {
            "Say more": "Your change: offered",
            "Being done": "Your task: taken",
        }
        for item in [*context["waiting"], *context["under_way"]]:
            assert client.get(item.url).status_code == 200
        client.force_login(stranger)
        context = client.get("/").context
        assert {item.title for item in context["under_way"]} == {
            *("Round up", "Agreed already", "Look at this", "Its change")
        }
        assert context["waiting"] == []

    def test_what_became_restricted_is_gone(self, client, owner, stranger, team):
        project = make_project("billing", owner=team)
        make_project("open-one")
        offer(project, stranger, title="Round up")
        post(project, title="Being done", state="taken", taken_by=stranger)
        post(project, title="Fitting", good_first=True)
        client.force_login(stranger)
        assert all(title in home(client) for title in ("Round up", "Being done", "Fitting"))
        Project.objects.filter(pk=project.pk).update(visibility="restricted")
        assert not any(title in home(client) for title in ("Round up", "Being done", "Fitting", "billing"))

    def test_an_administrator_is_not_asked_for_everything(self, client, administrator, stranger):
        offer(make_project("billing"), stranger, title="Round up")
        client.force_login(administrator)
        assert client.get("/").context["waiting"] == []

    def test_anonymous_has_none(self, client, settings, stranger):
        settings.ANONYMOUS_READ = True
        project = make_project("billing")
        post(project, title="Fitting", good_first=True)
        text = home(client)
        assert "Waits for you" not in text and "Fitting" not in text
