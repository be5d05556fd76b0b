import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
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


class TestRequestOffer:
    def test_idea_without_a_change(self, offer, client):
        response = offer()
        assert response.status_code == 302
        assert "There is no branch or patch yet" in client.get(response["Location"]).content.decode()

    def test_as_a_file_with_several_commits(self, offer, client, patch_of):
        patch = patch_of({"src/a.py": text(l7="x")}, {"src/b.py": "new\n"})
        response = offer(upload=SimpleUploadedFile("0001.patch", patch))
        page = client.get(response["Location"]).content.decode()
        assert "2 patches" in page
        assert "Count from seven 2" in page
        version = ChangeRequest.objects.get().latest
        assert bytes(version.patch) == patch
        assert client.get(f"{response['Location']}patch/1/").content == patch

    def test_branch(self, offer, client, code):
        head = code.oid("refs/heads/main")
        tip = code.commit({"src/a.py": text(l7="from a branch")}, branch="feature/seven", parents=[head])
        page = client.get(offer(branch="feature/seven")["Location"]).content.decode()
        assert "feature/seven" in page
        assert tip[:10] in page
        assert "from a branch" in page

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"patch": "hello"}, "no change in it"),
            (
                {"patch": "diff --git a/.git/config b/.git/config\n--- a/.git/config\n+++ b/.git/config\n"},
                ".git/config",
            ),
            ({"patch": "--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n"}, "outside the files"),
            ({"upload": SimpleUploadedFile("x.patch", b"")}, "empty"),
            ({"upload": SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n\0\0\0\r")}, "no change in it"),
            ({"branch": "nowhere"}, "knows no branch"),
            ({"branch": "main"}, "default branch itself"),
            ({"branch": "--upload-pack=x"}, "knows no branch"),
            ({"branch": "x", "patch": "y"}, "either a branch or a patch"),
            ({"title": ""}, "This field is required"),
            ({"why": ""}, "This field is required"),
            ({"patch": "x" * (3 * 1024**2)}, "MB"),
            ({"patch": "x" * (20 * 1024**2)}, "larger than 2 MB"),
            ({"upload": SimpleUploadedFile("x.patch", b"x" * (20 * 1024**2))}, "larger than 2 MB"),
            ({"paths": "\n".join(map(str, range(60)))}, "at most 50"),
        ],
    )
    def test_refused_with_everything_kept(self, offer, fields, words):
        response = offer(**{"title": "A title to keep", "why": "Reasons to keep", **fields})
        page = response.content.decode()
        assert response.status_code == 422
        assert words in page
        assert fields.get("title", "A title to keep") in page
        assert fields.get("why", "Reasons to keep") in page
        assert not ChangeRequest.objects.exists()
        if 0 < len(fields.get("patch", "")) < 1000:
            assert fields["patch"].split()[-1] in page

    def test_conflicts_are_named_and_may_be_offered_all_the_same(self, offer, client, code, project, patch_of):
        patch = patch_of({"src/a.py": text(l7="theirs")})
        project.repository.head_commit = code.commit({"src/a.py": text(l7="ours")})
        project.repository.save()
        response = offer(upload=SimpleUploadedFile("x.patch", patch))
        page = response.content.decode()
        assert response.status_code == 422
        assert "src/a.py: both sides changed the same lines" in page
        assert "+theirs" in page  # the file comes back as text
        response = offer(patch=patch.decode(), anyway="on")
        page = client.get(response["Location"]).content.decode()
        assert "conflicts" in page
        assert "both sides changed the same lines" in page
        assert "theirs" in page

    def test_text_is_made_safe(self, offer, client, patch_of):
        patch = patch_of({"src/<b>.py": "<script>alert(1)</script>\n"}, message="<script>alert(2)</script>")
        response = offer(title="<script>alert(3)</script>", why="<script>alert(4)</script>", patch=patch.decode())
        assert "<script>alert" not in client.get(response["Location"]).content.decode()

    def test_archived(self, offer, project):
        project.lifecycle = "archived"
        project.save()
        response = offer()
        assert response.status_code == 422
        assert "archived" in response.content.decode()

    def test_archived_while_it_is_open(self, client, offered, author, owner, project, patch_of):
        project.lifecycle = "archived"
        project.save()
        client.force_login(author)
        again = {"patch": patch_of({"src/a.py": text(l7="another")}).decode()}
        page = client.post(reverse("contributions:request_version", args=[offered.pk]), again, follow=True)
        assert "archived" in page.content.decode() and offered.versions.count() == 1
        client.post(reverse("contributions:request_withdraw", args=[offered.pk]), {"was": "offered"})
        page = client.post(reverse("contributions:request_reopen", args=[offered.pk]), follow=True)
        assert "archived" in page.content.decode()
        offered.refresh_from_db()
        assert offered.state == "withdrawn"
        ChangeRequest.objects.update(state="offered")  # maintainers still clear up
        client.force_login(owner)
        verdict = {"was": "offered", "to": "declined", "words": "The project has ended."}
        assert client.post(reverse("contributions:request_answer", args=[offered.pk]), verdict).status_code == 302


class TestRequestAnswer:
    def answer(self, client, request, was, to, **fields):
        url = reverse("contributions:request_answer", args=[request.pk])
        return client.post(url, {"was": was, "to": to, **fields})

    def test_states_in_order(self, client, offered, trusted):
        client.force_login(trusted)
        for was, to, words in (
            ("offered", "changes-wanted", "Tests, please"),
            ("changes-wanted", "welcomed", ""),
            ("welcomed", "accepted", ""),
            ("accepted", "declined", "Superseded"),
            ("declined", "offered", ""),
        ):
            assert self.answer(client, offered, was, to, words=words).status_code == 302
            offered.refresh_from_db()
            assert offered.state == to
        assert offered.closed_at is None
        page = client.get(offered.get_absolute_url()).content.decode()
        assert "Tests, please" in page
        assert "Superseded" in page

    @pytest.mark.parametrize(
        ("was", "to"),
        [
            ("offered", "landed"),
            ("offered", "withdrawn"),
            ("landed", "declined"),
            ("withdrawn", "accepted"),
            ("offered", "nonsense"),
            ("nonsense", "accepted"),
            ("accepted", "welcomed"),
            ("welcomed", "accepted"),
        ],
    )
    def test_out_of_order_by_hand(self, client, offered, owner, was, to):
        client.force_login(owner)
        response = self.answer(client, offered, was, to, words="These words are kept")
        assert response.status_code == 422
        assert "These words are kept" in response.content.decode()
        offered.refresh_from_db()
        assert offered.state == "offered"

    @pytest.mark.parametrize("to", ["declined", "changes-wanted"])
    def test_needs_a_reason(self, client, offered, owner, to):
        client.force_login(owner)
        response = self.answer(client, offered, "offered", to)
        assert response.status_code == 422
        assert "Say why" in response.content.decode()

    def test_the_slower_one_is_told_who_was_faster(self, client, offered, owner, trusted):
        client.force_login(trusted)
        self.answer(client, offered, "offered", "accepted")
        client.force_login(owner)
        response = self.answer(client, offered, "offered", "declined", words="No")
        assert response.status_code == 422
        assert "Tess made it accepted" in response.content.decode()
        assert AuditEvent.objects.filter(action__startswith="request.").count() == 2

    def test_withdraw_against_accept(self, client, offered, author, owner):
        client.force_login(author)
        client.post(reverse("contributions:request_withdraw", args=[offered.pk]), {"was": "offered"})
        client.force_login(owner)
        assert self.answer(client, offered, "offered", "accepted").status_code == 422
        client.force_login(author)
        client.post(reverse("contributions:request_reopen", args=[offered.pk]))
        offered.refresh_from_db()
        assert (offered.state, offered.closed_at) == ("offered", None)


class TestFirstAnswer:
    def test_the_first_word_of_a_maintainer_counts(self, client, offered, author, owner, stranger):
        url = reverse("contributions:request_comment", args=[offered.pk])
        for person in (author, stranger):
            client.force_login(person)
            assert client.post(url, {"words": "Well"}).status_code == 302
            offered.refresh_from_db()
            assert offered.answered_at is None
        client.force_login(owner)
        client.post(url, {"words": "I look at it"})
        offered.refresh_from_db()
        first = offered.answered_at
        assert (first is not None, offered.answered_by) == (True, owner)
        client.post(url, {"words": "Done"})
        offered.refresh_from_db()
        assert offered.answered_at == first

    def test_not_that_of_a_maintainer_on_their_own(self, client, offer, owner):
        offer(person=owner)
        request = ChangeRequest.objects.get()
        client.post(reverse("contributions:request_comment", args=[request.pk]), {"words": "Anybody?"})
        request.refresh_from_db()
        assert request.answered_at is None


class TestRequestVersion:
    def test_another_version_after_changes_were_wanted(self, client, offered, author, owner, patch_of):
        client.force_login(owner)
        answer = {"was": "offered", "to": "changes-wanted", "words": "Please"}
        client.post(reverse("contributions:request_answer", args=[offered.pk]), answer)
        client.force_login(author)
        url = reverse("contributions:request_version", args=[offered.pk])
        response = client.post(url, {"patch": "nonsense to keep"})
        assert response.status_code == 422
        assert "nonsense to keep" in response.content.decode()
        assert client.post(url, {}).status_code == 422
        again = patch_of({"src/a.py": text(l7="better than before")}).decode()
        assert client.post(url, {"patch": again}).status_code == 302
        offered.refresh_from_db()
        assert (offered.state, offered.versions.count()) == ("offered", 2)
        page = client.get(offered.get_absolute_url()).content.decode()
        assert "better than before" in page
        assert "seven is the line" in client.get(offered.get_absolute_url() + "?version=1").content.decode()

    def test_edit(self, client, offered, author):
        client.force_login(author)
        assert (
            "Count from seven" in client.get(reverse("contributions:request_edit", args=[offered.pk])).content.decode()
        )
        url = reverse("contributions:request_save", args=[offered.pk])
        assert client.post(url, {"title": "", "why": "kept"}).status_code == 422
        client.post(url, {"title": "Other", "why": "*new*", "paths": "src\n"})
        offered.refresh_from_db()
        assert (offered.title, offered.paths) == ("Other", ["src"])
        assert "<em>new</em>" in offered.html


WRITES = {
    "request_answer": {"was": "offered", "to": "welcomed"},
    "request_landed": {"was": "offered", "commit": "0" * 40},
    "request_refute": {},
    "request_withdraw": {"was": "offered"},
    "request_reopen": {},
    "request_version": {"branch": "x"},
    "request_save": {"title": "x", "why": "y"},
    "request_comment": {"words": "x"},
    "warranty_waive": {},
}
MAINTAINERS = {"request_answer", "request_landed", "request_refute", "warranty_waive"}


class TestPermission:
    @pytest.mark.parametrize("name", WRITES)
    def test_stranger_and_anonymous(self, client, offered, stranger, name, settings):
        url = reverse(f"contributions:{name}", args=[offered.pk])
        client.force_login(stranger)
        if name != "request_comment":
            assert client.post(url, WRITES[name]).status_code == 403
        assert client.get(url).status_code == 405
        client.logout()
        for settings.ANONYMOUS_READ in (False, True):
            response = client.post(url, WRITES[name])
            assert (response.status_code, response["Location"][:16]) == (302, "/accounts/login/")
        offered.refresh_from_db()
        assert (offered.state, offered.title, offered.timeline.count()) == ("offered", "Count from seven", 1)

    @pytest.mark.parametrize("name", sorted(MAINTAINERS))
    def test_author_may_not_what_maintainers_may(self, client, offered, author, name):
        client.force_login(author)
        url = reverse(f"contributions:{name}", args=[offered.pk])
        assert client.post(url, WRITES[name]).status_code == 403

    @pytest.mark.parametrize("name", [*WRITES, "request", "request_edit"])
    def test_restricted_is_not_there(self, client, offered, author, project, name):
        project.visibility = "restricted"
        project.save()
        client.force_login(author)
        url = reverse(f"contributions:{name}", args=[offered.pk])
        answer = client.post(url, WRITES[name]) if name in WRITES else client.get(url)
        assert answer.status_code == 404
        for page in ("project_requests", "request_new", "project_contribute"):
            assert client.get(reverse(f"contributions:{page}", args=[project.slug])).status_code == 404
        assert client.get(reverse("contributions:request_patch", args=[offered.pk, 1])).status_code == 404

    def test_maintainers_still_reach_a_restricted_one(self, client, offered, owner, trusted, project):
        project.visibility = "restricted"
        project.save()
        for person in (owner, trusted):
            client.force_login(person)
            assert client.get(offered.get_absolute_url()).status_code == 200

    @pytest.mark.parametrize("pk", [10**9, 2**63, 10**30])
    def test_no_such_request(self, client, owner, db, pk):
        client.force_login(owner)
        assert client.get(f"/requests/{pk}/").status_code == 404

    def test_change_is_for_readers_of_the_whole_repository(self, client, offered, project, stranger):
        project.subdirectory = "src"
        project.save()
        client.force_login(stranger)
        page = client.get(offered.get_absolute_url()).content.decode()
        assert "seven is the line" not in page
        assert "whole repository" in page
        assert client.get(reverse("contributions:request_patch", args=[offered.pk, 1])).status_code == 404
        form = client.get(reverse("contributions:request_new", args=[project.slug])).content.decode()
        assert 'name="patch"' not in form


class TestProjectRequests:
    def test_list_by_state(self, client, project, author, stranger, django_assert_max_num_queries):
        for number in range(30):
            state = "declined" if number % 3 == 0 else "offered"
            ChangeRequest.objects.create(
                project=project, author=author, title=f"Wish {number:02}", why="w", state=state
            )
        client.force_login(stranger)
        url = reverse("contributions:project_requests", args=[project.slug])
        with django_assert_max_num_queries(10):
            page = client.get(url).content.decode()
        assert "Wish 29" in page
        assert "Wish 00" not in page
        assert "Wish 00" in client.get(url, {"state": "declined"}).content.decode()
        assert client.get(url, {"state": "x\0", "page": "99"}).status_code == 200


class TestDiff:
    def test_one_file_alone_for_htmx(self, client, offered):
        from source.diffs.files import anchor

        url = f"{offered.get_absolute_url()}?version=1&file={anchor(b'src/a.py')}"
        part = client.get(url, headers={"HX-Request": "true"}).content.decode()
        assert part.lstrip().startswith("<details")
        assert "seven is the line" in part
        assert "seven is the line" in client.get(url + "&view=split").content.decode()
