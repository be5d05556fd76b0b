"""Who changed a file last and who knows it."""

from dataclasses import dataclass

from gitstore.authors import FileAuthors, file_authors
from gitstore.records import Limits
from source.access import Code
from source.rendering.kept import Keep

SHOWN = 5
LIMITS = Limits(seconds=3, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)


@dataclass(frozen=True, slots=True)
class Knower:
    """An author with the share of all changes, 0 to 1."""

    name: str
    email: str
    changes: int
    last: int
    share: float


def who_knows(code: Code) -> FileAuthors:
    """Kept by commit and path, since neither changes."""
    place = Keep("authors", code.repository.uid.hex, code.revision.oid, code.path)
    found: FileAuthors | None = place.get()
    if found is None:
        found = file_authors(code.mirror.path, code.revision.oid, code.path, LIMITS)
        place.put(found, failed=not found.complete)
    return code.erased.within(found)


def foremost(found: FileAuthors) -> list[Knower]:
    """Those with the most changes."""
    return [
        Knower(author.name, author.email, author.changes, author.last, author.changes / found.changes)
        for author in found.authors[:SHOWN]
    ]
