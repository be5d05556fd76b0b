"""Real repositories where the mirror of a project would be, written by git itself."""

import datetime as dt

from django.utils import timezone

from gitstore.fastimport import FastImport, Modify, Signature
from projects.models import Project, Repository

ADA = ("Ada Lindqvist", "ada@example.com")
BO = ("Bo Okafor", "bo@example.com")


def signature(who=ADA, days_ago=10.0):
    return Signature(who[0], who[1], timezone.now() - dt.timedelta(days=days_ago))


def plant(slug="billing", files=None, *, commits=(), tags=(), subdirectory="", **fields):
    """A project whose mirror holds one commit with `files`, then one commit for each (who, days ago) of `commits`."""
    repository = Repository.objects.create(
        clone_url=f"https://git.example.com/{slug}.git",
        address_key=f"git.example.com/{slug}",
        default_branch="main",
        fetched_at=timezone.now(),
    )
    grow(repository, files or {}, commits, tags)
    return Project.objects.create(
        slug=slug, repository=repository, subdirectory=subdirectory, **({"name": slug} | fields)
    )


def grow(repository, files, commits=(), tags=()):
    """Write the mirror (again: a rewritten history) and the repository's head."""
    path = repository.mirror_path
    if path.exists():
        path.rename(path.with_name(f"{path.name}.{len(list(path.parent.iterdir()))}"))
    with FastImport(path) as stream:
        changes = [Modify(name, content) for name, content in files.items()]
        last = stream.commit("main", "Begin", signature(days_ago=400), changes=changes)
        for number, (who, days_ago) in enumerate(commits):
            change = Modify(b"notes.txt", f"{number}\n".encode())
            last = stream.commit("main", f"Change {number}", signature(who, days_ago), changes=[change])
        for number, tag in enumerate(tags):
            stream.tag(tag, last, message=tag, tagger=signature(days_ago=len(tags) - number))
    repository.head_commit = stream.oids[last]
    repository.save(update_fields=["head_commit"])


def read(project):
    """What the sync does with a fetched mirror."""
    from projects.apply import apply_facts

    repository = Repository.objects.get(pk=project.repository_id)
    mirror = repository.mirror()
    with mirror.snapshot(repository.head_commit) as snapshot:
        projects = apply_facts(repository, snapshot, mirror.tags(), repository.head_commit)
    project.refresh_from_db()
    return projects
