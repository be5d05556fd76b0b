"""Notes what people search the catalog for in vain: the words, how often, when last; never who."""

import datetime as dt
import logging

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone

from projects.catalog.words import Question
from projects.models import UnansweredSearch

SHORTEST, LONGEST = 3, 200
MOST = 5_000
TYPING = dt.timedelta(seconds=20)

logger = logging.getLogger(__name__)


def note(question: Question) -> None:
    """Count this question; what was noted while it was still being typed is taken back. Never raises DatabaseError."""
    text = " ".join(word.text for word in question.words)[:LONGEST]
    if len(text) < SHORTEST:
        return
    try:
        with transaction.atomic():
            _note(text)
    except DatabaseError:
        logger.warning("A search without an answer could not be noted.", exc_info=True)


def _note(text: str) -> None:
    now = timezone.now()
    searches = UnansweredSearch.objects
    beginnings = [text[:length] for length in range(SHORTEST, len(text))]
    searches.filter(count=1, first_at__gte=now - TYPING, text__in=beginnings).delete()
    if searches.filter(text=text).update(count=F("count") + 1, last_at=now):
        return
    searches.bulk_create([UnansweredSearch(text=text, first_at=now, last_at=now)], ignore_conflicts=True)
    if searches.count() > MOST:
        oldest = searches.order_by("count", "last_at").values_list("pk", flat=True)[: MOST // 10]
        searches.filter(pk__in=list(oldest)).delete()
