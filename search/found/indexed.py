"""What of a repository is searchable, for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from projects.models import Project
from search.models import IndexState


@dataclass(frozen=True, slots=True)
class IndexedProject:
    """The main project of a repository and its state; None where nothing was indexed yet."""

    project: Project
    state: IndexState | None

    @property
    def worth_telling(self) -> bool:
        return self.state is None or bool(self.state.skipped_total or self.state.is_behind or self.state.error)


def indexed_projects(viewer: User | AnonymousUser) -> Iterable[IndexedProject]:
    """Every repository that the viewer may read, those with most files left out first. Two queries."""
    mains = Project.objects.visible_to(viewer).filter(subdirectory="").exclude(repository__head_commit="")
    states = {
        state.repository_id: state for state in IndexState.objects.visible_to(viewer).select_related("repository")
    }
    rows = [IndexedProject(project, states.get(project.repository_id)) for project in mains.order_by("name")]
    return sorted(rows, key=lambda row: -(row.state.skipped_total if row.state else 0))
