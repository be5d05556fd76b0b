"""Tasks of which nothing is heard: asked once, opened again, unless there is a sign of life."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Notification
from activity.models import Participation, Person
from contributions import opportunities, silence
from contributions.models import Opportunity
from contributions.opportunities import STEPS
from tests.contributions.tasks import make_project, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(team, owner, stranger):
    made = make_task(make_project("billing", team), owner)
    opportunities.advance(made, STEPS["take"], stranger)
    return made


def silent(days, asked=None):
    now = timezone.now()
    Opportunity.objects.update(
        sign_of_life_at=now - dt.timedelta(days=days), asked_at=asked and now - dt.timedelta(days=asked)
    )


class TestTend:
    def test_asks_once_then_opens_it_again(self, task, stranger, owner):
        silent(13.9)
        assert silence.tend() == (0, 0)
        silent(14.1)
        assert silence.tend() == (1, 0) and silence.tend() == (0, 0)
        assert Notification.objects.filter(user=stranger, kind="task-silent").count() == 1
        silent(21, asked=6.9)
        assert silence.tend() == (0, 0)
        silent(21.2, asked=7.1)
        assert silence.tend() == (0, 1) and silence.tend() == (0, 0)
        task.refresh_from_db()
        assert (task.state, task.taken_by, task.asked_at) == ("open", None, None)
        last = task.timeline.last()
        assert (last.actor, last.from_state, last.to_state) == (None, "taken", "open")
        assert AuditEvent.objects.filter(action="opportunity.reopen", actor=None).exists()
        told = Notification.objects.filter(kind="task-moved", actor=None).values_list("user__username", flat=True)
        assert set(told) == {"sam", "olga"}

    def test_an_answer_keeps_it(self, task, stranger):
        silent(20, asked=6)
        opportunities.keep(task, stranger)
        assert silence.tend() == (0, 0)

    def test_an_answer_in_the_moment_of_opening_wins(self, task, stranger, monkeypatch):
        silent(30, asked=8)
        worked = silence._worked_since

        def answered_meanwhile(one):
            opportunities.keep(task, stranger)
            return worked(one)

        monkeypatch.setattr(silence, "_worked_since", answered_meanwhile)
        assert silence.tend() == (0, 0)
        assert Opportunity.objects.get().taken_by == stranger

    def test_a_commit_in_the_project_is_a_sign_of_life(self, task, stranger):
        person = Person.objects.create(key="sam", name="Sam", user=stranger)
        day = timezone.now().date() - dt.timedelta(days=2)
        Participation.objects.create(project=task.project, person=person, commits=1, last_day=day)
        silent(20)
        assert silence.tend() == (0, 0)
        assert Opportunity.objects.get().sign_of_life_at.date() == day
        silent(30, asked=8)
        assert silence.tend() == (0, 0)
        assert Opportunity.objects.get().asked_at is None

    def test_whoever_waits_for_a_review_is_not_asked(self, task, stranger):
        opportunities.advance(task, STEPS["submit"], stranger)
        silent(99)
        assert silence.tend() == (0, 0)

    def test_days_are_settings_and_nought_is_never(self, task, settings):
        silent(3)
        settings.TASK_QUIET_DAYS = 2
        assert silence.tend() == (1, 0)
        settings.TASK_QUIET_DAYS = 0
        silent(99, asked=99)
        assert silence.tend() == (0, 0)

    def test_whoever_may_no_longer_read_it_is_not_written_to(self, task, stranger):
        task.project.visibility = "restricted"
        task.project.save()
        silent(20)
        assert silence.tend() == (1, 0)
        assert not Notification.objects.filter(user=stranger, kind="task-silent").exists()
