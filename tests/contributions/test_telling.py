import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Notification
from contributions import requests, warranties
from contributions.checking import try_patch
from contributions.models import Warranty
from contributions.requests import Wish
from projects.models import Project
from tests.contributions.conftest import text


@pytest.fixture
def offered(project, author, owner, trusted, stranger, patch_of):
    patch = patch_of({"src/a.py": text(l7="seven is the line")})
    return requests.offer(project, author, Wish("Count", "Because"), try_patch(project.repository, patch))


@pytest.fixture
def told(offered):
    """Who was told what since the last call: {username: [kind, …]}."""

    def take():
        found = {}
        for row in Notification.objects.order_by("pk").select_related("user"):
            found.setdefault(row.user.username, []).append(row.kind)
        Notification.objects.all().delete()
        return found

    return take


def test_each_step_is_told_to_whom_it_concerns(offered, told, author, owner, trusted, stranger, code, synced):
    assert told() == {"olga": ["request-offered"], "tess": ["request-offered"]}
    requests.answer(offered, owner, "offered", "changes-wanted", "Tests?")
    assert told() == {"erin": ["request-answered"]}
    requests.comment(offered, author, "Here", maintains=False)
    assert told() == {"olga": ["request-comment"], "tess": ["request-comment"]}
    requests.comment(offered, stranger, "Me too", maintains=False)
    assert told() == {name: ["request-comment"] for name in ("erin", "olga", "tess")}
    requests.comment(offered, trusted, "Fine", maintains=True)
    assert told() == {name: ["request-comment"] for name in ("erin", "olga", "sam")}
    code.commit({"src/a.py": text(l7="seven is the line")}, when=int(timezone.now().timestamp()))
    synced()
    assert told() == {name: ["request-landed"] for name in ("erin", "olga", "tess")}
    code.commit({"src/a.py": text(l7="repaired")}, when=int(timezone.now().timestamp()))
    synced()
    assert told() == {name: ["follow-up"] for name in ("erin", "olga", "tess")}
    Warranty.objects.update(ends_at=timezone.now() - dt.timedelta(minutes=1))
    warranties.end_due()
    assert told() == {name: ["warranty"] for name in ("erin", "olga", "tess")}


def test_withdrawn_and_waived(offered, told, author, owner, code, synced):
    told()
    requests.withdraw(offered, author, "offered")
    assert told() == {name: ["request-withdrawn"] for name in ("olga", "tess")}
    requests.reopen(offered, author)
    told()
    code.commit({"src/a.py": text(l7="seven is the line")}, when=int(timezone.now().timestamp()))
    synced()
    told()
    offered.refresh_from_db()
    warranties.waive(offered.warranty, owner)
    assert told() == {"erin": ["warranty"]}


def test_nobody_hears_of_a_project_they_may_not_read(offered, told, owner):
    told()
    Project.objects.update(visibility="restricted")
    offered.refresh_from_db()
    requests.answer(offered, owner, "offered", "declined", "It is closed now")
    assert told() == {}
