"""What a sync makes searchable, what it leaves out and says so, and how the index mends itself."""

import sqlite3

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from projects.models import Project
from search import indexing
from search.engine import Branch, Literal, Request, engine
from search.models import IndexState, SkippedFile
from sync import pipeline
from tests.gitstore.builder import RepositoryBuilder
from tests.search.contract import plan
from tests.search.test_embedded import spoil
from tests.sync.conftest import bare, build, commit, git, job, project

__all__ = ["bare", "job", "project"]


def find(text, *repositories):
    request = Request(Literal(text), frozenset(repositories), deadline_seconds=60)
    return {hit.path.decode() for hit in engine().search(request).files}


@pytest.fixture
def state(job):
    pipeline.run_job(job.pk, from_waiting=True)
    return IndexState.objects.get(repository=job.repository_id)


class TestSync:
    def test_the_default_branch_becomes_searchable(self, state):
        repository = state.repository
        assert find("invoices", repository.pk) == {"README.md"}
        assert (state.commit, state.files, state.error) == (repository.head_commit, 2, "")
        assert state.refs == [["main", repository.head_commit]]
        assert not state.is_behind

    def test_a_push_is_followed(self, state, job, bare, tmp_path):
        commit(bare, tmp_path, "more.txt", "fresh words\n")
        pipeline.run_job(job.pk, from_waiting=True)
        assert find("fresh", job.repository_id) == {"more.txt"}

    def test_nothing_is_done_twice(self, state, monkeypatch):
        repository = state.repository
        assert indexing.index_repository(repository, repository.mirror()) is False

    def test_branches_and_tags_that_a_maintainer_chose(self, state, job, bare, tmp_path):
        commit(bare, tmp_path, "more.txt", "on main\n")
        work = tmp_path / "work-billing"
        for name in ("release/1.0", "topic/x"):
            git(work, "checkout", "--quiet", "-b", name)
            (work / "only.txt").write_text(f"words of {name}\n")
            git(work, "add", "-A")
            git(work, "commit", "--quiet", "-m", name)
            git(work, "push", "--quiet", "origin", name)
        git(work, "push", "--quiet", "origin", "HEAD~1:refs/tags/v1.0")
        IndexState.objects.update(branch_patterns=["release/*"], tag_patterns=["v*"])
        pipeline.run_job(job.pk, from_waiting=True)
        state.refresh_from_db()
        assert [name for name, _ in state.refs] == ["main", "release/1.0", "v1.0"]
        assert find("words of release", job.repository_id) == {"only.txt"}
        assert find("words of topic", job.repository_id) == set()
        (hit,) = engine().search(Request(Branch("v1*"), frozenset({job.repository_id}), limit=1)).files
        assert "v1.0" in hit.branches

    def test_too_many_branches_are_counted(self, state, settings, bare, tmp_path):
        for n in range(4):
            git(bare, "update-ref", f"refs/heads/release/{n}", "main")
        settings.SEARCH_MAX_REFS = 3
        IndexState.objects.update(branch_patterns=["release/*"])
        pipeline.run_job(state.repository.sync_job.pk, from_waiting=True)
        state.refresh_from_db()
        assert (len(state.refs), state.refs_left_out) == (3, 2)

    def test_files_left_out_are_listed_with_the_reason(self, db, team, tmp_path):
        from sync.registration import register

        path = build(tmp_path / "remotes" / "media.git", {b"pic.png": b"\x89PNG\0\0", b"a.txt": b"text\n"})
        repository = register(str(path), by=None, team=team).repository
        pipeline.run_job(repository.sync_job.pk, from_waiting=True)
        state = IndexState.objects.get(repository=repository)
        assert state.skipped_counts == {"binary": 1}
        (skipped,) = SkippedFile.objects.filter(state=state).values_list("path", "reason", "size_bytes")
        assert skipped == ("pic.png", "binary", 6)
        (note,) = indexing.notes_for(frozenset({repository.pk}))
        assert note.words == "1 file is not indexed."

    def test_a_repository_that_became_empty_is_found_no_more(self, state, job, bare):
        git(bare, "update-ref", "-d", "refs/heads/main")
        pipeline.run_job(job.pk, from_waiting=True)
        state.refresh_from_db()
        assert (state.files, state.commit) == (0, "")
        assert find("invoices", job.repository_id) == set()

    def test_a_sync_ends_well_though_the_index_cannot_be_written(self, job, monkeypatch):
        def full(*_, **__):
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr("search.embedded.engine.EmbeddedEngine.index", full)
        pipeline.run_job(job.pk, from_waiting=True)
        job.refresh_from_db()
        assert job.error_code == ""
        assert IndexState.objects.get().error != ""
        monkeypatch.undo()
        assert indexing.mend() == 1
        assert IndexState.objects.get().error == ""
        assert find("invoices", job.repository_id) == {"README.md"}


class TestMending:
    def test_a_damaged_index_is_made_anew_by_itself_and_meanwhile_said(self, state):
        repository = state.repository_id
        shard = engine().shards[repository % 2]
        shard.path.write_bytes(b"nothing like a database" * 999)
        for name in ("-wal", "-shm"):
            shard.path.with_name(shard.path.name + name).unlink(missing_ok=True)
        answer = engine().search(Request(Literal("invoices"), frozenset({repository})))
        assert [note.kind for note in answer.notes] == ["rebuilding"]
        engine().check()
        assert [note.kind for note in indexing.notes_for(frozenset({repository}))] == ["behind"]
        assert indexing.mend() == 1
        assert find("invoices", repository) == {"README.md"}
        assert indexing.notes_for(frozenset({repository})) == []
        assert indexing.mend() == 0

    def test_what_no_project_stands_behind_is_forgotten_and_comes_back_with_it(self, state, project):
        Project.objects.update(removed_at=timezone.now())
        assert engine().repositories() == {state.repository_id}
        assert indexing.mend() == 0
        assert engine().repositories() == frozenset()
        assert engine().status().blobs == 0
        Project.objects.update(removed_at=None)
        assert indexing.mend() == 1
        assert find("invoices", state.repository_id) == {"README.md"}

    def test_what_no_repository_stands_behind_is_forgotten(self, db, tmp_path):
        builder = RepositoryBuilder(tmp_path / "lost.git")
        builder.commit({"a.txt": "lost words\n"})
        engine().index(plan(builder, 77))
        indexing.mend()
        assert engine().repositories() == frozenset()

    def test_another_number_of_parts_makes_it_anew(self, state, settings):
        settings.SEARCH_SHARDS = 3
        assert find("invoices", state.repository_id) == set()
        assert indexing.mend() == 1
        assert find("invoices", state.repository_id) == {"README.md"}


class TestCommand:
    def test_it_indexes_what_is_missing(self, state, capsys):
        engine().rebuild()
        call_command("index_code")
        assert find("invoices", state.repository_id) == {"README.md"}
        assert "1 repositories, 2 files" in capsys.readouterr().out

    def test_rebuild_begins_with_nothing(self, state):
        label = engine().label_of(state.repository_id)
        call_command("index_code", "--rebuild")
        assert engine().label_of(state.repository_id) != label
        assert find("invoices", state.repository_id) == {"README.md"}

    def test_check_finds_damage(self, state, capsys):
        spoil(engine().shards[state.repository_id % 2], at=0.0, size=100)
        call_command("index_code", "--check")
        assert "Damaged, made anew" in capsys.readouterr().err
        assert find("invoices", state.repository_id) == {"README.md"}

    def test_status_changes_nothing(self, job, capsys):
        call_command("index_code", "--status")
        assert "0 repositories" in capsys.readouterr().out

    @pytest.mark.parametrize("arguments", [["nonsense"], ["--rebuild", "billing"]])
    def test_nonsense_is_refused(self, db, arguments):
        with pytest.raises(CommandError):
            call_command("index_code", *arguments)


class TestVisibleTo:
    def test_states_are_shown_to_those_who_may_read_the_code(self, state, project, stranger):
        assert list(IndexState.objects.visible_to(stranger)) == [state]
        project.visibility = "restricted"
        project.save()
        assert list(IndexState.objects.visible_to(stranger)) == []
