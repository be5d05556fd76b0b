"""Who is who, for administrators: looking for people, merging them, taking it back, and the history of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import AuditEvent, User
from activity import identities
from activity.evidence import evidence
from activity.identities import IdentityError
from activity.models import Merge, Person, PersonQuerySet
from activity.models.merging import LONGEST_REASON

PAGE = 50
OFFERED = 10
HISTORY = 100
DEEDS = {
    "person.merged": "merged into somebody",
    "person.received": "got somebody merged in",
    "person.merge_undone": "merge undone",
    "person.gave_back": "gave somebody back",
    "person.kept_apart": "told apart",
    "person.kept_apart_undone": "no longer told apart",
    "person.linked": "linked to an account",
    "person.unlinked": "taken from an account",
    "person.claim_left": "claim of another account turned down",
    "person.kind": "kind decided",
    "person.erased": "erased",
}


def administrator(request: HttpRequest) -> User:
    """The administrator behind the request. Raises PermissionDenied for anybody else."""
    if not isinstance(request.user, User) or not request.user.is_administrator:
        raise PermissionDenied("Only administrators decide who is who.")
    return request.user


def get_person(pk: int) -> Person:
    """The person with this number, merged or not, or Http404."""
    if pk > 2**63 - 1:  # more than the database counts to
        raise Http404("There is no such person.")
    return get_object_or_404(Person.objects.select_related("user", "merged_into"), pk=pk)


def text_of(request: HttpRequest, name: str, longest: int = LONGEST_REASON) -> str:
    """A line that somebody typed, in a length that can be kept."""
    return " ".join(request.POST.get(name, "").replace("\0", "").split())[:longest]


def number_of(request: HttpRequest, name: str) -> int:
    """A number in the form; 0, which is nobody, for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    administrator(request)
    asked = request.GET.get("q", "").replace("\0", "").strip()[:200]
    page = Paginator(_found(asked), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "asked": asked}
    return render(request, "pages/identities.html", context)


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    administrator(request)
    return person_page(request, get_person(pk))


@require_POST
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    user, shown = administrator(request), get_person(pk)
    try:
        row = identities.merge(shown.pk, number_of(request, "into"), user, reason=text_of(request, "reason"))
    except IdentityError as error:
        return person_page(request, shown, str(error))
    messages.success(request, f"{row.person.name} counts as {row.into.name} now, in the past too.")
    return redirect("identities:person", row.into_id)


@require_POST
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    user = administrator(request)
    row = get_object_or_404(Merge.objects.select_related("person__merged_into"), pk=min(pk, 2**63 - 1))
    try:
        back = identities.undo(row.pk, user, text_of(request, "reason"))
    except IdentityError as error:
        return person_page(request, row.person.merged_into or row.person, str(error))
    messages.success(request, f"Undone: {back.name} stands alone again.")
    return redirect("identities:person", back.pk)


def person_page(request: HttpRequest, shown: Person, problem: str = "") -> HttpResponse:
    """Everything about one person; 422 with a problem in words."""
    asked = (request.GET.get("with") or "").replace("\0", "").strip()[:200]
    others = list(_found(asked).exclude(pk=shown.pk).filter(erased_at=None)[:OFFERED]) if asked else []
    merges = (
        Merge.objects.open()
        .select_related("person", "into", "made_by")
        .filter(Q(person__merged_into=shown) | Q(person=shown))
    )
    context = {
        "person": shown,
        "evidence": evidence([shown.pk])[shown.pk],
        "identities": shown.identities.order_by("email", "name")[:200],
        "merges": merges,
        "asked": asked,
        "others": others,
        "problem": problem,
        "history": _history(shown),
    }
    return render(request, "pages/identity.html", context, status=422 if problem else 200)


def _found(text: str) -> PersonQuerySet:
    """People standing alone with all these words in a name or an address."""
    found = Person.objects.standing().annotate(addresses=Count("identities"))
    for word in text.split()[:5]:
        within = Q(name__icontains=word) | Q(identities__email__icontains=word) | Q(identities__name__icontains=word)
        found = found.filter(pk__in=Person.objects.filter(within).values("pk"))
    return found.order_by("name", "pk")


def _history(shown: Person) -> list[tuple[str, AuditEvent]]:
    """What happened in words, newest first."""
    events = AuditEvent.objects.filter(target_type="activity.person", target_id=shown.pk)
    return [(DEEDS.get(event.action, event.action), event) for event in events[:HISTORY]]
