"""Star and follow: the wanted state is sent, so that a repeated click changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from projects import verbs
from projects.access import Moved, get_visible_project, signed_in
from projects.models import Project


@require_POST
def star(request: HttpRequest, slug: str) -> HttpResponse:
    project = _project(request, slug)
    on = request.POST.get("on") == "1"
    verbs.set_star(project, signed_in(request), on)
    if request.headers.get("HX-Request"):
        return render(request, "projects/_star.html", {"project": project, "starred": on})
    return redirect(project)


@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    project = _project(request, slug)
    on = request.POST.get("on") == "1"
    verbs.set_follow(project, signed_in(request), on)
    if request.headers.get("HX-Request"):
        return render(request, "projects/_follow.html", {"project": project, "following": on})
    return redirect(project)


def _project(request: HttpRequest, slug: str) -> Project:
    try:
        return get_visible_project(request, slug)
    except Moved as moved:
        return moved.project
