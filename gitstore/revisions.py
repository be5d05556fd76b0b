"""What an address names: a revision (branch, tag, commit id, HEAD), and the path that follows it.

Branch names and paths both hold slashes. A branch wins over a tag, either wins over an abbreviated id, and a whole id
wins over all of them; `refs/heads/…` and `refs/tags/…` name a ref without doubt, so that each ref has an address.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gitstore.errors import NotFound
from gitstore.objects import OID, CommitObject, ObjectReader
from gitstore.refs import read_branch

MAX_SEGMENTS = 30
_SHORT_ID = re.compile(rb"[0-9a-f]{4,64}\Z")
_NOT_IN_A_REF = re.compile(rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[./-]|[./]\Z|\A@\Z")


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit and how it was named.

    `ref` is the full name of a branch or tag, None for a commit id; `spelling` is what an address holds.
    """

    commit: CommitObject
    ref: bytes | None
    spelling: bytes

    @property
    def oid(self) -> str:
        return self.commit.oid

    @property
    def is_fixed(self) -> bool:
        """Whether it is a whole commit id, which names the same commit for ever."""
        return self.spelling == self.commit.oid.encode("ascii")

    @property
    def label(self) -> str:
        """The name as people read it."""
        if self.ref is None:
            return self.commit.oid[:10]
        return self.ref.split(b"/", 2)[2].decode("utf-8", "replace")


def split_address(reader: ObjectReader, address: bytes, default: bytes) -> tuple[Revision, bytes]:
    """The revision that a `revision/path` address begins with, and the path. Raises NotFound.

    `default` is the full name of the default branch, which `HEAD` stands for.
    """
    parts = address.split(b"/")[: MAX_SEGMENTS + 1]
    for name, spelling in _candidates(parts, default):
        asked = name if OID.match(name.decode("latin-1")) or name.startswith(b"refs/") else b"refs/heads/" + name
        commit = reader.commit(asked)
        if commit is not None:
            ref = asked if asked.startswith(b"refs/") else None
            return Revision(commit, ref, spelling), address[len(spelling) + 1 :].rstrip(b"/")
    if _SHORT_ID.match(parts[0]) and (commit := reader.commit(parts[0])) and commit.oid.encode().startswith(parts[0]):
        return Revision(commit, None, parts[0]), address[len(parts[0]) + 1 :].rstrip(b"/")
    raise NotFound("There is no such branch, tag or commit.")


def quick_commit(git_dir: Path, address: bytes, default: bytes) -> str | None:
    """The commit id that `split_address` finds, where a branch's file tells it; None where git has to be asked."""
    for name, _ in _candidates(address.split(b"/")[: MAX_SEGMENTS + 1], default):
        if not name.startswith(b"refs/heads/"):
            return None
        if oid := read_branch(git_dir, name):
            return oid
    return None


def _candidates(parts: list[bytes], default: bytes) -> list[tuple[bytes, bytes]]:
    """(name to ask git for, spelling in the address), the likeliest first."""
    found: list[tuple[bytes, bytes]] = []
    if OID.match(parts[0].decode("latin-1")):
        found.append((parts[0], parts[0]))
    if parts[0] == b"HEAD" and default:
        found.append((default, parts[0]))
    prefixes = [b"/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    whole = [prefix for prefix in prefixes if prefix.startswith((b"refs/heads/", b"refs/tags/"))]
    for prefix in reversed(whole):
        found.append((prefix, prefix))
    for space in (b"refs/heads/", b"refs/tags/"):
        found += [(space + prefix, prefix) for prefix in prefixes]
    return [(name, spelling) for name, spelling in found if not _NOT_IN_A_REF.search(name)]


def spell(ref: bytes, branches: Collection[bytes]) -> bytes:
    """The shortest address of a ref. `branches`: full names of all branches, which may hide a tag."""
    space, _, short = ref.partition(b"/")[2].partition(b"/")
    if short == b"HEAD" or short.startswith(b"refs/") or OID.match(short.decode("latin-1")):
        return ref
    if short.split(b"/")[0] == b"HEAD":
        return ref
    if space == b"tags":
        parts = short.split(b"/")
        hiding = (b"refs/heads/" + b"/".join(parts[:count]) for count in range(1, len(parts) + 1))
        if any(name in branches for name in hiding):
            return ref
    return short
