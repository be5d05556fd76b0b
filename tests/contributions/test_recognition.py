"""Trusted committers and thanks: evidence from commits, four people, each step once, nothing by itself."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Notification
from activity.flow.teams import monday
from activity.models import Commit, FlowWeek, Identity, Kind, Person
from contributions import thanking, trusted
from contributions.models import Manager, Nomination, StateError, Thanks
from projects.models import Access, Project, Role
from tests.conftest import make_user
from tests.contributions.tasks import make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(team, owner):
    return make_project("billing", team)


def person_of(user):
    found, _ = Person.objects.get_or_create(user=user, defaults={"key": user.username, "name": user.name})
    return found


def commit(project, user, days_ago, title="Round half cents up", areas="src/rounding", kind=Kind.OUTSIDE):
    """A commit as the import leaves it, counted in its week."""
    person = person_of(user)
    who, _ = Identity.objects.get_or_create(
        digest=user.username, defaults={"name": user.name, "email": user.email, "key": user.username, "person": person}
    )
    moment = timezone.now() - dt.timedelta(days=days_ago)
    number = Commit.objects.count() + 1
    seconds = int(moment.timestamp())
    week, _ = FlowWeek.objects.get_or_create(project=project, person=person, week=monday(moment.date()), kind=kind)
    FlowWeek.objects.filter(pk=week.pk).update(commits=week.commits + 1)
    return Commit.objects.create(
        repository=project.repository, author=who, raw_author=who, committer=who, raw_committer=who,
        authored_at=seconds, committed_at=seconds, author_zone=0, committer_zone=0, parents=1,
        oid=f"{number:040x}", title=title, areas=areas,
    )  # fmt: skip


def months_ago(number):
    """Days back to the middle of a month of the calendar, this month's first day where it is this one."""
    today = timezone.now().date()
    month = today.year * 12 + today.month - 1 - number
    day = dt.date(month // 12, month % 12 + 1, 1 if number == 0 else 15)
    return (today - day).days


@pytest.fixture
def regular(project, stranger):
    for number, area in ((1, "src/rounding"), (2, "docs"), (3, "src/rounding")):
        commit(project, stranger, months_ago(number), f"Change {number}", area)
    return stranger


def page(project, name, *args):
    return reverse(f"contributions:{name}", args=[project.slug, *args])


class TestCandidates:
    def test_months_and_areas(self, project, regular):
        (found,) = trusted.candidates(project)
        assert found.user == regular
        assert found.evidence["months"] == 3 and found.evidence["areas"] == ["docs", "src/rounding"]
        assert found.evidence["commits"] == 3 and found.evidence["reverted"] == 0

    def test_two_months_or_one_area_are_not_enough(self, project, stranger):
        for number in (1, 2):
            commit(project, stranger, months_ago(number), areas=f"area{number}")
        assert not trusted.candidates(project)
        commit(project, stranger, months_ago(3), areas="area1")
        assert trusted.candidates(project)
        Commit.objects.update(areas="one")
        assert not trusted.candidates(project)

    def test_what_was_taken_back_counts_against(self, project, regular, owner):
        commit(project, owner, 1, 'Revert "Change 1"', kind=Kind.INSIDE)
        assert not trusted.candidates(project)

    def test_commits_of_the_own_team_do_not_count(self, project, stranger):
        for number in (1, 2, 3):
            commit(project, stranger, months_ago(number), areas=f"area{number}", kind=Kind.INSIDE)
        assert not trusted.candidates(project)

    @pytest.mark.parametrize("why", ["role", "left", "unreadable", "declined", "team"])
    def test_who_is_left_out(self, project, regular, owner, team, why):
        if why == "role":
            Role.objects.create(project=project, user=regular, kind=Role.Kind.TRUSTED_COMMITTER)
        elif why == "left":
            regular.is_active = False
            regular.save()
        elif why == "unreadable":
            Project.objects.update(visibility="restricted")
        elif why == "declined":
            trusted.decline(trusted.nominate(project, regular, "", owner))
        else:
            regular.memberships.update(team=team)
        assert not trusted.candidates(Project.objects.get())


class TestTrusted:
    @pytest.mark.parametrize("who", ["owner", "stranger", "anonymous"])
    def test_candidates_are_shown_to_maintainers_alone(self, client, request, settings, project, who):
        settings.ANONYMOUS_READ = True
        other = make_user("tina")
        for number, area in ((1, "a"), (2, "b"), (3, "c")):
            commit(project, other, months_ago(number), areas=area)
        if who != "anonymous":
            client.force_login(request.getfixturevalue(who))
        text = client.get(page(project, "trusted")).content.decode()
        assert ("Tina" in text) == ("Candidates" in text) == (who == "owner")

    def test_candidates_are_named_to_nobody_where_figures_are_for_the_person_alone(
        self, client, settings, project, regular, owner
    ):
        settings.PERSON_FIGURES = "self"
        client.force_login(owner)
        text = client.get(page(project, "trusted")).content.decode()
        assert "it names nobody" in text and "Lately" not in text

    def test_nominated_accepted_ended_and_the_history_stays(self, client, project, regular, owner):
        client.force_login(owner)
        assert client.post(page(project, "nominate"), {"person": "sam", "words": "Please"}).status_code == 302
        nomination = Nomination.objects.get()
        assert nomination.evidence["commits"] == 3
        assert Notification.objects.filter(user=regular, kind="role").count() == 1
        client.force_login(regular)
        assert "You are nominated" in client.get(page(project, "trusted")).content.decode()
        client.post(page(project, "nomination_answer", nomination.pk), {"accept": "1", "answer": "Gladly"})
        role = Role.objects.get(user=regular)
        nomination.refresh_from_db()
        assert (nomination.state, nomination.role) == ("accepted", role)
        assert role.started_on == timezone.localdate()
        assert Project.objects.maintainable_by(regular).exists()
        actions = {"trusted.nominated", "trusted.accepted", "project.role_given"}
        assert actions <= set(AuditEvent.objects.values_list("action", flat=True))
        Role.objects.update(started_on=dt.date(2024, 1, 1), ended_on=dt.date(2025, 1, 1))
        text = client.get(page(project, "trusted")).content.decode()
        assert "1 January 2024 to 1 January 2025" in text
        assert not Project.objects.maintainable_by(regular).exists()

    def test_an_answer_counts_once(self, client, project, regular, owner):
        nomination = trusted.nominate(project, regular, "", owner)
        client.force_login(regular)
        answer = page(project, "nomination_answer", nomination.pk)
        client.post(answer, {"decline": "1"})
        assert "declined already" in client.post(answer, {"accept": "1"}, follow=True).content.decode()
        assert not Role.objects.exists()
        with pytest.raises(StateError):
            trusted.withdraw(nomination, owner)

    def test_nobody_answers_for_somebody_else(self, client, project, regular, owner, administrator):
        nomination = trusted.nominate(project, regular, "", owner)
        for person in (owner, administrator, make_user("tina")):
            client.force_login(person)
            answer = client.post(page(project, "nomination_answer", nomination.pk), {"accept": "1"})
            assert answer.status_code == 403
        client.force_login(regular)
        assert client.post(page(project, "nomination_withdraw", nomination.pk)).status_code == 403
        assert client.post(page(project, "nominate"), {"person": "tina"}).status_code == 403
        assert client.post(page(project, "nomination_answer", nomination.pk), {"maybe": "1"}).status_code == 404
        assert client.post(page(project, "nomination_answer", 2**70), {"accept": "1"}).status_code == 404

    @pytest.mark.parametrize("name", ["nobody", "", "\0"])
    def test_nobody_of_that_name(self, client, project, owner, name):
        client.force_login(owner)
        assert client.post(page(project, "nominate"), {"person": name, "words": "Kept words"}).status_code == 422

    def test_asking_twice_and_asking_who_cannot_read_it(self, client, project, regular, owner):
        client.force_login(owner)
        trusted.nominate(project, regular, "", owner)
        assert "was asked already" in client.post(page(project, "nominate"), {"person": "sam"}).content.decode()
        Project.objects.update(visibility="restricted")
        other = make_user("tina")
        assert "may not read" in client.post(page(project, "nominate"), {"person": other.username}).content.decode()

    def test_restricted_is_not_there(self, client, project, regular, owner):
        nomination = trusted.nominate(project, regular, "", owner)
        Project.objects.update(visibility="restricted")
        client.force_login(regular)
        assert client.get(page(project, "trusted")).status_code == 404
        assert client.post(page(project, "nomination_answer", nomination.pk), {"accept": "1"}).status_code == 404


class TestThanks:
    @pytest.fixture
    def draft(self, project, owner, stranger):
        commit(project, stranger, 3, "Mend *all* <b>links</b>", "docs")
        return thanking.draft(project, stranger, owner)

    def test_a_draft_names_what_landed_and_nothing_is_sent(self, client, project, owner, stranger, draft):
        assert "1 change" not in draft.text and "a change to Billing" in draft.text
        assert "Mend <em>" not in draft.html and "<b>" not in draft.html
        assert draft.evidence[0]["paths"] == ["docs"]
        assert not Notification.objects.filter(kind="thanks").exists() and not Thanks.objects.sent().exists()
        assert thanking.draft(project, stranger, owner) == draft
        client.force_login(owner)
        assert "Go on" in client.get(page(project, "project_thanks")).content.decode()

    def test_sent_to_the_person_and_the_manager(self, client, project, owner, stranger, draft):
        boss = make_user("boss")
        Manager.objects.create(person=stranger, manager=boss)
        client.force_login(owner)
        text = "You saved us *days*. <script>alert(1)</script>"
        assert client.post(page(project, "thanks", draft.pk), {"text": text, "send": "1"}).status_code == 302
        told = Notification.objects.values_list("user__username", "kind").order_by("kind")
        assert list(told) == [("sam", "thanks"), ("boss", "thanks-report")]
        client.force_login(stranger)
        for address in (page(project, "project_thanks"), "/projects/billing/", "/people/sam/"):
            shown = client.get(address).content.decode()
            assert "saved us <em>days</em>" in shown and "alert(1)</script>" not in shown, address
        assert AuditEvent.objects.filter(action="thanks.sent").count() == 1
        assert not thanking.to_thank(project)

    def test_sent_once(self, client, project, owner, draft):
        thanking.send(draft, "First", owner)
        client.force_login(owner)
        response = client.post(page(project, "thanks", draft.pk), {"text": "Second", "send": "1"})
        assert response.status_code == 422 and "Olga has sent it already" in response.content.decode()
        assert "Second" in response.content.decode()
        assert Notification.objects.filter(kind="thanks").count() == 1
        assert client.post(page(project, "thanks", draft.pk), {"discard": "1"}).status_code == 422

    def test_kept_and_discarded(self, client, project, owner, stranger, draft):
        client.force_login(owner)
        client.post(page(project, "thanks", draft.pk), {"text": "Later", "keep": "1"})
        draft.refresh_from_db()
        assert (draft.text, draft.state) == ("Later", "draft")
        assert client.post(page(project, "thanks", draft.pk), {"text": "", "send": "1"}).status_code == 422
        client.post(page(project, "thanks", draft.pk), {"discard": "1"})
        assert client.get(page(project, "thanks", draft.pk)).status_code == 404
        assert [work.user for work in thanking.to_thank(project)] == [stranger]

    @pytest.mark.parametrize(("who", "status"), [("stranger", 403), ("anonymous", 302)])
    def test_drafts_are_for_maintainers(self, client, request, project, draft, who, status):
        if who != "anonymous":
            client.force_login(request.getfixturevalue(who))
        assert client.get(page(project, "thanks", draft.pk)).status_code == status
        assert client.post(page(project, "thanks", draft.pk), {"text": "x", "send": "1"}).status_code == status
        assert client.post(page(project, "thanks_draft"), {"person": "sam"}).status_code == status
        assert draft.text not in client.get(page(project, "project_thanks"), follow=True).content.decode()

    def test_nobody_is_thanked_who_left_or_may_not_read_it(self, project, owner, stranger, draft):
        Project.objects.update(visibility="restricted")
        with pytest.raises(StateError, match="no longer read"):
            thanking.send(draft, "x", owner)
        Access.objects.create(project=project, user=stranger)
        thanking.send(draft, "x", owner)

    def test_of_a_restricted_project_are_seen_by_its_readers_alone(self, client, project, owner, stranger, draft):
        boss = make_user("boss")
        Manager.objects.create(person=stranger, manager=boss)
        Project.objects.update(visibility="restricted")
        Access.objects.create(project=project, user=stranger)
        thanking.send(draft, "Secret words", owner)
        assert not Notification.objects.filter(user=boss).exists()
        client.force_login(boss)
        assert client.get(page(project, "project_thanks")).status_code == 404
        assert "Secret words" not in client.get("/people/sam/").content.decode()
        client.force_login(stranger)
        assert "Secret words" in client.get("/people/sam/").content.decode()

    def test_nothing_to_thank_for(self, client, project, owner, stranger):
        client.force_login(owner)
        response = client.post(page(project, "thanks_draft"), {"person": "sam"}, follow=True)
        assert "Nothing of Sam has landed" in response.content.decode()
        assert client.post(page(project, "thanks_draft"), {"person": "nobody"}).status_code == 404
        assert "drafts a few words" in client.get(page(project, "project_thanks")).content.decode()
        client.force_login(stranger)
        assert "Be the first" in client.get(page(project, "project_thanks")).content.decode()


class TestManager:
    def test_named_by_the_person_alone(self, client, stranger, owner):
        client.force_login(stranger)
        manager = reverse("contributions:manager")
        assert client.get(manager).status_code == 200
        for name, status in (("nobody", 422), ("sam", 422), ("olga", 302)):
            assert client.post(manager, {"manager": name}).status_code == status
        assert Manager.objects.get().manager == owner
        client.post(manager, {"manager": ""})
        assert not Manager.objects.exists()
        client.logout()
        assert client.get(manager).status_code == 302
