"""The pages of notifications: the list behind the bell, and what somebody wants to hear of."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.feed_keys import renew_feed_token
from accounts.models import Mail, Notification, User
from accounts.models.notices import Way
from accounts.notifications.kinds import KINDS
from accounts.notifications.mails import MAILED
from accounts.notifications.stopping import choose, chosen_ways, read_stop, stop_mails

PAGE_SIZE = 30


@require_safe
@login_required
def notifications(request: HttpRequest) -> HttpResponse:
    mine = Notification.objects.visible_to(request.user).select_related("actor")
    only_unread = request.GET.get("show") != "all"
    rows = mine.unread() if only_unread else mine
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    ways = chosen_ways(_person(request))
    lines = [
        {"row": row, "kind": KINDS.get(row.kind), "mailed": ways.get(row.kind) in MAILED, "way": ways.get(row.kind)}
        for row in page
    ]
    context = {"lines": lines, "page": page, "only_unread": only_unread}
    return render(request, "accounts/notifications.html", context)


@require_safe
@login_required
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to what it is about; having gone there is having read it."""
    row = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    if request.method == "GET":
        Notification.objects.unread().filter(pk=row.pk).update(read_at=timezone.now())
    return redirect(row.url)


@require_POST
@login_required
def notification_read(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Notification.objects.visible_to(request.user), pk=pk)
    Notification.objects.unread().filter(pk=row.pk).update(read_at=timezone.now())
    return _back(request)


@require_POST
@login_required
def notifications_read(request: HttpRequest) -> HttpResponse:
    """All up to the newest one that the page showed: what came meanwhile stays unread."""
    mine = Notification.objects.visible_to(request.user).unread()
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        mine = mine.filter(pk__lte=int(newest))
    number = mine.update(read_at=timezone.now())
    messages.success(request, f"{number} notification{'' if number == 1 else 's'} marked read.")
    return redirect("notifications:notifications")


@require_POST
@login_required
def kind_choose(request: HttpRequest) -> HttpResponse:
    """One click in the list: a kind comes another way from now on."""
    kind, way = KINDS.get(request.POST.get("kind", "")), request.POST.get("way", "")
    if kind is None or way not in Way.values:
        raise Http404("No such kind of notification, or no such way.")
    choose(_person(request), kind.name, way)
    messages.success(request, f"{kind.label.capitalize()}: {Way(way).label.lower()}, from now on.")
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choices(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    if request.method != "POST":
        return _choices_page(request, user)
    for name, way in chosen_ways(user).items():
        wanted = request.POST.get(f"way-{name}", "")
        if wanted in Way.values and wanted != way:
            choose(user, name, wanted)
    messages.success(request, "Saved.")
    return redirect("notifications:choices")


@require_POST
@login_required
def feed_key_renew(request: HttpRequest) -> HttpResponse:
    renew_feed_token(_person(request))
    messages.success(request, "Your feeds have new addresses. The former ones lead nowhere any more.")
    return redirect("notifications:choices")


@csrf_exempt  # programs that read mail send this without a page before; the token is what counts
@require_http_methods(["GET", "HEAD", "POST"])
def mails_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link only shows what it is, as programs that look into mails open links too."""
    stop = read_stop(token)
    if stop is not None and request.method == "POST":
        stop_mails(stop)
    context = {"stop": stop, "done": request.method == "POST"}
    return render(request, "accounts/mails_stop.html", context, status=200 if stop else 404)


def _person(request: HttpRequest) -> User:
    """Whoever is signed in, as `login_required` made sure."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def _back(request: HttpRequest) -> HttpResponse:
    """To where the form was: the same part of the list."""
    came_from = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(came_from, allowed_hosts=None)
    return redirect(came_from if safe and came_from.startswith("/") else "notifications:notifications")


def _choices_page(request: HttpRequest, user: User) -> HttpResponse:
    groups: dict[str, list[dict[str, Any]]] = {}
    ways = chosen_ways(user)
    for kind in KINDS.values():
        groups.setdefault(kind.group, []).append({"kind": kind, "way": ways[kind.name]})
    tried = Mail.objects.filter(user=user).exclude(Q(problem="") & Q(state=Mail.State.WAITING))
    last = tried.order_by("-created_at", "-pk").first()
    context = {
        "groups": groups,
        "ways": Way.choices,
        "email": user.email,
        "stuck": last if last and last.state in {Mail.State.WAITING, Mail.State.FAILED} else None,
    }
    return render(request, "accounts/choices.html", context)
