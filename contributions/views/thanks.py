"""Thanks of a project: what was said, and for maintainers what could be."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from contributions import thanking
from contributions.models import Manager, StateError, Thanks
from contributions.recognition_forms import ManagerForm, ThanksForm
from projects.access import Moved, get_maintainable_project, get_visible_project, may_maintain, signed_in

PER_PAGE = 25
LARGEST = 2**63 - 1


@require_safe
def project_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        return redirect("contributions:project_thanks", moved.project.slug, permanent=True)
    maintains = may_maintain(request, project)
    rows = Thanks.objects.filter(project=project).sent().select_related("person", "author")
    drafts = Thanks.objects.drafts().filter(project=project).select_related("person")
    drafted = list(drafts) if maintains else []
    waiting = thanking.to_thank(project) if maintains else []
    context = {
        "project": project,
        "maintains": maintains,
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "drafts": drafted,
        "waiting": [work for work in waiting if work.user.pk not in {draft.person_id for draft in drafted}],
    }
    return render(request, "contributions/project_thanks.html", context)


@require_POST
def thanks_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft for somebody whose work landed."""
    project = get_maintainable_project(request, slug)
    username = request.POST.get("person", "").replace("\0", "")
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise Http404("Nobody has this name.")
    try:
        made = thanking.draft(project, person, signed_in(request))
    except StateError as error:
        messages.error(request, str(error))
        return redirect("contributions:project_thanks", project.slug)
    return redirect("contributions:thanks", project.slug, made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def thanks(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A draft: its evidence, its words, and the buttons."""
    project = get_maintainable_project(request, slug)
    user = signed_in(request)
    rows = Thanks.objects.filter(project=project).select_related("person", "author", "project")
    found = rows.filter(pk=pk).first() if pk <= LARGEST else None
    if found is None or (found.state != Thanks.State.DRAFT and request.method != "POST"):
        raise Http404("There is no such draft.")
    form = ThanksForm(request.POST if request.method == "POST" else None, initial={"text": found.text})
    if form.is_bound and ("discard" in request.POST or form.is_valid()):
        try:
            return _act(request, found, user, form)
        except StateError as error:
            form.add_error(None, str(error))
    context = {"project": project, "thanks": found, "form": form}
    context["manager"] = Manager.objects.filter(person=found.person).exists()
    return render(request, "contributions/thanks.html", context, status=422 if form.is_bound else 200)


def _act(request: HttpRequest, found: Thanks, user: User, form: ThanksForm) -> HttpResponse:
    """Discard, send, or keep the words. Raises StateError."""
    if "discard" in request.POST:
        thanking.discard(found, user)
        messages.success(request, "Discarded.")
    elif "send" in request.POST:
        thanking.send(found, form.cleaned_data["text"], user)
        messages.success(request, f"Sent. {found.person.display_name} hears of it now.")
    else:
        thanking.edit(found, form.cleaned_data["text"])
        messages.success(request, "Kept as a draft. Nobody else sees it.")
        return redirect("contributions:thanks", found.project.slug, found.pk)
    return redirect("contributions:project_thanks", found.project.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def manager(request: HttpRequest) -> HttpResponse:
    """Whom you want to hear when you are thanked."""
    user = signed_in(request)
    named = Manager.objects.filter(person=user).select_related("manager").first()
    data = request.POST if request.method == "POST" else None
    form = ManagerForm(user, data, initial={"manager": named.manager.username if named else ""})
    if form.is_bound and form.is_valid():
        thanking.set_manager(user, form.cleaned_data["manager"])
        messages.success(request, "Saved.")
        return redirect("contributions:manager")
    context = {"form": form, "named": named}
    return render(request, "contributions/manager.html", context, status=422 if form.is_bound else 200)
