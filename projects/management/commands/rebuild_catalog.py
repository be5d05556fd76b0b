"""Writes what the catalog lists and searches by anew, from the projects."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from projects.catalog import refresh
from projects.models import CatalogEntry, Project

AT_ONCE = 100


class Command(BaseCommand):
    help = "Write the rows and words of the catalog anew, from the projects. It is searched meanwhile."

    def handle(self, *_args: Any, **_options: Any) -> None:
        known = set(Project.objects.values_list("pk", flat=True))
        ids = sorted(known.union(CatalogEntry.objects.values_list("pk", flat=True)))
        with tqdm(total=len(ids), unit="project", file=sys.stderr, disable=None) as bar:
            for start in range(0, len(ids), AT_ONCE):
                part = ids[start : start + AT_ONCE]
                refresh(part)
                bar.update(len(part))
        self.stdout.write(f"{Project.objects.live().count():,} projects are in the catalog.")
