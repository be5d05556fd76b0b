"""Pages for what is not there: an unknown revision or path, a repository without commits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.models import Project
from source.access import Code, Missing
from source.frame import frame


def missing_page(request: HttpRequest, code: Code, missing: Missing) -> HttpResponse:
    """404 that says what was looked for and what there is instead."""
    if not code.repository.head_commit and missing.revision is None:
        return nothing_page(request, code.project)
    context = frame(code, "missing", title=f"Not found · {code.project.name}", about_revision=False)
    response = render(request, "source/missing.html", {**context, "missing": missing}, status=404)
    response["Cache-Control"] = "private, no-store"
    return response


def nothing_page(request: HttpRequest, project: Project) -> HttpResponse:
    """404 for a project whose repository holds no commit that could be shown."""
    response = render(request, "source/nothing.html", {"project": project}, status=404)
    response["Cache-Control"] = "private, no-store"
    return response
