"""The project page: what it is, who owns it, whether it lives, and how to get it."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from activity.import_problems import visible_import_problems
from activity.models import Participation
from activity.people import key_of
from activity.privacy import figures_are_shared
from activity.rollups import WINDOW_DAYS
from common.charts import WeeklyChart
from contributions.thanking import newest_thanks
from pages.marks import source_marks
from pages.related import related_projects
from pages.weeks import week_starts
from projects import readiness
from projects.access import Moved, get_visible_project, may_maintain, visible_problems
from projects.models import Follow, Licence, Project, ProjectQuerySet, Release, Repository, Role, Star
from source.access import visible_code
from source.code_links import CodeLinks
from source.frame import project_tabs
from source.readme import project_readme

TOP_CONTRIBUTORS = 5
MANY_CONTRIBUTORS = 20
STILL_AROUND = timedelta(days=730)
SHOWN_RELEASES = 5
SHOWN_PACKAGES = 8
CONFIDENT = readiness.CONFIDENT
UNKNOWN = "NOASSERTION"
NO_PEOPLE_FILES = {"readme", "tests", "licence", "funding"}
FIRST = ["contributing", "codeowners", "maintainers", "code_of_conduct", "support", "security", "documentation"]


@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        found = get_visible_project(request, slug, _with_facts(request))
    except Moved as moved:
        return redirect(moved.project, permanent=True)
    return render(request, "pages/project.html", _context(request, found))


def _with_facts(request: HttpRequest) -> ProjectQuerySet:
    """Projects with everything the page shows, in one query for each table."""
    user = request.user if isinstance(request.user, User) else None
    roles = Prefetch("roles", Role.objects.current().select_related("user"), to_attr="current_roles")
    releases = Prefetch("releases", Release.objects.all()[:SHOWN_RELEASES], to_attr="newest_releases")
    return (
        Project.objects.select_related("owner", "readme", "repository__sync_job", "repository__history")
        .prefetch_related("topics", "languages", "licences", "packages", "people_files", roles, releases)
        .annotate(
            starred=Exists(Star.objects.filter(project=OuterRef("pk"), user=user)),
            following=Exists(Follow.objects.filter(project=OuterRef("pk"), user=user)),
        )
    )


def _context(request: HttpRequest, project: Any) -> dict[str, Any]:
    maintains = may_maintain(request, project)
    checks = readiness.checks(project)
    packages = sorted(project.packages.all(), key=lambda package: package.path.count("/"))
    readme = getattr(project, "readme", None)
    code = visible_code(request, project)
    links = CodeLinks(project, visible=code)
    return {
        "project": project,
        "repository": project.repository,
        "tabs": project_tabs(project, "overview") if code and project.repository.head_commit else [],
        "readme": readme,
        "readme_html": project_readme(readme.html, project, visible=code) if readme else "",
        "job": getattr(project.repository, "sync_job", None),
        "maintains": maintains,
        "signed_in": request.user.is_authenticated,
        "marks": source_marks(project),
        "figures": _figures(project),
        "chart": _chart(project),
        "roles": project.current_roles,
        "thanks": newest_thanks(project),
        "contributors": _contributors(project),
        "shares_figures": figures_are_shared(),
        "licences": _licences(project, links),
        "releases": [(release, links.release(release)) for release in project.newest_releases],
        "packages": [(package, links.file(package.path)) for package in packages[:SHOWN_PACKAGES]],
        "more_packages": max(0, len(packages) - SHOWN_PACKAGES),
        "people_files": _people_files(project, links),
        "checks": [(check, links.file(check.path)) for check in checks],
        "passed": sum(check.passed for check in checks),
        "related": related_projects(project, request.user),
        "problems": _problems(request, project.repository) if maintains else [],
        "anonymous_read": settings.ANONYMOUS_READ,
    }


def _problems(request: HttpRequest, repository: Repository) -> list[list[str]]:
    """Of files and of the history."""
    return [*visible_problems(request, repository), *visible_import_problems(request.user, repository)]


def _figures(project: Any) -> list[dict[str, Any]]:
    """The strip: each figure with its unit and window."""
    final = [release for release in project.newest_releases if not release.prerelease]
    newest = next(iter([*final, *project.newest_releases]), None)
    return [
        {"value": project.commits_90d, "words": f"commits, {WINDOW_DAYS} d", "kind": "number"},
        {"value": project.contributors_90d, "words": f"contributors, {WINDOW_DAYS} d", "kind": "number"},
        _release_figure(newest),
        {"value": project.last_commit_at, "words": "last change", "kind": "age"},
    ]


def _release_figure(newest: Release | None) -> dict[str, Any]:
    if newest is None:
        return {"value": None, "kind": "release"}
    words = "latest pre-release" if newest.prerelease else "latest release"
    return {"value": newest.tag, "at": newest.at, "words": words, "kind": "release"}


def _people_files(project: Project, links: CodeLinks) -> list[dict[str, str]]:
    """Files for people in the order in which they help, with what they are in words; `name` is short for `path`."""
    files = [file for file in project.people_files.all() if file.kind not in NO_PEOPLE_FILES]
    files.sort(key=lambda file: (FIRST.index(file.kind) if file.kind in FIRST else len(FIRST), file.kind))
    return [
        {
            "words": file.kind.replace("_", " ").capitalize(),
            "path": file.path,
            "name": PurePosixPath(file.path).name or file.path,
            "url": links.file(file.path),
        }
        for file in files
    ]


def _chart(project: Project) -> WeeklyChart | None:
    if not any(project.weeks):
        return None
    return WeeklyChart("Commits per week", week_starts(len(project.weeks)), project.weeks)


def _contributors(project: Any) -> list[Participation]:
    """The most active people of the last 90 days, then of all time; people long gone only where nobody else is left."""
    holders = [role.user for role in project.current_roles]
    keys = [key_of(user.display_name, user.email) for user in holders]
    people = Participation.objects.filter(project=project, person__is_bot=False, commits__gt=0).select_related("person")
    people = people.exclude(person__identities__key__in=keys).exclude(person__user__in=holders)
    people = people.exclude(person__name__in=[user.display_name for user in holders])
    people = people.order_by("-commits_90d", "-commits", "person__name")
    lately = people.filter(last_day__gte=timezone.now().date() - STILL_AROUND)
    return _by_name(lately[:MANY_CONTRIBUTORS]) or _by_name(people[:MANY_CONTRIBUTORS])


def _by_name(people: Iterable[Participation]) -> list[Participation]:
    """The first few, each name once: somebody who commits from two addresses is one person to ask."""
    named: dict[str, Participation] = {}
    for person in people:
        first = named.setdefault(person.person.name.casefold(), person)
        if first is not person:
            first.commits += person.commits
            first.commits_90d += person.commits_90d
            first.last_day = max(filter(None, (first.last_day, person.last_day)), default=None)
    ranked = sorted(named.values(), key=lambda person: (-person.commits_90d, -person.commits))
    return sorted(ranked[:TOP_CONTRIBUTORS], key=lambda person: person.person.name.casefold())  # no ranking


def _licences(project: Project, links: CodeLinks) -> list[dict[str, Any]]:
    """Each licence once, the surest file first; `doubt` is the confidence in words where it is not sure."""
    rows: dict[str, dict[str, Any]] = {}
    for licence in project.licences.all():
        known = licence.spdx != UNKNOWN
        row = {"spdx": licence.spdx if known else "", "doubt": _doubt(licence), "path": licence.path}
        row["url"] = links.file(licence.path)
        rows.setdefault(licence.spdx, row)
    return list(rows.values())


def _doubt(licence: Licence) -> str:
    if licence.spdx == UNKNOWN:
        return "unknown text"
    if licence.confidence >= CONFIDENT:
        return ""
    if licence.method == "declared":
        return "declared, no text"
    return f"{int(licence.confidence * 100)} %, unconfirmed"
