"""What pages show equals what git says, on random awkward histories."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from gitstore.objects import open_objects
from gitstore.records import Limits
from source import against_git
from source.access import Code
from source.against_git import CHECKS, compare
from tests.gitstore.awkward import grow


@pytest.mark.parametrize("seed", range(6))
def test_pages_say_what_git_says(planted, repository_builder, seed):
    builder = repository_builder(object_format="sha256" if seed == 5 else "sha1")
    grow(builder, seed)
    project = planted(builder)
    with open_objects(builder.path, Limits(seconds=60)) as reader:
        tally = compare(Code(project, project.repository.mirror(), reader, b""), 12, seed)
    assert tally.differences == []
    assert set(tally.compared) == set(CHECKS)


def run(capsys, *args):
    with pytest.raises(SystemExit) as ended:
        call_command("compare_with_git", *args)
    return ended.value.code, capsys.readouterr().out


def test_the_command_finds_nothing_at_a_project_or_a_path(planted, repository_builder, capsys):
    builder = repository_builder()
    grow(builder, 100, steps=10)
    project = planted(builder)
    call_command("compare_with_git", project.slug, "--samples=2")
    assert capsys.readouterr().out.rstrip().endswith(": 0 differ.")
    call_command("compare_with_git", f"--path={builder.path}", "--samples=2", "--json")
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_the_command_tells_what_differs(planted, repository_builder, capsys, monkeypatch):
    builder = repository_builder()
    builder.commit({"a.txt": "one\n"})
    project = planted(builder)

    def wrong(sample):
        yield [1, 2], [1, 3]

    monkeypatch.setitem(against_git.CHECKS, "history", wrong)
    status, output = run(capsys, project.slug, "--samples=1")
    assert status == 1
    assert "history at" in output and "2, at 1: [3]" in output and "1 differ" in output


@pytest.mark.parametrize("args", [[], ["nowhere"], ["--path=/nonexistent"], ["x", "--path=/tmp"], ["x", "--samples=0"]])
def test_the_command_says_what_it_lacks(db, args):
    with pytest.raises(CommandError) as error:
        call_command("compare_with_git", *args)
    assert error.value.returncode == 2


def test_an_empty_repository_is_nothing_to_compare(planted, repository_builder):
    project = planted(repository_builder())
    with pytest.raises(CommandError, match="nothing to compare"):
        call_command("compare_with_git", project.slug)
