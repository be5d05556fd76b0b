"""Who may read a repository: one answer for all its projects, because Git gives a repository as a whole.

Each verb keeps visibility and `Access` rows of all projects alike, the removed ones too, in one transaction with the
catalog and one line in the audit record for every project that changed.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from accounts.models import Team, User, record_event
from projects import catalog
from projects.models import Access, Project, Repository

Reader = tuple[int | None, int | None]  # team, user


def main_project(repository: Repository) -> Project | None:
    """The project that stands for the whole repository: the one of its root, else a restricted one before others."""
    live = Project.objects.live().filter(repository=repository).order_by("subdirectory")
    return min(live, key=lambda one: (bool(one.subdirectory), one.visibility == "internal"), default=None)


def readers_of(project: Project) -> set[Reader]:
    return set(Access.objects.filter(project=project).values_list("team_id", "user_id"))


def set_visibility(project: Project, visibility: str, editor: User | None) -> None:
    """Say for the whole repository of this project whether everybody or only named people may read it."""
    with transaction.atomic():
        changed = [one for one in _locked(project) if one.visibility != visibility]
        for one in changed:
            record_event(editor, "project.visibility_set", one, {"visibility": [one.visibility, visibility]})
        Project.objects.filter(pk__in=[one.pk for one in changed]).update(visibility=visibility)
        catalog.refresh(one.pk for one in changed)
    project.visibility = visibility


def grant(project: Project, team: Team | None, person: User | None, editor: User | None) -> None:
    """Let a team or a person read the repository of this project while it is restricted. Repeating it is harmless."""
    with transaction.atomic():
        _add(_locked(project), {(team.pk if team else None, person.pk if person else None)}, editor)


def withdraw(project: Project, reader: Access, editor: User | None) -> None:
    with transaction.atomic():
        _take(_locked(project), {(reader.team_id, reader.user_id)}, editor)


def spread(project: Project, editor: User | None) -> None:
    """Give all other projects of the repository the visibility and the readers of this one."""
    with transaction.atomic():
        wanted = readers_of(project)
        set_visibility(project, project.visibility, editor)
        others = [one for one in _locked(project) if one.pk != project.pk]
        for one in others:
            _take([one], readers_of(one) - wanted, editor)
        _add(others, wanted, editor)


def _locked(project: Project) -> list[Project]:
    """All projects of the repository, kept from others until the transaction ends."""
    return list(Project.objects.select_for_update().filter(repository=project.repository_id).order_by("pk"))


def _add(projects: Iterable[Project], readers: set[Reader], editor: User | None) -> None:
    for project in projects:
        for team, user in sorted(readers - readers_of(project), key=str):
            access = Access.objects.create(project=project, team_id=team, user_id=user)
            record_event(editor, "project.access_granted", project, {"access": [None, _words(access)]})
            catalog.refresh([project.pk])


def _take(projects: Iterable[Project], readers: set[Reader], editor: User | None) -> None:
    for project in projects:
        for access in Access.objects.filter(project=project).select_related("team", "user"):
            if (access.team_id, access.user_id) in readers:
                record_event(editor, "project.access_withdrawn", project, {"access": [_words(access), None]})
                access.delete()
                catalog.refresh([project.pk])


def _words(access: Access) -> Any:
    if access.team is not None:
        return f"team {access.team.slug}"
    return access.user.username if access.user else ""
