"""Suggested merges: for administrators to accept or reject, and the terms that say nothing about anybody."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import record_event
from activity import identities, suggestions
from activity.evidence import Evidence, evidence
from activity.identities import IdentityError
from activity.models import ExcludedTerm, KeptApart, Merge, Person
from pages.identities import administrator, number_of, text_of

PAGE = 20
DECISIONS = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who may be one, and what speaks for it."""

    person: Person
    into: Person
    why: str
    sure: int
    of_person: Evidence
    of_into: Evidence


@require_safe
def suggested(request: HttpRequest) -> HttpResponse:
    administrator(request)
    page = Paginator(suggestions.suggestions(), PAGE).get_page(request.GET.get("page"))
    ids = {pk for one in page for pk in (one.person, one.into)}
    people, facts = Person.objects.in_bulk(ids), evidence(ids)
    pairs = [
        Pair(people[one.person], people[one.into], one.why, one.sure, facts[one.person], facts[one.into])
        for one in page
    ]
    accepted = Merge.objects.exclude(ground=Merge.Ground.HAND)
    context = {
        "page": page,
        "pairs": pairs,
        "rejected": KeptApart.objects.select_related("person", "other", "decided_by")[:DECISIONS],
        "accepted": accepted.select_related("person", "into", "made_by", "undone_by")[:DECISIONS],
        "terms": ExcludedTerm.objects.all(),
    }
    return render(request, "pages/identity_suggestions.html", context)


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    person, into = number_of(request, "person"), number_of(request, "into")
    try:
        why = suggestions.why_alike(person, into)
        reason = "; ".join(filter(None, [why, text_of(request, "reason", 400)]))
        row = identities.merge(person, into, user, Merge.Ground.SUGGESTION, reason)
    except IdentityError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{row.person.name} counts as {row.into.name} now. It can be undone at any time.")
    return redirect("identities:suggestions")


@require_POST
def reject(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    try:
        identities.keep_apart(
            number_of(request, "person"), number_of(request, "into"), user, text_of(request, "reason")
        )
    except IdentityError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Rejected. It does not come back.")
    return redirect("identities:suggestions")


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    try:
        identities.allow_again(number_of(request, "kept_apart"), user, text_of(request, "reason"))
    except IdentityError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Taken back. It may be suggested again.")
    return redirect("identities:suggestions")


@require_POST
def term_add(request: HttpRequest) -> HttpResponse:
    user, term = administrator(request), text_of(request, "term", 100).lower()
    if not term:
        messages.error(request, "Type a term first: a whole name, address or domain.")
    else:
        row, made = ExcludedTerm.objects.get_or_create(term=term, defaults={"added_by": user})
        if made:
            record_event(user, "people.term_added", row)
        messages.success(request, f"“{term}” says nothing about anybody from now on.")
    return redirect("identities:suggestions")


@require_POST
def term_remove(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    for row in ExcludedTerm.objects.filter(pk=number_of(request, "term")):
        record_event(user, "people.term_removed", row)
        row.delete()
    return redirect("identities:suggestions")
