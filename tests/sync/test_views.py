import re

import pytest

from activity.models import History
from projects.models import FieldValue, Project
from sync import pipeline, queue
from sync.models import SyncJob, SyncRun
from sync.registration import register
from tests.sync.conftest import build


@pytest.fixture
def synced(project, job):
    pipeline.run_job(job.pk, from_waiting=True)
    job.refresh_from_db()
    return project


def visit(client, user, url, method="get"):
    if user:
        client.force_login(user)
    return getattr(client, method)(url)


class TestHealth:
    def test_administrators_see_all_and_maintainers_their_own(self, client, administrator, owner, project, tmp_path):
        hidden = register(str(build(tmp_path / "other.git")), by=None, visibility="restricted")
        other = hidden.repository.sync_job.get_absolute_url()
        own = project.repository.sync_job.get_absolute_url()
        page = visit(client, administrator, "/sync/").content.decode()
        assert own in page and other in page
        page = visit(client, owner, "/sync/").content.decode()
        assert own in page and other not in page

    def test_others_may_not(self, client, stranger, project):
        assert client.get("/sync/").status_code == 302
        assert visit(client, stranger, "/sync/").status_code == 403

    def test_the_first_visit_says_what_to_do(self, client, administrator):
        assert "/projects/register/" in visit(client, administrator, "/sync/").content.decode()

    @pytest.mark.parametrize("state", ["all", "failing", "quarantined", "due", "running", "nonsense", "\0"])
    def test_every_filter_answers(self, client, administrator, synced, state):
        client.force_login(administrator)
        response = client.get("/sync/", {"state": state, "q": "x" * 5000})
        assert response.status_code == 200
        assert client.get("/sync/", {"state": state, "page": "-4"}).status_code == 200

    def test_states_are_counted_and_filtered(self, client, administrator, synced, tmp_path):
        bad = register(str(build(tmp_path / "bad.git")), by=None).repository
        SyncJob.objects.filter(repository=bad).update(
            state="quarantined", error_code="limit", error_message="Too large."
        )
        client.force_login(administrator)
        response = client.get("/sync/?state=quarantined")
        assert {tab["words"]: tab["count"] for tab in response.context["tabs"]} == {
            "All": 2,
            "Failing": 0,
            "Quarantined": 1,
            "Due": 0,
            "Running": 0,
        }
        page = response.content.decode()
        assert "Too large." in page and "Try again" in page

    @pytest.mark.parametrize("count", [2, 20])
    def test_the_number_of_queries_does_not_grow(
        self, client, administrator, tmp_path, count, django_assert_max_num_queries
    ):
        for number in range(count):
            project = register(f"https://git.example/{number}", by=None)
            SyncRun.objects.create(job=project.repository.sync_job)
        client.force_login(administrator)
        with django_assert_max_num_queries(14):
            client.get("/sync/")


class TestRepository:
    def test_who_sees_what(self, client, synced, administrator, owner, stranger):
        url = f"/sync/{synced.repository_id}/"
        assert client.get(url).status_code == 302
        for user, status in [(administrator, 200), (owner, 200), (stranger, 403)]:
            assert visit(client, user, url).status_code == status
            assert visit(client, user, url + "progress/").status_code == status

    def test_a_stranger_finds_no_trace_of_a_restricted_one(self, client, synced, stranger):
        Project.objects.update(visibility="restricted")
        client.force_login(stranger)
        for url, ask in [("", client.get), ("progress/", client.get), ("now/", client.post)]:
            gone = ask(f"/sync/{synced.repository_id}/{url}")
            never = ask(f"/sync/4711/{url}")
            assert (gone.status_code, never.status_code) == (404, 404)
            token = re.compile(rb"[A-Za-z0-9]{64}")
            assert token.sub(b"", gone.content) == token.sub(b"", never.content)

    @pytest.mark.parametrize("number", [2**63, 10**30])
    def test_numbers_too_large_for_the_database_are_not_found(self, client, synced, administrator, stranger, number):
        for user in (administrator, stranger):
            assert visit(client, user, f"/sync/{number}/").status_code == 404
            assert visit(client, user, f"/sync/{number}/now/", "post").status_code == 404

    def test_the_log_names_no_project_that_is_hidden(self, client, synced, owner, administrator):
        Project.objects.create(
            slug="moonshot", name="Moonshot", repository=synced.repository, subdirectory="src", visibility="restricted"
        )
        FieldValue.objects.create(
            project=Project.objects.get(slug="moonshot"), field="name", source="edited", value="Moonshot"
        )
        SyncJob.objects.update(facts_commit="", activity_commit="")
        pipeline.run_job(synced.repository.sync_job.pk, from_waiting=True)
        url = f"/sync/{synced.repository_id}/"
        assert "Moonshot" in visit(client, administrator, url).content.decode()
        assert "Moonshot" not in visit(client, owner, url).content.decode()

    def test_runs_with_their_words_are_shown(self, client, synced, owner):
        page = visit(client, owner, f"/sync/{synced.repository_id}/").content.decode()
        assert "Reading files" in page and "Healthy" in page and "Sync now" in page
        assert 'hx-trigger="every' not in page

    def test_progress_renews_itself_only_while_something_happens(self, client, project, job, owner):
        url = f"/sync/{project.repository_id}/progress/"
        client.force_login(owner)
        waiting = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in waiting and 'hx-trigger="every 1s"' in waiting and "Waiting for a worker" in waiting
        claim = queue.start(job.pk, "x", from_waiting=True)
        SyncRun.objects.update(phase="Fetching: receiving objects", done=50, total=200, received_bytes=2048)
        running = client.get(url).content.decode()
        assert "receiving objects" in running and 'value="50" max="200"' in running and "2.0 KiB" in running
        queue.finish(claim, queue.Failure("unreachable", "The server did not answer.", "Try later."))
        failed = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert 'hx-trigger="every' not in failed and "The server did not answer." in failed and "Try later." in failed

    def test_a_mirror_is_noticed_by_those_who_may_see_the_other(
        self, client, synced, owner, administrator, bare, tmp_path
    ):
        twin = register(str(build(tmp_path / "copy.git")), by=None, visibility="restricted")
        pipeline.run_job(twin.repository.sync_job.pk, from_waiting=True)
        url = f"/sync/{synced.repository_id}/"
        assert "looks like a mirror" in visit(client, administrator, url).content.decode()
        assert "looks like a mirror" not in visit(client, owner, url).content.decode()


class TestRequest:
    def test_sync_now(self, client, synced, owner, stranger):
        url = f"/sync/{synced.repository_id}/now/"
        assert visit(client, stranger, url, "post").status_code == 403
        assert visit(client, owner, url).status_code == 405
        assert visit(client, owner, url, "post").headers["Location"] == f"/sync/{synced.repository_id}/"
        assert queue.claim_due(5) == [synced.repository.sync_job.pk]

    def test_try_again_ends_a_quarantine(self, client, synced, owner):
        SyncJob.objects.update(state="quarantined", crashes=3)
        visit(client, owner, f"/sync/{synced.repository_id}/now/", "post")
        job = SyncJob.objects.get()
        assert (job.state, job.crashes, job.reason) == ("waiting", 0, "try again")


class TestProblems:
    """What could not be read names paths, which maintainers of one folder may know of their own folder only."""

    PROBLEMS = [["pom.xml", "Broken."], ["part/a.json", "Broken."], ["partner/b.json", "Broken."], ["", "Only some."]]

    @pytest.fixture
    def part(self, project, other_team):
        project.repository.problems = self.PROBLEMS
        project.repository.save()
        fields = {"slug": "part", "name": "Part", "subdirectory": "part", "owner": other_team}
        return Project.objects.create(repository=project.repository, **fields)

    @pytest.mark.parametrize("page", ["sync", "project"])
    def test_by_the_folder_one_maintains(self, client, project, part, stranger, owner, administrator, page):
        addresses = {
            "sync": [f"/sync/{project.repository_id}/"] * 2,
            "project": ["/projects/part/", "/projects/billing/"],
        }
        own, whole = addresses[page]
        assert visit(client, stranger, own).context["problems"] == [["part/a.json", "Broken."]]
        assert visit(client, owner, whole).context["problems"] == self.PROBLEMS
        assert visit(client, administrator, own).context["problems"] == self.PROBLEMS

    @pytest.mark.parametrize("page", ["sync", "project"])
    def test_commits_belong_to_no_folder(self, client, project, part, stranger, owner, administrator, page):
        commits = [["commit 1", "Cannot be read."]]
        History.objects.create(repository=project.repository, problems=commits)
        own = f"/sync/{project.repository_id}/" if page == "sync" else "/projects/part/"
        assert visit(client, stranger, own).context["problems"] == [["part/a.json", "Broken."]]
        assert visit(client, administrator, own).context["problems"] == self.PROBLEMS + commits
        project.delete()
        assert visit(client, stranger, own).context["problems"][1:] == commits
