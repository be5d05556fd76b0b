"""Several people decide on one request in the same moment: exactly one goes on."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import AuditEvent
from contributions import requests, warranties
from contributions.models import ChangeRequest, StateError, Warranty
from contributions.requests import Wish
from tests.contributions.test_two_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def decide(verb, pk, *words):
    return verb(ChangeRequest.objects.get(pk=pk), *words)


def test_accept_decline_and_withdraw_at_once(project, author, owner, trusted):
    for _ in range(3):
        pk = requests.offer(project, author, Wish("Count", "Because"), None).pk
        results = at_once(
            lambda pk=pk: decide(requests.answer, pk, owner, "offered", "accepted"),
            lambda pk=pk: decide(requests.answer, pk, trusted, "offered", "declined", "No"),
            lambda pk=pk: decide(requests.withdraw, pk, author, "offered"),
        )
        assert sum(isinstance(result, StateError) for result in results) == 2
        request = ChangeRequest.objects.get(pk=pk)
        assert request.state in ("accepted", "declined", "withdrawn")
        assert request.timeline.count() == 2
        assert AuditEvent.objects.filter(target_type="contributions.changerequest", target_id=pk).count() == 2


def test_two_from_every_other_state(project, author, owner, trusted):
    commit, now = "a" * 40, timezone.now()

    def lands(row):
        return requests.land(row, [commit], now, "patch-id", None)

    def named(row):
        return requests.mark_landed(row, owner, "welcomed", commit, now)

    def offered(row):
        return requests.answer(row, owner, "declined", "offered")

    rivals = {
        "offered": (lands, lambda row: requests.withdraw(row, author, "offered")),
        "welcomed": (named, lambda row: requests.answer(row, trusted, "welcomed", "changes-wanted", "More")),
        "changes-wanted": (lands, lambda row: requests.withdraw(row, author, "changes-wanted")),
        "accepted": (lands, lambda row: requests.answer(row, trusted, "accepted", "declined", "No")),
        "landed": (lambda row: requests.refute(row, owner), lambda row: requests.refute(row, trusted)),
        "declined": (offered, offered),
        "withdrawn": (lambda row: requests.reopen(row, author), lambda row: requests.reopen(row, author)),
    }
    for state, verbs in rivals.items():
        pk = requests.offer(project, author, Wish("Count", "Because"), None).pk
        ChangeRequest.objects.filter(pk=pk).update(state=state, landed_commit=commit if state == "landed" else "")
        results = at_once(*[lambda verb=verb, pk=pk: decide(verb, pk) for verb in verbs])
        assert sum(result is False or isinstance(result, StateError) for result in results) == 1, (state, results)
        events = AuditEvent.objects.filter(target_type="contributions.changerequest", target_id=pk)
        assert events.count() == 2, state  # offered, and what came of it
        assert ChangeRequest.objects.get(pk=pk).timeline.exclude(to_state="").count() == 2


def test_a_warranty_is_waived_or_ends_once(project, author, owner, trusted):
    for ended in (False, True):
        request = requests.offer(project, author, Wish("Count", "Because"), None)
        past = timezone.now() - dt.timedelta(days=40)
        assert requests.land(request, ["a" * 40], past, "patch-id", None)
        pk = Warranty.objects.get(request=request).pk

        def waive(person, pk=pk):
            return lambda: warranties.waive(Warranty.objects.get(pk=pk), person)

        results = at_once(waive(owner), warranties.end_due if ended else waive(trusted))
        assert sum(result == 0 or isinstance(result, StateError) for result in results) == 1, results
        lines = request.timeline.filter(text__contains="arranty").exclude(to_state="landed")
        assert lines.count() == 1
        waived = AuditEvent.objects.filter(action="warranty.waived", target_id=pk)
        assert [event.actor for event in waived] == [
            one for one in [Warranty.objects.get(pk=pk).waived_by] if one is not None
        ]
