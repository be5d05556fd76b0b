"""One opportunity: who may see and do what, every step as a claim, and the page."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from contributions import opportunities
from contributions.models import Opportunity, StateError, TimelineEntry
from contributions.opportunities import STEPS
from projects.models import Access, Project, Role
from tests.conftest import make_user
from tests.contributions.tasks import make_project, make_task, typed

pytestmark = pytest.mark.django_db
State = Opportunity.State


@pytest.fixture
def project(team):
    return make_project("billing", team)


@pytest.fixture
def trusted(project, other_team):
    person = make_user("tina", other_team)
    Role.objects.create(project=project, user=person, kind=Role.Kind.TRUSTED_COMMITTER)
    return person


@pytest.fixture
def task(project, owner):
    return make_task(project, owner)


def step(client, task, name, **data):
    return client.post(reverse("contributions:opportunity_step", args=[task.pk, name]), data)


def restrict(project):
    Project.objects.filter(pk=project.pk).update(visibility=Project.Visibility.RESTRICTED)


class TestOpportunity:
    def test_shows_what_it_is_and_what_one_can_do(self, client, task, stranger, owner):
        task.mentor = owner
        task.save()
        client.force_login(stranger)
        text = client.get(task.get_absolute_url()).content.decode()
        assert "Say what went wrong" in text and "Olga" in text and "Take it" in text
        assert "Withdraw" not in text and "Edit" not in text

    def test_scripts_in_markdown_do_nothing(self, client, project, owner, stranger):
        nasty = "<script>alert(1)</script>\n\n[x](javascript:alert(1)) <img src=x onerror=alert(1)> **bold**"
        task = make_task(project, owner, description=nasty)
        opportunities.comment(task, stranger, nasty)
        client.force_login(stranger)
        text = client.get(task.get_absolute_url()).content.decode()
        assert text.count("<strong>bold</strong>") == 2
        assert "alert(1)</script>" not in text and 'href="javascript' not in text and "onerror" not in text

    @pytest.mark.parametrize("who", ["owner", "trusted", "stranger", "anonymous"])
    def test_four_people(self, client, request, settings, task, who):
        settings.ANONYMOUS_READ = True
        if who != "anonymous":
            client.force_login(request.getfixturevalue(who))
        text = client.get(task.get_absolute_url()).content.decode()
        assert ("Withdraw" in text) == (who in ("owner", "trusted"))
        assert ("Take it" in text) == (who != "anonymous")
        assert (reverse("contributions:opportunity_comment", args=[task.pk]) in text) == (who != "anonymous")

    def test_restricted_is_not_there_for_strangers(self, client, task, project, stranger, owner):
        restrict(project)
        client.force_login(stranger)
        addresses = [task.get_absolute_url(), reverse("contributions:opportunity_edit", args=[task.pk])]
        assert [client.get(address).status_code for address in addresses] == [404, 404]
        assert step(client, task, "take").status_code == 404
        for name in ("comment", "keep"):
            assert client.post(reverse(f"contributions:opportunity_{name}", args=[task.pk])).status_code == 404
        assert client.get(reverse("contributions:opportunity_post", args=["billing"])).status_code == 404
        client.force_login(owner)
        assert client.get(task.get_absolute_url()).status_code == 200

    def test_numbers_beyond_the_database_are_not_there(self, client, owner):
        client.force_login(owner)
        assert client.get(f"/contribute/{2**70}/").status_code == 404

    def test_a_mentor_who_left_is_named_as_such(self, client, task, owner, stranger):
        mentor = make_user("mo")
        task.mentor = mentor
        task.save()
        mentor.is_active = False
        mentor.save()
        client.force_login(stranger)
        assert "has left. Ask the maintainers" in client.get(task.get_absolute_url()).content.decode()
        client.force_login(owner)
        assert "name somebody else" in client.get(task.get_absolute_url()).content.decode()

    def test_queries_do_not_grow_with_the_timeline(
        self, client, task, owner, stranger, trusted, django_assert_max_num_queries
    ):
        client.force_login(owner)
        client.get(task.get_absolute_url())
        for number in range(20):
            person = (owner, stranger, trusted)[number % 3]
            TimelineEntry.objects.create(opportunity=task, kind="comment", actor=person, text="x", html="<p>x</p>")
        with django_assert_max_num_queries(12):
            client.get(task.get_absolute_url())


class TestOpportunityPost:
    def address(self):
        return reverse("contributions:opportunity_post", args=["billing"])

    def test_posts_with_audit_and_timeline(self, client, project, owner, stranger):
        client.force_login(owner)
        data = typed(
            skills="SQL, sql,  unit tests", languages="python, Go", mentor="sam", good_first="on", path="/src/"
        )
        response = client.post(self.address(), data)
        task = Opportunity.objects.get()
        assert response["Location"] == task.get_absolute_url()
        assert (task.skills, task.languages, task.mentor, task.path) == (
            ["sql", "unit tests"],
            ["Python", "Go"],
            stranger,
            "src",
        )
        assert task.good_first and "<em>errors</em>" in task.html
        assert [(line.kind, line.actor) for line in task.timeline.all()] == [("created", owner)]
        assert AuditEvent.objects.filter(action="opportunity.posted", target_id=task.pk, actor=owner).exists()

    @pytest.mark.parametrize(("who", "status"), [("owner", 200), ("trusted", 200), ("stranger", 403)])
    def test_is_for_maintainers(self, client, request, project, who, status):
        client.force_login(request.getfixturevalue(who))
        assert client.get(self.address()).status_code == status
        assert client.post(self.address(), typed(title="")).status_code == (422 if status == 200 else status)

    def test_anonymous_has_to_sign_in(self, client, settings, project):
        settings.ANONYMOUS_READ = True
        assert client.get(self.address()).status_code in (302, 403)
        assert client.post(self.address(), typed()).status_code in (302, 403)
        assert not Opportunity.objects.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", ""),
            ("title", "x" * 201),
            ("kind", "magic"),
            ("mentor", "nobody"),
            ("deadline", "2001-01-01"),
            ("path", "../etc"),
            ("skills", ",".join("abcdefghijk")),
            ("description", "x" * 20_001),
        ],
    )
    def test_what_was_typed_is_kept(self, client, project, owner, field, value):
        client.force_login(owner)
        response = client.post(self.address(), typed(**{field: value, "languages": "Kept, Go"}))
        assert response.status_code == 422 and "Kept, Go" in response.content.decode()
        assert field in response.context["form"].errors and not Opportunity.objects.exists()

    def test_a_mentor_must_be_able_to_read_the_project(self, client, project, owner, stranger):
        restrict(project)
        client.force_login(owner)
        assert client.post(self.address(), typed(mentor="sam")).status_code == 422
        Access.objects.create(project=project, user=stranger)
        assert client.post(self.address(), typed(mentor="sam")).status_code == 302

    def test_not_in_an_archived_project(self, client, project, owner):
        Project.objects.update(lifecycle="archived")
        client.force_login(owner)
        response = client.post(self.address(), typed())
        assert response.status_code == 422 and "archived" in response.content.decode()


class TestOpportunityEdit:
    def test_says_what_changed(self, client, task, owner):
        client.force_login(owner)
        address = reverse("contributions:opportunity_edit", args=[task.pk])
        assert client.get(address).status_code == 200
        client.post(address, typed(title="Another title", description=task.description))
        task.refresh_from_db()
        assert task.title == "Another title"
        assert task.timeline.last().text == "title"
        event = AuditEvent.objects.get(action="opportunity.edited")
        assert event.changes == {"title": ["Say what went wrong", "Another title"]}

    def test_saving_the_same_leaves_no_line(self, client, task, owner):
        client.force_login(owner)
        client.post(reverse("contributions:opportunity_edit", args=[task.pk]), typed(description=""))
        assert task.timeline.count() == 1

    @pytest.mark.parametrize(("who", "status"), [("trusted", 200), ("stranger", 403)])
    def test_is_for_maintainers(self, client, request, task, who, status):
        client.force_login(request.getfixturevalue(who))
        assert client.get(reverse("contributions:opportunity_edit", args=[task.pk])).status_code == status


ALLOWED = {
    "open": {"owner": {"take", "land", "withdraw"}, "stranger": {"take"}},
    "taken": {"owner": {"submit", "land", "reopen", "withdraw"}, "stranger": set(), "taker": {"submit", "give-back"}},
    "in-review": {
        "owner": {"resume", "land", "reopen", "withdraw"},
        "stranger": set(),
        "taker": {"resume", "give-back"},
    },
    "landed": {"owner": {"reopen"}, "stranger": set(), "taker": set()},
    "withdrawn": {"owner": {"reopen"}, "stranger": set()},
}


class TestOpportunityStep:
    @pytest.fixture
    def taker(self, other_team):
        return make_user("tess", other_team)

    @pytest.mark.parametrize(
        ("state", "who"), [(state, who) for state, rows in ALLOWED.items() for who in rows], ids=str
    )
    def test_every_step_by_everybody_in_every_state(self, client, request, task, taker, state, who):
        """Hand-made requests for every step: what the table allows happens, nothing else does."""
        client.force_login(request.getfixturevalue(who))
        had = taker if state in ("taken", "in-review", "landed") else None
        for name, one in STEPS.items():
            Opportunity.objects.update(state=state, taken_by=had, taken_at=timezone.now() if had else None)
            lines, events = TimelineEntry.objects.count(), AuditEvent.objects.count()
            status = step(client, task, name).status_code
            allowed = name in ALLOWED[state][who]
            task.refresh_from_db()
            assert (status == 302) == allowed, (name, status)
            assert status in (302, 403, 409)
            assert task.state == (one.target if allowed else state)
            assert TimelineEntry.objects.count() - lines == allowed
            assert AuditEvent.objects.count() - events == allowed

    def test_the_page_offers_exactly_the_allowed_steps(self, task, owner, stranger, taker):
        people = {"owner": owner, "stranger": stranger, "taker": taker}
        for state, rows in ALLOWED.items():
            task.state = state
            task.taken_by = taker if state in ("taken", "in-review", "landed") else None
            for who, names in rows.items():
                offered = opportunities.steps_for(task, people[who], maintains=who == "owner")
                assert {one.name for one in offered} == names, (state, who)

    def test_the_timeline_says_who_gave_it_back_and_who_opened_it_again(self, client, task, owner, stranger):
        steps = [(stranger, "take"), (stranger, "give-back"), (stranger, "take"), (owner, "reopen"), (owner, "take")]
        for person, name in [*steps, (owner, "give-back")]:
            client.force_login(person)
            assert step(client, task, name).status_code == 302
        said = [words for _, words in opportunities.told(task.timeline.all())]
        assert said[-6:] == ["took it", "gave it back", "took it", "opened it again", "took it", "gave it back"]

    def test_the_second_is_told_who_was_first(self, client, task, stranger, trusted):
        client.force_login(stranger)
        assert step(client, task, "take").status_code == 302
        client.force_login(trusted)
        response = step(client, task, "take", text="I had begun *already*")
        assert response.status_code == 409
        text = response.content.decode()
        assert "Sam took it just now." in text and "I had begun *already*" in text
        assert Opportunity.objects.get().taken_by == stranger

    def test_two_that_saw_it_open_at_once(self, task, stranger, trusted):
        seen_by_both = [Opportunity.objects.get(), Opportunity.objects.get()]
        opportunities.advance(seen_by_both[0], STEPS["take"], stranger)
        with pytest.raises(StateError, match="Sam took it"):
            opportunities.advance(seen_by_both[1], STEPS["take"], trusted)
        assert TimelineEntry.objects.filter(to_state="taken").count() == 1

    def test_a_page_from_before_somebody_took_it_does_not_withdraw_it(self, client, task, owner, stranger):
        opportunities.advance(task, STEPS["take"], stranger)
        client.force_login(owner)
        assert step(client, task, "withdraw", seen="open").status_code == 409
        assert step(client, task, "withdraw", seen="taken").status_code == 302

    def test_whoever_lost_it_is_told_instead_of_forbidden(self, client, task, owner, stranger):
        opportunities.advance(task, STEPS["take"], stranger)
        opportunities.advance(Opportunity.objects.get(), STEPS["reopen"], owner)
        client.force_login(stranger)
        assert "it is open" in step(client, task, "submit").content.decode()
        assert client.post(reverse("contributions:opportunity_keep", args=[task.pk])).status_code == 409

    def test_words_go_into_the_timeline(self, client, task, stranger):
        client.force_login(stranger)
        step(client, task, "take", text="On *Monday*")
        assert "<em>Monday</em>" in task.timeline.last().html

    def test_nobody_takes_a_task_of_an_archived_project(self, client, task, stranger, owner):
        Project.objects.update(lifecycle="archived")
        client.force_login(stranger)
        response = step(client, task, "take")
        assert response.status_code == 409 and "archived" in response.content.decode()
        client.force_login(owner)
        assert step(client, task, "withdraw").status_code == 302

    def test_maintainers_see_that_the_taker_may_no_longer_read_it(self, client, task, project, owner, stranger):
        opportunities.advance(task, STEPS["take"], stranger)
        restrict(project)
        client.force_login(owner)
        assert "may no longer read the project" in client.get(task.get_absolute_url()).content.decode()
        assert step(client, task, "reopen").status_code == 302

    def test_wrong_verb_and_unknown_step(self, client, task, stranger):
        client.force_login(stranger)
        assert client.get(reverse("contributions:opportunity_step", args=[task.pk, "take"])).status_code == 405
        assert step(client, task, "explode").status_code == 404

    def test_anonymous_changes_nothing(self, client, settings, task):
        settings.ANONYMOUS_READ = True
        assert step(client, task, "take").status_code in (302, 403)
        assert Opportunity.objects.get().state == "open"


class TestOpportunityComment:
    def comment(self, client, task, text):
        return client.post(reverse("contributions:opportunity_comment", args=[task.pk]), {"text": text})

    def test_anybody_who_may_read_it(self, client, task, stranger):
        client.force_login(stranger)
        assert self.comment(client, task, "How is it *meant*?").status_code == 302
        assert "<em>meant</em>" in client.get(task.get_absolute_url()).content.decode()

    @pytest.mark.parametrize("text", ["", "  ", "x" * 20_001])
    def test_what_cannot_be_said_is_kept(self, client, task, stranger, text):
        client.force_login(stranger)
        response = self.comment(client, task, text)
        assert response.status_code == 422 and task.timeline.count() == 1
        assert text in response.content.decode()

    def test_of_the_taker_is_a_sign_of_life(self, client, task, stranger, owner):
        opportunities.advance(task, STEPS["take"], stranger)
        long_ago = timezone.now() - dt.timedelta(days=30)
        for who, alive in ((owner, False), (stranger, True)):
            Opportunity.objects.update(sign_of_life_at=long_ago, asked_at=long_ago)
            client.force_login(who)
            self.comment(client, task, "Well")
            task.refresh_from_db()
            assert (task.sign_of_life_at > long_ago, task.asked_at is None) == (alive, alive)


class TestOpportunityKeep:
    def test_answers_the_question(self, client, task, stranger, owner):
        opportunities.advance(task, STEPS["take"], stranger)
        Opportunity.objects.update(asked_at=timezone.now())
        client.force_login(stranger)
        assert "Are you still on it?" in client.get(task.get_absolute_url()).content.decode()
        client.post(reverse("contributions:opportunity_keep", args=[task.pk]))
        task.refresh_from_db()
        assert task.asked_at is None
        client.force_login(owner)
        assert client.post(reverse("contributions:opportunity_keep", args=[task.pk])).status_code == 403
