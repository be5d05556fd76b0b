"""Register every repository in a folder of this machine."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sync.folders import find_repositories
from sync.registration import LineResult, RegistrationError, register_many


class Command(BaseCommand):
    help = "Register every Git repository in or below a folder that PORTAL_GIT_LOCAL_ROOTS allows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", help="Where to look.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            results = register_many(map(str, find_repositories(options["folder"])), by=None)
        except RegistrationError as error:
            raise CommandError(f"{error.message} {error.hint}".strip(), returncode=1) from None
        if options["json"]:
            self.stdout.write(json.dumps([_as_data(result) for result in results]))
        else:
            self._print(results)
        # A second run over the same folder finds everything registered: that is no failure.
        if any(result.error and not result.error.project for result in results):
            sys.exit(1)

    def _print(self, results: list[LineResult]) -> None:
        for result in results:
            if result.error:
                self.stderr.write(f"{result.address}: {result.error.message}")
        good = sum(1 for result in results if result.project)
        known = sum(1 for result in results if result.error and result.error.project)
        self.stdout.write(f"{good} registered, {known} known before, {len(results) - good - known} not registered.")


def _as_data(result: LineResult) -> dict[str, str | bool]:
    data: dict[str, str | bool] = {"address": result.address, "registered": result.project is not None}
    project = result.project or (result.error.project if result.error else None)
    if project:
        data["slug"] = project.slug
    if result.error:
        data["message"] = result.error.message
    return data
