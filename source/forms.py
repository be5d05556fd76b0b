"""What people ask of a history."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from gitstore.pathhistory import Filter

MAX_WORDS = 10


class HistoryForm(forms.Form):
    """Whose commits, saying what, from when to when."""

    author = forms.CharField(required=False, max_length=200)
    words = forms.CharField(required=False, max_length=200, label="Words in the message")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "This day is before the first one.")
        return cleaned

    def wanted(self) -> Filter:
        """What a valid form asks for; days are those of the portal's time zone."""
        cleaned = self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        return Filter(
            author=cleaned["author"].replace("\n", " "),
            words=tuple(cleaned["words"].split()[:MAX_WORDS]),
            since=_midnight(since) if since else None,
            until=_midnight(until + dt.timedelta(days=1)) - 1 if until and until < dt.date.max else None,
        )


def _midnight(day: dt.date) -> int:
    moment = dt.datetime.combine(day, dt.time(), timezone.get_current_timezone())
    return max(0, int(moment.timestamp()))
