"""Projects a reader of this one may want to see as well."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from accounts.models import User
from projects.models import Project

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Related:
    """A project and in words what it has to do with this one."""

    project: Project
    why: str


def related_projects(project: Project, user: User | AnonymousUser) -> list[Related]:
    """At most six others that the viewer may read: shared topics, the same repository, the same team and language."""
    others = Project.objects.visible_to(user).exclude(pk=project.pk).defer("motivation", "weeks")
    found: dict[int, Related] = {}
    topics = [topic.pk for topic in project.topics.all()]
    if topics:
        sharing = others.filter(topics__in=topics).annotate(shared=Count("topics", distinct=True))
        for near in sharing.order_by("-shared", "-commits_90d", "name")[:SHOWN]:
            found[near.pk] = Related(near, f"{near.shared} shared topic{'' if near.shared == 1 else 's'}")
    for other in others.filter(repository=project.repository_id).order_by("-commits_90d", "name")[:SHOWN]:
        found.setdefault(other.pk, Related(other, "same repository"))
    if len(found) < SHOWN and project.owner_id and project.language:
        same = others.filter(owner=project.owner_id, language=project.language)
        for other in same.order_by("-commits_90d", "name")[:SHOWN]:
            found.setdefault(other.pk, Related(other, f"same team, {project.language}"))
    return list(found.values())[:SHOWN]
