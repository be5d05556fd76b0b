"""Repositories for history tests, and what git itself says about them."""

import subprocess
from collections import Counter

from django.utils import timezone

from activity.importing import import_history
from activity.models import Commit, Participation, PersonArea, PersonDay, Trailer
from activity.people import contact_of
from projects.models import Project, Repository
from tests.gitstore.builder import ENVIRONMENT, RepositoryBuilder


def planted(slug="billing", *, subdirectory="", **fields):
    """A repository builder where the mirror of a new project would be, and the project."""
    repository = Repository.objects.create(
        clone_url=f"https://git.example.com/{slug}.git",
        address_key=f"git.example.com/{slug}",
        default_branch="main",
        fetched_at=timezone.now(),
    )
    builder = RepositoryBuilder(repository.mirror_path)
    project = Project.objects.create(
        slug=slug, repository=repository, subdirectory=subdirectory, **({"name": slug} | fields)
    )
    return builder, project


def imported(project, commit=None, **options):
    """Import what HEAD is now; the project as it is then."""
    repository = Repository.objects.get(pk=project.repository_id)
    mirror = repository.mirror()
    if commit is None:
        commit = git(repository, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip().decode()
    import_history(repository, mirror, commit, **options)
    project.refresh_from_db()
    return project


def git(repository, *words, check=True, stdin=b""):
    environment = ENVIRONMENT | {"GIT_NO_REPLACE_OBJECTS": "1"}
    command = ["git", f"--git-dir={repository.mirror_path}", *words]
    return subprocess.run(command, env=environment, input=stdin, capture_output=True, check=check).stdout


def shortlog(repository, *options):
    """Commits by (name, address) in bytes, as shortlog says with the mailmap."""
    lines = git(repository, "-c", "mailmap.blob=HEAD:.mailmap", "shortlog", "-sne", *options, "HEAD").split(b"\n")
    found = Counter()
    for line in filter(None, lines):
        count, _, who = line.strip().partition(b"\t")
        found[who] += int(count)
    return dict(found)


def our_shortlog(repository):
    found = Counter()
    commits = Commit.objects.filter(repository=repository).contributions().select_related("author")
    for commit in commits:
        found[b"%s <%s>" % contact_of(commit.author)] += 1
    return dict(found)


def numstat(repository, *paths):
    """Files, lines added and removed by commit, by git alone."""
    options = ["--numstat", "-M", "-z", "--format=%H", "--no-merges", *(["--full-history"] if paths else [])]
    out = git(repository, "log", *options, "HEAD", "--", *paths)
    oid, found, tokens = "", {}, iter(out.split(b"\0"))
    for token in tokens:
        parts = token.lstrip(b"\n").split(b"\t", 2)
        if len(parts) == 3:
            if not parts[2]:
                next(tokens), next(tokens)
            found[oid][0] += 1
            for place in (1, 2):
                found[oid][place] += int(parts[place - 1]) if parts[place - 1] != b"-" else 0
        elif token:
            oid = token.decode()
            found[oid] = [0, 0, 0]
    return {oid: tuple(row) for oid, row in found.items()}


def rows(repository):
    """Everything an import writes, without row numbers."""
    return {
        "commits": sorted(
            Commit.objects.filter(repository=repository).values_list(
                *("oid", "author__digest", "raw_author__digest", "committer__digest", "authored_at", "committed_at"),
                *("author_zone", "committer_zone", "parents", "title", "words", "files", "added", "removed", "areas"),
            ),
            key=str,
        ),
        "trailers": sorted(
            Trailer.objects.filter(commit__repository=repository).values_list(
                "commit__oid", "key", "identity__digest", "raw_identity__digest"
            )
        ),
        "days": sorted(
            PersonDay.objects.filter(project__repository=repository).values_list(
                *("project__slug", "person__key", "day", "commits", "coauthored", "merges", "added", "removed"),
            ),
            key=str,
        ),
        "people": sorted(
            Participation.objects.filter(project__repository=repository).values_list(
                *("project__slug", "person__key", "person__name", "person__is_bot", "commits", "coauthored", "merges"),
                *("added", "removed", "commits_90d", "first_day", "last_day"),
            ),
            key=str,
        ),
        "areas": sorted(
            PersonArea.objects.filter(project__repository=repository).values_list(
                "project__slug", "person__key", "path", "commits", "last_day"
            )
        ),
        "projects": sorted(
            Project.objects.filter(repository=repository).values_list(
                *("slug", "commits_total", "commits_90d", "contributors_total", "contributors_90d"),
                *("first_commit_at", "last_commit_at", "weeks"),
            ),
            key=str,
        ),
    }
