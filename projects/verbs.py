"""What people change on a project besides its fields: address, owner, roles, stars, follows.

Each verb is one transaction that keeps the catalog in line; all but stars and follows leave a line in the audit record.
"""

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Team, User, record_event
from projects import catalog, readers, readiness
from projects.fields import lock
from projects.models import Follow, Project, Role, Star


def rename(project: Project, slug: str, editor: User) -> None:
    """Move the page to a new address; the old one leads there."""
    with transaction.atomic():
        locked = lock(project)
        before = locked.slug
        if before == slug:
            return
        locked.rename_slug(slug)
        record_event(editor, "project.renamed", locked, {"slug": [before, slug]})
        catalog.refresh([locked.pk])
    project.slug = slug


def set_owner(project: Project, owner: Team | None, visibility: str, editor: User) -> None:
    """Give the project to a team, and say who may read its repository."""
    with transaction.atomic():
        readers.set_visibility(project, visibility, editor)
        locked = lock(project)
        if locked.owner_id != (owner.pk if owner else None):
            before = locked.owner
            locked.change_owner(owner)
            readiness.rescore(locked)
            changes = {"owner": [before.slug if before else None, owner.slug if owner else None]}
            record_event(editor, "project.owner_set", locked, changes)
            catalog.refresh([locked.pk])
    project.refresh_from_db()


def give_role(project: Project, person: User, kind: str, editor: User) -> None:
    """Begin a role today. Repeating it is harmless."""
    with transaction.atomic():
        lock(project)
        if Role.objects.current().filter(project=project, user=person, kind=kind).exists():
            return
        Role.objects.create(project=project, user=person, kind=kind)
        record_event(editor, "project.role_given", project, {kind: [None, person.username]})
        catalog.refresh([project.pk])


def end_role(project: Project, role: Role, editor: User) -> None:
    """End a role: today is the first day without it."""
    with transaction.atomic():
        role.ended_on = timezone.localdate()
        role.save(update_fields=["ended_on"])
        record_event(editor, "project.role_ended", project, {role.kind: [role.user.username, None]})
        catalog.refresh([project.pk])


def set_star(project: Project, person: User, on: bool) -> int:
    """Star or unstar; the project's number of stars. Repeating it is harmless."""
    with transaction.atomic():
        lock(project)
        if on:
            changed = Star.objects.get_or_create(project=project, user=person)[1]
        else:
            changed = bool(Star.objects.filter(project=project, user=person).delete()[0])
        if changed:
            counted = Star.objects.filter(project=OuterRef("pk")).order_by().values("project").annotate(n=Count("pk"))
            Project.objects.filter(pk=project.pk).update(star_count=Coalesce(Subquery(counted.values("n")), 0))
            catalog.refresh([project.pk])
    project.refresh_from_db(fields=["star_count"])
    return project.star_count


def set_follow(project: Project, person: User, on: bool) -> None:
    """Follow or unfollow. Repeating it is harmless."""
    if on:
        Follow.objects.get_or_create(project=project, user=person)
    else:
        Follow.objects.filter(project=project, user=person).delete()
