"""Several people decide on one request in the same moment: exactly one goes on."""

import pytest

from accounts.models import AuditEvent
from contributions import requests
from contributions.models import ChangeRequest, StateError
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
