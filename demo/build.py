"""Builds the repositories of the demo company on disk."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo.history import History
from demo.organisation import ORGANISATION


@dataclass(frozen=True, slots=True)
class DemoRepository:
    """A bare repository that was built; `visibility` is "internal" or "restricted"."""

    path: Path
    slug: str
    team: str
    visibility: str


def build_demo_repositories(folder: Path, now: datetime) -> list[DemoRepository]:
    """Every repository of the demo company as `folder/<slug>.git`, its history ending shortly before `now` (aware).

    A repository that is there already stays as it is; one that was left half-built is built again. The same `now` gives
    the same commit ids.
    """
    folder.mkdir(parents=True, exist_ok=True)
    built = []
    for repo in ORGANISATION.repositories:
        path = folder / f"{repo.slug}.git"
        if not path.exists():
            partial = folder / f"{repo.slug}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            History(ORGANISATION, repo, now.replace(microsecond=0)).write(partial)
            partial.rename(path)
        built.append(DemoRepository(path, repo.slug, repo.team, repo.visibility))
    return built
