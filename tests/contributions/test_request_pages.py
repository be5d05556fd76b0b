import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from contributions.models import ChangeRequest
from tests.contributions.conftest import text

WISH = {"title": "Count from seven", "why": "Because **six** is too few.", "paths": ""}


@pytest.fixture
def offer(client, project, author):
    """Post the form as Erin; the answer."""

    def post(person=author, **fields):
        client.force_login(person)
        return client.post(reverse("contributions:request_offer", args=[project.slug]), {**WISH, **fields})

    return post


@pytest.fixture
def offered(offer, patch_of):
    assert offer(patch=patch_of({"src/a.py": text(l7="seven is the line")}).decode()).status_code == 302
    return ChangeRequest.objects.get()


class TestWalk:
    def test_offer_welcome_land(self, client, offered, owner, code, synced):
        page = client.get(offered.get_absolute_url()).content.decode()
        assert "<strong>six</strong>" in page
        assert "applies cleanly" in page
        assert "seven is the line" in page
        assert offered.paths == ["src/a.py"]

        client.force_login(owner)
        response = client.post(
            reverse("contributions:request_answer", args=[offered.pk]), {"was": "offered", "to": "welcomed"}
        )
        assert response.status_code == 302
        offered.refresh_from_db()
        assert (offered.state, offered.answered_by) == ("welcomed", owner)

        code.commit({"README.md": "# Widget 2\n"}, message="Something else")
        landed = code.commit({"src/a.py": text(l7="seven is the line")}, message="Other words, rebased")
        assert synced() == 1
        offered.refresh_from_db()
        assert (offered.state, offered.landed_commit, offered.evidence) == ("landed", landed, "patch-id")
        page = client.get(offered.get_absolute_url()).content.decode()
        assert landed[:10] in page
        assert "the same change" in page
        assert synced() == 0
        actions = list(AuditEvent.objects.order_by("pk").values_list("action", "actor__username"))
        assert actions == [("request.offered", "erin"), ("request.welcomed", "olga"), ("request.landed", None)]
