"""What a plan holds: every file of its branches, each content once, and what is left out."""

from collections import Counter
from dataclasses import dataclass, field

from gitstore.records import Limits, TreeEntry
from gitstore.trees import open_snapshot
from search.engine import IndexPlan, Skipped

LISTED_SKIPS = 1_000
LIMITS = Limits(seconds=1800)


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file at `path` with content `oid` on these branches, which are numbers of the plan's refs."""

    path: bytes
    oid: str
    refs: tuple[int, ...]


@dataclass(slots=True)
class Skips:
    """Files left out: all counted, the first ones kept. A path with the same content on two branches counts once."""

    counts: Counter[str] = field(default_factory=Counter)
    listed: list[Skipped] = field(default_factory=list)

    def add(self, path: bytes, reason: str, size: int, ref: str) -> None:
        self.counts[reason] += 1
        if len(self.listed) < LISTED_SKIPS:
            self.listed.append(Skipped(path, reason, size, ref))


@dataclass(slots=True)
class Listing:
    files: list[PlannedFile]
    skips: Skips


def list_files(plan: IndexPlan, file_bytes: int, limits: Limits = LIMITS) -> Listing:
    """Read the trees of all refs of the plan. Raises a GitError."""
    held: dict[tuple[bytes, str], list[int]] = {}
    skips = Skips()
    skipped: set[tuple[bytes, str]] = set()
    for number, ref in enumerate(plan.refs):
        with open_snapshot(plan.git_dir, ref.commit, limits) as snapshot:
            for entry in snapshot.entries:
                key = (entry.path, entry.oid)
                reason = _why_not(entry, file_bytes)
                if not reason:
                    held.setdefault(key, []).append(number)
                elif key not in skipped:
                    skipped.add(key)
                    skips.add(entry.path, reason, entry.size or 0, ref.name)
            if snapshot.truncated:
                skips.add(b"", "many", 0, ref.name)
    files = [PlannedFile(path, oid, tuple(refs)) for (path, oid), refs in held.items()]
    return Listing(files, skips)


def _why_not(entry: TreeEntry, file_bytes: int) -> str:
    if entry.type == "commit":
        return "submodule"
    if entry.is_symlink:
        return "symlink"
    if entry.size is None:
        return "missing"
    return "large" if entry.size > file_bytes else ""
