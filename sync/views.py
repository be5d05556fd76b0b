"""Health of synchronisation: for administrators everything, for maintainers what is theirs."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from activity.import_problems import visible_import_problems
from common.htmx import render_fragment
from projects.access import maintains_whole, visible_problems
from projects.models import Project, Repository
from sync import queue
from sync.models import SyncJob, SyncJobQuerySet, SyncRun

PAGE_SIZE = 50
RUNS_SHOWN = 10
FILTERS = {
    "all": "All",
    "failing": "Failing",
    "quarantined": "Quarantined",
    "due": "Due",
    "running": "Running",
}


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    jobs = SyncJob.objects.visible_to(request.user)
    if not _may_look(request) and not jobs.exists():
        raise PermissionDenied("Sync health is for administrators and maintainers.")
    chosen = request.GET.get("state", "all")
    chosen = chosen if chosen in FILTERS else "all"
    words = request.GET.get("q", "").replace("\0", "").strip()[:200]
    shown = _filtered(jobs, chosen)
    if words:
        visible = Project.objects.visible_to(request.user).filter(name__icontains=words).values("repository_id")
        shown = shown.filter(Q(repository__clone_url__icontains=words) | Q(repository__in=visible))
    page = Paginator(_with_what_is_shown(shown, request), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"tabs": _tabs(jobs, chosen), "page": page, "chosen": chosen, "words": words, "runs": _last_runs(jobs)}
    return render(request, "sync/health.html", context)


@require_safe
@never_cache
def repository(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "sync/repository.html", _context(request, job_for(request, pk)))


@require_safe
@never_cache
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    context = _context(request, job_for(request, pk))
    return render_fragment(request, "sync/repository.html", "sync/_progress.html", context)


@require_POST
def request_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Sync now, or try again after a quarantine."""
    job = job_for(request, pk)
    assert isinstance(request.user, User)  # noqa: S101  (anonymous people maintain nothing)
    reason = "try again" if job.state == SyncJob.State.QUARANTINED else "sync now"
    queue.make_due(job.repository, reason, by=request.user)
    messages.success(request, "Asked for. It begins within seconds.")
    return redirect("sync:repository", pk)


def _may_look(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_administrator


def job_for(request: HttpRequest, pk: int) -> SyncJob:
    """The job of a repository: 404 when no project of it is visible, 403 when none is the viewer's to maintain."""
    known = Repository.objects.filter(pk=pk, sync_job__isnull=False)  # by its own key: any number may be asked for
    job = SyncJob.objects.select_related("repository").visible_to(request.user).filter(repository__in=known).first()
    if job:
        return job
    if Project.objects.visible_to(request.user).filter(repository__in=known).exists():
        raise PermissionDenied("Only maintainers of this project may look at its synchronisation.")
    raise Http404("There is no such repository.")


def _filtered(jobs: SyncJobQuerySet, chosen: str) -> SyncJobQuerySet:
    return {
        "all": jobs.all,
        "failing": jobs.failing,
        "quarantined": jobs.quarantined,
        "due": lambda: jobs.due(timezone.now()),
        "running": jobs.running,
    }[chosen]()


def _tabs(jobs: SyncJobQuerySet, chosen: str) -> list[dict[str, Any]]:
    address = reverse("sync:health")
    return [
        {
            "words": words,
            "url": address if name == "all" else f"{address}?state={name}",
            "current": name == chosen,
            "count": _filtered(jobs, name).count(),
        }
        for name, words in FILTERS.items()
    ]


def _with_what_is_shown(jobs: SyncJobQuerySet, request: HttpRequest) -> SyncJobQuerySet:
    """Order: quarantined and failing first, then by the next look; with the visible projects of each."""
    visible = Prefetch("repository__projects", Project.objects.visible_to(request.user), to_attr="visible_projects")
    return jobs.select_related("repository").prefetch_related(visible).order_by("-crashes", "-attempt", "due_at", "pk")


def _last_runs(jobs: SyncJobQuerySet) -> Any:
    runs = SyncRun.objects.filter(job__in=jobs.order_by().values("pk"))
    return runs.select_related("job__repository")[:RUNS_SHOWN]


def _context(request: HttpRequest, job: SyncJob) -> dict[str, Any]:
    runs = list(job.runs.all()[:RUNS_SHOWN])
    projects = list(Project.objects.visible_to(request.user).filter(repository=job.repository_id))
    return {
        "job": job,
        "repository": job.repository,
        "run": runs[0] if runs else None,
        "runs": runs,
        "projects": projects,
        "may_choose": maintains_whole(request.user, job.repository),
        "problems": [
            *visible_problems(request, job.repository),
            *visible_import_problems(request.user, job.repository),
        ],
        "twins": _twins(request, job.repository),
        "reload": request.path if request.method == "GET" else "",
    }


def _twins(request: HttpRequest, repository: Repository) -> list[Project]:
    """Visible projects of other repositories that begin with the same commit: forks or mirrors of one another."""
    if not repository.root_commit:
        return []
    others = Project.objects.visible_to(request.user).filter(repository__root_commit=repository.root_commit)
    return list(others.exclude(repository=repository.pk).filter(subdirectory="")[:5])
