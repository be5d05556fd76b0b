"""What Zoekt is given to read: a bare repository beside the mirror that holds the searchable texts and nothing else.

Its trees name every file of a plan that has a text, as UTF-8, so that nothing is left for Zoekt to leave out, to read
otherwise or to call otherwise. The mirror itself is never touched.
"""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

from gitstore.blobstream import stream_blobs
from projects.derive.language_rules import language_of
from search.embedded import texts
from search.embedded.listing import LIMITS, Listing, PlannedFile, list_files
from search.engine import IndexOutcome, IndexPlan, OnProgress

# Zoekt leaves out files of one and two bytes: this makes them longer, and is taken off again.
TAIL = b"\n\x1f\x1f"
# Each ref under a number, behind a letter that cannot begin the id of a commit.
REF = "n"
# A file of this name would make Zoekt leave out others.
IGNORE = ".sourcegraph/ignore"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # Zoekt loses names with a tab


@dataclass(slots=True)
class Blob:
    """A content: bytes of its text, why it has none, the id under which Zoekt reads it, and its language where that
    does not follow from its name."""

    size: int
    reason: str = ""
    oid: str = ""
    language: str = ""


@dataclass(slots=True)
class View:
    """`commits`: one for each ref of the plan. By name as Zoekt knows it: `paths`, the real one where it is another, as
    hex; `languages`, where they do not follow from the name."""

    folder: Path
    commits: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    outcome: IndexOutcome = field(default_factory=IndexOutcome)


def make_view(folder: Path, plan: IndexPlan, file_bytes: int, known: dict[str, Blob], progress: OnProgress) -> View:
    """`known`: contents of the last time, which are not read again. Raises a GitError."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    shutil.copytree(plan.git_dir / "objects", folder / "objects", copy_function=_link)
    name = f"r{plan.repository_id}"
    config = f"[core]\n\tbare = true\n[zoekt]\n\tname = {name}\n\trepoid = {plan.repository_id}\n"
    (folder / "config").write_text(config)
    (folder / "HEAD").write_text("ref: refs/heads/n0\n")
    listing = list_files(plan, file_bytes)
    view = View(folder)
    view.blobs = dict(_blobs(_Objects(folder / "objects"), plan, listing, known, progress))
    files = [file for file in listing.files if not view.blobs[file.oid].reason]
    _write_commits(view, plan, files)
    view.outcome = _outcome(plan, listing, files, view.blobs, known)
    return view


def _link(source: str, target: str) -> None:
    """The same file under another name; Zoekt follows no symbolic links out of a repository."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # a temporary file of Git's
    except OSError:
        shutil.copyfile(source, target)


# Contents


def _blobs(
    objects: "_Objects", plan: IndexPlan, listing: Listing, known: dict[str, Blob], progress: OnProgress
) -> Iterator[tuple[str, Blob]]:
    asked = []
    names = {file.oid: file.path.rpartition(b"/")[2].decode("utf-8", "replace") for file in reversed(listing.files)}
    for oid in reversed(names):
        blob = known.get(oid)
        if blob is not None and (blob.reason or blob.oid == oid):
            yield oid, blob
        else:
            asked.append(oid)
    for done, (oid, content) in enumerate(stream_blobs(plan.git_dir, asked, LIMITS)):
        if done % 500 == 0:
            progress(done, len(asked))
        yield oid, _blob(objects, oid, content, names[oid])


def _blob(objects: "_Objects", oid: str, content: bytes | None, name: str) -> Blob:
    if content is None:
        return Blob(0, "missing")
    if texts.is_lfs_pointer(content):
        return Blob(0, "lfs")
    text = texts.text_of(content)
    if text is None:
        return Blob(0, texts.why_not(content))
    wanted = text.replace("\0", "\ufffd").encode()
    size = len(wanted)
    if 0 < size < 3:
        wanted += TAIL
    language = language_of(name, wanted)
    told = language if language != language_of(name, b"") else ""
    return Blob(size, "", oid if wanted == content else objects.write(b"blob", wanted), told)


# Trees


class _Objects:
    """Loose objects in the way Git keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, kind: bytes, content: bytes) -> str:
        whole = b"%s %d\0%s" % (kind, len(content), content)
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self.folder / oid[:2] / oid[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(whole, 1))
        return oid

    def write_tree(self, tree: "_Tree") -> str:
        rows = []
        for name, child in tree.items():
            if isinstance(child, dict):
                rows.append((name + b"/", b"40000 %s\0%s" % (name, bytes.fromhex(self.write_tree(child)))))
            else:
                rows.append((name, b"100644 %s\0%s" % (name, bytes.fromhex(child))))
        return self.write(b"tree", b"".join(row for _, row in sorted(rows)))


_Tree = dict[bytes, "str | _Tree"]


def _write_commits(view: View, plan: IndexPlan, files: list[PlannedFile]) -> None:
    objects = _Objects(view.folder / "objects")
    names = _names(files)
    view.paths = {name: path.hex() for path, name in names.items() if name.encode() != path}
    view.languages = {names[file.path]: told for file in files if (told := view.blobs[file.oid].language)}
    for number, ref in enumerate(plan.refs):
        tree: _Tree = {}
        for file in files:
            if number in file.refs:
                _place(tree, names[file.path].encode(), view.blobs[file.oid].oid)
        person = b"portal <> 0 +0000"
        oid = objects.write_tree(tree).encode()
        commit = b"tree %s\nauthor %s\ncommitter %s\n\n%s\n" % (oid, person, person, ref.commit.encode())
        view.commits.append(objects.write(b"commit", commit))
        (view.folder / "refs" / "heads" / f"{REF}{number}").write_text(f"{view.commits[-1]}\n")


def _place(tree: _Tree, path: bytes, oid: str) -> None:
    *folders, name = path.split(b"/")
    for folder in folders:
        inner = tree.setdefault(folder, {})
        if not isinstance(inner, dict):  # two names that are one in UTF-8
            inner = tree[folder] = {}
        tree = inner
    tree[name] = oid


def _names(files: list[PlannedFile]) -> dict[bytes, str]:
    """How Zoekt knows each path: as text, and each by another name."""
    plain = {path: _CONTROL.sub(" ", path.decode("utf-8", "replace")) for path in {file.path for file in files}}
    found: dict[bytes, str] = {}
    taken = {IGNORE}
    for path, name in sorted(plain.items(), key=lambda each: (each[1].encode() != each[0], each[0])):
        unique = name
        while unique in taken:
            unique += "\ufffd"
        taken.add(unique)
        found[path] = unique
    return found


# What is told


def _outcome(
    plan: IndexPlan, listing: Listing, files: list[PlannedFile], blobs: dict[str, Blob], known: dict[str, Blob]
) -> IndexOutcome:
    skips = listing.skips
    for file in listing.files:
        if reason := blobs[file.oid].reason:
            skips.add(file.path, reason, 0, plan.refs[file.refs[0]].name)
    held = {oid for oid, blob in blobs.items() if not blob.reason}
    before = {oid for oid, blob in known.items() if not blob.reason}
    total = sum(blobs[file.oid].size for file in files)
    return IndexOutcome(
        files=len(files),
        text_bytes=total,
        new_blobs=len(held - before),
        removed_blobs=len(before - held),
        skipped_counts=dict(skips.counts),
        skipped=tuple(skips.listed),
    )


# What is kept for the next time


def save_blobs(file: Path, blobs: dict[str, Blob]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({oid: list(astuple(blob)) for oid, blob in blobs.items()}))
    fresh.rename(file)


def load_blobs(file: Path) -> dict[str, Blob]:
    try:
        return {oid: Blob(*told) for oid, told in json.loads(file.read_text()).items()}
    except (OSError, ValueError, TypeError):
        return {}
