"""Starter tasks that the code of a project suggests, for its maintainers."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from contributions import starters
from contributions.models import StarterScan, StarterTask, StateError
from contributions.opportunity_access import get_starter_task
from projects.access import get_maintainable_project, signed_in
from source.access import visible_code
from source.code_links import CodeLinks

SHOWN = 50


@require_safe
def starter_tasks(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    links = CodeLinks(project, visible=visible_code(request, project))
    folder = f"{project.subdirectory}/" if project.subdirectory else ""

    def placed(task: StarterTask) -> tuple[StarterTask, str]:
        url = links.file(f"{folder}{task.path}")
        return task, f"{url}#L{task.line}" if url else ""

    rows = StarterTask.objects.filter(project=project).select_related("decided_by")
    context = {
        "project": project,
        "waiting": [placed(task) for task in rows.waiting()[:SHOWN]],
        "dismissed": [placed(task) for task in rows.filter(state=StarterTask.State.DISMISSED)[:SHOWN]],
        "scan": StarterScan.objects.filter(project=project).first(),
    }
    return render(request, "contributions/starter_tasks.html", context)


@require_POST
def starter_task_dismiss(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Dismiss a proposal, or bring a dismissed one back."""
    project = get_maintainable_project(request, slug)
    task = get_starter_task(project, str(pk))
    if task is None:
        raise Http404("There is no such proposal.")
    try:
        if "back" in request.POST:
            starters.bring_back(task, signed_in(request))
        else:
            starters.dismiss(task, signed_in(request))
    except StateError as error:
        messages.error(request, str(error))
    else:
        words = "It is proposed again." if "back" in request.POST else "Dismissed. It is not proposed again."
        messages.success(request, words)
    return redirect("contributions:starter_tasks", project.slug)
