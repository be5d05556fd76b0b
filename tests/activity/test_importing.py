"""Commits become contributors, days and counters; the oracle is git itself."""

import subprocess

import pytest

from activity.importing import import_activity
from activity.models import ActivityDay, Contributor
from projects.models import CatalogEntry
from tests.projects.planting import ADA, BO, grow, plant, signature

pytestmark = pytest.mark.django_db
BOT = ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com")


def run(project):
    return import_activity(project, project.repository.mirror(), project.repository.head_commit)


def rows(project):
    contributors = Contributor.objects.filter(project=project).order_by("pk").values_list()
    return list(contributors), list(ActivityDay.objects.filter(project=project).order_by("pk").values_list())


def git(project, *arguments):
    command = ["git", "-C", str(project.repository.mirror_path), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


class TestImportActivity:
    def test_counts_agree_with_git(self):
        project = plant(commits=[(ADA, 200), (BO, 30), (BO, 5), (BOT, 4)])

        assert run(project) == 5

        shortlog = git(project, "shortlog", "-s", "-n", "-e", "HEAD").splitlines()
        said = {line.split("<")[1].rstrip(">").lower(): int(line.split("\t")[0]) for line in shortlog}
        assert dict(Contributor.objects.values_list("email", "commits")) == said
        assert (project.commits_total, project.contributors_total) == (5, 2)
        assert (project.commits_90d, project.contributors_90d) == (3, 1)
        assert sum(project.weeks) == 4 and len(project.weeks) == 52
        assert project.last_commit_at.timestamp() == int(git(project, "log", "-1", "--format=%ct"))

    def test_bots_are_not_people(self):
        project = plant(commits=[(BOT, 4)])
        run(project)
        assert Contributor.objects.get(is_bot=True).name == "renovate[bot]"

    def test_one_address_in_two_spellings_is_one_person_with_the_newest_name(self):
        project = plant(commits=[(("A. Lindqvist", "ADA@Example.com"), 300), (("Ada L. Holm", "ada@example.com"), 3)])
        run(project)
        person = Contributor.objects.get()
        assert (person.name, person.commits) == ("Ada L. Holm", 3)

    def test_twice_writes_nothing(self):
        project = plant(commits=[(ADA, 20), (BO, 3)])
        run(project)
        before, version = rows(project), CatalogEntry.objects.get(pk=project.pk).version
        run(project)
        assert rows(project) == before
        assert CatalogEntry.objects.get(pk=project.pk).version == version

    def test_rewritten_history_leaves_nothing_behind(self):
        project = plant(commits=[(BO, 20), (BO, 20), (ADA, 3)])
        run(project)
        grow(project.repository, {}, commits=[(ADA, 3), (ADA, 2)])
        assert run(project) == 3
        assert Contributor.objects.get().email == "ada@example.com"
        assert sum(ActivityDay.objects.values_list("commits", flat=True)) == 3
        assert project.contributors_total == 1

    def test_only_the_folder_of_the_project_counts(self):
        project = plant(files={b"notes.txt": b"", b"part/a.txt": b"a"}, commits=[(BO, 3)], subdirectory="part")
        assert run(project) == 1
        assert project.contributors_total == 1

    def test_an_empty_repository_has_no_activity(self):
        project = plant(commits=[(BO, 3)])
        run(project)
        assert import_activity(project, project.repository.mirror(), "") == 0
        assert project.last_commit_at is None
        assert not Contributor.objects.exists()

    def test_a_clock_in_the_future_does_not_move_last_change_past_now(self):
        project = plant(commits=[(BO, -3000)])
        run(project)
        assert project.last_commit_at <= signature(days_ago=-0.01).when
        assert project.commits_90d == 0

    def test_progress_ends_with_all_commits(self):
        project, seen = plant(commits=[(ADA, 3)] * 4), []
        import_activity(project, project.repository.mirror(), project.repository.head_commit, seen.append)
        assert seen[-1] == 5
