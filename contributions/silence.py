"""Tasks that somebody took and of which nothing was heard since: the taker is asked, then the task opens again.

A comment, an answer and a commit of the taker in the project are signs of life.
"""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from activity.models import Participation
from contributions import opportunity_news as news
from contributions.models import Opportunity, StateError, TimelineEntry
from contributions.opportunities import STEPS, advance

AT_ONCE = 200


def tend() -> tuple[int, int]:
    """Ask whoever was silent too long; reopen what stayed silent. How many were asked and opened again."""
    if settings.TASK_QUIET_DAYS <= 0:
        return 0, 0
    now = timezone.now()
    silent_since = now - dt.timedelta(days=settings.TASK_QUIET_DAYS)
    quiet = _silent().filter(asked_at=None, sign_of_life_at__lt=silent_since)
    asked = sum(_ask(one, silent_since) for one in quiet[:AT_ONCE])
    patience_ends = now - dt.timedelta(days=settings.TASK_GRACE_DAYS)
    opened = sum(_reopen(one) for one in _silent().filter(asked_at__lt=patience_ends)[:AT_ONCE])
    return asked, opened


def _silent() -> QuerySet[Opportunity]:
    """Whoever waits for a review is not the silent one."""
    taken = Opportunity.objects.filter(state=Opportunity.State.TAKEN, project__removed_at=None)
    return taken.select_related("taken_by", "project").order_by("sign_of_life_at")


def _ask(opportunity: Opportunity, silent_since: dt.datetime) -> bool:
    if _worked_since(opportunity):
        return False
    with transaction.atomic():
        claim = Opportunity.objects.filter(
            pk=opportunity.pk,
            state=Opportunity.State.TAKEN,
            taken_by=opportunity.taken_by,
            asked_at=None,
            sign_of_life_at__lt=silent_since,
        )
        if claim.update(asked_at=timezone.now()) != 1:
            return False
        words = "Are you still on it? Without an answer the task is opened again."
        TimelineEntry.objects.create(
            opportunity=opportunity, kind=TimelineEntry.Kind.COMMENT, text=words, html=f"<p>{words}</p>"
        )
        news.asked(opportunity)
    return True


def _reopen(opportunity: Opportunity) -> bool:
    if _worked_since(opportunity):
        return False
    try:
        advance(opportunity, STEPS["reopen"], None, "Nothing was heard of it.", asked_at=opportunity.asked_at)
    except StateError:
        return False
    return True


def _worked_since(opportunity: Opportunity) -> bool:
    """Note a commit of the taker after the last sign of life; True where there is one."""
    parts = Participation.objects.filter(project=opportunity.project_id, person__user=opportunity.taken_by)
    last = parts.aggregate(last=Max("last_day"))["last"]
    heard = opportunity.sign_of_life_at
    if last is None or heard is None or last <= heard.date():
        return False
    moment = dt.datetime.combine(last, dt.time(), dt.UTC)
    mine = Opportunity.objects.under_way().filter(pk=opportunity.pk, taken_by=opportunity.taken_by)
    return mine.update(sign_of_life_at=moment, asked_at=None) == 1
