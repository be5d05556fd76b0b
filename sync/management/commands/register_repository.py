"""Register one repository from a script."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Team
from projects.models import Project
from sync.registration import RegistrationError, register


class Command(BaseCommand):
    help = "Register a repository and ask for its first sync."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL", help="Clone address; a password within it is stored encrypted.")
        parser.add_argument("--slug", help="Page address; made from the repository's name if not given.")
        parser.add_argument("--team", help="Slug of the owner team.")
        parser.add_argument(
            "--visibility", choices=Project.Visibility.values, default="internal", help="Who may see it."
        )
        parser.add_argument(
            "--branch", default="", help="Branch to read; the repository's default branch if not given."
        )
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            project = register(
                options["url"],
                by=None,
                slug=options["slug"],
                team=_team(options["team"]),
                visibility=options["visibility"],
                branch=options["branch"],
            )
        except RegistrationError as error:
            if options["json"]:
                fields = {"field": error.field, "message": error.message, "hint": error.hint}
                self.stdout.write(json.dumps({"error": fields}))
                sys.exit(1)
            raise CommandError(f"{error.message} {error.hint}".strip(), returncode=1) from None
        if options["json"]:
            data = {"slug": project.slug, "address": project.repository.clone_url, "path": project.get_absolute_url()}
            self.stdout.write(json.dumps(data))
        else:
            self.stdout.write(f"Registered {project.slug}.")


def _team(slug: str | None) -> Team | None:
    if not slug:
        return None
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise RegistrationError("team", f"There is no team {slug}.")
    return team
