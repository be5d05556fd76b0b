"""One opportunity: its page, posting and editing it, its steps and its comments."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from contributions import opportunities, starters
from contributions.models import Opportunity, StateError
from contributions.opportunities import EDITABLE, STEPS, may_step
from contributions.opportunity_access import (
    get_manageable_opportunity,
    get_starter_task,
    get_visible_opportunity,
)
from contributions.opportunity_forms import OpportunityForm, StepForm, WordsForm
from projects.access import get_maintainable_project, may_maintain, signed_in
from projects.models import Language, Project
from source.access import visible_code
from source.code_links import CodeLinks

SUGGESTED_LANGUAGES = 3
CHANGES = 10


@require_safe
def opportunity(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_visible_opportunity(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_post(request: HttpRequest, slug: str) -> HttpResponse:
    """A new task in a project."""
    project = get_maintainable_project(request, slug)
    user = signed_in(request)
    starter = get_starter_task(project, request.POST.get("starter") or request.GET.get("starter", ""))
    first = starters.suggested(starter) if starter else _first(project)
    form = OpportunityForm(project, request.POST if request.method == "POST" else None, initial=first)
    if form.is_bound and form.is_valid():
        try:
            posted = (
                starters.accept(starter, form.instance, user) if starter else opportunities.post(form.instance, user)
            )
        except StateError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Posted. It is on the list of the whole company now.")
            return redirect(posted)
    context = {"form": form, "project": project, "languages": _languages(project), "starter": starter}
    return render(request, "contributions/opportunity_post.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def opportunity_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found, user = get_manageable_opportunity(request, pk)
    before = {name: getattr(found, name) for name in EDITABLE}
    form = OpportunityForm(found.project, request.POST if request.method == "POST" else None, instance=found)
    if form.is_bound and form.is_valid():
        changed = opportunities.edit(form.instance, before, user)
        messages.success(request, "Saved." if changed else "Nothing was changed.")
        return redirect(found)
    context = {"form": form, "project": found.project, "opportunity": found, "title": before["title"]}
    context["languages"] = _languages(found.project)
    return render(request, "contributions/opportunity_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
def opportunity_step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take it, give it back, land it: one step of those in `STEPS`. 409 where somebody was first."""
    found = get_visible_opportunity(request, pk)
    user = signed_in(request)
    step = STEPS.get(name)
    if step is None:
        raise Http404("There is no such step.")
    maintains = may_maintain(request, found.project)
    if not may_step(found, step, user, maintains=maintains) and not _took_away(found, name, user):
        raise PermissionDenied("This step is for the maintainers of the project, or for whoever has taken the task.")
    form = StepForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, words=form.errors.as_text(), typed=request.POST.get("text", ""))
    seen, text = form.cleaned_data["seen"], form.cleaned_data["text"]
    try:
        if seen and seen != found.state:
            raise opportunities.lost(found, step.label.lower())
        opportunities.advance(found, step, user, text)
    except StateError as error:
        return _page(request, get_visible_opportunity(request, pk), status=409, words=str(error), typed=text)
    messages.success(request, _SAID[name])
    return redirect(found)


_SAID = {
    "take": "It is yours. Say here how it goes; the mentor and the maintainers hear of it.",
    "submit": "The maintainers know that it waits for them.",
    "resume": "Back to work.",
    "land": "Landed. Thank whoever did it.",
    "give-back": "Given back. Somebody else can take it.",
    "reopen": "Open again.",
    "withdraw": "Withdrawn. It stays in the history.",
}


def _took_away(found: Opportunity, name: str, user: User) -> bool:
    """The taker's own step after the task was taken away: that is told, not forbidden."""
    had_it = found.timeline.filter(actor=user, to_state=Opportunity.State.TAKEN).exists()
    return STEPS[name].who in ("taker", "either") and had_it


@require_POST
def opportunity_keep(request: HttpRequest, pk: int) -> HttpResponse:
    """The taker answers that it goes on."""
    found = get_visible_opportunity(request, pk)
    user = signed_in(request)
    if found.taken_by_id != user.pk and not _took_away(found, "give-back", user):
        raise PermissionDenied("Only whoever has taken the task says that it goes on.")
    try:
        opportunities.keep(found, user)
    except StateError as error:
        return _page(request, get_visible_opportunity(request, pk), status=409, words=str(error))
    messages.success(request, "Good to know. Nobody asks again for a while.")
    return redirect(found)


@require_POST
def opportunity_comment(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible_opportunity(request, pk)
    user = signed_in(request)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, comment_form=form)
    entry = opportunities.comment(found, user, form.cleaned_data["text"])
    return redirect(f"{found.get_absolute_url()}#line-{entry.pk}")


def _page(request: HttpRequest, found: Opportunity, status: int = 200, **more: Any) -> HttpResponse:
    """The page; `words` say why what was asked did not happen, `typed` is what came with it."""
    user = request.user if isinstance(request.user, User) else None
    maintains = may_maintain(request, found.project)
    readable = visible_code(request, found.project)
    context = {
        "opportunity": found,
        "project": found.project,
        "maintains": maintains,
        "signed_in": user is not None,
        "mine": user is not None and found.taken_by_id == user.pk,
        "archived": opportunities.is_archived(found.project),
        "steps": opportunities.steps_for(found, user, maintains=maintains),
        "timeline": opportunities.told(found.timeline.select_related("actor")),
        "path_url": CodeLinks(found.project, visible=readable).file(found.path),
        "commits": f"{found.project.get_absolute_url()}commit/" if readable else "",
        "changes": list(found.change_requests.select_related("author").order_by("-pk")[:CHANGES]),
        "overdue": found.deadline is not None and found.deadline < timezone.localdate() and not found.closed_at,
        "reads": found.taken_by is None
        or Project.objects.visible_to(found.taken_by).filter(pk=found.project_id).exists(),
        "comment_form": WordsForm(),
        "words": "",
        "typed": "",
        **more,
    }
    return render(request, "contributions/opportunity.html", context, status=status)


def _first(project: Project) -> dict[str, Any]:
    """What a new task begins with."""
    return {"languages": [project.language] if project.language else [], "effort": Opportunity.Effort.DAY}


def _languages(project: Project) -> list[str]:
    return list(Language.objects.filter(project=project).values_list("name", flat=True)[:SUGGESTED_LANGUAGES])
