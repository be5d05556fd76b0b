"""Reads teams and memberships from a file. It lives here, not in accounts, as lists of projects follow the names."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import team_imports
from accounts.team_files import UnreadableFile
from accounts.team_plan import Plan
from projects.teams import follow_names


class Command(BaseCommand):
    help = "Read teams and memberships from a CSV, YAML or JSON file. Bad rows are listed and left out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--complete", action="store_true", help="end memberships that the file does not name")
        parser.add_argument("--json", action="store_true", help="print data and nothing else, a document for each part")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        problems, part, parts = 0, 1, 1
        try:
            with path.open("rb") as file:
                while part <= parts:
                    plan = self._done(file, path.name, part, options)
                    problems += len(plan.problems)
                    parts, part = plan.parts, part + 1
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from None
        except UnreadableFile as error:
            raise CommandError(str(error)) from None
        if problems:
            raise CommandError(f"{problems} rows were left out.")

    def _done(self, file: BinaryIO, name: str, part: int, options: dict[str, Any]) -> Plan:
        """One part of the file, in a transaction of its own, and told."""
        if options["dry_run"]:
            plan = team_imports.look(file, name, complete=options["complete"], part=part)
        else:
            with transaction.atomic():
                plan = team_imports.apply(file, name, None, complete=options["complete"], part=part)
                follow_names(team_imports.renamed(plan))
        if options["json"]:
            self.stdout.write(json.dumps(_data(plan), ensure_ascii=False, indent=2))
        else:
            self._tell(plan, "would be" if options["dry_run"] else "were")
        return plan

    def _tell(self, plan: Plan, would: str) -> None:
        if plan.parts > 1:
            self.stdout.write(
                f"Part {plan.part} of {plan.parts}: lines {plan.lines[0]} to {plan.lines[1]}, and all teams"
            )
        for note in plan.notes:
            self.stderr.write(note)
        for change in plan.changes:
            words = f"{change.before} -> {change.after}" if change.before else change.after
            place = "" if change.what == "team" else f" in {change.team}"
            self.stdout.write(f"{change.kind:8} {change.subject}{place}: {words}")
        for problem in plan.problems:
            self.stderr.write(f"line {problem.line}: {problem.text}")
        counts = ", ".join(f"{number} {kind}" for kind, number in plan.counts().items() if number)
        self.stdout.write(f"{counts or 'Nothing'} {would} changed; {plan.untouched} rows say what is so already.")


def _data(plan: Plan) -> dict[str, Any]:
    names = ("kind", "what", "line", "subject", "team", "before", "after")
    return {
        "counts": plan.counts(),
        "untouched": plan.untouched,
        "changes": [{name: getattr(change, name) for name in names} for change in plan.changes],
        "problems": [{"line": problem.line, "text": problem.text} for problem in plan.problems],
        "notes": plan.notes,
        "part": plan.part,
        "parts": plan.parts,
    }
