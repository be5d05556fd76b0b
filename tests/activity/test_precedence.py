"""A commit of several projects counts once in figures over several projects."""

import shutil
from itertools import permutations

import pytest
from django.db.models import Sum

from activity.models import Commit, FolderCommit, PersonDay
from projects.models import Project
from tests.activity.histories import git, imported, numstat, planted

pytestmark = pytest.mark.django_db


def total(projects=None):
    rows = PersonDay.objects.once(Project.objects.live() if projects is None else projects)
    return rows.aggregate(commits=Sum("commits"), shared=Sum("coauthored"), added=Sum("added"), merges=Sum("merges"))


def history(builder):
    first = builder.commit({"a": "1\n", "lib/x/a": "1\n", "lib/b": "1\n2\n"})
    builder.commit({"lib/x/a": "2\n"}, message="Both\n\nCo-authored-by: Bo <bo@example.org>")
    builder.commit({"lib/b": "2\n"}, author="Bo <bo@example.org>", branch="side", parents=[first])
    builder.commit({"lib/b": "2\n"}, parents=[builder.oid("refs/heads/main"), builder.oid("refs/heads/side")])
    builder.commit({"a": None, "lib/x/b": "1\n"})


def copied(project, slug):
    """A copy of the repository, registered on its own."""
    builder, copy = planted(slug)
    shutil.rmtree(builder.path)
    shutil.copytree(project.repository.mirror_path, builder.path)
    return builder, copy


def folder(project, path):
    slug = path.replace("/", "-")
    return Project.objects.create(slug=slug, name=slug, repository=project.repository, subdirectory=path)


class TestFolders:
    def test_each_folder_has_what_git_says_of_it(self):
        builder, project = planted()
        history(builder)
        folders = [folder(project, "lib"), folder(project, "lib/x")]
        imported(project)
        for part in folders:
            part.refresh_from_db()
            said = numstat(project.repository, part.subdirectory)
            inside = FolderCommit.objects.filter(project=part)
            assert {row[0]: row[1:] for row in inside.values_list("commit__oid", "files", "added", "removed")} == said
            count = git(
                project.repository,
                "rev-list",
                "--count",
                "--no-merges",
                "--full-history",
                "HEAD",
                "--",
                part.subdirectory,
            )
            assert part.commits_total == int(count) == len(said)
        assert FolderCommit.objects.filter(project=folders[0], areas="x").count() == 2

    def test_together_they_count_each_commit_once(self):
        builder, project = planted()
        history(builder)
        folder(project, "lib/x"), folder(project, "lib")
        imported(project)
        assert total()["commits"] == int(git(project.repository, "rev-list", "--count", "--no-merges", "HEAD"))
        assert total()["shared"] == total()["merges"] == 1
        alone = Project.objects.filter(subdirectory="")
        assert total(alone)["commits"] == 4

    def test_a_folder_registered_later_gives_the_same_rows(self):
        builder, project = planted()
        history(builder)
        imported(project)
        later = folder(project, "lib")
        imported(project)
        rows = list(PersonDay.objects.filter(project=later).values_list("day", "commits", "added", "removed"))
        assert total()["commits"] == 4 and sum(row[1] for row in rows) == 4
        builder.commit({"lib/c": "1\n"})
        imported(project)
        assert total()["commits"] == 5
        assert PersonDay.objects.filter(project=later).aggregate(n=Sum("commits"))["n"] == 5


class TestCopies:
    def test_a_copy_changes_no_figure_over_all_projects(self):
        builder, project = planted()
        history(builder)
        imported(project)
        before = total()
        _, copy = copied(project, "copy")
        imported(copy)
        assert total() == before
        assert copy.commits_total == project.commits_total
        assert total(Project.objects.filter(pk=copy.pk)) == before

    def test_a_fork_counts_for_what_is_its_own(self):
        builder, project = planted()
        history(builder)
        fork_builder, fork = copied(project, "fork")
        fork_builder.commit({"own": "1\n"})
        imported(fork)
        assert total()["commits"] == 5
        imported(project)
        assert total()["commits"] == 5
        builder.commit({"upstream": "1\n"})
        imported(project)
        assert total()["commits"] == 6
        builder.set_ref("refs/heads/main", builder.oid("refs/heads/main~2"))
        imported(project)
        assert total()["commits"] == 5
        assert Commit.objects.filter(repository=fork.repository, precedence=None).count() == 2

    def test_the_order_of_reading_changes_nothing(self):
        results = set()
        for number, order in enumerate(permutations(range(3))):
            Project.objects.update(removed_at="2020-01-01T00:00Z")
            builder, project = planted(f"a{number}")
            history(builder)
            two = copied(project, f"b{number}")[1]
            builder_three, three = copied(project, f"c{number}")
            builder_three.commit({"lib/more": "1\n"}, author="BO <Bo@example.org>")
            Project.objects.create(slug=f"f{number}", name="f", repository=three.repository, subdirectory="lib")
            for place in order:
                imported((project, two, three)[place])
            rows = PersonDay.objects.once(Project.objects.live()).order_by("project", "day", "person__key")
            columns = ("project__name", "day", "person__key", "person__name", "commits", "added", "coauthored")
            results.add(repr([(row[0][0], *row[1:]) for row in rows.values_list(*columns)]))
            Commit.objects.all().delete()
        assert len(results) == 1
