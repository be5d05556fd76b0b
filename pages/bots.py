"""Patterns that tell programs from people: for administrators, with a look at whom they hit before anything changes."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User, record_event
from activity import bots, identities
from activity.bots import Pattern, PatternError
from activity.models import BotPattern, Person
from activity.models.merging import LONGEST_PATTERN
from activity.rollups import reattribute
from pages.identities import administrator, get_person, number_of, text_of

SHOWN = 50


class PatternForm(forms.Form):
    pattern = forms.CharField(
        max_length=LONGEST_PATTERN, help_text="A regular expression in RE2 syntax, found anywhere and in any case."
    )
    field = forms.ChoiceField(label="Looks at", choices=BotPattern.Field.choices)
    meaning = forms.ChoiceField(label="Whoever matches", choices=BotPattern.Meaning.choices)

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        try:
            bots.compiled(pattern)
        except PatternError as error:
            raise forms.ValidationError(str(error)) from error
        return pattern


@require_http_methods(["GET", "HEAD", "POST"])
def patterns(request: HttpRequest) -> HttpResponse:
    """POST looks whom a new pattern would hit; with `save` it is kept."""
    user = administrator(request)
    if request.method != "POST":
        return _page(request)
    form = PatternForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    if BotPattern.objects.filter(key=None).count() >= bots.MOST:
        form.add_error(None, f"There are {bots.MOST} patterns already. Remove one first.")
        return _page(request, form=form, status=422)
    wanted = Pattern(**form.cleaned_data)
    if "save" not in request.POST:
        changed = bots.changes(bots.Rules([*bots.patterns(), wanted]))
        return _page(request, form=form, looked=True, changed=len(changed), hit=_named(changed))
    with identities.changing_people():
        row = BotPattern.objects.create(**form.cleaned_data, changed_by=user)
        count = _reevaluate(user, "bots.pattern_added", row)
    messages.success(request, f"Saved. {_words(count)}")
    return redirect("identities:bots")


@require_POST
def pattern_switch(request: HttpRequest) -> HttpResponse:
    """Switch a pattern off or on; a built-in one by its key."""
    user = administrator(request)
    with identities.changing_people():
        row = _row(text_of(request, "key", 40), number_of(request, "pattern"))
        row.is_on = request.POST.get("on") == "yes"
        row.changed_by, row.changed_at = user, timezone.now()
        row.save()
        count = _reevaluate(user, "bots.pattern_on" if row.is_on else "bots.pattern_off", row)
    messages.success(request, f"Saved. {_words(count)}")
    return redirect("identities:bots")


@require_POST
def pattern_remove(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    with identities.changing_people():
        row = get_object_or_404(BotPattern, pk=number_of(request, "pattern"), key=None)
        record_event(user, "bots.pattern_removed", row)
        row.delete()
        count = bots.apply(reattribute)
    messages.success(request, f"Removed. {_words(count)}")
    return redirect("identities:bots")


@require_POST
def person_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Say of one person what it is, or leave it to the patterns again."""
    user, shown, kind = administrator(request), get_person(pk), request.POST.get("kind", "")
    if kind in {"program", "human", "patterns"} and not shown.erased_at:
        with identities.changing_people():
            values: dict[str, Any] = {"bot_chosen": kind != "patterns"}
            if kind != "patterns":
                values["is_bot"] = kind == "program"
            Person.objects.filter(pk=shown.pk, erased_at=None).update(**values)
            record_event(user, "person.kind", shown, {"kind": [None, kind]})
            reattribute({shown.pk})
        messages.success(request, "Saved. All figures follow.")
    return redirect("identities:person", shown.pk)


def _row(key: str, pk: int) -> BotPattern:
    if not key:
        return get_object_or_404(BotPattern.objects.select_for_update(), pk=pk)
    built_in = {one.key: one for one in bots.BUILT_IN}.get(key)
    if built_in is None:
        return get_object_or_404(BotPattern, pk=0)
    values = {"field": built_in.field, "pattern": built_in.pattern, "meaning": built_in.meaning}
    return BotPattern.objects.get_or_create(key=key, defaults=values)[0]


def _reevaluate(user: User, action: str, row: BotPattern) -> int:
    record_event(user, action, row, {"looks at": [None, row.field], "whoever matches": [None, row.meaning]})
    return bots.apply(reattribute)


def _named(changed: dict[int, bool]) -> list[tuple[Person, bool]]:
    people = Person.objects.in_bulk(list(changed)[:SHOWN])
    return sorted(((person, changed[pk]) for pk, person in people.items()), key=lambda pair: pair[0].name.casefold())


def _words(count: int) -> str:
    return f"{count} {'person changes its' if count == 1 else 'people change their'} kind; all figures follow."


def _page(request: HttpRequest, form: PatternForm | None = None, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "patterns": bots.patterns(),
        "form": form or PatternForm(),
        "looked": False,
        "changed": 0,
        "hit": [],
        "chosen": Person.objects.standing().filter(bot_chosen=True)[:200],
        **more,
    }
    return render(request, "pages/bots.html", context, status=status)
