"""Claims of addresses that count for another account: an administrator decides."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from activity import disputes as verbs
from activity.evidence import Evidence, evidence
from activity.identities import IdentityError, person_of
from activity.models import AddressClaim, Person
from pages.identities import administrator, text_of

PAGE = 20


@dataclass(frozen=True, slots=True)
class Dispute:
    """A claim, whom its address counts for now, and what is known of both in commits."""

    claim: AddressClaim
    holder: Person | None
    of_holder: Evidence | None
    claimant: Person | None
    of_claimant: Evidence | None

    @property
    def account(self) -> User | None:
        """Whose the address is now."""
        return self.holder.user if self.holder else None


@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    administrator(request)
    page = Paginator(verbs.open_disputes(), PAGE).get_page(request.GET.get("page"))
    return render(request, "pages/disputes.html", {"page": page, "disputes": _shown(list(page))})


def _shown(claims: list[AddressClaim]) -> list[Dispute]:
    pairs = []
    for claim in claims:
        person = verbs.owner_of(claim.email)
        pairs.append((claim, (person.merged_into or person) if person else None, person_of(claim.user)))
    facts = evidence({person.pk for _, *people in pairs for person in people if person})
    return [
        Dispute(claim, holder, facts[holder.pk] if holder else None, mine, facts[mine.pk] if mine else None)
        for claim, holder, mine in pairs
    ]


@require_POST
def dispute_give(request: HttpRequest, pk: int) -> HttpResponse:
    user = administrator(request)
    try:
        row = verbs.give(pk, user, text_of(request, "reason", 400))
    except IdentityError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{row.email} counts for {row.user.display_name} now, in the past too.")
    return redirect("identities:disputes")


@require_POST
def dispute_leave(request: HttpRequest, pk: int) -> HttpResponse:
    user = administrator(request)
    try:
        row = verbs.leave(pk, user, text_of(request, "reason", 400))
    except IdentityError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{row.email} stays where it is. {row.user.display_name} sees that on the own page.")
    return redirect("identities:disputes")
