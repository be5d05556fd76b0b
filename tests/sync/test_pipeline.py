import datetime as dt

import pytest
from django.utils import timezone

from activity.erasure import erase
from activity.models import Identity, Participation, PersonDay
from gitstore.fastimport import FastImport
from projects.models import FieldValue, Project, Release
from sync import pipeline, policy, queue
from sync.models import SyncJob, SyncRun
from sync.progress import Progress
from sync.registration import register
from tests.sync.conftest import build, commit, git


def run(job, **options):
    outcome = pipeline.run_job(job.pk, from_waiting=True, **options)
    job.refresh_from_db()
    job.repository.refresh_from_db()
    return outcome


def rows():
    """What a sync writes, without ids and times of writing."""
    return {
        "project": list(
            Project.objects.order_by("slug").values_list("slug", "name", "tagline", "commits_total", "last_commit_at")
        ),
        "fields": sorted(FieldValue.objects.values_list("project__slug", "field", "source", "value"), key=str),
        "days": sorted(PersonDay.objects.values_list("project__slug", "person__key", "day", "commits", "added")),
        "people": sorted(Participation.objects.values_list("project__slug", "person__key", "commits")),
        "releases": sorted(Release.objects.values_list("project__slug", "tag", "commit")),
    }


class TestRunJob:
    def test_from_registration_to_rows(self, project, job, bare):
        assert isinstance(run(job), queue.Success)
        project.refresh_from_db()
        assert project.tagline == "Sends invoices to customers every night."
        assert (project.commits_total, project.contributors_total) == (2, 2)
        repository = job.repository
        assert repository.default_branch == "main"
        assert repository.head_commit == git(bare, "rev-parse", "main")
        assert repository.root_commit == git(bare, "rev-list", "--max-parents=0", "main")
        assert repository.size_bytes > 1000
        done = SyncRun.objects.get()
        assert (done.outcome, done.phase, done.reason) == ("ok", "Done", "registered")
        assert [words for _, words in done.log][:2] == ["Checking the address", "Fetching"]
        assert job.state == "waiting" and job.due_at > timezone.now() and job.error_code == ""

    def test_a_second_run_changes_nothing(self, project, job, monkeypatch):
        run(job)
        before = rows()
        for name in ("apply_facts", "import_history"):
            monkeypatch.setattr(pipeline, name, lambda *_: pytest.fail("The watermark was not heeded"))
        assert isinstance(run(job), queue.Success)
        assert rows() == before

    def test_what_files_say_of_somebody_erased_is_not_kept(self, project, job, bare, tmp_path, administrator):
        commit(bare, tmp_path, "publiccode.yml", "maintenance: {contacts: [{name: Ask Ada Lindqvist in person}]}\n")
        run(job)
        project.refresh_from_db()
        assert project.contact == "Ask Ada Lindqvist in person"
        ada = Identity.objects.get(name="Ada Lindqvist").person_id
        erase(ada, administrator)
        for number in range(2):
            commit(bare, tmp_path, content=f"{number}\n")
            run(job)
            project.refresh_from_db()
            assert project.contact == f"Ask Erased person {ada} in person"

    def test_every_step_may_be_repeated(self, project, job):
        run(job)
        before = rows()
        SyncJob.objects.update(facts_commit="", activity_commit="")
        assert isinstance(run(job), queue.Success)
        assert rows() == before

    def test_new_commits_and_a_force_push_are_followed(self, project, job, bare, tmp_path):
        run(job)
        head = commit(bare, tmp_path)
        assert isinstance(run(job), queue.Success)
        project.refresh_from_db()
        assert (job.repository.head_commit, project.commits_total) == (head, 3)
        git(bare, "update-ref", "refs/heads/main", git(bare, "rev-list", "--max-parents=0", "main"))
        assert isinstance(run(job), queue.Success)
        project.refresh_from_db()
        assert (project.commits_total, project.contributors_total) == (1, 1)

    def test_a_repository_that_loses_its_branches_counts_nothing_until_they_are_back(self, project, job, bare):
        run(job)
        before, head = rows(), git(bare, "rev-parse", "main")
        git(bare, "update-ref", "-d", "refs/heads/main")
        assert isinstance(run(job), queue.Success)
        project.refresh_from_db()
        assert (job.repository.head_commit, project.commits_total, project.contributors_total) == ("", 0, 0)
        assert not PersonDay.objects.exists() and not Participation.objects.exists()
        git(bare, "update-ref", "refs/heads/main", head)
        assert isinstance(run(job), queue.Success)
        assert rows() == before

    def test_a_new_tag_alone_is_a_new_release(self, project, job, bare):
        run(job)
        git(bare, "tag", "v1.2.0", "main")
        run(job)
        assert Release.objects.get().tag == "v1.2.0"

    def test_a_renamed_default_branch_is_followed(self, project, job, bare):
        run(job)
        git(bare, "branch", "-m", "main", "trunk")
        git(bare, "symbolic-ref", "HEAD", "refs/heads/trunk")
        run(job)
        assert job.repository.default_branch == "trunk"

    def test_the_wanted_branch_is_read(self, db, bare):
        git(bare, "branch", "stable", "main~1")
        project = register(str(bare), by=None, branch="stable")
        run(project.repository.sync_job)
        project.refresh_from_db()
        assert project.repository.default_branch == "stable"
        assert project.commits_total == 1

    def test_an_empty_repository_is_a_friendly_success(self, db, tmp_path):
        with FastImport(tmp_path / "empty.git"):
            pass
        job = register(str(tmp_path / "empty.git"), by=None).repository.sync_job
        assert isinstance(run(job), queue.Success)
        assert SyncRun.objects.get().phase == pipeline.EMPTY_WORDS
        assert job.repository.head_commit == ""

    def test_two_folders_of_one_repository(self, db, tmp_path):
        bare = build(
            tmp_path / "mono.git",
            {
                b"README.md": b"# Mono\n",
                b"tools/lint/README.md": b"# Lint\n\nFinds mistakes in the code of every team.\n",
            },
        )
        register(str(bare), by=None)
        part = register(str(bare), by=None, subdirectory="tools/lint")
        assert SyncJob.objects.count() == 1
        assert isinstance(run(part.repository.sync_job), queue.Success)
        part.refresh_from_db()
        assert part.tagline == "Finds mistakes in the code of every team."

    def test_a_folder_added_later_is_read_although_nothing_moved(self, db, tmp_path):
        bare = build(
            tmp_path / "mono.git", {b"tools/lint/README.md": b"# Lint\n\nFinds mistakes in the code of every team.\n"}
        )
        run(register(str(bare), by=None).repository.sync_job)
        part = register(str(bare), by=None, subdirectory="tools/lint")
        run(part.repository.sync_job)
        part.refresh_from_db()
        assert part.tagline == "Finds mistakes in the code of every team."


class TestStopped:
    @pytest.mark.parametrize("verb", ["start", "finish"])
    def test_a_word_to_end_that_comes_as_a_claim_is_written_leaves_none_behind(self, job, monkeypatch, verb):
        real = getattr(queue, verb)

        def interrupted(*arguments, **options):
            real(*arguments, **options)
            raise SystemExit(0)

        monkeypatch.setattr(queue, verb, interrupted)
        with pytest.raises(SystemExit):
            pipeline.run_job(job.pk, from_waiting=True)
        job.refresh_from_db()
        assert (job.state, job.lease_holder, job.crashes) == (SyncJob.State.WAITING, "", 0)
        assert not SyncRun.objects.filter(outcome=SyncRun.Outcome.RUNNING).exists()

    def test_a_run_given_back_keeps_its_last_words(self, job):
        claim = queue.start(job.pk, queue.new_holder(), from_waiting=True)
        progress = Progress(claim.run_id)
        progress.phase("Fetching")
        queue.give_back(claim.holder, pipeline.STOPPED)
        progress.phase("Reading commits")
        assert SyncRun.objects.get().phase == pipeline.STOPPED


class TestFailures:
    def test_a_repository_that_went_away_is_recorded_in_plain_words(self, project, job, bare):
        run(job)
        bare.rename(bare.with_name("elsewhere"))
        failure = run(job)
        assert failure.code == "not_found"
        assert (job.error_code, job.error_message, job.attempt) == ("not_found", failure.message, 1)
        assert SyncRun.objects.first().outcome == "failed"
        bare.with_name("elsewhere").rename(bare)
        assert isinstance(run(job), queue.Success)
        assert job.error_code == ""

    def test_an_address_the_settings_forbid_later_is_refused_at_run_time(self, project, job, settings):
        settings.GIT_LOCAL_ROOTS = []
        assert run(job).code == "refused"

    def test_a_full_disk_fetches_nothing_and_recovers(self, project, job, monkeypatch):
        monkeypatch.setattr(policy, "DISK_FREE_BYTES", 2**62)
        monkeypatch.setattr(policy, "DISK_FREE_ENOUGH", 2**62)
        assert run(job).code == "disk"
        assert not job.repository.mirror_path.exists()
        assert job.due_at < timezone.now() + dt.timedelta(minutes=2)
        monkeypatch.undo()
        assert isinstance(run(job), queue.Success)

    def test_an_unexpected_error_tells_people_nothing_and_the_log_all(self, project, job, monkeypatch, caplog):
        def fails(*_):
            raise ValueError("secret detail")

        monkeypatch.setattr(pipeline, "apply_facts", fails)
        assert run(job).code == "internal"
        assert "secret detail" not in f"{job.error_message}{job.error_hint}{SyncRun.objects.get().log}"
        assert "secret detail" in caplog.text

    def test_a_run_whose_lease_was_taken_stops_before_writing(self, project, job, monkeypatch):
        def stolen(*_):
            SyncJob.objects.update(lease_holder="somebody else")
            return []

        monkeypatch.setattr(pipeline, "apply_facts", stolen)
        assert run(job) is None
        assert (job.facts_commit, job.lease_holder) == ("", "somebody else")
        assert Participation.objects.count() == 0

    def test_a_mirror_that_somebody_else_writes_is_busy(self, project, job):
        with job.repository.mirror().locked():
            assert run(job).code == "busy"
        assert isinstance(run(job), queue.Success)

    def test_leftovers_of_a_killed_git_do_not_stop_the_next_run(self, project, job, bare, tmp_path):
        run(job)
        (job.repository.mirror_path / "refs" / "heads" / "main.lock").parent.mkdir(parents=True, exist_ok=True)
        (job.repository.mirror_path / "refs" / "heads" / "main.lock").touch()
        (job.repository.mirror_path / "packed-refs.lock").touch()
        head = commit(bare, tmp_path)
        assert isinstance(run(job), queue.Success)
        assert job.repository.head_commit == head
