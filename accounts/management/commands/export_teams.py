"""Writes teams and memberships to standard output."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import team_exports


class Command(BaseCommand):
    help = "Write all teams and memberships as CSV or YAML to standard output; import_teams reads both."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["csv", "yaml"], default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        write = team_exports.as_yaml if options["format"] == "yaml" else team_exports.as_csv
        self.stdout.write(write(), ending="")
