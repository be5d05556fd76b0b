import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from contributions import requests, warranties
from contributions.checking import try_patch
from contributions.models import FollowUp, Warranty
from contributions.requests import Wish
from tests.contributions.conftest import text

SEVEN = "seven is the line now"


@pytest.fixture
def landed(project, author, code, patch_of, synced):
    """A request that landed now."""
    patch = patch_of({"src/a.py": text(l7=SEVEN)})
    request = requests.offer(project, author, Wish("Count", "Because"), try_patch(project.repository, patch))
    code.commit({"src/a.py": text(l7=SEVEN)}, when=int(timezone.now().timestamp()))
    synced()
    request.refresh_from_db()
    return request


class TestClock:
    def test_thirty_days_from_landing(self, landed):
        warranty = landed.warranty
        assert warranty.state == "running"
        assert warranty.ends_at - landed.landed_at == dt.timedelta(days=30)
        assert warranty.days_left == 30
        assert warranties.end_due() == 0

    def test_ends_once_and_says_so(self, landed):
        Warranty.objects.update(ends_at=timezone.now() - dt.timedelta(minutes=1))
        assert warranties.end_due() == 1
        assert warranties.end_due() == 0
        assert Warranty.objects.get().state == "ended"
        assert "no revert and no follow-up" in landed.timeline.last().text

    def test_waived_once(self, client, landed, owner):
        client.force_login(owner)
        url = reverse("contributions:warranty_waive", args=[landed.pk])
        assert client.post(url).status_code == 302
        page = client.post(url, follow=True).content.decode()
        assert "over already" in page
        assert "Waived by Olga" in page
        assert AuditEvent.objects.filter(action="warranty.waived").count() == 1
        Warranty.objects.update(ends_at=timezone.now() - dt.timedelta(minutes=1))
        assert warranties.end_due() == 0

    def test_none_where_the_setting_says_so(self, settings, request):
        settings.WARRANTY_DAYS = 0
        landed = request.getfixturevalue("landed")
        assert landed.state == "landed"
        assert not Warranty.objects.exists()

    def test_ends_with_the_claim_that_it_landed(self, landed, owner):
        requests.refute(landed, owner)
        assert not Warranty.objects.exists()


class TestFollowUps:
    def test_fix_and_revert_are_listed(self, client, landed, code, synced, owner):
        code.commit({"src/a.py": text(l7=SEVEN, l25="elsewhere")}, message="Elsewhere")
        code.when = int(timezone.now().timestamp())
        fix = code.commit({"src/a.py": text(l7="seven, repaired", l25="elsewhere")}, message="Repair <seven>")
        synced()
        (found,) = FollowUp.objects.all()
        assert (found.commit, found.kind, found.lines, found.paths) == (fix, "fix", 1, ["src/a.py"])
        words = f"Revert\n\nThis reverts commit {landed.landed_commit}."
        code.commit({"src/a.py": text()}, message=words, when=code.when + 60)
        synced()
        synced()
        assert [one.kind for one in FollowUp.objects.all()] == ["fix", "revert"]
        client.force_login(owner)
        page = client.get(landed.get_absolute_url()).content.decode()
        assert "Repair &lt;seven&gt;" in page
        assert "Taken back" in page

    def test_in_files_that_were_renamed(self, landed, code, synced):
        code.when = int(timezone.now().timestamp())
        code.commit({"src/a.py": None, "src/b.py": text(l7=SEVEN)}, message="Rename")
        synced()  # so that the next look begins after the rename
        assert not FollowUp.objects.exists()
        code.commit({"src/b.py": text(l7="seven, repaired")}, message="Repair")
        both = {"src/b.py": None, "lib/c.py": text(l7="seven, repaired", l8="moved, too")}
        code.commit(both, message="Rename and change lines around")
        synced()
        (found,) = FollowUp.objects.all()
        assert (found.title, found.kind, found.lines, found.paths) == ("Repair", "fix", 1, ["src/b.py"])

    def test_in_the_commit_that_renames(self, landed, code, synced):
        code.when = int(timezone.now().timestamp())
        code.commit({"src/a.py": None, "src/b.py": text(l7="seven, repaired")}, message="Rename and repair")
        synced()
        (found,) = FollowUp.objects.all()
        assert (found.lines, found.paths) == (1, ["src/a.py"])

    def test_not_after_its_end(self, landed, code, synced):
        Warranty.objects.update(ends_at=timezone.now() + dt.timedelta(days=1))
        code.commit({"src/a.py": text(l7="late")}, when=int(timezone.now().timestamp()) + 3 * 86_400)
        synced()
        assert not FollowUp.objects.exists()
