"""The commands import_teams and export_teams."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command

from accounts import team_files
from accounts.models import Membership, Team
from projects import catalog
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import Project, Repository

pytestmark = pytest.mark.django_db

FILE = "team,team_name,email,start\npayments,Money,,\npayments,,kim@x.example,2024-01-01\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "teams.csv"
    path.write_text(FILE)
    return path


class TestImportTeams:
    def test_a_dry_run_says_what_would_change_and_changes_nothing(self, team, file, capsys):
        call_command("import_teams", str(file), "--dry-run")
        out = capsys.readouterr().out
        assert "changed  Money: name Payments -> name Money" in out
        assert "added    kim@x.example in payments: from 2024-01-01" in out
        assert "1 added, 1 changed would be changed" in out
        team.refresh_from_db()
        assert (team.name, Membership.objects.count()) == ("Payments", 0)

    def test_lists_of_projects_follow_a_new_name(self, team, file, capsys):
        repository = Repository.objects.create(clone_url="https://git.example/a", address_key="git.example/a")
        project = Project.objects.create(slug="a", name="A", repository=repository, owner=team)
        catalog.refresh([project.pk])
        call_command("import_teams", str(file), "--json")
        assert json.loads(capsys.readouterr().out)["counts"]["changed"] == 1
        assert select(CatalogQuery(text="money"), AnonymousUser()).ids == [project.pk]
        assert Membership.objects.get().email == "kim@x.example"

    def test_bad_rows_end_with_1_and_good_ones_are_applied(self, team, tmp_path, capsys):
        path = tmp_path / "teams.csv"
        path.write_text(FILE + "nowhere,,kim@x.example,\n")
        with pytest.raises(CommandError) as left_out:
            call_command("import_teams", str(path))
        assert left_out.value.returncode == 1
        assert "line 4: There is no team “nowhere”." in capsys.readouterr().err
        assert Membership.objects.count() == 1

    @pytest.mark.parametrize("content", [None, b"", b"x,y\n1,2\n"])
    def test_a_file_that_cannot_be_read_is_named(self, db, tmp_path, content):
        path = tmp_path / "teams.csv"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CommandError) as refused:
            call_command("import_teams", str(path))
        assert refused.value.returncode == (2 if content is None else 1)

    def test_a_long_file_is_read_part_by_part(self, team, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(team_files, "PART_ROWS", 2)
        path = tmp_path / "teams.csv"
        path.write_text(FILE + "payments,,lee@x.example,\npayments,,not an address,\npayments,,sam@x.example,\n")
        for options in ({"dry_run": True, "json": True}, {}):
            with pytest.raises(CommandError, match="1 rows were left out"):
                call_command("import_teams", str(path), **options)
        told = capsys.readouterr()
        assert "Part 2 of 2: lines 5 to 6, and all teams" in told.out
        assert told.err.count("line 5: ") == 1
        assert Membership.objects.count() == 3


class TestExportTeams:
    @pytest.mark.parametrize("form", ["csv", "yaml"])
    def test_an_import_of_it_changes_nothing(self, owner, stranger, tmp_path, capsys, form):
        Team.objects.filter(slug="logistics").update(parent=Team.objects.get(slug="payments"))
        call_command("export_teams", "--format", form)
        path = tmp_path / f"teams.{form}"
        path.write_text(capsys.readouterr().out)
        call_command("import_teams", str(path), "--dry-run", "--complete")
        assert "Nothing would be changed; 4 rows" in capsys.readouterr().out
