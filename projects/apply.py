"""From the facts of a commit to the tables of its projects: Git is read first, then one transaction a project."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from django.db import models, transaction

from accounts.models import Team, record_event
from gitstore.records import Tag
from gitstore.snapshot import Snapshot
from projects import catalog, readers, readiness
from projects.derive.declared import MonorepoEntry
from projects.derive.facts import RepositoryFacts, derive_facts
from projects.fields import NAMING_FIELDS, Source, lock, resolve, set_source
from projects.models import Language, Licence, OwnerGroup, Package, PeopleFile, Project, Readme, Release, Repository
from projects.outcome import Outcome, outcome_of, with_inherited
from projects.slugs import free_slug

BATCH = 500
MAX_PROJECTS = 200
MAX_PROBLEMS = 200


def as_it_is(value: Any) -> Any:
    return value


def apply_facts(
    repository: Repository, snapshot: Snapshot, tags: Iterable[Tag], commit: str, shown: Callable[[Any], Any] = as_it_is
) -> list[Project]:
    """Make all projects of the repository say what this commit says; those projects.

    `shown` gives a text that may name people as it may be kept.
    Folders that a catalog file of the repository names become projects of their own. Repeating it writes nothing.
    Raises GitError when the repository cannot be read; then nothing, or only some of the projects, is written.
    """
    if snapshot.commit != commit:
        raise ValueError(f"The snapshot is of {snapshot.commit}, not of {commit}.")
    tags = list(tags)
    facts = derive_facts(snapshot, tags)
    entries = {entry.subdirectory: entry for entry in facts.declared.entries[:MAX_PROJECTS]}
    _add_projects(repository, entries.values())
    projects = list(Project.objects.live().filter(repository=repository).order_by("subdirectory"))
    folders = [project.subdirectory for project in projects if project.subdirectory]
    whole = outcome_of(_without_components(facts, folders), snapshot, fallback_name=_address_name(repository))
    problems = list(whole.problems)
    _write_repository(repository, ci_systems=list(dict.fromkeys(found.system for found in facts.ci)))
    for project in projects:
        outcome = whole
        if project.subdirectory:
            outcome = _folder_outcome(project.subdirectory, facts, snapshot, entries.get(project.subdirectory), whole)
            problems += outcome.problems
        write_outcome(project, outcome, shown)
    _write_repository(repository, problems=problems[:MAX_PROBLEMS])
    return projects


def write_outcome(project: Project, outcome: Outcome, shown: Callable[[Any], Any]) -> bool:
    """Write one project in one transaction and bring its score and the catalog in line; True when a row changed."""
    with transaction.atomic():
        locked = lock(project)
        former = locked.name if locked.field_values.filter(field="name").exists() else ""
        changes = [
            set_source(locked, Source.DERIVED, _kept(outcome.derived, shown)),
            set_source(locked, Source.DECLARED, _kept(outcome.declared, shown)),
            bool(resolve(locked)),
            _replace(locked, Language, outcome.languages),
            _replace(locked, Licence, outcome.licences),
            _replace(locked, Release, outcome.releases),
            _replace(locked, Package, outcome.packages),
            _replace(locked, PeopleFile, outcome.people_files),
            _replace(locked, OwnerGroup, outcome.owner_groups),
            _write_readme(locked, outcome.readme),
            _write_columns(locked, outcome.columns),
            _adopt_owner(locked, outcome.owner),
        ]
        if former and former != locked.name:
            record_event(None, "project.renamed", locked, {"name": [former, locked.name]})
        changes.append(readiness.rescore(Project.objects.select_related("repository", "owner").get(pk=locked.pk)))
        if any(changes):
            catalog.refresh([locked.pk])
    project.refresh_from_db()
    return any(changes)


def _kept(values: dict[str, tuple[Any, str]], shown: Callable[[Any], Any]) -> dict[str, tuple[Any, str]]:
    return {
        field: (shown(value) if field in NAMING_FIELDS else value, origin) for field, (value, origin) in values.items()
    }


def _folder_outcome(
    folder: str, facts: RepositoryFacts, snapshot: Snapshot, entry: MonorepoEntry | None, whole: Outcome
) -> Outcome:
    """What the commit says of one folder; its releases are those tagged with its name."""
    inside = snapshot.under(folder.encode("utf-8", "surrogateescape"))
    names = _tag_names(folder) | ({entry.name.lower()} if entry else set())
    tagged = [release for release in facts.releases if _tag_names(release.component) & names]
    own = replace(derive_facts(inside), releases=tagged)
    outcome = outcome_of(own, inside, folder, entry.fields if entry else None, fallback_name=PurePosixPath(folder).name)
    if not inside.entries:
        outcome.derived["lifecycle"] = (Project.Lifecycle.ARCHIVED.value, "the folder, which is gone")
    return with_inherited(outcome, whole)


def _without_components(facts: RepositoryFacts, folders: Sequence[str]) -> RepositoryFacts:
    """The facts without releases that belong to folders with a page of their own."""
    taken = {name for folder in folders for name in _tag_names(folder)}
    own = [release for release in facts.releases if not _tag_names(release.component) & taken]
    return replace(facts, releases=own)


def _tag_names(path: str) -> set[str]:
    """What tags may call a folder or component: as a whole, or its last part."""
    return {path.lower(), PurePosixPath(path).name.lower()} - {""}


def _address_name(repository: Repository) -> str:
    """The last part of the clone address: what people call the repository."""
    return PurePosixPath(repository.clone_url.rstrip("/").replace(":", "/")).name.removesuffix(".git")


def _add_projects(repository: Repository, entries: Iterable[MonorepoEntry]) -> None:
    """A project for each folder a catalog file names, readable for the same people as the repository."""
    present = list(Project.objects.live().filter(repository=repository).order_by("subdirectory"))
    main = readers.main_project(repository)
    if main is None:
        return
    known = set(Project.objects.filter(repository=repository).values_list("subdirectory", flat=True))
    for entry in entries:
        folder = entry.subdirectory
        if folder in known or len(folder) > 1000:
            continue
        around = _enclosing(folder, present)
        with transaction.atomic():
            project = Project.objects.create(
                slug=free_slug(entry.name),
                repository=repository,
                subdirectory=folder,
                name=entry.name[:200],
                owner=around.owner,
                visibility=main.visibility,
            )
            record_event(None, "project.found", project, {"subdirectory": [None, folder]})
            readers.spread(main, None)
            catalog.refresh([project.pk])


def _enclosing(folder: str, projects: Sequence[Project]) -> Project:
    """The innermost project the folder lies in; where it lies in none, the first."""
    around = [project for project in projects if f"{folder}/".startswith(f"{project.subdirectory}/".lstrip("/"))]
    return max(around, key=lambda project: len(project.subdirectory), default=projects[0])


def _write_repository(repository: Repository, **columns: Any) -> None:
    if any(getattr(repository, name) != value for name, value in columns.items()):
        Repository.objects.filter(pk=repository.pk).update(**columns)
        for name, value in columns.items():
            setattr(repository, name, value)


def _replace(project: Project, model: type[models.Model], wanted: list[dict[str, Any]]) -> bool:
    """Make the project's rows of this table the wanted ones; True when they were not."""
    manager = model._default_manager
    names = [column.name for column in model._meta.concrete_fields if column.name not in {"id", "project"}]
    existing = sorted(manager.filter(project=project).values_list(*names), key=repr)
    if existing == sorted((tuple(row[name] for name in names) for row in wanted), key=repr):
        return False
    manager.filter(project=project).delete()
    manager.bulk_create([model(project=project, **row) for row in wanted], batch_size=BATCH)
    return True


def _write_readme(project: Project, wanted: dict[str, Any] | None) -> bool:
    existing = Readme.objects.filter(project=project).first()
    if wanted is None:
        return bool(Readme.objects.filter(project=project).delete()[0])
    if existing is not None and all(getattr(existing, name) == value for name, value in wanted.items()):
        return False
    Readme.objects.update_or_create(project=project, defaults=wanted)
    return True


def _write_columns(project: Project, columns: dict[str, Any]) -> bool:
    if all(getattr(project, name) == value for name, value in columns.items()):
        return False
    for name, value in columns.items():
        setattr(project, name, value)
    project.save(update_fields=list(columns))
    return True


def _adopt_owner(project: Project, declared: str) -> bool:
    """Give a project without owner to the team its files name.

    Not for restricted projects: a commit must not decide who may read them.
    """
    if not declared or project.owner_id is not None or project.visibility == Project.Visibility.RESTRICTED:
        return False
    team = _team_named(declared)
    if team is None:
        return False
    project.change_owner(team)
    record_event(None, "project.owner_declared", project, {"owner": [None, team.slug]})
    return True


def _team_named(text: str) -> Team | None:
    """The one team with this name or slug, also written as a reference like `group:default/platform`."""
    name = text.strip().rpartition(":")[2].rpartition("/")[2].lstrip("@").strip()
    found = list(Team.objects.filter(models.Q(slug__iexact=name) | models.Q(name__iexact=name))[:2])
    return found[0] if len(found) == 1 else None
