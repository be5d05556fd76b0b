"""Suggested teams: for administrators to accept or dismiss."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import DismissedTeam, User
from activity import suggested_teams

PER_PAGE = 25


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    _administrator(request)
    page = Paginator(suggested_teams.suggestions(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "dismissed": DismissedTeam.objects.all()[:200]}
    return render(request, "pages/team_suggestions.html", context)


@require_POST
def suggestion_accept(request: HttpRequest) -> HttpResponse:
    team = suggested_teams.accept(_key(request), _administrator(request))
    if team is None:
        messages.warning(request, "This is offered no more. Somebody may have accepted it, or its people have a team.")
        return redirect("pages:team_suggestions")
    messages.success(request, f"{team.name} is made. Give it a name of its own.")
    return redirect("teams:edit", team.slug)


@require_POST
def suggestion_dismiss(request: HttpRequest) -> HttpResponse:
    user = _administrator(request)
    if suggested_teams.dismiss(_key(request), user):
        messages.success(request, "Dismissed. It is not offered again.")
    else:
        messages.warning(request, "This is offered no more.")
    return redirect("pages:team_suggestions")


@require_POST
def suggestion_restore(request: HttpRequest) -> HttpResponse:
    user = _administrator(request)
    suggested_teams.restore(_key(request), user)
    return redirect("pages:team_suggestions")


def _key(request: HttpRequest) -> str:
    return request.POST.get("key", "").replace("\0", "")[:300]


def _administrator(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not request.user.is_administrator:
        raise PermissionDenied("Only administrators manage teams.")
    return request.user
