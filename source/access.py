"""One door to the code of a project: permission, mirror, revision and path in one place, alike for every page.

A repository is given to a viewer as a whole, because its history is one: its code is shown to those who may see its
main project, whichever of its projects the page belongs to.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from django.http import Http404, HttpRequest

from activity.erased_texts import ErasedTexts, erased_texts
from gitstore.mirrors import Mirror
from gitstore.objects import CommitObject, ObjectReader
from gitstore.records import Limits, TreeEntry
from gitstore.revisions import Revision, quick_commit, split_address
from projects.access import get_visible_project
from projects.models import Project, Repository
from source.addresses import address, tail

PAGE_LIMITS = Limits(seconds=20, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)


class Missing(Exception):
    """No such revision or path; `revision` is the one found, if any, and `path` what was looked for below it."""

    def __init__(self, message: str, revision: Revision | None = None, path: bytes = b"") -> None:
        super().__init__(message)
        self.message = message
        self.revision = revision
        self.path = path


class NoCode(Exception):
    """There is nothing to show yet: `project` is known, but not fetched."""

    def __init__(self, project: Project) -> None:
        super().__init__(project.slug)
        self.project = project


class ShownObjects(ObjectReader):
    """Commits as they may be shown: with pseudonyms in the place of erased people."""

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        super().__init__(git_dir, limits)
        self.erased = erased_texts()

    def commit(self, name: str | bytes) -> CommitObject | None:
        return self.erased.within(super().commit(name))


@dataclass
class Code:
    """The code of one project, open for one request. `tail`: the rest of the address, as bytes; what is read of people
    past `reader` goes through `erased` before it is shown."""

    project: Project
    mirror: Mirror
    reader: ObjectReader
    tail: bytes
    erased: ErasedTexts = field(default_factory=ErasedTexts)

    @property
    def repository(self) -> Repository:
        return self.project.repository

    @property
    def default_ref(self) -> bytes:
        """Full name of the default branch; empty when there is none."""
        name = self.repository.default_branch.encode("utf-8", "surrogateescape")
        return b"refs/heads/" + name if name else b""

    @cached_property
    def place(self) -> tuple[Revision, bytes]:
        """The revision and the path that the address names. Raises Missing, or NotFound from gitstore."""
        return split_address(self.reader, self.tail, self.default_ref)

    @cached_property
    def commit_id(self) -> str:
        """Id of the commit that the address leads to. Raises NotFound."""
        quick = quick_commit(self.mirror.path, self.tail, self.default_ref)
        return quick or self.revision.oid

    @property
    def revision(self) -> Revision:
        return self.place[0]

    @property
    def path(self) -> bytes:
        return self.place[1]

    def entry(self) -> TreeEntry:
        """What is at the path. Raises Missing."""
        found = self.reader.at(self.revision.commit.tree, self.path)
        if found is None:
            raise Missing("There is no such file or folder in this revision.", self.revision, self.path)
        return found

    def address(self, page: str, revision: bytes | None = None, path: bytes | None = None) -> str:
        """The address of another page about the same revision and path, unless given."""
        spelled = self.revision.spelling if revision is None else revision
        return address(self.project, page, spelled, self.path if path is None else path)


def visible_code(request: HttpRequest, project: Project) -> bool:
    """Whether the viewer may read the code behind a project that they may see."""
    if not project.subdirectory:
        return True
    main = Project.objects.visible_to(request.user).filter(repository=project.repository_id, subdirectory="")
    return main.exists()


@contextmanager
def open_code(request: HttpRequest, slug: str) -> Iterator[Code]:
    """The code of the project at this address. Raises Http404, Moved, NoCode."""
    project = get_visible_project(request, slug)
    if not visible_code(request, project):
        raise Http404("No project has this address.")
    mirror = project.repository.mirror()
    if not mirror.exists:
        raise NoCode(project)
    reader = ShownObjects(mirror.path, PAGE_LIMITS)
    try:
        yield Code(project, mirror, reader, tail(request), reader.erased)
    finally:
        reader.close()
