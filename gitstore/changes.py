"""What a change is, whatever commit holds it: ids that stay when a commit is rebased or its message edited."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitstore.diffs import split_files
from gitstore.errors import Broken
from gitstore.objects import OID
from gitstore.patch_mails import patched_files
from gitstore.process import run_git
from gitstore.records import Limits

LIMITS = Limits(seconds=60, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
SIGNIFICANT_CHARACTERS = 24
_DIFFS = ("diff-tree", "--stdin", "-r", "-p", "--root", "--no-renames", "--full-index", "--no-color", "--no-ext-diff")
_COMMIT_LINE = re.compile(rb"^([0-9a-f]{40}|[0-9a-f]{64})\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ChangeId:
    """What a change is, whatever commit holds it: git's stable patch id, and `lines`, made of the lines it adds and
    removes in each file without those around. Either is empty where there is too little to tell changes apart."""

    patch: str
    lines: str


def lines_id(diff: bytes) -> str:
    """Digest of the lines that a unified text adds and removes, white space and the lines around left out."""
    digest, characters = hashlib.sha256(), 0
    for text in sorted(split_files(diff)):
        start = text.find(b"\n@@ ")
        change = patched_files(text)
        if start < 0 or not change:
            digest.update(b"file " + re.sub(rb"\nindex [^\n]*", b"", text))
            continue
        digest.update(b"path %s\0%s\n" % (change[0][0].old_path, change[0][0].path))
        for line in text[start + 1 :].split(b"\n"):
            if line[:1] in (b"+", b"-"):
                bare = b"".join(line[1:].split())
                characters += len(bare)
                if bare:  # where empty lines stand depends on what is around
                    digest.update(line[:1] + bare + b"\n")
    return digest.hexdigest() if characters >= SIGNIFICANT_CHARACTERS else ""


def patch_ids(diffs: Sequence[bytes], limits: Limits = LIMITS) -> list[str]:
    """git's stable patch id of each unified text; empty where it has none."""
    marked = [b"commit %040x\n%s\n" % (number + 1, diff) for number, diff in enumerate(diffs)]
    output = run_git(["patch-id", "--stable"], limits=limits, input=b"".join(marked))
    pairs = (line.split() for line in output.decode("ascii").splitlines())
    found = {commit: patch for patch, commit in pairs}
    return [found.get(f"{number + 1:040x}", "") for number in range(len(diffs))]


def change_ids(diffs: Sequence[bytes], limits: Limits = LIMITS) -> list[ChangeId]:
    """Both ids of each unified text."""
    return [ChangeId(patch, lines_id(diff)) for patch, diff in zip(patch_ids(diffs, limits), diffs, strict=True)]


def commit_diffs(
    git_dir: Path, oids: Sequence[str], limits: Limits = LIMITS, parents: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """What each commit changes as unified text without renames, by id. Raises GitError.

    `parents`: what to compare a merge with; without it a merge has an empty text.
    """
    if not oids:
        return {}
    asked = [f"{oid} {parents[oid]}" if parents else oid for oid in oids]
    if not all(OID.match(word) for line in asked for word in line.split()):
        raise ValueError("Not commit ids.")
    words = [*_DIFFS, "--no-textconv", "--submodule=short"]
    output = run_git(words, git_dir=git_dir, limits=limits, input="\n".join(asked).encode("ascii") + b"\n")
    # Lines of files begin with a sign, so that an id alone on its line can only be git's own.
    before, *parts = _COMMIT_LINE.split(output)
    if before.strip():
        raise Broken("The changes of these commits cannot be read.")
    return {oid.decode("ascii"): diff for oid, diff in zip(parts[::2], parts[1::2], strict=True)}
