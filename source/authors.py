"""Where the names of authors in code pages lead: to their pages, where the viewer may see them."""

from collections import defaultdict
from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from accounts.models import User
from activity.models import Identity, Participation
from projects.models import Project

MOST = 500


def author_urls(viewer: User | AnonymousUser, emails: Iterable[str]) -> dict[str, str]:
    """Addresses of people's pages by the address in commits as it is spelled there; one query.

    Without programs, the erased, and addresses that several people share. Nobody is seen without signing in.
    """
    wanted = {email for email in emails if email}
    if not isinstance(viewer, User) or not wanted:
        return {}
    seen = Participation.objects.filter(person=OuterRef("person"), project__in=Project.objects.visible_to(viewer))
    known = Q(Exists(seen.filter(Q(commits__gt=0) | Q(coauthored__gt=0)))) | Q(person__user__is_active=True)
    rows = Identity.objects.filter(known, email__in=sorted(wanted)[:MOST], person__is_bot=False)
    people: dict[str, set[int]] = defaultdict(set)
    for email, person in rows.order_by().values_list("email", "person_id"):
        people[email].add(person)
    return {email: reverse("pages:person", args=[str(min(pks))]) for email, pks in people.items() if len(pks) == 1}
