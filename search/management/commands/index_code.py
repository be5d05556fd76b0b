"""Bring the index of code up to date in the foreground, with a progress bar."""

import sqlite3
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from gitstore.errors import GitError
from projects.models import Project, Repository
from search import indexing
from search.engine import engine


class Command(BaseCommand):
    help = "Index the code of all repositories, or of some projects; only what is new is read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="Projects whose repositories are indexed.")
        parser.add_argument("--rebuild", action="store_true", help="Throw the index away first.")
        parser.add_argument("--check", action="store_true", help="Read the whole index, set damaged parts aside first.")
        parser.add_argument("--status", action="store_true", help="Say what is indexed, and change nothing.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["rebuild"] and options["slugs"]:
            raise CommandError(
                "--rebuild throws the index of all repositories away; leave the SLUGs out.", returncode=2
            )
        chosen = engine()
        if options["status"]:
            self._say_status()
            return
        if options["check"]:
            for words in chosen.check(thorough=True):
                self.stderr.write(f"Damaged, made anew: {words}")
        if options["rebuild"]:
            chosen.rebuild()
        failed = self._index(_asked_for(options["slugs"]))
        if not options["slugs"]:
            indexing.forget_gone()
            chosen.tidy()
        self._say_status()
        if failed:
            sys.exit(1)

    def _index(self, repositories: list[Repository]) -> int:
        failed = 0
        with tqdm(repositories, unit="repository", file=sys.stderr, disable=None) as bar:
            for repository in bar:
                bar.set_postfix_str(repository.clone_url[-40:])
                failed += not self._one(repository, bar)
        return failed

    def _one(self, repository: Repository, bar: "tqdm[Repository]") -> bool:
        mirror = repository.mirror()
        if not mirror.exists:
            return True
        label = repository.clone_url[-30:]
        try:
            indexing.index_repository(
                repository, mirror, lambda done, total: bar.set_postfix_str(f"{label} {done:,}/{total:,} files")
            )
        except (GitError, sqlite3.Error, OSError) as error:
            words = error.message if isinstance(error, GitError) else type(error).__name__
            self.stderr.write(f"{repository}: {words}")
            return False
        return True

    def _say_status(self) -> None:
        found = engine().status()
        text, disk = found.text_bytes / 1e6, found.disk_bytes / 1e6
        self.stdout.write(
            f"{found.repositories:,} repositories, {found.files:,} files, {text:,.1f} MB of text in {disk:,.1f} MB."
        )
        for words in found.damaged:
            self.stdout.write(f"Damaged: {words}")


def _asked_for(slugs: list[str]) -> list[Repository]:
    repositories = Repository.objects.exclude(head_commit="").order_by("pk")
    if not slugs:
        return list(repositories)
    known = dict(Project.objects.live().filter(slug__in=slugs).values_list("slug", "repository_id"))
    if unknown := sorted(set(slugs) - set(known)):
        raise CommandError(f"There is no project {', '.join(unknown)}.", returncode=2)
    return list(repositories.filter(pk__in=known.values()))
