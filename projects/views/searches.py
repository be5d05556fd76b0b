"""What people searched for in vain, for administrators."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from projects.models import UnansweredSearch

PER_PAGE = 50


@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """The most frequent first; `sort=recent`: the last first."""
    _check(request)
    recent = request.GET.get("sort") == "recent"
    rows = UnansweredSearch.objects.order_by(*(["-last_at", "-pk"] if recent else ["-count", "-last_at"]))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "projects/searches.html", {"page": page, "recent": recent})


@require_POST
def searches_forget(request: HttpRequest) -> HttpResponse:
    _check(request)
    UnansweredSearch.objects.all().delete()
    return redirect("projects:searches")


def _check(request: HttpRequest) -> None:
    if not (isinstance(request.user, User) and request.user.is_administrator):
        raise PermissionDenied("Only administrators see what others searched for.")
