"""Read repositories in the foreground, with a progress bar."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from projects.models import Project
from sync import pipeline, queue, sweep
from sync.models import SyncJob, SyncJobQuerySet
from sync.queue import Failure


class Command(BaseCommand):
    help = "Read repositories now, in the foreground."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="Projects whose repositories are read.")
        parser.add_argument("--due", action="store_true", help="Those whose time has come (this is the default).")
        parser.add_argument("--all", action="store_true", help="All of them, quarantined ones too.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if ((options["due"] or options["all"]) and options["slugs"]) or (options["due"] and options["all"]):
            raise CommandError("Give either SLUGs, --due or --all.", returncode=2)
        queue.reclaim_expired()
        unchanged = 0
        if options["all"] or options["slugs"]:
            jobs = _asked_for(options["slugs"])
        else:
            unchanged = sweep.sweep().unchanged
            jobs = SyncJob.objects.due(timezone.now())
        results = _run(jobs)
        self._print(results, unchanged, as_json=options["json"])
        if any(result["outcome"] == "failed" for result in results):
            sys.exit(1)

    def _print(self, results: list[dict[str, str]], unchanged: int, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"unchanged": unchanged, "runs": results}))
            return
        for result in results:
            if result["outcome"] != "ok":
                self.stderr.write(f"{result['address']}: {result['message']}")
        good = sum(1 for result in results if result["outcome"] == "ok")
        failed = sum(1 for result in results if result["outcome"] == "failed")
        busy = len(results) - good - failed
        self.stdout.write(f"{good} read, {failed} failed, {busy} left to another worker, {unchanged} unchanged.")


def _asked_for(slugs: list[str]) -> SyncJobQuerySet:
    """Jobs of these projects, or all, made due and out of quarantine."""
    known = dict(Project.objects.live().filter(slug__in=slugs).values_list("slug", "repository_id"))
    if unknown := sorted(set(slugs) - set(known)):
        raise CommandError(f"There is no project {', '.join(unknown)}.", returncode=2)
    jobs = SyncJob.objects.all()
    if slugs:
        jobs = jobs.filter(repository__in=known.values())
    jobs.quarantined().update(state=SyncJob.State.WAITING, crashes=0, attempt=0)
    return jobs


def _run(jobs: SyncJobQuerySet) -> list[dict[str, str]]:
    rows = list(jobs.order_by("due_at").values_list("pk", "repository__clone_url"))
    results = []
    with tqdm(rows, unit="repository", file=sys.stderr, disable=None) as bar:
        for pk, address in bar:
            bar.set_postfix_str(address[-40:])
            results.append(_one(pk, address))
    return results


def _one(pk: int, address: str) -> dict[str, str]:
    outcome = pipeline.run_job(pk, from_waiting=True)
    if outcome is None:
        return {"address": address, "outcome": "busy", "message": "Another worker has it."}
    if isinstance(outcome, Failure):
        return {"address": address, "outcome": "failed", "code": outcome.code, "message": outcome.message}
    return {"address": address, "outcome": "ok", "message": ""}
