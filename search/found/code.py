"""Files that an engine found, with the projects they belong to, their addresses and what else there is to say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from projects.models import Project
from search.engine import Answer, Definition, FileHit
from search.found.lines import ShownLine, marked
from source.addresses import address
from source.blobs import DOCUMENTS

FACET_VALUES = 12
COPIES_SHOWN = 20
DEFINITIONS_SHOWN = 100
_DOCUMENTS = tuple(suffix.encode() for suffix in DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Copy:
    """The same content elsewhere."""

    project: Project
    path: bytes
    url: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file. `more` matches are in it that are not shown; `terms` are those of its score, largest first."""

    project: Project
    path: bytes
    url: str
    more_url: str
    lines: list[ShownLine]
    matches: int
    more: int
    copies: list[Copy]
    hidden_copies: int
    language: str
    branches: tuple[str, ...]
    score: float
    terms: list[tuple[str, float]]
    definitions: list[tuple[Definition, str]]


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    label: str
    count: int


class Places:
    """The projects of repositories that one viewer may read: a file belongs to the deepest one around it."""

    def __init__(self, viewer: User | AnonymousUser, repositories: Iterable[int]) -> None:
        wanted = Project.objects.visible_to(viewer).filter(repository__in=set(repositories))
        self._of: dict[int, list[Project]] = {}
        for project in wanted.select_related("owner", "repository").defer("motivation", "weeks"):
            self._of.setdefault(project.repository_id, []).append(project)
        for projects in self._of.values():
            projects.sort(key=lambda project: -len(project.subdirectory))

    def project(self, repository: int, path: bytes = b"") -> Project | None:
        text = path.decode("utf-8", "surrogateescape")
        for project in self._of.get(repository, []):
            if not project.subdirectory or text.startswith(f"{project.subdirectory}/"):
                return project
        return None

    def main(self, repository: int) -> Project | None:
        return next((project for project in self._of.get(repository, []) if not project.subdirectory), None)


def shown_files(answer: Answer, viewer: User | AnonymousUser, query: str = "", kind: str = "") -> list[FoundFile]:
    """The files of a page. A file whose project is gone since, or hidden, is left out. `query`, `kind`: as asked."""
    ids = {hit.repository_id for hit in answer.files}
    ids |= {repository for hit in answer.files for repository, _ in hit.copies[:COPIES_SHOWN]}
    places = Places(viewer, ids)
    found = (_file(hit, places, {"q": query, "type": kind}) for hit in answer.files)
    return [file for file in found if file is not None]


def _file(hit: FileHit, places: Places, asked: dict[str, str]) -> FoundFile | None:
    project = places.project(hit.repository_id, hit.path)
    if project is None:
        return None
    url = file_url(project, hit.commit, hit.path)
    told = len(hit.definitions[:DEFINITIONS_SHOWN]) if asked.get("type") == "symbols" else 0
    told = told or sum(line.is_match for line in hit.lines)
    copies = [copy for place in hit.copies[:COPIES_SHOWN] if (copy := _copy(*place, places))]
    return FoundFile(
        project=project,
        path=hit.path,
        url=url,
        more_url=_whole(asked | {"project": project.slug, "path": quote(hit.path)}),
        lines=_lines(hit, url),
        matches=hit.matches_in_file,
        more=max(0, hit.matches_in_file - told),
        copies=copies,
        hidden_copies=max(0, hit.copy_count - len(copies)),
        language=hit.language,
        branches=() if hit.branches == (project.repository.default_branch,) else hit.branches,
        score=hit.score,
        terms=sorted(hit.terms.items(), key=lambda term: -abs(term[1])),
        definitions=[(each, f"{url}#L{each.line}") for each in hit.definitions[:DEFINITIONS_SHOWN]],
    )


def _whole(parameters: dict[str, str]) -> str:
    return f"{reverse('search:in_file')}?{urlencode({key: value for key, value in parameters.items() if value})}"


def file_url(project: Project, commit: str, path: bytes) -> str:
    """A file as it was indexed, as lines: a document is shown by its source, since lines were found."""
    url = address(project, "blob", commit.encode("ascii"), path)
    return f"{url}?plain=1" if path.lower().endswith(_DOCUMENTS) else url


def _copy(repository: int, path: bytes, places: Places) -> Copy | None:
    project = places.project(repository, path)
    return Copy(project, path, address(project, "blob", b"HEAD", path)) if project else None


def _lines(hit: FileHit, url: str) -> list[ShownLine]:
    shown: list[ShownLine] = []
    before = 0
    for line in hit.lines:
        gap = bool(shown) and line.number > before + 1
        shown.append(ShownLine(line.number, marked(line), line.is_match, gap, f"{url}#L{line.number}"))
        before = line.number
    return shown


def facets(answer: Answer, viewer: User | AnonymousUser) -> list[tuple[str, str, list[FacetValue]]]:
    """(operator, label, values with counts) for project, language and team; the engine counts repositories."""
    places = Places(viewer, answer.facets.repositories)
    projects: Counter[tuple[str, str]] = Counter()
    teams: Counter[tuple[str, str]] = Counter()
    for repository, count in answer.facets.repositories.items():
        if main := places.main(repository):
            projects[main.slug, main.name] += count
            if main.owner:
                teams[main.owner.slug, main.owner.name] += count
    languages = Counter({(name, name): count for name, count in answer.facets.languages.items() if name})
    groups = (("project", "Project", projects), ("lang", "Language", languages), ("team", "Team", teams))
    return [(name, label, _most(counts)) for name, label, counts in groups]


def _most(counts: Counter[tuple[str, str]]) -> list[FacetValue]:
    """The most frequent first, equal ones by name."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0][1].casefold(), item[0]))
    return [FacetValue(value, label, count) for (value, label), count in ordered]
