"""Exports: their shape, their order, and that a spreadsheet runs nothing."""

import csv
import datetime as dt
import io
import json
import os

import pytest
from django.core.management import CommandError, call_command

from projects import exports
from projects.catalog import refresh
from projects.models import Follow, PeopleFile
from tests.projects.catalog_data import listed, make_project

pytestmark = pytest.mark.django_db

WHEN = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def download(client, stranger):
    client.force_login(stranger)

    def get(path):
        response = client.get(path)
        return b"".join(response.streaming_content).decode(), response

    return get


class TestJson:
    def test_an_empty_catalog_is_an_empty_list(self, download):
        text, response = download("/projects/export.json")
        assert json.loads(text) == []
        assert response["Content-Type"] == "application/json"
        assert response["Content-Disposition"] == 'attachment; filename="projects.json"'

    def test_one_project_in_the_shape_of_repos_json(self, download, team, stranger, settings):
        settings.BASE_URL = "https://portal.example"
        project = listed(
            "ledger", owner=team, tagline="Double-entry “ledger”", topics=["finance"], weeks=[1] * 52, star_count=3,
            last_commit_at=WHEN, first_commit_at=WHEN - dt.timedelta(days=900), motivation="Because", welcomes=True,
        )  # fmt: skip
        PeopleFile.objects.create(project=project, kind="contributing", path="docs/CONTRIBUTING.md")
        Follow.objects.create(project=project, user=stranger)
        (row,) = json.loads(download("/projects/export.json")[0])
        assert row["id"] == project.pk
        assert row["full_name"] == "payments/ledger"
        assert row["html_url"] == "https://portal.example/projects/ledger/"
        assert row["description"] == "Double-entry “ledger”"
        assert row["updated_at"] == row["pushed_at"] == "2026-03-01T12:00:00Z"
        assert row["created_at"] == "2023-09-13T12:00:00Z"
        assert (row["stargazers_count"], row["watchers_count"]) == (3, 1)
        assert (row["forks_count"], row["open_issues_count"]) == (0, 0)
        assert (row["language"], row["license"]["spdx_id"], row["default_branch"]) == ("Python", "MIT", "main")
        assert row["owner"]["login"] == "payments"
        metadata = row["_InnerSourceMetadata"]
        assert metadata["topics"] == ["finance"]
        assert metadata["participation"] == [1] * 52
        assert metadata["guidelines"] == "docs/CONTRIBUTING.md"
        assert isinstance(metadata["score"], int)
        assert row["_portal"]["team"] == "Payments"
        assert row["_portal"]["contributions_welcome"] is True

    def test_a_bare_project_has_every_key(self, download):
        listed("bare", languages=[], licence="", days_ago=None)
        (row,) = json.loads(download("/projects/export.json")[0])
        assert (row["language"], row["license"]) == (None, None)
        assert row["updated_at"]
        assert row["_InnerSourceMetadata"]["participation"] == [0] * 52

    def test_filters_and_order_are_those_of_the_page(self, download):
        for name, stars in (("a", 1), ("b", 3), ("c", 2)):
            listed(name, star_count=stars, topics=["x"] if name != "c" else [])
        rows = json.loads(download("/projects/export.json?topic=x&sort=stars&page=7")[0])
        assert [row["name"] for row in rows] == ["b", "a"]

    def test_several_batches_make_one_list(self, download, django_assert_max_num_queries):
        refresh([make_project(f"p{n:03}", topics=["x"], days_ago=None).pk for n in range(exports.BATCH + 5)])
        with django_assert_max_num_queries(20):
            rows = json.loads(download("/projects/export.json?sort=name")[0])
        assert [row["name"] for row in rows] == [f"p{n:03}" for n in range(exports.BATCH + 5)]


class TestCsv:
    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_formulas_are_defused(self, download, start):
        listed("evil", name=f"{start}cmd|' /C calc'!A0", tagline=f"{start}1+1")
        text, response = download("/projects/export.csv")
        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert row["name"].startswith("'" + start)
        assert row["tagline"].startswith("'" + start)
        assert response["Content-Type"].startswith("text/csv")

    def test_cells_keep_commas_quotes_and_lines(self, download):
        listed("odd", tagline='a, "b"\nc', topics=["x", "y"])
        (row,) = csv.DictReader(io.StringIO(download("/projects/export.csv")[0], newline=""))
        assert row["tagline"] == 'a, "b"\nc'
        assert row["topics"] == "x, y"

    def test_the_heading_stands_alone_over_nothing(self, download):
        assert download("/projects/export.csv")[0].strip().split(",") == list(exports.CSV_COLUMNS)


def test_the_command_refuses_an_unknown_person():
    with pytest.raises(CommandError, match="no active account") as caught:
        call_command("export_catalog", username="nobody")
    assert caught.value.returncode == 2


def test_a_reader_that_leaves_early_is_no_fault(monkeypatch):
    class Left(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    listed("one")
    with open(os.devnull, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        call_command("export_catalog", stdout=Left())
