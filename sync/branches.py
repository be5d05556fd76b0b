"""Which further branches and tags of a repository are searchable: its maintainers' choice."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User, record_event
from projects.access import maintains_whole
from search.models import IndexState
from sync import queue
from sync.models import SyncJob
from sync.views import job_for

MAX_PATTERNS = 20
MAX_PATTERN_LENGTH = 200


class PatternsField(forms.CharField):
    """Names with `*` and `?`, blanks or lines between them; a list of them when cleaned."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: object) -> list[str]:
        patterns = list(dict.fromkeys(str(super().clean(value)).split()))
        if len(patterns) > MAX_PATTERNS:
            raise ValidationError(f"These are {len(patterns)} patterns; there may be {MAX_PATTERNS}.")
        if any(len(pattern) > MAX_PATTERN_LENGTH for pattern in patterns):
            raise ValidationError(f"A pattern has at most {MAX_PATTERN_LENGTH} characters.")
        return patterns


class PatternsForm(forms.Form):
    branches = PatternsField(required=False, label="Branches", help_text="One on each line, such as release/*.")
    tags = PatternsField(required=False, label="Tags", help_text="One on each line, such as v2.*.")


@require_safe
def branches(request: HttpRequest, pk: int) -> HttpResponse:
    job = _job(request, pk)
    chosen = IndexState.objects.filter(repository=job.repository_id).first() or IndexState()
    stored = {"branches": "\n".join(chosen.branch_patterns), "tags": "\n".join(chosen.tag_patterns)}
    return _page(request, job, PatternsForm(initial=stored))


@require_POST
def choose_branches(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the choice, and have the repository looked at again: what it holds need not have changed."""
    job, form = _job(request, pk), PatternsForm(request.POST)
    if not form.is_valid():
        return _page(request, job, form, status=422)
    assert isinstance(request.user, User)  # noqa: S101  (anonymous people maintain nothing)
    after = [form.cleaned_data["branches"], form.cleaned_data["tags"]]
    with transaction.atomic():
        state, _ = IndexState.objects.select_for_update().get_or_create(repository_id=job.repository_id)
        before = [state.branch_patterns, state.tag_patterns]
        if before != after:
            IndexState.objects.filter(pk=state.pk).update(branch_patterns=after[0], tag_patterns=after[1])
            changes = {"branches": [before[0], after[0]], "tags": [before[1], after[1]]}
            record_event(request.user, "repository.searchable", job.repository, changes)
            queue.make_due(job.repository, "branches chosen", by=request.user)
    messages.success(request, "Saved. They are searchable once the next run has ended; it begins within seconds.")
    return redirect("sync:repository", pk)


def _job(request: HttpRequest, pk: int) -> SyncJob:
    job = job_for(request, pk)
    if not maintains_whole(request.user, job.repository):
        raise PermissionDenied("Only maintainers of the whole repository choose its branches.")
    return job


def _page(request: HttpRequest, job: SyncJob, form: PatternsForm, status: int = 200) -> HttpResponse:
    return render(request, "sync/branches.html", {"repository": job.repository, "form": form}, status=status)
