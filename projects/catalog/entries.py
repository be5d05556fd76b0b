"""Writes the catalog's flat rows under the clock, so that every process can follow changes by version."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import AuditEvent
from projects.catalog import text
from projects.catalog.words import fold, squeeze
from projects.derive.licences import UNKNOWN
from projects.models import CatalogClock, CatalogEntry, Project, Role

BATCH = 500
LANGUAGE_SHARE = 0.05  # a language below this is no reason to find a project
README_CHARACTERS = 20_000
FORMER_NAMES = 20
EPOCH_BITS = 40  # low bits count changes, high bits are drawn once for each database

_RENAMING = ("project.renamed", "project.field_edited", "project.field_back_to_derived")
_WRITTEN = [field.name for field in CatalogEntry._meta.concrete_fields if not field.primary_key]


def refresh(project_ids: Iterable[int]) -> None:
    """Rewrite the catalog rows of these projects; ids of projects that are gone or removed become `removed` rows."""
    ids = iter(sorted(set(project_ids)))
    while batch := list(islice(ids, BATCH)):
        with transaction.atomic():
            _rewrite(batch, _next_version())


def _next_version() -> int:
    """Move the clock on; the row lock is held to the end of the transaction, so versions commit in order."""
    start = secrets.randbits(22) << EPOCH_BITS
    clock, _ = CatalogClock.objects.select_for_update().get_or_create(pk=1, defaults={"value": start})
    clock.value += 1
    clock.save(update_fields=["value"])
    return clock.value


def _rewrite(ids: list[int], version: int) -> None:
    projects = {project.pk: project for project in _with_everything(ids)}
    entries = [_entry(projects[pk], version) if pk in projects else _gone(pk, version) for pk in ids]
    former = _former_names(list(projects))
    texts = {pk: _texts(project, former[pk]) for pk, project in projects.items()}
    CatalogEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["project_id"], update_fields=_WRITTEN
    )
    text.store(ids, texts)


def _with_everything(ids: list[int]) -> Iterable[Project]:
    holders = Prefetch("roles", Role.objects.current().select_related("user"), to_attr="current_roles")
    projects = Project.objects.live().filter(pk__in=ids).select_related("owner", "readme")
    return projects.prefetch_related("languages", "topics", "licences", "packages", "former_slugs", holders)


def _former_names(ids: list[int]) -> defaultdict[int, list[str]]:
    """What projects were called before, as the record of changes has it, whoever changed it."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    events = AuditEvent.objects.filter(target_type=Project._meta.label_lower, target_id__in=ids, action__in=_RENAMING)
    for event in events.order_by("pk").only("target_id", "changes"):
        before = event.changes.get("name", [""])[0]
        names[event.target_id or 0] += [before] if before else []
    return names


def _gone(pk: int, version: int) -> CatalogEntry:
    return CatalogEntry(project_id=pk, version=version, removed=True, restricted=True, name="")


def _entry(project: Project, version: int) -> CatalogEntry:
    topics = [topic.name for topic in project.topics.all()]
    languages = [
        [language.name, language.colour]
        for at, language in enumerate(project.languages.all())
        if at == 0 or language.share >= LANGUAGE_SHARE
    ]
    licences = list(dict.fromkeys(found.spdx for found in project.licences.all() if found.spdx not in ("", UNKNOWN)))
    return CatalogEntry(
        project_id=project.pk,
        version=version,
        restricted=project.visibility != Project.Visibility.INTERNAL,
        name=project.name,
        team=project.owner.slug if project.owner else "",
        team_name=project.owner.name if project.owner else "",
        languages=languages,
        topics=topics,
        licences=licences or ([project.licence] if project.licence else []),
        lifecycle=project.lifecycle,
        welcomes=project.welcomes,
        readiness=project.readiness,
        stars=project.star_count,
        commits_90d=project.commits_90d,
        last_commit_at=project.last_commit_at,
        created_at=project.created_at or timezone.now(),
    )


def _texts(project: Project, former: list[str]) -> text.Texts:
    names = [project.name, project.slug, *(before.slug for before in project.former_slugs.all())]
    names += dict.fromkeys(former[-FORMER_NAMES:])
    keywords = [topic.name for topic in project.topics.all()]
    keywords += [package.name for package in project.packages.all()[:100]]
    readme = getattr(project, "readme", None)
    people = [project.owner.name, project.owner.slug] if project.owner else []
    roles: list[Role] = getattr(project, "current_roles", [])
    people += [word for role in roles for word in (role.user.username, role.user.name)]
    facts = [*(language.name for language in project.languages.all()), project.licence]
    return {
        "n": " ".join([fold(" ".join(names)), *dict.fromkeys(squeeze(name) for name in names)]),
        "t": fold(" ".join(keywords)),
        "s": fold(project.tagline),
        "h": fold(readme.headings if readme else ""),
        "p": fold(" ".join(people)),
        "l": fold(" ".join(facts)),
        "r": fold(readme.text if readme else "", README_CHARACTERS),
    }
