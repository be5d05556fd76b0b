"""One door to a request: fetch and permission in one function."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import User
from contributions.models import ChangeRequest
from projects.access import may_maintain, signed_in
from source.access import visible_code

LARGEST = 2**63 - 1


def get_visible_request(request: HttpRequest, pk: int) -> ChangeRequest:
    """Raises Http404."""
    rows: Any = ChangeRequest.objects.visible_to(request.user).select_related(
        "project__repository", "project__owner", "author", "opportunity", "answered_by"
    )
    found: ChangeRequest | None = rows.filter(pk=min(pk, LARGEST)).first()
    if found is None:
        raise Http404("There is no such request.")
    return found


def get_manageable_request(request: HttpRequest, pk: int) -> tuple[ChangeRequest, User]:
    """For maintainers. Raises Http404 or PermissionDenied."""
    found = get_visible_request(request, pk)
    person = signed_in(request)
    if not may_maintain(request, found.project):
        raise PermissionDenied("Only maintainers of this project may do this.")
    return found, person


def get_own_request(request: HttpRequest, pk: int) -> tuple[ChangeRequest, User]:
    """For the author. Raises Http404 or PermissionDenied."""
    found = get_visible_request(request, pk)
    person = signed_in(request)
    if found.author_id != person.pk:
        raise PermissionDenied("Only the author of the request may do this.")
    return found, person


def may_read_change(request: HttpRequest, found: ChangeRequest) -> bool:
    """Whether the viewer may read the code, and so what changes in it."""
    return visible_code(request, found.project)
