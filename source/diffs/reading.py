"""What a page shows of a comparison: which files, with which texts, remembered by the ids of both sides."""

from dataclasses import dataclass, replace

from django.core.cache import caches

from gitstore.diffs import Caps, Comparison, Diff, DiffOptions, FileChange, FilePatch, read_diff, read_patches
from gitstore.records import Limits
from source.access import Code

FILES_A_PAGE = 300
PAGE_CAPS = Caps(files=FILES_A_PAGE, bytes=4 * 1024**2)
LIMITS = Limits(seconds=8, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
REMEMBERED_CHANGES = 5000


@dataclass(frozen=True, slots=True)
class Shown:
    """The files of one page of a comparison, each with its text (None where it was not read), and what was found in
    all: `total` files below the path asked for, of which these begin with number `first` (from 0)."""

    files: list[tuple[FileChange, FilePatch | None]]
    first: int
    total: int
    diff: Diff


def compare(code: Code, old: str, new: str, options: DiffOptions) -> Comparison:
    return Comparison(code.mirror.path, old, new, LIMITS, options)


def read_page(code: Code, comparison: Comparison, path: bytes = b"", page: int = 1) -> Shown:
    """The files at or below a path that differ, 300 a page. Raises GitError."""
    diff = _remembered(code, comparison)
    below = path + b"/"
    places = [
        place
        for place, change in enumerate(diff.changes)
        if not path or path in (change.path, change.old_path) or change.path.startswith(below)
    ]
    first = min((page - 1) * FILES_A_PAGE, max(0, (len(places) - 1) // FILES_A_PAGE * FILES_A_PAGE))
    chosen = places[first : first + FILES_A_PAGE]
    missing = [diff.changes[place] for place in chosen if place not in diff.patches]
    found: dict[FileChange, FilePatch] = {}
    # What the first reading left out on the first page is large, and is read when somebody asks for it.
    if missing and (path or first):
        asked = replace(comparison, options=replace(comparison.options, renames=diff.renames))
        found = read_patches(asked, missing, PAGE_CAPS)
    files = [(diff.changes[place], diff.patches.get(place) or found.get(diff.changes[place])) for place in chosen]
    return Shown(files, first, len(places), diff)


def _remembered(code: Code, comparison: Comparison) -> Diff:
    options = comparison.options
    key = f"diff1:{code.repository.uid.hex}:{comparison.old}:{comparison.new}:{int(options.ignore_space)}"
    diff: Diff | None = caches["code"].get(key)
    if diff is None:
        diff = read_diff(comparison, PAGE_CAPS)
        if len(diff.changes) <= REMEMBERED_CHANGES:
            caches["code"].set(key, diff)
    return diff
