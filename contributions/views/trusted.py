"""Trusted committers of a project: who they are and were, who is asked, and who could be."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from activity.privacy import figures_are_shared
from contributions import trusted as verbs
from contributions.models import Nomination, StateError
from contributions.recognition_forms import AnswerForm, NominationForm
from projects.access import Moved, get_maintainable_project, get_visible_project, may_maintain, signed_in
from projects.models import Project, Role

LARGEST = 2**63 - 1


@require_safe
def trusted(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        return redirect("contributions:trusted", moved.project.slug, permanent=True)
    return _page(request, project)


@require_POST
def nominate(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    form = NominationForm(request.POST)
    if form.is_valid():
        person = form.cleaned_data["person"]
        try:
            verbs.nominate(project, person, form.cleaned_data["words"], signed_in(request))
        except StateError as error:
            form.add_error("person", str(error))
        else:
            messages.success(request, f"{person.display_name} is asked.")
            return redirect("contributions:trusted", project.slug)
    return _page(request, project, form, status=422)


@require_POST
def nomination_answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The nominated person accepts or declines."""
    nomination, user = _nomination(request, slug, pk)
    if nomination.person_id != user.pk:
        raise PermissionDenied("Only the nominated person answers.")
    form = AnswerForm(request.POST)
    words = form.cleaned_data["answer"] if form.is_valid() else ""
    accepts = "accept" in request.POST
    if not accepts and "decline" not in request.POST:
        raise Http404("There is no such answer.")
    try:
        (verbs.accept if accepts else verbs.decline)(nomination, words)
    except StateError as error:
        messages.error(request, str(error))
    else:
        said = f"You are a trusted committer of {nomination.project.name}." if accepts else "Declined."
        messages.success(request, said)
    return redirect("contributions:trusted", nomination.project.slug)


@require_POST
def nomination_withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    nomination, user = _nomination(request, slug, pk)
    if not may_maintain(request, nomination.project):
        raise PermissionDenied("Only maintainers of this project may do this.")
    try:
        verbs.withdraw(nomination, user)
    except StateError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn.")
    return redirect("contributions:trusted", nomination.project.slug)


def _nomination(request: HttpRequest, slug: str, pk: int) -> tuple[Nomination, User]:
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        raise Http404("The project has a new address.") from moved
    user = signed_in(request)
    rows = Nomination.objects.select_related("person", "nominated_by", "project").filter(project=project)
    found = rows.filter(pk=pk).first() if pk <= LARGEST else None
    if found is None:
        raise Http404("There is no such nomination.")
    return found, user


def _page(request: HttpRequest, project: Project, form: Any = None, status: int = 200) -> HttpResponse:
    """Nominations that nobody accepted are seen by maintainers and by the nominated alone."""
    maintains = may_maintain(request, project)
    today = timezone.localdate()
    roles = list(Role.objects.filter(project=project, kind=verbs.TRUSTED).select_related("user", "nomination"))
    current = [role for role in roles if role.ended_on is None or role.ended_on > today]
    asked = Nomination.objects.filter(project=project).select_related("person", "nominated_by")
    context = {
        "project": project,
        "maintains": maintains,
        "current": sorted(current, key=lambda role: role.started_on),
        "past": [role for role in roles if role not in current],
        "mine": asked.filter(person=request.user.pk or 0, state=Nomination.State.OFFERED).first(),
        "nominations": asked if maintains else (),
        "candidates": verbs.candidates(project) if maintains and figures_are_shared() else (),
        "shares_figures": figures_are_shared(),
        "form": form or NominationForm(),
    }
    return render(request, "contributions/trusted.html", context, status=status)
