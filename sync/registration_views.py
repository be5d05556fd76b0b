"""Registering repositories by hand."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from common.htmx import render_fragment
from common.secrets import Undecryptable
from sync.access import AccessReport, check_access
from sync.folders import find_repositories
from sync.forms import CommonForm, FolderForm, ManyForm, OneForm, TableForm
from sync.registration import LineResult, RegistrationError, may_register, register_many, register_table
from sync.registration import register as register_repository

WAYS: dict[str, tuple[str, type[CommonForm], str]] = {
    "one": ("One repository", OneForm, "sync:register_one"),
    "many": ("Many addresses", ManyForm, "sync:register_list"),
    "table": ("CSV table", TableForm, "sync:register_csv"),
    "folder": ("Folder of the server", FolderForm, "sync:register_folder"),
}


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    user = _registrar(request)
    way = request.GET.get("way", "one")
    if way not in _ways_of(user):
        way = "one"
    initial = {"address": request.GET.get("address", "")[:2000]} if way == "one" else None
    return _page(request, user, way, WAYS[way][1](user, initial=initial))


@require_POST
@sensitive_post_parameters("credential_secret", "address")
def register_one(request: HttpRequest) -> HttpResponse:
    user = _registrar(request)
    form = OneForm(user, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            project = register_repository(
                data["address"],
                by=user,
                slug=data["slug"] or None,
                branch=data["branch"],
                subdirectory=data["subdirectory"],
                credential=data.get("credential"),
                secret=form.new_secret(),
                **form.common(),
            )
        except RegistrationError as error:
            return _refused(request, user, "one", form, error)
        messages.success(request, "Registered. The first read begins within seconds.")
        return redirect("sync:repository", project.repository_id)
    return _page(request, user, "one", form, status=422)


@require_POST
@sensitive_post_parameters("credential_secret", "lines")
def register_list(request: HttpRequest) -> HttpResponse:
    user = _registrar(request)
    form = ManyForm(user, request.POST)
    if not form.is_valid():
        return _page(request, user, "many", form, status=422)
    lines = form.cleaned_data["lines"].splitlines()
    credential = form.cleaned_data.get("credential")
    try:
        results = register_many(lines, by=user, credential=credential, secret=form.new_secret(), **form.common())
    except RegistrationError as error:
        return _refused(request, user, "many", form, error)
    return _results(request, results)


@require_POST
@sensitive_post_parameters("table")
def register_csv(request: HttpRequest) -> HttpResponse:
    user = _registrar(request)
    form = TableForm(user, request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, user, "table", form, status=422)
    try:
        return _results(request, register_table(form.cleaned_data["table"], by=user, **form.common()))
    except RegistrationError as error:
        return _refused(request, user, "table", form, error)


@require_POST
def register_folder(request: HttpRequest) -> HttpResponse:
    user = _registrar(request)
    if not user.is_administrator:
        raise PermissionDenied("Only administrators may register folders of the server.")
    form = FolderForm(user, request.POST)
    if not form.is_valid():
        return _page(request, user, "folder", form, status=422)
    try:
        found = find_repositories(form.cleaned_data["folder"], by=user)
        if not found:
            raise RegistrationError("folder", "There is no Git repository in or below this folder.")
        return _results(request, register_many(map(str, found), by=user, **form.common()))
    except RegistrationError as error:
        return _refused(request, user, "folder", form, error)


@require_POST
@sensitive_post_parameters("credential_secret", "address")
def register_check(request: HttpRequest) -> HttpResponse:
    """Try the address on the form, without registering anything."""
    user = _registrar(request)
    form = OneForm(user, request.POST)
    if form.is_valid():
        try:
            report = check_access(form.cleaned_data["address"], form.given_credential(), by=user)
        except Undecryptable:
            report = AccessReport(False, "The stored secret cannot be opened.", "Enter the credential again.")
    else:
        words = [str(error) for errors in form.errors.values() for error in errors]
        report = AccessReport(False, " ".join(words))
    context = _context(user, "one", form) | {"report": report}
    return render_fragment(request, "sync/register.html", "sync/_report.html", context)


def _registrar(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not may_register(request.user):
        raise PermissionDenied("Registering repositories is for administrators here.")
    return request.user


def _ways_of(user: User) -> list[str]:
    return [way for way in WAYS if way != "folder" or user.is_administrator]


def _context(user: User, way: str, form: CommonForm) -> dict[str, Any]:
    address = reverse("sync:register")
    tabs = [{"words": WAYS[name][0], "url": f"{address}?way={name}", "current": name == way} for name in _ways_of(user)]
    action = reverse(WAYS[way][2])
    return {"form": form, "way": way, "tabs": tabs, "action": action, "report": None, "known": None}


def _page(request: HttpRequest, user: User, way: str, form: CommonForm, status: int = 200) -> HttpResponse:
    return render(request, "sync/register.html", _context(user, way, form), status=status)


def _refused(request: HttpRequest, user: User, way: str, form: CommonForm, error: RegistrationError) -> HttpResponse:
    field = error.field if error.field in form.fields else None
    form.add_error(field, " ".join(filter(None, [error.message, error.hint])))
    context = _context(user, way, form) | {"known": error.project}
    return render(request, "sync/register.html", context, status=422)


def _results(request: HttpRequest, results: Iterable[LineResult]) -> HttpResponse:
    rows = list(results)
    context = {
        "results": rows,
        "good": sum(1 for row in rows if row.project),
        "bad": sum(1 for row in rows if row.error),
    }
    return render(request, "sync/register_results.html", context)
