"""One door to an opportunity: fetch and permission in one function."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import User
from contributions.models import Opportunity, StarterTask
from projects.access import may_maintain, signed_in
from projects.models import Project

LARGEST = 2**63 - 1  # what the database counts to


def get_visible_opportunity(request: HttpRequest, pk: int) -> Opportunity:
    """Raises Http404."""
    rows = Opportunity.objects.visible_to(request.user).select_related(
        "project__repository", "project__owner", "mentor", "taken_by", "created_by"
    )
    found = rows.filter(pk=pk).first() if pk <= LARGEST else None
    if found is None:
        raise Http404("There is no such opportunity.")
    return found


def get_manageable_opportunity(request: HttpRequest, pk: int) -> tuple[Opportunity, User]:
    """For those who look after the project. Raises Http404 or PermissionDenied."""
    found = get_visible_opportunity(request, pk)
    person = signed_in(request)
    if not may_maintain(request, found.project):
        raise PermissionDenied("Only maintainers of this project may do this.")
    return found, person


def get_starter_task(project: Project, number: str) -> StarterTask | None:
    """The proposal with this number, or none where no number is given. Raises Http404."""
    if not number:
        return None
    known = number.isascii() and number.isdigit() and int(number) <= LARGEST
    found = StarterTask.objects.filter(project=project, pk=int(number)).first() if known else None
    if found is None:
        raise Http404("There is no such proposal.")
    return found
