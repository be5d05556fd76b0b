"""Projects for catalog tests: rows as the sync would leave them, without any repository on disk."""

import datetime as dt
import itertools

from django.utils import timezone

from projects.catalog import refresh
from projects.models import Language, Licence, Project, Readme, Repository, Topic

COLOURS = {"Python": "#3572A5", "Go": "#00ADD8", "Rust": "#dea584"}
_number = itertools.count(1)


def make_project(
    slug=None, *, owner=None, days_ago=3, topics=(), languages=("Python",), licence="MIT", readme="", **fields
):
    """A project with its repository and facts; not yet in the catalog."""
    number = next(_number)
    slug = slug or f"project-{number}"
    url = f"https://git.example.com/{number}/{slug}.git"
    repository = Repository.objects.create(clone_url=url, address_key=url, default_branch="main")
    last = timezone.now() - dt.timedelta(days=days_ago) if days_ago is not None else None
    values = {"name": slug, "last_commit_at": last, "language": languages[0] if languages else "", "licence": licence}
    project = Project.objects.create(slug=slug, repository=repository, owner=owner, **(values | fields))
    project.topics.set([Topic.objects.get_or_create(name=name)[0] for name in topics])
    for name in languages:
        share = 1 / len(languages)
        Language.objects.create(project=project, name=name, bytes=100, share=share, colour=COLOURS.get(name, "#888888"))
    if licence:
        Licence.objects.create(project=project, spdx=licence, confidence=1, path="LICENSE", method="exact")
    if readme:
        Readme.objects.create(project=project, path="README.md", oid="0" * 40, html="", text=readme)
    return project


def listed(slug=None, **fields):
    """A project that is in the catalog."""
    project = make_project(slug, **fields)
    refresh([project.pk])
    return project
