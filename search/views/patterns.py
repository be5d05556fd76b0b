"""Which further branches and tags of a repository are searchable: its maintainers' choice."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from projects.access import get_maintainable_project
from search.models import IndexState

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


@require_http_methods(["GET", "HEAD", "POST"])
def patterns(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    if project.subdirectory:
        raise Http404("The project of the whole repository has this choice.")
    state, _ = IndexState.objects.get_or_create(repository_id=project.repository_id)
    before = {"branches": "\n".join(state.branch_patterns), "tags": "\n".join(state.tag_patterns)}
    form = PatternsForm(request.POST if request.method == "POST" else None, initial=before)
    if request.method == "POST" and form.is_valid():
        chosen = IndexState.objects.filter(pk=state.pk)
        chosen.update(branch_patterns=form.cleaned_data["branches"], tag_patterns=form.cleaned_data["tags"])
        messages.success(request, "Saved. The next sync makes them searchable.")
        return redirect("search:skipped", project.slug)
    context = {"project": project, "form": form}
    return render(request, "search/patterns.html", context, status=422 if form.is_bound else 200)
