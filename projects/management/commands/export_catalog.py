"""Writes the catalog to standard output, as one person sees it."""

import os
import sys
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from projects import exports
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select


class Command(BaseCommand):
    help = "Write all projects as JSON or CSV to standard output. Without --as: what every signed-in person may see."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "csv"], default="json")
        parser.add_argument("--json", action="store_const", const="json", dest="format", help="same as --format json")
        parser.add_argument("--as", dest="username", metavar="USERNAME", help="include what this person may see")

    def handle(self, *args: Any, **options: Any) -> None:
        user = self._viewer(options["username"])
        ids = select(CatalogQuery(sort="name"), user).ids
        chunks = exports.csv_chunks if options["format"] == "csv" else exports.json_chunks
        try:
            for chunk in chunks(ids, user):
                self.stdout.write(chunk, ending="")
            self.stdout.flush()
        except BrokenPipeError:  # the reader, such as `head`, has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _viewer(self, username: str | None) -> User | AnonymousUser:
        if username is None:
            return AnonymousUser()
        try:
            return User.objects.get(username=username, is_active=True)
        except User.DoesNotExist:
            raise CommandError(f"There is no active account called {username!r}.", returncode=2) from None
