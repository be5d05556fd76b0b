"""Two browsers in the same moment, on whatever database the tests run: exactly one wins."""

import threading
from copy import copy

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from contributions import thanking, trusted
from contributions.models import Nomination, Opportunity, StateError, Thanks, TimelineEntry
from contributions.opportunities import STEPS, advance
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


class TestAnswer:
    def test_accepting_and_declining(self, team, owner, stranger):
        nomination = trusted.nominate(make_project("billing", team), stranger, "", owner)
        results = at_once(lambda: trusted.accept(nomination), lambda: trusted.decline(nomination))
        assert sum(isinstance(result, StateError) for result in results) == 1
        assert Role.objects.exists() == (Nomination.objects.get().state == "accepted")

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
