"""Every component with sample data. A new component is shown here first."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.charts import WeeklyChart

WEEKS = [3, 5, 8, 4, 6, 13, 4, 7, 2, 3, 1, 1, 2, 1, 6, 9, 7, 4, 6, 5, 9, 6, 6, 3, 2, 5]
WEEKS += [6, 5, 7, 1, 0, 2, 4, 1, 6, 0, 2, 1, 10, 3, 1, 6, 1, 8, 7, 8, 4, 16, 9, 9, 6, 11]
OUTSIDE = [week // 3 if index % 4 else week // 2 for index, week in enumerate(WEEKS)]
LANGUAGES = [
    SimpleNamespace(name=name, share=share, colour=colour)
    for name, share, colour in (
        ("Java", 0.71, "#b07219"),
        ("Kotlin", 0.15, "#A97BFF"),
        ("Shell", 0.07, "#89e051"),
        ("Python", 0.04, "#3572A5"),
        ("HTML", 0.019, "#e34c26"),
        ("CSS", 0.01, "#663399"),
        ("Makefile", 0.0006, "#427819"),
    )
]
COLOURS = ["paper", "paper-2", "paper-3", "line", "line-2", "ink", "ink-2", "ink-3", "accent", "accent-soft"]
COLOURS += ["cross", "cross-soft", "graph-cross", "graph-inside", "good", "warn", "bad", "mark"]
LONG = "a-service-whose-authors-wanted-its-name-to-say-everything-that-it-does-and-then-some-more-v2"


class SampleForm(forms.Form):
    """One control of each kind."""

    name = forms.CharField(max_length=80, help_text="As people say it, without the team's name.")
    address = forms.CharField(initial="ext::sh -c id", label="Clone address")
    kind = forms.ChoiceField(choices=[("service", "Service"), ("library", "Library")], required=False)
    visibility = forms.ChoiceField(
        choices=[("internal", "Internal: everyone signed in"), ("restricted", "Restricted: named teams and people")],
        widget=forms.RadioSelect,
        initial="internal",
    )
    motivation = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    welcomes = forms.BooleanField(
        required=False, help_text="Other teams may send changes.", label="Welcomes contributions"
    )

    def clean_address(self) -> str:
        raise forms.ValidationError("This protocol is not allowed. Use an address that begins with https:// or ssh://.")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/styleguide.html", _samples())


def _samples() -> dict[str, Any]:
    now = timezone.now()
    first = date(2025, 12, 1)
    starts = [first + timedelta(weeks=week) for week in range(len(WEEKS))]
    form = SampleForm({"name": "ledger-core", "address": "ext::sh -c id", "visibility": "internal", "welcomes": "on"})
    return {
        "colours": COLOURS,
        "form": form,
        "weeks": WEEKS,
        "outside": OUTSIDE,
        "quiet": [0] * 40 + [1, 0, 0, 1] * 3,
        "none": [0] * 52,
        "chart": WeeklyChart("Commits per week", starts, WEEKS, OUTSIDE, owner="Platform"),
        "languages": LANGUAGES,
        "page": Paginator(range(240), 20).page(5),
        "moments": [now, now - timedelta(minutes=5), now - timedelta(days=3), now + timedelta(hours=4)],
        "an_hour_ago": now - timedelta(hours=3),
        "tabs": _tabs(),
        "figures": _figures(),
        "facet": _facet(),
        "trail": [("Projects", "/projects/"), ("http-resilience", "#")],
        "long": LONG,
    }


def _tabs() -> list[dict[str, Any]]:
    words = ["Overview", "Code", "Activity", "Contribute", "Used by", "Readiness", "Edit"]
    return [{"words": word, "url": "#tabs", "current": word == "Overview", "count": len(word) - 4} for word in words]


def _figures() -> list[dict[str, Any]]:
    return [
        {"value": "9 h", "words": "typical wait for outsiders, 90 days"},
        {"value": "31 of 120", "words": "commits from outside, 90 days", "url": "#figures", "cross": True},
        {"value": "5", "words": "people made half of the work, 1 year", "url": "#figures"},
        {"value": "43", "words": "projects use it, today", "url": "#figures"},
    ]


def _facet() -> dict[str, Any]:
    counts = {"Python": 48, "Java": 37, "Go": 29, "TypeScript": 1250}
    options = [{"value": n.lower(), "label": n, "count": c, "checked": n == "Go"} for n, c in counts.items()]
    return {"name": "language", "label": "Language", "options": options}
