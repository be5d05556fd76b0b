"""Requests of a project and one request: what everybody may look at, and what people say."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from contributions import requests
from contributions.access import get_visible_request, may_read_change
from contributions.models import ChangeRequest, RequestVersion
from contributions.request_diff import request_diff
from contributions.request_forms import AnswerForm, ChangeForm, LandedForm, WordsForm
from projects.access import Moved, get_visible_project, may_maintain, signed_in
from projects.models import Project
from source.access import visible_code
from source.addresses import address
from source.frame import project_tabs

A_PAGE = 25
State = ChangeRequest.State


@require_safe
def project_requests(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        return redirect("contributions:project_requests", moved.project.slug, permanent=True)
    rows = ChangeRequest.objects.for_project(project).select_related("author")
    counts = dict(rows.order_by().values_list("state").annotate(number=Count("pk")))
    chosen = request.GET.get("state", "")
    rows = rows.filter(state=chosen) if chosen in State.values else rows.open()
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tabs": tabs_of(request, project),
        "page": page,
        "chosen": chosen if chosen in State.values else "",
        "states": [(state.value, state.label, counts.get(state.value, 0)) for state in State],
        "open_number": sum(counts.get(state, 0) for state in ChangeRequest.OPEN),
        "signed_in": request.user.is_authenticated,
    }
    return render(request, "contributions/project_requests.html", context)


@require_safe
def request_page(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible_request(request, pk)
    context = request_context(request, found)
    if request.GET.get("file") and "HX-Request" in request.headers:
        return render(request, "source/_diff_files.html", {"page": context["diff"], "place": context["diff"]})
    return render(request, "contributions/request.html", context)


@require_safe
def request_patch(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The patch as it was given."""
    found = get_visible_request(request, pk)
    version = found.versions.filter(number=min(number, 2**31 - 1)).first()
    if version is None or not version.patch or not may_read_change(request, found):
        return render(request, "404.html", status=404)
    response = HttpResponse(bytes(version.patch), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="request-{found.pk}-v{version.number}.patch"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def request_comment(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible_request(request, pk)
    person = signed_in(request)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return render(request, "contributions/request.html", request_context(request, found, words=form), status=422)
    requests.comment(found, person, form.cleaned_data["words"], maintains=may_maintain(request, found.project))
    messages.success(request, "Said.")
    return redirect(found)


def request_context(request: HttpRequest, found: ChangeRequest, **forms: Any) -> dict[str, Any]:
    """Everything that the page of a request shows; `forms` replaces empty forms by those that came back."""
    maintains = may_maintain(request, found.project)
    mine = found.author_id == request.user.pk
    readable = may_read_change(request, found)
    with_size = found.versions.defer("patch", "diff").annotate(patch_size=Length("patch"))
    versions = list(with_size) if readable else []
    version = _chosen(request, versions)
    warranty = getattr(found, "warranty", None)
    return {
        "found": found,
        "project": found.project,
        "tabs": tabs_of(request, found.project),
        "maintains": maintains,
        "mine": mine,
        "signed_in": request.user.is_authenticated,
        "readable": readable,
        "versions": versions,
        "version": version,
        "diff": request_diff(request, found, version) if version else None,
        "timeline": found.timeline.select_related("actor"),
        "answers": [(to, State(to).label) for to in requests.ANSWERS.get(found.state, ())] if maintains else [],
        "need_words": requests.NEED_WORDS,
        "landed": [(oid, address(found.project, "commit", oid.encode("ascii"))) for oid in found.landed_commits],
        "warranty": warranty,
        "follow_ups": _follow_ups(found, warranty) if readable else [],
        "trailer": f"Contribution: {settings.BASE_URL.rstrip('/')}{found.get_absolute_url()}",
        "words": forms.get("words") or WordsForm(),
        "answer": forms.get("answer") or AnswerForm(),
        "landed_form": forms.get("landed_form") or LandedForm(),
        "change": forms.get("change") or ChangeForm(found.project),
    }


def tabs_of(request: HttpRequest, project: Project) -> list[dict[str, Any]]:
    if not project.repository.head_commit or not visible_code(request, project):
        return []
    return project_tabs(project, "contribute")


def _chosen(request: HttpRequest, versions: Sequence[RequestVersion]) -> RequestVersion | None:
    asked = request.GET.get("version", "")
    chosen = [version for version in versions if str(version.number) == asked]
    return next(iter([*chosen, *versions[::-1]]), None)


def _follow_ups(found: ChangeRequest, warranty: Any) -> list[tuple[Any, str]]:
    if warranty is None:
        return []
    return [(one, address(found.project, "commit", one.commit.encode("ascii"))) for one in warranty.follow_ups.all()]
