"""A file of teams on a page: upload, look at exactly what would change, apply. And the files that come out again."""

import datetime as dt
import gzip
import io
import shutil
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import team_exports, team_imports
from accounts.models import TeamImport
from accounts.team_files import UnreadableFile, read_file
from accounts.team_imports import TeamsChanged
from accounts.team_plan import Plan
from projects.team_forms import ImportForm, TeamsUploadHandler
from projects.teams import follow_names
from projects.views.teams import administrator

KEPT = dt.timedelta(days=1)
SHOWN = 200
PROBLEMS_SHOWN = 500
GZIP = b"\x1f\x8b"


@csrf_exempt  # checked in `_upload`, as the check reads the form, and where a file goes has to be said before
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    request.upload_handlers = [TeamsUploadHandler(request)]
    return _upload(request, user)


@csrf_protect
def _upload(request: HttpRequest, user: Any) -> HttpResponse:
    form = ImportForm(request.POST if request.method == "POST" else None, files=request.FILES or None)
    if request.method == "POST" and form.is_valid():
        kept = _kept(request, form, user)
        if kept is not None:
            return redirect("teams:import_look", kept.pk)
    form.fields["file"].required = True  # as the page shows it; a file that is too large is none when it arrives
    context = {"form": form, "megabytes": f"{settings.TEAMS_MAX_BYTES / 1024**2:.3g}"}
    return render(request, "teams/import.html", context, status=422 if form.is_bound else 200)


def _kept(request: HttpRequest, form: ImportForm, user: Any) -> TeamImport | None:
    """The upload as a row, until it is applied or a day has gone; None and an error of the form if it is of no use."""
    file = form.cleaned_data["file"]
    if file is None:  # it was left out of a request that is too large
        form.add_error(
            "file", team_imports.too_large() if TeamsUploadHandler.is_too_large(request) else "Choose a file."
        )
        return None
    name = PurePosixPath(file.name).name[-200:]
    try:
        read_file(file.file, name)
    except UnreadableFile as error:
        form.add_error("file", str(error))
        return None
    TeamImport.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return TeamImport.objects.create(
        created_by=user, filename=name, content=_packed(file.file), complete=form.cleaned_data["complete"]
    )


def _packed(file: BinaryIO) -> bytes:
    packed = io.BytesIO()
    file.seek(0)
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as out:
        shutil.copyfileobj(file, out)
    return packed.getvalue()


def _content(kept: TeamImport) -> BinaryIO:
    """The file as it was uploaded; it is unpacked while it is read."""
    packed = io.BytesIO(bytes(kept.content))
    return gzip.GzipFile(fileobj=packed) if packed.getbuffer()[:2] == GZIP else packed  # type: ignore[return-value]


def _part(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) else 1


@require_safe
def import_look(request: HttpRequest, pk: int) -> HttpResponse:
    administrator(request)
    kept = _get(pk)
    part = _part(request.GET.get("part", ""))
    try:
        plan = team_imports.look(_content(kept), kept.filename, complete=kept.complete, part=part)
    except UnreadableFile as error:  # the rules have changed meanwhile
        messages.error(request, str(error))
        return redirect("teams:import")
    return _page(request, kept, plan)


@require_POST
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    user = administrator(request)
    kept = _get(pk)
    try:
        with transaction.atomic():
            plan = team_imports.apply(
                _content(kept),
                kept.filename,
                user,
                complete=kept.complete,
                expected=request.POST.get("digest", ""),
                part=_part(request.POST.get("part", "")),
            )
            follow_names(team_imports.renamed(plan))
            if plan.part >= plan.parts:
                kept.delete()
    except TeamsChanged as changed:
        return _page(request, kept, changed.plan, moved_on=True)
    except UnreadableFile as error:
        messages.error(request, str(error))
        return redirect("teams:import")
    messages.success(request, f"Applied: {_sum(plan)}.")
    if plan.part < plan.parts:
        return redirect(f"{reverse('teams:import_look', args=[pk])}?part={plan.part + 1}")
    return redirect("pages:teams")


@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    administrator(request)
    if form == "csv":
        response = HttpResponse(team_exports.as_csv(), content_type="text/csv; charset=utf-8")
    else:
        response = HttpResponse(team_exports.as_yaml(), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="teams.{form}"'
    return response


def _get(pk: int) -> TeamImport:
    return get_object_or_404(TeamImport, pk=min(pk, 2**63 - 1), created_at__gte=timezone.now() - KEPT)


def _sum(plan: Plan) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in plan.counts().items() if number) or "nothing to change"


def _page(request: HttpRequest, kept: TeamImport, plan: Plan, *, moved_on: bool = False) -> HttpResponse:
    context = {
        "kept": kept,
        "plan": plan,
        "page": Paginator(plan.changes, SHOWN).get_page(request.GET.get("page")),
        "figures": [
            {"value": number, "words": kind} for kind, number in (plan.counts() | {"untouched": plan.untouched}).items()
        ],
        "problems": plan.problems[:PROBLEMS_SHOWN],
        "more_problems": max(0, len(plan.problems) - PROBLEMS_SHOWN),
        "moved_on": moved_on,
        "next_part": plan.part + 1 if plan.part < plan.parts else None,
    }
    return render(request, "teams/import_look.html", context, status=409 if moved_on else 200)
