"""The maintainer's form, and the small verbs of the edit page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from projects import readers, verbs
from projects.access import get_maintainable_project, signed_in
from projects.fields import FIELDS, Source, back_to_derived, set_edited, strongest_values
from projects.forms import AccessForm, FieldsForm, OwnerForm, RoleForm, SlugForm
from projects.models import FieldValue, Project


@dataclass(frozen=True, slots=True)
class Row:
    """One field on the form: the input, the value in force with its source, and what the repository says instead."""

    field: BoundField
    in_force: FieldValue | None
    origin: str
    beneath: list[tuple[str, str]]

    @property
    def edited(self) -> bool:
        return self.in_force is not None and self.in_force.source == Source.EDITED

    @property
    def hidden_initial(self) -> str:
        """What the person saw, so that a sync meanwhile is not taken for an edit."""
        return self.field.as_hidden(only_initial=True)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    if request.method != "POST":
        return _page(request, project)
    form = FieldsForm(project, request.POST)
    if not form.is_valid():
        return _page(request, project, fields_form=form)
    edits = form.edits()
    with transaction.atomic():
        for field, value in edits.items():
            set_edited(project, field, value, signed_in(request))
    messages.success(request, "Saved." if edits else "Nothing was changed.")
    return redirect("projects:edit", project.slug)


@require_POST
def back(request: HttpRequest, slug: str, field: str) -> HttpResponse:
    """Back to derived, one field."""
    project = get_maintainable_project(request, slug)
    if field not in FIELDS:
        raise Http404("There is no such field.")
    back_to_derived(project, field, signed_in(request))
    messages.success(request, f"{FIELDS[field].label}: what the repository says is in force again.")
    return redirect("projects:edit", project.slug)


@require_POST
def rename(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    form = SlugForm(project, signed_in(request), request.POST)
    return _act(request, project, form, "slug_form", lambda who: verbs.rename(project, form.cleaned_data["slug"], who))


@require_POST
def owner(request: HttpRequest, slug: str) -> HttpResponse:
    project = _administered(request, slug)
    form = OwnerForm(project, request.POST)

    def save(who: User) -> None:
        verbs.set_owner(project, form.cleaned_data["owner"], form.cleaned_data["visibility"], who)

    return _act(request, project, form, "owner_form", save)


@require_POST
def access_add(request: HttpRequest, slug: str) -> HttpResponse:
    project = _administered(request, slug)
    form = AccessForm(request.POST)

    def save(who: User) -> None:
        readers.grant(project, form.cleaned_data["team"], form.cleaned_data["person"], who)

    return _act(request, project, form, "access_form", save)


@require_POST
def access_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = _administered(request, slug)
    readers.withdraw(project, get_object_or_404(project.access, pk=pk), signed_in(request))
    messages.success(request, "Saved.")
    return redirect("projects:edit", project.slug)


@require_POST
def role_add(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    form = RoleForm(request.POST)

    def save(who: User) -> None:
        verbs.give_role(project, form.cleaned_data["person"], form.cleaned_data["kind"], who)

    return _act(request, project, form, "role_form", save)


@require_POST
def role_end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = get_maintainable_project(request, slug)
    role = get_object_or_404(project.roles.current().select_related("user"), pk=pk)
    verbs.end_role(project, role, signed_in(request))
    messages.success(request, "Saved.")
    if not Project.objects.maintainable_by(request.user).filter(pk=project.pk).exists():
        return redirect("pages:home")
    return redirect("projects:edit", project.slug)


def _administered(request: HttpRequest, slug: str) -> Project:
    project = get_maintainable_project(request, slug)
    if not signed_in(request).is_administrator:
        raise PermissionDenied("Only administrators may do this.")
    return project


def _act(request: HttpRequest, project: Project, form: Any, name: str, save: Callable[[User], None]) -> HttpResponse:
    if not form.is_valid():
        project.refresh_from_db()
        return _page(request, project, **{name: form})
    save(signed_in(request))
    messages.success(request, "Saved.")
    return redirect("projects:edit", project.slug)


def _page(request: HttpRequest, project: Project, **bound: Any) -> HttpResponse:
    """The edit page; 422 when one of its forms came back with errors."""
    fields_form = bound.get("fields_form") or FieldsForm(project)
    context = {
        "project": project,
        "rows": _rows(project, fields_form),
        "fields_form": fields_form,
        "slug_form": SlugForm(project, signed_in(request)),
        "owner_form": OwnerForm(project),
        "access_form": AccessForm(),
        "role_form": RoleForm(),
        "access": project.access.select_related("team", "user"),
        "roles": project.roles.current().select_related("user"),
        "is_administrator": signed_in(request).is_administrator,
        **bound,
    }
    return render(request, "projects/edit.html", context, status=422 if bound else 200)


def _rows(project: Project, form: FieldsForm) -> list[Row]:
    values = list(project.field_values.select_related("editor"))
    strongest = strongest_values(values)
    rows = []
    for name in FIELDS:
        in_force = strongest.get(name)
        beneath = sorted(
            (row for row in values if row.field == name and row is not in_force), key=lambda row: row.source
        )
        shown = [(_origin(row), _words(row.value)) for row in beneath]
        rows.append(Row(form[name], in_force, _origin(in_force) if in_force else "", shown))
    return rows


def _origin(row: FieldValue) -> str:
    if row.source == Source.EDITED:
        return f"Edited here by {row.editor.display_name}" if row.editor else "Edited here"
    place = row.origin or "the repository"
    return f"Declared in {place}" if row.source == Source.DECLARED else f"Derived from {place}"


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
