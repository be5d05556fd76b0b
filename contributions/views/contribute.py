"""How to contribute here: one page for the question whether to begin."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from contributions import guides
from contributions.models import ChangeRequest, Guide, LandingFigures, Opportunity
from contributions.models.requests import wait_words
from contributions.waits import answer_wait
from projects.access import Moved, get_maintainable_project, get_visible_project, may_maintain, signed_in
from projects.models import Project, ProjectQuerySet, Role
from source.access import visible_code
from source.addresses import address
from source.code_links import CodeLinks
from source.frame import project_tabs
from source.readme import project_readme

SHOWN = 5


@require_safe
def project_contribute(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        project = get_visible_project(request, slug, _with_guide())
    except Moved as moved:
        return redirect("contributions:project_contribute", moved.project.slug, permanent=True)
    return render(request, "contributions/project_contribute.html", _context(request, project))


@require_POST
def project_governance(request: HttpRequest, slug: str) -> HttpResponse:
    """A maintainer says how much say others have."""
    project = get_maintainable_project(request, slug)
    asked = request.POST.get("level", "")
    if asked and asked not in {str(level.value) for level in Guide.Level}:
        raise Http404("There is no such level.")
    guides.set_level(project, int(asked) if asked else None, signed_in(request))
    messages.success(request, "Saved.")
    return redirect("contributions:project_contribute", project.slug)


def _with_guide() -> ProjectQuerySet:
    return Project.objects.select_related("repository", "owner", "guide__level_by", "landing_figures")


def _context(request: HttpRequest, project: Project) -> dict[str, Any]:
    code = visible_code(request, project)
    guide: Guide | None = getattr(project, "guide", None)
    links = CodeLinks(project, visible=code)
    roles = list(Role.objects.current().filter(project=project).select_related("user").order_by("started_on", "pk"))
    level, why = guides.governance(project, guide, roles)
    tasks = Opportunity.objects.open().for_project(project)[: SHOWN + 1]
    waiting = ChangeRequest.objects.open().for_project(project).select_related("author")[: SHOWN + 1]
    return {
        "project": project,
        "tabs": project_tabs(project, "contribute") if code and project.repository.head_commit else [],
        "maintains": may_maintain(request, project),
        "signed_in": request.user.is_authenticated,
        "guide": guide,
        "guide_html": project_readme(guide.html, project, visible=code) if guide and _readable(guide, code) else "",
        "guide_url": links.file(guide.path) if guide else "",
        "commands_url": links.file(guide.commands_path) if guide else "",
        "level": level,
        "level_why": why,
        "levels": Guide.Level.choices,
        "roles": roles,
        "trusted": [role for role in roles if role.kind == Role.Kind.TRUSTED_COMMITTER],
        "owners": [role for role in roles if role.kind == Role.Kind.OWNER],
        "wait": _wait(project, code),
        "tasks": list(tasks)[:SHOWN],
        "more_tasks": len(tasks) > SHOWN,
        "waiting": list(waiting)[:SHOWN],
        "more_waiting": len(waiting) > SHOWN,
    }


def _readable(guide: Guide, code: bool) -> bool:
    """Whether its text may be shown: a folder's readers need not be those of the rest."""
    folder = guide.project.subdirectory
    return bool(guide.html) and (code or guide.path.startswith(f"{folder}/"))


def _wait(project: Project, code: bool) -> dict[str, Any]:
    """The measured wait in words, from answers to requests, else from the history, and what it is made of."""
    answers = answer_wait(project)
    figures: LandingFigures | None = getattr(project, "landing_figures", None)
    return {
        "answers": answers,
        "median": wait_words(answers.median) if answers.median is not None else "",
        "p90": wait_words(answers.p90) if answers.p90 is not None else "",
        "longest": wait_words(answers.longest) if answers.longest is not None else "",
        "figures": figures,
        "outside_median": _words(figures.outside_median if figures else None),
        "outside_p90": _words(figures.outside_p90 if figures else None),
        "inside_median": _words(figures.inside_median if figures else None),
        "inside_p90": _words(figures.inside_p90 if figures else None),
        "last_url": address(project, "commit", figures.last_outside_commit.encode("ascii"))
        if code and figures and figures.last_outside_commit
        else "",
    }


def _words(seconds: int | None) -> str:
    return "" if seconds is None else wait_words(dt.timedelta(seconds=seconds))
