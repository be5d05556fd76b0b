"""What every test shares: a private data folder, people and teams, and no skips where none are allowed."""

import datetime as dt
import os
import shutil

import pytest

from accounts.models import Membership, Team, User


@pytest.fixture(autouse=True)
def private_folders(settings, tmp_path):
    """Mirrors and local repositories live in the test's own folder; passwords are hashed cheaply."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DATA_DIR = tmp_path / "data"
    settings.MIRROR_DIR = tmp_path / "data" / "mirrors"
    settings.DATA_DIR.mkdir()
    settings.GIT_LOCAL_ROOTS = [tmp_path]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    forbidden = os.environ.get("PORTAL_TEST_NO_SKIP") and not _may_be_missing(item)
    if forbidden and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where no test may be skipped: {report.longrepr}"
    return report


def _may_be_missing(item):
    """Zoekt is in no Debian package and cannot be built everywhere: its tests alone may say that it is missing."""
    programs = ("zoekt-webserver", "zoekt-git-index")
    return item.path.name == "test_zoekt.py" and not all(map(shutil.which, programs))


@pytest.fixture
def team(db):
    return Team.objects.create(slug="payments", name="Payments")


@pytest.fixture
def other_team(db):
    return Team.objects.create(slug="logistics", name="Logistics")


def make_user(username, team=None, **fields):
    user = User.objects.create_user(
        username, f"{username}@example.com", "correct horse", name=username.title(), **fields
    )
    if team:
        Membership.objects.create(user=user, team=team, started_on=dt.date(2020, 1, 1))
    return user


@pytest.fixture
def administrator(db):
    return make_user("root", is_superuser=True, is_staff=True)


@pytest.fixture
def owner(team):
    return make_user("olga", team)


@pytest.fixture
def stranger(other_team):
    return make_user("sam", other_team)
