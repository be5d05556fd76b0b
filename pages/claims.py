"""Claiming addresses in commits: ask for a mail, open its link, confirm."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from activity import claims, identities
from activity.claims import ClaimError
from activity.models import AddressClaim, Identity
from projects.access import signed_in

SHOWN = 20
LONGEST = 254


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def addresses(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if request.method != "POST":
        return _page(request, user)
    typed = request.POST.get("email", "").replace("\0", "").strip()[: LONGEST + 1]
    try:
        EmailValidator("This is not an address.")(typed)
        if len(typed) > LONGEST:
            raise ClaimError("This address is too long.")
        claims.claim(user, typed)
    except ValidationError as error:
        return _page(request, user, typed, error.messages[0])
    except ClaimError as error:
        return _page(request, user, typed, str(error))
    messages.success(request, f"If commits use {typed}, a mail with a link is on its way there.")
    return redirect("identities:claims")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def redeem(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link only shows what it is, as programs that look into mails open links too."""
    user = signed_in(request)
    row = claims.find(token, user)
    if row is None or request.method != "POST":
        return render(request, "pages/claim.html", {"claim": row}, status=200 if row else 404)
    found = claims.redeem(token, user)
    if found is None:
        return render(request, "pages/claim.html", {"claim": None}, status=404)
    if found.state == AddressClaim.State.DISPUTED:
        messages.warning(
            request, f"{row.email} is proven, but counts for another account. An administrator has to decide."
        )
    else:
        messages.success(request, f"{row.email} is yours: its commits count for you, in the past too.")
    return redirect("identities:claims")


def _page(request: HttpRequest, user: User, typed: str = "", problem: str = "") -> HttpResponse:
    person = identities.person_of(user)
    mine = Identity.objects.filter(person=person).exclude(email="") if person else Identity.objects.none()
    context = {
        "mine": sorted({email.lower() for email in mine.values_list("email", flat=True)[:500]}),
        "claims": AddressClaim.objects.filter(user=user)[:SHOWN],
        "typed": typed,
        "problem": problem,
    }
    return render(request, "pages/claims.html", context, status=422 if problem else 200)
