"""Making, moving and closing teams, and who is in them: for administrators."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import team_verbs
from accounts.models import Membership, Team, User
from accounts.team_verbs import TeamError
from projects.access import signed_in
from projects.team_forms import CloseForm, CreateForm, DescribeForm, EndForm, MemberForm, MoveForm
from projects.teams import follow_names


def administrator(request: HttpRequest) -> User:
    """The administrator behind the request. Raises PermissionDenied for anybody else."""
    user = signed_in(request)
    if not user.is_administrator:
        raise PermissionDenied("Only administrators manage teams.")
    return user


def get_team(slug: str) -> Team:
    """The team at this address, or Http404."""
    if "\0" in slug:  # PostgreSQL takes no such text
        raise Http404("No team has this address.")
    return get_object_or_404(Team.objects.select_related("parent"), slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    user = administrator(request)
    form = CreateForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "teams/create.html", {"form": form}, status=422 if form.is_bound else 200)
    data = form.cleaned_data
    try:
        team = team_verbs.create_team(data["slug"], data["name"], data["description"], data["parent"], user)
    except TeamError as error:
        form.add_error("slug", str(error))
        return render(request, "teams/create.html", {"form": form}, status=422)
    messages.success(request, f"{team.name} is made. Add its people.")
    return redirect("teams:edit", team.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    team = _administered(request, slug)
    if request.method != "POST":
        return _page(request, team)
    form = DescribeForm(request.POST)

    def save(user: User) -> None:
        with transaction.atomic():
            renamed = team.name != form.cleaned_data["name"]
            team_verbs.describe_team(team, form.cleaned_data["name"], form.cleaned_data["description"], user)
            follow_names([team.pk] if renamed else [])

    return _act(request, team, form, "describe_form", save)


@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    team = _administered(request, slug)
    form = MoveForm(team, request.POST)

    def save(user: User) -> None:
        since = None if form.cleaned_data["always"] else form.cleaned_data["since"]
        team_verbs.move_team(team, form.cleaned_data["parent"], since, user)

    return _act(request, team, form, "move_form", save)


@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    team = _administered(request, slug)
    form = CloseForm(request.POST)
    return _act(
        request, team, form, "close_form", lambda user: team_verbs.close_team(team, form.cleaned_data["on"], user)
    )


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    team = _administered(request, slug)
    team_verbs.reopen_team(team, signed_in(request))
    messages.success(request, "Saved.")
    return redirect("teams:edit", team.slug)


@require_POST
def member_add(request: HttpRequest, slug: str) -> HttpResponse:
    team = _administered(request, slug)
    form = MemberForm(request.POST)

    def save(user: User) -> None:
        data = form.cleaned_data
        days = data["started_on"], data["ended_on"]
        team_verbs.add_membership(form.member(), team, *days, user, is_primary=not data["is_further"])

    return _act(request, team, form, "member_form", save)


@require_POST
def member_end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    team = _administered(request, slug)
    membership = _membership(team, pk)
    form = EndForm(request.POST)

    def save(user: User) -> None:
        team_verbs.end_membership(membership, form.cleaned_data["on"], user)

    return _act(request, team, form, "end_form", save, ending=pk)


@require_POST
def member_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    team = _administered(request, slug)
    team_verbs.remove_membership(_membership(team, pk), signed_in(request))
    messages.success(request, "Removed.")
    return redirect("teams:edit", team.slug)


def _membership(team: Team, pk: int) -> Membership:
    if pk > 2**63 - 1:  # more than the database counts to
        raise Http404("There is no such membership.")
    return get_object_or_404(team.memberships.select_related("user", "team"), pk=pk)


def _administered(request: HttpRequest, slug: str) -> Team:
    user = signed_in(request)
    team = get_team(slug)
    if not user.is_administrator:
        raise PermissionDenied("Only administrators manage teams.")
    return team


def _act(
    request: HttpRequest, team: Team, form: Any, name: str, save: Callable[[User], None], **more: Any
) -> HttpResponse:
    if form.is_valid():
        try:
            save(signed_in(request))
        except TeamError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("teams:edit", team.slug)
    team.refresh_from_db()
    return _page(request, team, **{name: form}, **more)


def _page(request: HttpRequest, team: Team, **bound: Any) -> HttpResponse:
    """The edit page; 422 when one of its forms came back with errors."""
    rows = team.memberships.select_related("user").order_by(F("started_on").asc(nulls_first=True), "pk")
    people = list(rows)
    context = {
        "team": team,
        "describe_form": DescribeForm(initial={"name": team.name, "description": team.description}),
        "move_form": MoveForm(team),
        "close_form": CloseForm(),
        "member_form": MemberForm(),
        "end_form": None,
        "ending": None,
        "past_parents": team.past_parents.select_related("parent").order_by("-ended_on"),
        "now": [row for row in people if row.is_current],
        "others": [row for row in people if not row.is_current],
        "today": timezone.localdate(),
        **bound,
    }
    return render(request, "teams/edit.html", context, status=422 if bound else 200)
