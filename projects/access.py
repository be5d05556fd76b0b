"""One door to a project: fetch and permission in one function, alike for every view.

Not visible is 404, visible but not allowed is 403. A former address leads to the new one only for those who may see it.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.models import User
from projects.models import FormerSlug, Project, ProjectQuerySet, Repository


class Moved(Exception):
    """The project has a new address; `location` is it."""

    def __init__(self, project: Project) -> None:
        super().__init__(project.slug)
        self.project = project


def get_visible_project(request: HttpRequest, slug: str, within: ProjectQuerySet | None = None) -> Project:
    """The project at this address. Raises Http404, or Moved when the address is a former one of a visible project.

    `within`: the same projects with whatever else a page needs of them.
    """
    if "\0" in slug:  # PostgreSQL takes no such text
        raise Http404("No project has this address.")
    wanted = Project.objects.select_related("repository", "owner") if within is None else within
    # Whoever may ask at all may see what is internal: most pages are spared the search for grants.
    project = wanted.live().internal().filter(slug=slug).first()
    project = project or wanted.visible_to(request.user).filter(slug=slug).first()
    if project is not None:
        return project
    visible = Project.objects.visible_to(request.user)
    former = FormerSlug.objects.filter(slug=slug, project__in=visible.values("pk")).first()
    if former is not None:
        raise Moved(visible.get(pk=former.project_id))
    raise Http404("No project has this address.")


def get_maintainable_project(request: HttpRequest, slug: str) -> Project:
    """The project at this address for somebody who may edit its page. Raises Http404 or PermissionDenied."""
    try:
        project = get_visible_project(request, slug)
    except Moved as moved:
        raise Http404("The project has a new address.") from moved
    if not may_maintain(request, project):
        raise PermissionDenied("Only maintainers of this project may do this.")
    return project


def may_maintain(request: HttpRequest, project: Project) -> bool:
    return Project.objects.maintainable_by(request.user).filter(pk=project.pk).exists()


def maintains_whole(user: User | AnonymousUser, repository: Repository) -> bool:
    """Whether they maintain the main project or, where every live one is a folder, all of them: a folder beside others'
    gives no right to what concerns the others too."""
    mine = Project.objects.maintainable_by(user).filter(repository=repository)
    others = Project.objects.live().filter(repository=repository).exclude(pk__in=mine.values("pk"))
    return mine.filter(subdirectory="").exists() or (mine.exists() and not others.exists())


def visible_problems(request: HttpRequest, repository: Repository) -> list[list[str]]:
    """[path, message] pairs of what was unreadable, for those who maintain it.

    All of them for maintainers of the main project; of the folders they maintain for others, who may not know the rest.
    """
    if not repository.problems:
        return []
    mine = Project.objects.maintainable_by(request.user).filter(repository=repository)
    folders = list(mine.values_list("subdirectory", flat=True))
    return [
        [path, message]
        for path, message in repository.problems
        if any(not folder or path == folder or path.startswith(f"{folder}/") for folder in folders)
    ]


def signed_in(request: HttpRequest) -> User:
    """The person behind the request. Raises PermissionDenied for anonymous viewers."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user
