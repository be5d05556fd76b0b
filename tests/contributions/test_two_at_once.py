"""Two browsers in the same moment, on whatever database the tests run: exactly one wins."""

import threading
from copy import copy

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from contributions import starters, thanking, trusted
from contributions.models import Nomination, Opportunity, StarterTask, StateError, Thanks, TimelineEntry
from contributions.opportunities import NOT_LANDED, STEPS, advance
from projects.models import Role
from tests.conftest import make_user
from tests.contributions.tasks import make_project, make_task
from tests.patience import patiently

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Results of calls begun together, each on a connection of its own; an exception is a result, too."""
    start, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        try:
            start.wait(60)
            results[number] = patiently(call)
        except StateError as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


class TestTake:
    def test_one_of_two_browsers_gets_it(self, team, owner, stranger):
        task = make_task(make_project("billing", team), owner)
        people = (stranger, make_user("tina"))
        take = reverse("contributions:opportunity_step", args=[task.pk, "take"])

        def press(person):
            client = Client()
            client.force_login(person)
            return lambda: client.post(take)

        answers = dict(zip(people, at_once(*map(press, people)), strict=True))
        task.refresh_from_db()
        winner = task.taken_by
        loser = next(person for person in people if person != winner)
        assert answers[loser].status_code == 409
        assert f"{winner.display_name} took it just now." in answers[loser].content.decode()
        # Where the database refused the winner's page after the claim, pressing again tells that it is taken.
        assert answers[winner].status_code in ((302,) if connection.features.has_select_for_update else (302, 409))
        assert TimelineEntry.objects.filter(to_state="taken").count() == 1
        assert AuditEvent.objects.filter(action="opportunity.take").count() == 1

    def test_taking_and_withdrawing(self, team, owner, stranger):
        task = make_task(make_project("billing", team), owner)
        one, other = Opportunity.objects.get(), Opportunity.objects.get()
        results = at_once(
            lambda: advance(copy(one), STEPS["take"], stranger),
            lambda: advance(copy(other), STEPS["withdraw"], owner),
        )
        assert sum(isinstance(result, StateError) for result in results) == 1
        task.refresh_from_db()
        assert (task.state, task.taken_by) in [("taken", stranger), ("withdrawn", None)]


STEP_RIVALS = [
    ("open", ("land", "owner"), ("take", "stranger")),
    ("taken", ("submit", "stranger"), ("give-back", "stranger")),
    ("taken", ("submit", "stranger"), ("withdraw", "owner")),
    ("in-review", ("resume", "owner"), ("land", "owner")),
    ("in-review", ("give-back", "stranger"), ("land", "owner")),
    ("landed", ("reopen", "owner"), ("not-landed", "owner")),
    ("withdrawn", ("reopen", "owner"), ("reopen", "owner")),
]


def test_two_steps_from_each_state(team, owner, stranger):
    steps, people = STEPS | {"not-landed": NOT_LANDED}, {"owner": owner, "stranger": stranger}
    project = make_project("billing", team)
    for state, *rivals in STEP_RIVALS:
        task = make_task(project, state=state, taken_by=None if state in ("open", "withdrawn") else stranger)

        def step(name, who, pk=task.pk):
            seen = Opportunity.objects.select_related("project", "taken_by").get(pk=pk)
            return lambda: advance(copy(seen), steps[name], people[who])

        results = at_once(*[step(*rival) for rival in rivals])
        assert sum(isinstance(result, StateError) for result in results) == 1, (state, results)
        (event,) = AuditEvent.objects.filter(target_type="contributions.opportunity", target_id=task.pk)
        name, who = rivals[[isinstance(result, StateError) for result in results].index(False)]
        assert (event.action, event.actor, event.at is not None) == (f"opportunity.{name}", people[who], True)
        assert task.timeline.count() == 1


class TestStarterTask:
    def test_decided_once(self, team, owner):
        project = make_project("billing", team)

        def proposal(state="proposed"):
            values = {
                "project": project,
                "kind": "note",
                "path": "a.py",
                "line": 1,
                "text": "TODO: mend",
                "state": state,
            }
            return StarterTask.objects.create(key=str(StarterTask.objects.count()), **values)

        def accepting(pk):
            made = Opportunity(project=project, title="Mend", kind="bug", effort="hour")
            return lambda: starters.accept(StarterTask.objects.get(pk=pk), made, owner)

        def verb(verb, pk):
            return lambda: verb(StarterTask.objects.get(pk=pk), owner)

        one, two, three = proposal().pk, proposal().pk, proposal("dismissed").pk
        for rivals in (
            (accepting(one), verb(starters.dismiss, one)),
            (accepting(two), accepting(two)),
            (verb(starters.bring_back, three), verb(starters.bring_back, three)),
        ):
            results = at_once(*rivals)
            assert sum(isinstance(result, StateError) for result in results) == 1
        events = AuditEvent.objects.filter(action__startswith="starter_task.")
        assert sorted(events.values_list("target_id", flat=True)) == [one, two, three]
        assert {event.actor for event in events} == {owner}
        assert Opportunity.objects.count() == StarterTask.objects.filter(state="accepted").count()


class TestAnswer:
    def test_accepting_and_declining(self, team, owner, stranger):
        nomination = trusted.nominate(make_project("billing", team), stranger, "", owner)
        results = at_once(lambda: trusted.accept(nomination), lambda: trusted.decline(nomination))
        assert sum(isinstance(result, StateError) for result in results) == 1
        assert Role.objects.exists() == (Nomination.objects.get().state == "accepted")

    def test_accepting_and_taking_back(self, team, owner, stranger):
        pk = trusted.nominate(make_project("billing", team), stranger, "", owner).pk
        results = at_once(
            lambda: trusted.accept(Nomination.objects.get(pk=pk)),
            lambda: trusted.withdraw(Nomination.objects.get(pk=pk), owner),
        )
        assert sum(isinstance(result, StateError) for result in results) == 1
        assert Role.objects.exists() == (Nomination.objects.get().state == "accepted")
        decided = AuditEvent.objects.filter(action__in=["trusted.accepted", "trusted.withdrawn"])
        assert [event.actor for event in decided] == [stranger if Role.objects.exists() else owner]

    def test_nominating_twice(self, team, owner, stranger):
        project = make_project("billing", team)
        results = at_once(*[lambda: trusted.nominate(project, stranger, "", owner)] * 2)
        assert sum(isinstance(result, StateError) for result in results) == 1
        assert Nomination.objects.count() == 1


class TestSend:
    def test_thanks_go_out_once(self, team, owner, stranger):
        draft = Thanks.objects.create(project=make_project("billing", team), person=stranger, author=owner, text="x")
        results = at_once(*[lambda: thanking.send(draft, "Thank you", owner)] * 2)
        assert sum(isinstance(result, StateError) for result in results) == 1
        assert AuditEvent.objects.filter(action="thanks.sent").count() == 1

    def test_sending_and_discarding(self, team, owner, stranger):
        draft = Thanks.objects.create(project=make_project("billing", team), person=stranger, author=owner, text="x")
        results = at_once(lambda: thanking.send(draft, "Thank you", owner), lambda: thanking.discard(draft, owner))
        assert sum(isinstance(result, StateError) for result in results) == 1
        (event,) = AuditEvent.objects.filter(action__startswith="thanks.")
        assert (event.action, event.actor) == (f"thanks.{Thanks.objects.get().state}", owner)
