"""Compare what code pages show with git's own answers."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.objects import open_objects
from projects.models import Project, Repository
from source.access import Code
from source.against_git import LIMITS, Tally, compare


class Command(BaseCommand):
    help = "Compare trees, files, blame, histories, diffs and last commits with git's own answers at random places."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", nargs="?", metavar="SLUG", help="Address of a project.")
        parser.add_argument("--path", help="A bare repository on this machine, instead of a project.")
        parser.add_argument("--samples", type=int, default=20, help="Number of places (20).")
        parser.add_argument("--seed", type=int, default=0, help="The same seed takes the same places.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if bool(options["slug"]) == bool(options["path"]):
            raise CommandError("Name a project, or a bare repository with --path.", returncode=2)
        if options["samples"] < 1:
            raise CommandError("--samples takes a number from 1 on.", returncode=2)
        project, mirror = _at(Path(options["path"])) if options["path"] else _registered(options["slug"])
        report = self.stderr.write if options["verbosity"] > 1 else lambda _line: None
        try:
            with open_objects(mirror.path, LIMITS) as reader:
                tally = compare(Code(project, mirror, reader, b""), options["samples"], options["seed"], report)
        except GitError as error:
            raise CommandError(f"{error.message} {error.hint}".strip(), returncode=2) from None
        self._print(tally, as_json=options["json"])
        if tally.differences:
            sys.exit(1)
        if not tally.compared:
            raise CommandError("There was nothing to compare.", returncode=2)

    def _print(self, tally: Tally, *, as_json: bool) -> None:
        rows = [
            {"check": d.check, "commit": d.commit, "path": d.path.decode("utf-8", "backslashreplace")}
            | {"said": d.said, "git": d.git}
            for d in tally.differences
        ]
        if as_json:
            self.stdout.write(json.dumps({"compared": tally.compared, "differences": rows}, indent=2))
            return
        for row in rows:
            place = f"{row['check']} at {row['commit'][:12]}: {row['path']!r}"
            self.stdout.write(f"{place}\n  portal: {row['said']}\n  git:    {row['git']}")
        counts = ", ".join(f"{count} {name}" for name, count in tally.compared.items())
        self.stdout.write(f"Compared {counts or 'nothing'}: {len(rows)} differ.")


def _registered(slug: str) -> tuple[Project, Mirror]:
    project = Project.objects.select_related("repository").filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug}.", returncode=2)
    mirror = project.repository.mirror()
    if not mirror.exists:
        raise CommandError(f"{slug} has not been fetched yet.", returncode=2)
    return project, mirror


def _at(path: Path) -> tuple[Project, Mirror]:
    """A project that is nowhere registered, of a repository that is only read."""
    mirror = Mirror(path.resolve())
    if not mirror.exists:
        raise CommandError(f"There is no bare repository at {path}.", returncode=2)
    head = (mirror.path / "HEAD").read_text(encoding="utf-8", errors="surrogateescape").strip()
    repository = Repository(clone_url=path.resolve().as_uri(), default_branch=head.removeprefix("ref: refs/heads/"))
    return Project(slug="repository", name=path.name, repository=repository), mirror
