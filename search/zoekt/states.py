"""What was written for each repository: which commits Zoekt answers from, under which names, in which files."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from search.engine import IndexedRef, IndexPlan
from search.zoekt.view import View


@dataclass(frozen=True, slots=True)
class State:
    """`views`: the commits that Zoekt read instead of those of `refs`. `paths`, `languages`: as in a View."""

    refs: tuple[IndexedRef, ...]
    views: tuple[str, ...]
    paths: dict[str, str]
    languages: dict[str, str]

    @classmethod
    def of(cls, plan: IndexPlan, view: View) -> "State":
        return cls(plan.refs, tuple(view.commits), view.paths, view.languages)

    def path(self, name: str) -> bytes:
        return bytes.fromhex(self.paths[name]) if name in self.paths else name.encode()


@dataclass(slots=True)
class Record:
    """The last of `states` is the newest; while `pending` the index is on its way to it. `shards`: sizes of files."""

    states: list[State] = field(default_factory=list)
    pending: bool = False
    label: str = ""
    files: int = 0
    text_bytes: int = 0
    blobs: int = 0
    shards: dict[str, int] = field(default_factory=dict)

    def state(self, version: str) -> State | None:
        """The one that Zoekt answered from, told by a commit it names."""
        for state in reversed(self.states):
            if version in state.views:
                return state
        return None


class States:
    """The records in a folder, each read once. A folder that is not there holds none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "written"
        self._read: dict[int, Record | None] = {}

    def get(self, repository: int) -> Record | None:
        if repository not in self._read:
            self._read[repository] = self._load(repository)
        return self._read[repository]

    def put(self, repository: int, record: Record) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{repository}.json"
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(_told(record)))
        fresh.rename(file)
        self._read[repository] = record

    def remove(self, repository: int) -> None:
        for suffix in ("json", "blobs"):
            (self.folder / f"{repository}.{suffix}").unlink(missing_ok=True)
        self._read[repository] = None

    def blobs_file(self, repository: int) -> Path:
        return self.folder / f"{repository}.blobs"

    def repositories(self) -> list[int]:
        return sorted(int(file.stem) for file in self.folder.glob("*.json"))

    def number(self, repositories: frozenset[int]) -> int:
        """Another one when something was written for one of these."""
        try:
            files = {entry.name: entry.stat().st_mtime_ns for entry in os.scandir(self.folder)}
        except OSError:
            return 0
        times = [(pk, files[f"{pk}.json"]) for pk in sorted(repositories) if f"{pk}.json" in files]
        return crc32(repr(times).encode())

    def _load(self, repository: int) -> Record | None:
        try:
            told = json.loads((self.folder / f"{repository}.json").read_text())
            states = [_state(each) for each in told.pop("states")]
            return Record(states, **told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def _told(record: Record) -> dict[str, Any]:
    states = [
        {
            "refs": [[ref.name, ref.commit] for ref in state.refs],
            "views": state.views,
            "paths": state.paths,
            "languages": state.languages,
        }
        for state in record.states
    ]
    numbers = {name: getattr(record, name) for name in ("pending", "label", "files", "text_bytes", "blobs", "shards")}
    return {"states": states, **numbers}


def _state(told: dict[str, Any]) -> State:
    refs = tuple(IndexedRef(name, commit) for name, commit in told["refs"])
    return State(refs, tuple(told["views"]), dict(told["paths"]), dict(told["languages"]))
