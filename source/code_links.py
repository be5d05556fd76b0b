"""From facts about a project to its code: the files and tags they were read from."""

from projects.models import Project, Release
from source.addresses import address
from source.frame import default_spelling


class CodeLinks:
    """Addresses in the code of a project; all empty where the viewer may not read it or nothing is fetched."""

    def __init__(self, project: Project, *, visible: bool) -> None:
        self._project = project
        self._visible = visible and bool(project.repository.head_commit)

    def file(self, path: str) -> str:
        """A file or folder of the default branch; folders are led on to their own page."""
        if not self._visible or not path:
            return ""
        return address(self._project, "blob", default_spelling(self._project), _bytes(path))

    def release(self, release: Release) -> str:
        """The files of a release; by its full name, which no branch hides."""
        if not self._visible:
            return ""
        return address(self._project, "tree", b"refs/tags/" + _bytes(release.tag), _bytes(self._project.subdirectory))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
