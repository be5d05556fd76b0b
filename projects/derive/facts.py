"""Everything one commit's files tell about a project, gathered for the step that writes it to tables."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from gitstore.errors import GitError
from gitstore.records import Tag
from gitstore.snapshot import Snapshot
from projects.derive.ci import ContinuousIntegration, read_ci
from projects.derive.codeowners import Codeowners, read_codeowners
from projects.derive.content import Problem
from projects.derive.declared import Declared, read_declared
from projects.derive.described import Described, read_described
from projects.derive.languages import LanguageShares, derive_languages
from projects.derive.licences import LicenceFinding, derive_licences
from projects.derive.manifests import Package, read_packages
from projects.derive.people_files import PeopleFile, read_people_files
from projects.derive.readme import Readme, read_readme
from projects.derive.releases import Release, releases_from_tags

Value = TypeVar("Value")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """Facts of one commit (or one folder of it); `partial` when the tree had more files than were listed.

    Each part is empty where the repository says nothing; `problems` are for its maintainers, in the order of reading.
    """

    commit: str
    partial: bool
    readme: Readme | None
    packages: list[Package]
    codeowners: Codeowners | None
    declared: Declared
    people_files: list[PeopleFile]
    ci: list[ContinuousIntegration]
    languages: LanguageShares
    licences: list[LicenceFinding]
    described: Described = field(default_factory=Described)
    releases: list[Release] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def derive_facts(snapshot: Snapshot, tags: Iterable[Tag] = ()) -> RepositoryFacts:
    """Read everything. Content never makes it fail: a reader that does is logged and named in `problems`.

    Raises GitError when the repository itself cannot be read.
    """
    problems: list[Problem] = []
    readme = _pair(lambda: read_readme(snapshot), None, "README", problems)
    no_packages: list[Package] = []
    packages = _pair(lambda: read_packages(snapshot), no_packages, "package manifests", problems)
    described = _pair(lambda: read_described(snapshot), Described(), "package manifests", problems)
    owners = _pair(lambda: read_codeowners(snapshot), None, "CODEOWNERS", problems)
    declared = _read(lambda: read_declared(snapshot), Declared({}, [], [], []), "declared metadata", problems)
    problems += declared.problems
    if snapshot.truncated:
        problems.append(Problem("", f"Only the first {len(snapshot.entries):,} files were looked at."))
    return RepositoryFacts(
        commit=snapshot.commit,
        partial=snapshot.truncated,
        readme=readme,
        packages=packages,
        codeowners=owners,
        declared=declared,
        people_files=_read(lambda: read_people_files(snapshot), [], "files for people", problems),
        ci=_read(lambda: read_ci(snapshot), [], "continuous integration", problems),
        languages=_read(lambda: derive_languages(snapshot), LanguageShares((), 0, True), "languages", problems),
        licences=_read(lambda: list(derive_licences(snapshot)), [], "licences", problems),
        described=described,
        releases=_read(lambda: releases_from_tags(tags), [], "releases", problems),
        problems=problems,
    )


def _pair(
    reader: Callable[[], tuple[Value, list[Problem]]], fallback: Value, subject: str, problems: list[Problem]
) -> Value:
    """The value of a reader that returns its problems beside it."""
    nothing: list[Problem] = []
    value, found = _read(reader, (fallback, nothing), subject, problems)
    problems += found
    return value


def _read(reader: Callable[[], Value], fallback: Value, subject: str, problems: list[Problem]) -> Value:
    """One reader must not take the others down with it, whatever a repository holds."""
    try:
        return reader()
    except GitError:
        raise
    except Exception:
        logger.exception("Reading %s failed", subject)
        problems.append(Problem("", f"The {subject} could not be read; an administrator finds the reason in the log."))
        return fallback
