"""What people do with requests, one view a verb."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from contributions import landing, requests, warranties
from contributions.access import get_manageable_request, get_own_request, may_read_change
from contributions.models import ChangeRequest, Opportunity, StateError
from contributions.request_forms import KEPT_CHARACTERS, TOO_LARGE, AnswerForm, ChangeForm, LandedForm, RequestForm
from contributions.views.requests import request_context, tabs_of
from projects.access import Moved, get_visible_project, signed_in
from projects.models import Project
from source.access import visible_code


@require_safe
def request_new(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; `opportunity` in the address: the task that it is for."""
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        return redirect("contributions:request_new", moved.project.slug, permanent=True)
    signed_in(request)
    task = _task(request, project, request.GET.get("opportunity", ""))
    initial = {"title": task.title, "paths": task.path} if task else {}
    form = RequestForm(project, may_change=visible_code(request, project), initial=initial)
    return _form_page(request, project, form, task)


@require_POST
def request_offer(request: HttpRequest, slug: str) -> HttpResponse:
    project = _project(request, slug)
    person = signed_in(request)
    task = _task(request, project, request.POST.get("opportunity", ""))
    form = RequestForm(project, *_sent(request), may_change=visible_code(request, project))
    _say_too_large(request, form)
    if form.is_valid():
        try:
            made = requests.offer(project, person, form.wish(task), form.offer)
        except StateError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Offered. The maintainers have been told.")
            return redirect(made)
    return _form_page(request, project, form, task, status=422)


@require_POST
def request_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Another version of the change."""
    found, person = get_own_request(request, pk)
    if not may_read_change(request, found):
        raise PermissionDenied("The code of this project is not yours to read.")
    form = ChangeForm(found.project, *_sent(request))
    _say_too_large(request, form)
    change = form.offer if form.is_valid() else None
    if change:
        return _done(request, found, lambda: requests.offer_again(found, person, change), "Offered again.")
    if not form.errors:
        form.add_error("patch", "Give a branch or a patch.")
    return render(request, "contributions/request.html", request_context(request, found, change=form), status=422)


@require_POST
def request_answer(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_manageable_request(request, pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            requests.answer(found, person, given["was"], given["to"], given["words"])
        except StateError as error:
            form.add_error("words", str(error))
        else:
            messages.success(request, f"{ChangeRequest.State(given['to']).label}. The author has been told.")
            return redirect(found)
    return render(request, "contributions/request.html", request_context(request, found, answer=form), status=422)


@require_POST
def request_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_own_request(request, pk)
    was = request.POST.get("was", "")
    return _done(request, found, lambda: requests.withdraw(found, person, was), "Withdrawn.")


@require_POST
def request_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_own_request(request, pk)
    return _done(request, found, lambda: requests.reopen(found, person), "Offered again.")


@require_POST
def request_landed(request: HttpRequest, pk: int) -> HttpResponse:
    """A maintainer names the commit with which it landed."""
    found, person = get_manageable_request(request, pk)
    form = LandedForm(request.POST)
    if form.is_valid():
        try:
            oid, at = landing.find_commit(found, form.cleaned_data["commit"])
            requests.mark_landed(found, person, form.cleaned_data["was"], oid, at)
        except StateError as error:
            form.add_error("commit", str(error))
        else:
            messages.success(request, "Marked as landed.")
            return redirect(found)
    return render(request, "contributions/request.html", request_context(request, found, landed_form=form), status=422)


@require_POST
def request_refute(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_manageable_request(request, pk)
    words = request.POST.get("words", "")[:2000].replace("\0", "")
    return _done(request, found, lambda: requests.refute(found, person, words), "It counts as accepted again.")


@require_POST
def warranty_waive(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_manageable_request(request, pk)
    warranty = getattr(found, "warranty", None)
    if warranty is None:
        raise Http404("There is no warranty.")
    return _done(request, found, lambda: warranties.waive(warranty, person), "Waived. The author has been told.")


@require_safe
def request_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found, _ = get_own_request(request, pk)
    initial = {"title": found.title, "why": found.why, "paths": "\n".join(found.paths)}
    form = RequestForm(found.project, may_change=False, initial=initial)
    return _edit_page(request, found, form)


@require_POST
def request_save(request: HttpRequest, pk: int) -> HttpResponse:
    found, person = get_own_request(request, pk)
    form = RequestForm(found.project, request.POST, may_change=False)
    if not form.is_valid():
        return _edit_page(request, found, form, status=422)
    wish = form.wish(found.opportunity)
    return _done(request, found, lambda: requests.edit(found, person, wish), "Saved.")


def _edit_page(request: HttpRequest, found: ChangeRequest, form: RequestForm, status: int = 200) -> HttpResponse:
    context = {"found": found, "project": found.project, "tabs": tabs_of(request, found.project), "form": form}
    return render(request, "contributions/request_edit.html", context, status=status)


def _project(request: HttpRequest, slug: str) -> Project:
    try:
        return get_visible_project(request, slug)
    except Moved as moved:
        raise Http404("The project has a new address.") from moved


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    """What was sent; a pasted text beyond all measure is left out, for it would only be sent back and forth."""
    data: QueryDict = request.POST
    if len(data.get("patch", "")) > KEPT_CHARACTERS:
        data = data.copy()
        del data["patch"]
    return data, request.FILES


def _say_too_large(request: HttpRequest, form: ChangeForm) -> None:
    """Files beyond the limit of uploads are dropped on the way in, and so is a text in `_sent`."""
    if not form.may_change:
        return
    if len(request.POST.get("patch", "")) > KEPT_CHARACTERS:
        form.add_error("patch", TOO_LARGE)
    elif not request.FILES and int(request.headers.get("content-length") or 0) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
        form.add_error("upload", TOO_LARGE)


def _form_page(
    request: HttpRequest, project: Project, form: RequestForm, task: Opportunity | None, status: int = 200
) -> HttpResponse:
    context = {
        "project": project,
        "tabs": tabs_of(request, project),
        "form": form,
        "task": task,
        "branches": bool(project.repository.head_commit),
    }
    return render(request, "contributions/request_new.html", context, status=status)


def _task(request: HttpRequest, project: Project, asked: str) -> Opportunity | None:
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return Opportunity.objects.visible_to(request.user).filter(project=project, pk=int(asked)).first()


def _done(request: HttpRequest, found: ChangeRequest, verb: Callable[[], object], words: str) -> HttpResponse:
    """Do it and say so, or say who was faster."""
    try:
        verb()
    except StateError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(found)
