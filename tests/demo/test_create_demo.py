import subprocess
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import teams
from accounts.models import Mail, Membership, Notification, Team, User
from contributions.models import ChangeRequest, Nomination, Opportunity, Thanks
from demo import build, populate
from demo.organisation import DEMO_ACCOUNTS, ORGANISATION
from projects.models import Access, FieldValue, Project, Repository, Role, Star
from sync import pipeline
from sync.models import SyncJob

pytestmark = pytest.mark.django_db

MODELS = (User, Team, Membership, Project, Repository, Role, Access, FieldValue, Star, SyncJob)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The company's repositories, built once for all tests."""
    folder = tmp_path_factory.mktemp("built")
    build.build_demo_repositories(folder, timezone.now())
    return folder


@pytest.fixture
def demo(settings, monkeypatch, built):
    """Demo mode on an empty portal with the repositories at hand; on any database, as the refusal has a test."""
    settings.DEMO = True
    settings.BASE_DIR = settings.DATA_DIR
    settings.GIT_LOCAL_ROOTS = [settings.DATA_DIR]
    monkeypatch.setattr(populate, "is_embedded", lambda: True)
    subprocess.run(["cp", "-r", built, settings.DATA_DIR / "demo"], check=True)
    return settings


def sync(slug):
    pipeline.run_job(Project.objects.get(slug=slug).repository.sync_job.pk, from_waiting=True)


class TestCreateDemo:
    def test_creates_the_company_and_a_second_run_changes_nothing(self, demo):
        call_command("create_demo")
        counts = {model.__name__: model.objects.count() for model in MODELS}
        assert counts["User"] == 41
        assert counts["Team"] == 5
        assert counts["Membership"] == 45
        assert counts["Project"] == counts["Repository"] == counts["SyncJob"] == 14
        call_command("create_demo")
        assert {model.__name__: model.objects.count() for model in MODELS} == counts

    def test_builds_the_repositories_below_the_data_folder(self, demo):
        subprocess.run(["rm", "-r", demo.DATA_DIR / "demo" / "tide-cli.git"], check=True)
        call_command("create_demo")
        assert (demo.DATA_DIR / "demo" / "tide-cli.git" / "HEAD").is_file()

    def test_follows_a_folder_that_was_moved(self, demo, tmp_path):
        call_command("create_demo")
        moved = (tmp_path / "elsewhere").resolve()
        demo.DATA_DIR.rename(moved)
        demo.DATA_DIR, demo.GIT_LOCAL_ROOTS = moved, [moved]
        call_command("create_demo")
        assert Project.objects.count() == 14
        assert Project.objects.get(slug="tide-cli").repository.clone_url == str(moved / "demo" / "tide-cli.git")
        sync("tide-cli")
        assert Project.objects.get(slug="tide-cli").repository.fetched_at

    def test_what_people_changed_survives_the_next_start(self, demo):
        call_command("create_demo")
        maya = User.objects.get(username="maya")
        maya.set_password("my own")
        maya.save()
        Team.objects.filter(slug="billing").update(name="Money")
        call_command("create_demo")
        assert User.objects.get(username="maya").check_password("my own")
        assert Team.objects.get(slug="billing").name == "Money"

    def test_every_account_signs_in_and_nobody_else_has_a_password(self, demo, client):
        call_command("create_demo")
        for account in DEMO_ACCOUNTS:
            assert client.login(username=account.username, password=account.password), account.username
        usable = {user.username for user in User.objects.all() if user.has_usable_password()}
        assert usable == {account.username for account in DEMO_ACCOUNTS}
        assert [user.username for user in User.objects.filter(is_superuser=True)] == ["admin"]

    def test_who_left_is_out_of_the_team(self, demo):
        call_command("create_demo")
        gone = [person.username for person in ORGANISATION.people if person.left]
        assert gone
        assert not Membership.objects.current().filter(user__username__in=gone).exists()
        assert not User.objects.filter(username__in=gone, is_active=True).exists()

    def test_people_and_teams_were_elsewhere_before(self, demo):
        call_command("create_demo")
        ids = {slug: pk for pk, slug in Team.objects.values_list("pk", "slug")}
        dmitri, timeline, tree = User.objects.get(username="dmitri"), teams.Timeline.load(), teams.tree()
        today = timezone.localdate()
        for days, slug in ((0, "customer-apps"), (366, "platform"), (601, "billing")):
            assert timeline.team_at(today - timedelta(days=days), user=dmitri.pk) == ids[slug]
        assert tree.ancestors(ids["developer-experience"]) == [ids["platform"]]
        assert tree.ancestors(ids["customer-apps"]) == []
        assert tree.ancestors(ids["customer-apps"], today - timedelta(days=331)) == [ids["delivery"]]

    def test_a_team_that_was_moved_stays_there(self, demo):
        call_command("create_demo")
        Team.objects.filter(slug="developer-experience").update(parent=None)
        call_command("create_demo")
        assert Team.objects.get(slug="developer-experience").parent is None

    def test_roles_and_visibility(self, demo):
        call_command("create_demo")
        secret = Project.objects.get(slug="invoice-engine")
        may = {name: User.objects.get(username=name) for name in ("admin", "ingrid", "tomasz", "sam", "maya")}
        readers = {name for name, user in may.items() if secret in Project.objects.visible_to(user)}
        assert readers == {"admin", "ingrid", "tomasz"}
        planner = Project.objects.get(slug="route-planner")
        assert planner in Project.objects.maintainable_by(may["maya"])
        kinds = {(role.user.username, role.kind) for role in planner.roles.all()}
        assert kinds == {("maya", "owner"), ("diego", "owner"), ("tom", "trusted-committer")}

    def test_the_own_repository_joins_when_the_portal_is_a_checkout(self, demo):
        (demo.DATA_DIR / ".git").mkdir()
        (demo.DATA_DIR / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (demo.DATA_DIR / ".git" / "objects").mkdir()
        (demo.DATA_DIR / ".git" / "refs").mkdir()
        call_command("create_demo")
        assert Project.objects.filter(slug="innersource-portal").count() == 1

    def test_pages_have_something_to_tell_after_the_first_sync(self, demo):
        call_command("create_demo")
        sync("legacy-billing-export")
        old = Project.objects.get(slug="legacy-billing-export")
        assert (old.lifecycle, old.language, old.licence) == ("deprecated", "Python", "MIT")
        assert old.last_commit_at < timezone.now() - timedelta(days=150)
        sync("tideway-web")
        web = Project.objects.get(slug="tideway-web")
        assert web.commits_total > 400
        assert web.last_commit_at > timezone.now() - timedelta(days=2)
        folders = set(Project.objects.filter(repository=web.repository).values_list("subdirectory", flat=True))
        assert {"", "apps/driver-app", "packages/design-system"} <= folders


class TestSignInPage:
    def test_offers_every_account_in_demo_mode_only(self, settings, client):
        settings.DEMO = True
        html = client.get("/accounts/login/").content.decode()
        assert all(f"Sign in as {account.name}" in html for account in DEMO_ACCOUNTS)
        settings.DEMO = False
        assert "Sign in as" not in client.get("/accounts/login/").content.decode()


class TestRefusals:
    def test_refuses_outside_demo_mode(self, settings):
        settings.DEMO = False
        with pytest.raises(CommandError, match="PORTAL_DEMO"):
            call_command("create_demo")
        assert not User.objects.exists()

    def test_refuses_a_real_database(self, settings, monkeypatch):
        settings.DEMO = True
        monkeypatch.setattr(populate.connection, "vendor", "postgresql")
        with pytest.raises(CommandError, match="SQLite"):
            call_command("create_demo")
        assert not User.objects.exists()

    def test_leaves_a_portal_with_people_of_its_own_alone(self, demo, administrator, capsys):
        call_command("create_demo")
        assert list(User.objects.all()) == [administrator]
        assert not Team.objects.exists()
        assert "people of its own" in capsys.readouterr().err

    def test_says_which_setting_forbids_the_folder(self, demo, tmp_path):
        demo.GIT_LOCAL_ROOTS = [tmp_path / "elsewhere"]
        with pytest.raises(CommandError, match="PORTAL_GIT_LOCAL_ROOTS"):
            call_command("create_demo")


class TestOffers:
    def test_requests_in_every_state_that_people_may_look_at(self, demo, client):
        call_command("create_demo")
        states = ChangeRequest.objects.values_list("state", flat=True)
        assert set(states) >= {"offered", "welcomed", "changes-wanted", "accepted", "declined", "landed"}
        for request in ChangeRequest.objects.all():
            assert request.created_at < timezone.now()
            times = list(request.timeline.values_list("at", flat=True))
            assert times == sorted(times)
        assert all(request.latest.applies for request in ChangeRequest.objects.filter(versions__isnull=False))
        assert not Mail.objects.exists()
        assert Notification.objects.filter(user__username="maya").exists()
        restricted = ChangeRequest.objects.get(project__slug="invoice-engine")
        client.force_login(User.objects.get(username="sam"))
        assert client.get(restricted.get_absolute_url()).status_code == 404
        before = ChangeRequest.objects.count()
        call_command("create_demo")
        assert ChangeRequest.objects.count() == before


class TestTasks:
    def test_tasks_thanks_and_roles_have_a_past(self, demo):
        call_command("create_demo")
        states = set(Opportunity.objects.values_list("state", flat=True))
        assert {"open", "taken", "landed"} <= states
        for task in Opportunity.objects.select_related("project"):
            assert task.created_at < timezone.now() - timedelta(days=1)
            assert all(line.at < timezone.now() - timedelta(days=1) for line in task.timeline.all())
        assert Thanks.objects.sent().count() == 4
        assert Role.objects.exclude(ended_on=None).get().user.username == "grace"
        assert Nomination.objects.get().person.username == "erin"
        assert not Mail.objects.exists()
        hidden = Opportunity.objects.filter(project__slug="invoice-engine")
        assert hidden.exists() and not hidden.visible_to(User.objects.get(username="sam")).exists()

    def test_paths_lead_somewhere(self, demo):
        call_command("create_demo")
        for task in Opportunity.objects.exclude(path="").select_related("project"):
            folder = demo.DATA_DIR / "demo" / f"{task.project.slug}.git"
            listed = subprocess.run(["git", "-C", folder, "cat-file", "-e", f"HEAD:{task.path}"], check=False)
            assert listed.returncode == 0, task.path
