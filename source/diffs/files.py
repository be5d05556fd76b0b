"""A changed file as a page shows it: its names, what happened to it, and its rows or why there are none."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from gitstore.diffs import FileChange, FilePatch, sections
from source.diffs import rows

STATUS_WORDS = {
    "A": "added",
    "C": "copied",
    "D": "deleted",
    "M": "changed",
    "R": "renamed",
    "T": "changed in kind",
}
FOLDED_LINES = 1000
FOLDED_BYTES = 96 * 1024
PAGE_LINES = 20_000
PAGE_BYTES = 2 * 1024**2
LINK = 0o120000
SUBMODULE = 0o160000
KINDS = {0o100644: "file", 0o100755: "executable file", LINK: "symbolic link", SUBMODULE: "submodule"}
Link = Callable[[bytes], str]


@dataclass(slots=True)
class FileView:
    """One changed file. `anchor`: its id on the page; `old_path`: where it was, if elsewhere; `alone`: address of its
    changes alone; `old`, `new`: addresses of the file before and after, or empty; `folded`: why there are no rows;
    `module`: name and address of the project that a submodule leads to."""

    change: FileChange
    anchor: str
    old_path: bytes
    word: str
    added: int
    deleted: int
    counted: bool
    alone: str
    notes: list[str] = field(default_factory=list)
    rows: SafeString | str = ""
    folded: str = ""
    old: str = ""
    new: str = ""
    module: tuple[str, str] | None = None

    @property
    def path(self) -> bytes:
        return self.change.path

    @property
    def letter(self) -> str:
        return self.change.status

    @property
    def lines(self) -> int:
        return self.added + self.deleted


@dataclass(slots=True)
class Budget:
    """What may still be shown on a page."""

    lines: int = PAGE_LINES
    bytes: int = PAGE_BYTES

    def takes(self, patch: FilePatch, *, alone: bool) -> str:
        """Empty when there is room for the text, which is then used up; else why not."""
        lines, size = patch.text.count(b"\n"), len(patch.text)
        if size > self.bytes or lines > self.lines:
            return "too large to be shown" if alone else "left out: this page is long enough"
        if not alone and (lines > FOLDED_LINES or size > FOLDED_BYTES):
            return f"large: {lines:,} lines"
        self.lines -= lines
        self.bytes -= size
        return ""


def anchor(path: bytes) -> str:
    """The id of a file on the page, the same for ever."""
    return "f-" + hashlib.sha256(path).hexdigest()[:12]


def file_view(
    change: FileChange, patch: FilePatch | None, budget: Budget, link: Link, *, split: bool, alone: bool
) -> FileView:
    """How to show a changed file; `link` gives the address of its changes alone."""
    view = FileView(
        change=change,
        anchor=anchor(change.path),
        old_path=change.old_path if change.old_path != change.path else b"",
        word=STATUS_WORDS.get(change.status, "changed"),
        added=patch.added if patch else 0,
        deleted=patch.deleted if patch else 0,
        counted=patch is not None,
        alone=link(change.path),
        notes=_notes(change),
    )
    if patch is None:
        view.folded = "too large to be shown" if alone else "large: not counted yet"
        return view
    if reason := budget.takes(patch, alone=alone):
        view.folded = reason
        return view
    parts = list(sections(patch.text))
    if any(part.hunks for part in parts):
        view.rows = rows.split(parts, view.anchor) if split else rows.unified(parts, view.anchor)
    else:
        view.notes.append(_why_empty(change, patch))
    return view


def _notes(change: FileChange) -> list[str]:
    notes = []
    if change.status in "RC":
        notes.append(f"{STATUS_WORDS[change.status]}, {change.similarity} % alike")
    old, new = KINDS.get(change.old_mode), KINDS.get(change.new_mode)
    if change.old_mode and change.new_mode and change.old_mode != change.new_mode:
        notes.append(f"{old or oct(change.old_mode)[2:]} → {new or oct(change.new_mode)[2:]}")
    elif (change.new_mode or change.old_mode) != 0o100644:
        notes.append(KINDS.get(change.new_mode or change.old_mode) or oct(change.new_mode or change.old_mode)[2:])
    return notes


def _why_empty(change: FileChange, patch: FilePatch) -> str:
    if b"\nBinary files " in patch.text:
        return "binary file, not shown"
    if not patch.text:
        return "only white space differs"
    if change.old_oid == change.new_oid:
        return "content unchanged"
    return "empty file"
