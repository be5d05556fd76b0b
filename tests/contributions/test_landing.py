import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from contributions import requests
from contributions.checking import try_branch, try_patch
from contributions.models import ChangeRequest, Opportunity, StateError
from contributions.requests import Wish
from tests.contributions.conftest import text

SEVEN = "seven is the line now"


@pytest.fixture
def offer(project, author):
    """Offer a patch (bytes), a branch (str) or nothing; the request."""

    def make(change=None):
        project.repository.refresh_from_db()
        offer = None
        if isinstance(change, str):
            offer = try_branch(project.repository, change)
        elif change is not None:
            offer = try_patch(project.repository, change)
        return requests.offer(project, author, Wish("Count", "Because"), offer)

    return make


def state(request):
    request.refresh_from_db()
    return request.state, request.landed_commit, request.evidence


class TestPatchId:
    def test_rebased_with_another_message_and_author(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": "# moved down\n" + text()}, message="Above")
        landed = code.commit({"src/a.py": "# moved down\n" + text(l7=SEVEN)}, message="Quite other words")
        assert synced() == 1
        assert state(request) == ("landed", landed, "patch-id")

    def test_not_a_change_like_it(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l7="seven is another line")})
        code.commit({"src/b.py": text(l7=SEVEN)})
        assert synced() == 0
        assert state(request)[0] == "offered"

    def test_lines_around_differ(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l9="close by")})
        synced()  # tried on it, so that the ids are those of the change with these lines around
        landed = code.commit({"src/a.py": text(l7=SEVEN, l9="close by")})
        synced()
        assert state(request) == ("landed", landed, "patch-id")

    def test_lines_around_differ_in_one_go(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l8="close by")})
        landed = code.commit({"src/a.py": text(l7=SEVEN, l8="close by")})
        synced()
        assert state(request) == ("landed", landed, "lines")

    def test_brought_by_a_merge(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        head = code.oid("refs/heads/main")
        side = code.commit({"src/a.py": text(l7=SEVEN)}, branch="other", parents=[head])
        main = code.commit({"README.md": "x\n"})
        code.commit({"src/a.py": text(l7=SEVEN)}, parents=[main, side], message="Merge")
        synced()
        assert state(request) == ("landed", side, "patch-id")

    def test_series_one_by_one(self, code, offer, patch_of, synced):
        one, two = {"src/a.py": text(l7=SEVEN)}, {"src/b.py": "another file with some words in it\n"}
        request = offer(patch_of(one, two))
        code.commit(one)
        assert synced() == 0
        code.commit({"README.md": "between\n"})
        assert synced() == 0
        last = code.commit(two)
        assert synced() == 1
        assert state(request) == ("landed", last, "patch-id")

    def test_series_squashed(self, code, offer, patch_of, synced):
        one, two = {"src/a.py": text(l7=SEVEN)}, {"src/a.py": text(l7=SEVEN, l20="twenty it is")}
        request = offer(patch_of(one, two))
        landed = code.commit(two, message="Squashed")
        synced()
        assert state(request) == ("landed", landed, "patch-id")

    def test_half_a_series_is_not_landed(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}, {"src/b.py": "another file with words\n"}))
        code.commit({"src/a.py": text(l7=SEVEN)})
        code.commit({"src/b.py": "another file with other words\n"})
        assert synced() == 0
        assert state(request)[0] == "offered"

    def test_any_version_counts(self, code, offer, patch_of, synced, author):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        again = try_patch(request.project.repository, patch_of({"src/a.py": text(l7="the second try is better")}))
        requests.offer_again(request, author, again)
        landed = code.commit({"src/a.py": text(l7=SEVEN)})
        synced()
        assert state(request)[:2] == ("landed", landed)

    @pytest.mark.parametrize("give_up", ["declined", "withdrawn"])
    def test_closed_ones_stay_closed(self, code, offer, patch_of, synced, owner, author, give_up):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        if give_up == "declined":
            requests.answer(request, owner, "offered", "declined", "No")
        else:
            requests.withdraw(request, author, "offered")
        code.commit({"src/a.py": text(l7=SEVEN)})
        assert synced() == 0
        assert state(request)[0] == give_up

    def test_history_rewritten(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        root = code.commit({"src/a.py": text(), "z": "z\n"}, parents=(), message="New root")
        code.git("reflog", "expire", "--expire=now", "--all")
        code.git("gc", "--prune=now", "--quiet")
        landed = code.commit({"src/a.py": text(l7=SEVEN)}, parents=[root])
        synced()
        assert state(request)[:2] == ("landed", landed)


class TestTrailer:
    @pytest.mark.parametrize("value", ["{pk}", "#{pk}", "https://portal.example/requests/{pk}/"])
    def test_names_the_request(self, code, offer, synced, value):
        request = offer()
        words = f"Rewritten\n\nContribution: {value.format(pk=request.pk)}\n"
        landed = code.commit({"src/a.py": "all is new\n"}, message=words)
        synced()
        assert state(request) == ("landed", landed, "trailer")

    @pytest.mark.parametrize("line", ["Fixes: #{pk}", "Contribution: #{other}", "Contribution: x{pk}"])
    def test_of_something_else(self, code, offer, synced, line):
        request = offer()
        code.commit({"a": "b\n"}, message="W\n\n" + line.format(pk=request.pk, other=request.pk + 1))
        assert synced() == 0


class TestBranch:
    def test_merged(self, code, offer, synced):
        head = code.oid("refs/heads/main")
        tip = code.commit({"src/a.py": text(l7=SEVEN)}, branch="work", parents=[head])
        request = offer("work")
        main = code.commit({"README.md": "x\n"})
        merge = code.commit({"src/a.py": text(l7=SEVEN)}, parents=[main, tip], message="Merge work")
        code.delete_branch("work")
        synced()
        assert state(request) == ("landed", merge, "merged")

    def test_fast_forwarded(self, code, offer, synced):
        tip = code.commit({"src/a.py": text(l7=SEVEN)}, branch="work", parents=[code.oid("refs/heads/main")])
        request = offer("work")
        code.set_ref("refs/heads/main", tip)
        synced()
        assert state(request) == ("landed", tip, "merged")

    def test_moved_is_another_version(self, code, offer, synced):
        code.commit({"src/a.py": text(l7=SEVEN)}, branch="work", parents=[code.oid("refs/heads/main")])
        request = offer("work")
        code.commit({"src/a.py": text(l7=SEVEN, l9="nine, too")}, branch="work")
        code.commit({"README.md": "x\n"})
        synced()
        assert request.versions.count() == 2
        assert request.latest.tip == code.oid("refs/heads/work")
        assert "moved" in request.timeline.last().text


class TestTriedAgain:
    def test_conflicts_come_and_go(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l7="ours")})
        synced()
        version = request.latest
        assert (version.applies, version.named_conflicts[0][0]) == (False, b"src/a.py")
        assert "no longer applies" in request.timeline.last().text
        code.commit({"src/a.py": text()})
        synced()
        assert request.latest.applies
        assert request.timeline.count() == 3
        landed = code.commit({"src/a.py": text(l7=SEVEN)})
        synced()
        assert state(request)[:2] == ("landed", landed)

    def test_nothing_is_written_twice(self, code, offer, patch_of, synced):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l7=SEVEN)})
        assert synced() == 1
        before = request.timeline.count(), AuditEvent.objects.count()
        assert synced() == 0
        assert (request.timeline.count(), AuditEvent.objects.count()) == before


class TestCorrected:
    def test_a_maintainer_names_the_commit(self, client, code, offer, synced, owner):
        request = offer()
        landed = code.commit({"src/a.py": "rewritten\n"})
        elsewhere = code.commit({"a": "b\n"}, branch="other", parents=[landed])
        synced()
        client.force_login(owner)
        url = reverse("contributions:request_landed", args=[request.pk])
        for commit, words in (
            (elsewhere, "not in the default branch"),
            ("f" * 40, "no such commit"),
            ("zz", "commit id"),
        ):
            response = client.post(url, {"was": "offered", "commit": commit})
            assert response.status_code == 422
            assert words in response.content.decode()
        assert client.post(url, {"was": "offered", "commit": landed[:10]}).status_code == 302
        assert state(request) == ("landed", landed, "by-hand")

    def test_a_maintainer_says_that_it_is_not_it(self, client, code, offer, patch_of, synced, owner):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        wrong = code.commit({"src/a.py": text(l7=SEVEN)})
        synced()
        client.force_login(owner)
        client.post(reverse("contributions:request_refute", args=[request.pk]))
        assert state(request) == ("accepted", "", "")
        assert request.refuted == [wrong]
        ChangeRequest.objects.update(watched_commit="")
        assert synced() == 0

    def test_only_once(self, code, offer, patch_of, synced, owner):
        request = offer(patch_of({"src/a.py": text(l7=SEVEN)}))
        code.commit({"src/a.py": text(l7=SEVEN)})
        synced()
        requests.refute(request, owner)
        with pytest.raises(StateError):
            requests.refute(request, owner)


class TestTask:
    @pytest.fixture
    def task(self, project, author, owner):
        return Opportunity.objects.create(
            project=project, title="Count", kind="bug", effort="hour", created_by=owner,
            state="taken", taken_by=author, taken_at=timezone.now(), sign_of_life_at=timezone.now(),
        )  # fmt: skip

    def test_goes_along_with_its_request(self, project, author, task, code, patch_of, synced):
        change = try_patch(project.repository, patch_of({"src/a.py": text(l7=SEVEN)}))
        requests.offer(project, author, Wish("Count", "Because", (), task), change)
        task.refresh_from_db()
        assert task.state == "in-review"
        landed = code.commit({"src/a.py": text(l7=SEVEN)})
        synced()
        task.refresh_from_db()
        assert task.state == "landed"
        assert task.timeline.last().commit == landed

    def test_stays_with_whom_it_is(self, project, stranger, task):
        requests.offer(project, stranger, Wish("Count", "Because", (), task), None)
        task.refresh_from_db()
        assert task.state == "taken"
