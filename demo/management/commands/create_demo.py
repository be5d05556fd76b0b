"""Fill an embedded portal with the demo company."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo import populate
from demo.build import build_demo_repositories
from demo.offers import offer_changes
from demo.tasks import offer_tasks
from sync.registration import RegistrationError


class Command(BaseCommand):
    help = "Create the demo company: teams, people, repositories with two years of history, accounts to try."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo has accounts with published passwords: it needs PORTAL_DEMO=1.")
        if not populate.is_embedded():
            raise CommandError("The demo goes into the embedded SQLite database only, never into a real one.")
        if populate.is_foreign():
            self.stderr.write("This portal has people of its own; the demo company stays out. Use another data folder.")
            return
        now = timezone.now()
        folder = Path(settings.DATA_DIR) / "demo"
        self.stdout.write("Preparing the demo company…")
        built = build_demo_repositories(folder, now)
        populate.create_people(now)
        try:
            new = populate.register_repositories(built)
        except RegistrationError as error:
            hint = f"PORTAL_GIT_LOCAL_ROOTS must allow {folder}."
            raise CommandError(f"{error.message} {hint}") from None
        offer_tasks(new, now)
        offer_changes(built, new, now)
        own = populate.register_own_repository(Path(settings.BASE_DIR))
        self.stdout.write(f"{len(new) + bool(own)} new projects, {len(built)} demo repositories in {folder}.")
