"""The entries of one folder as its page lists them: in order, a page at a time, each with what it leads to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.cache import caches

from gitstore.objects import ObjectReader
from gitstore.records import TreeEntry

PAGE_ROWS = 1_000
LFS_SIZES = range(100, 400)  # bytes of a pointer
MAX_POINTERS = 400
MAX_TARGET = 4_096
_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:[^\n]*\n)*?size (\d{1,18})\n")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One entry; `kind` is folder, file, executable, symlink, submodule or lfs; `target` where a symlink leads.

    `size` is in bytes, that of the real file for an LFS pointer; None where there is none or it is not known.
    """

    entry: TreeEntry
    kind: str
    size: int | None = None
    target: bytes = b""

    @property
    def name(self) -> bytes:
        return self.entry.path


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a folder, folders first. `names`: those of the whole folder that might be its README."""

    rows: tuple[Row, ...]
    total: int
    number: int
    readmes: tuple[TreeEntry, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_ROWS))


def list_folder(reader: ObjectReader, tree: str, number: int = 1) -> Listing:
    """A page (from 1; beyond the end the last one) of the folder whose tree has this id. Raises Broken."""
    key = f"listing:{_VERSION}:{tree}:{number}"
    kept: Listing | None = caches["code"].get(key)
    if kept is not None:
        return kept
    entries = sorted(reader.tree(tree), key=lambda entry: entry.type != "tree")
    pages = max(1, -(-len(entries) // PAGE_ROWS))
    number = min(max(number, 1), pages)
    shown = entries[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    readmes = tuple(entry for entry in entries if entry.type == "blob" and entry.path[:6].lower() == b"readme")
    listing = Listing(_rows(reader, shown), len(entries), number, readmes[:20])
    caches["code"].set(key, listing)
    return listing


def _rows(reader: ObjectReader, entries: Sequence[TreeEntry]) -> tuple[Row, ...]:
    sizes = reader.sizes([entry.oid for entry in entries if entry.type == "blob"])
    pointers = [entry.oid for entry in entries if _may_point(entry, sizes)][:MAX_POINTERS]
    real = {oid: size for oid in pointers if (size := lfs_size(reader, oid)) is not None}
    rows = []
    for entry in entries:
        size = sizes.get(entry.oid) if entry.type == "blob" else None
        row = Row(entry, _kind(entry), size)
        if row.kind == "symlink":
            row = replace(row, size=None, target=_target(reader, entry.oid))
        elif entry.oid in real:
            row = replace(row, kind="lfs", size=real[entry.oid])
        rows.append(row)
    return tuple(rows)


def _kind(entry: TreeEntry) -> str:
    if entry.type == "tree":
        return "folder"
    if entry.type == "commit":
        return "submodule"
    if entry.is_symlink:
        return "symlink"
    return "executable" if entry.mode & 0o111 else "file"


def _may_point(entry: TreeEntry, sizes: dict[str, int]) -> bool:
    return entry.type == "blob" and not entry.is_symlink and sizes.get(entry.oid) in LFS_SIZES


def lfs_size(reader: ObjectReader, oid: str) -> int | None:
    """Size in bytes of the file that a Git LFS pointer stands for; None when the blob is no pointer."""
    found = reader.read(oid, LFS_SIZES.stop)
    match = _LFS.match(found.content or b"") if found else None
    return int(match[1]) if match else None


def _target(reader: ObjectReader, oid: str) -> bytes:
    found = reader.read(oid, MAX_TARGET)
    return (found.content or b"") if found else b""
