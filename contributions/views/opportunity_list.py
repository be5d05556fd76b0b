"""All open opportunities that a viewer may see."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from contributions.opportunity_list import SORTS, Found, Question, find


@require_safe
def opportunities(request: HttpRequest) -> HttpResponse:
    question = Question.from_parameters(request.GET)
    found = find(question, request.user)
    signed_in = request.user.is_authenticated
    sorts = [(value, label) for value, label in SORTS.items() if value != "fit" or signed_in]
    if not signed_in:
        sorts.insert(0, ("fit", "Good first tasks"))
    context = {
        "question": question,
        "found": found,
        "chips": _chips(question, found),
        "sorts": sorts,
        "page": Paginator(range(found.pages), 1).get_page(found.page),
        "signed_in": signed_in,
        "projects_url": f"{reverse('projects:catalog')}?welcomes=yes",
    }
    return render(request, "contributions/opportunities.html", context)


def _chips(question: Question, found: Found) -> list[dict[str, Any]]:
    """What is selected, each with the address that drops it; values that nothing visible has say so by their count."""
    labels = {(group.facet.key, one.value): one.label for group in found.groups for one in (*group.top, *group.more)}
    chips = []
    if question.text:
        chips.append({"label": f"“{question.text}”", "url": question.query_string(("q", question.text))})
    if question.project:
        chips.append(
            {"label": f"Project: {question.project}", "url": question.query_string(("project", question.project))}
        )
    for group in found.groups:
        for value in question.selected.get(group.facet.key, ()):
            # A number that names no visible team or person is shown as it is: it tells nothing.
            words = labels.get((group.facet.key, value), value)
            label = words if group.facet.key == "first" else f"{group.facet.label}: {words}"
            chips.append({"label": label, "url": question.query_string((group.facet.key, value))})
    return chips
