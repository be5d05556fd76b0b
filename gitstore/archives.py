"""Archives of a commit, written by git."""

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from gitstore.errors import Refused
from gitstore.objects import OID
from gitstore.outputs import GitOutput
from gitstore.process import stream_git
from gitstore.records import Limits

FORMATS = ("tar.gz", "zip")
_TRAP = re.compile(rb"(?:\A|[\0/])(?:\.{1,2}|\.git)[/\0]", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def safe_name(*parts: str) -> str:
    """A name for a file or folder on any system, of at most 120 characters."""
    name = "-".join(filter(None, (_UNSAFE.sub("-", part).strip("-.") for part in parts)))
    return re.sub(r"\.{2,}", ".", name)[:120].strip("-.") or "archive"


def open_archive(git_dir: Path, commit: str, form: str, limits: Limits, *, prefix: str, path: bytes = b"") -> GitOutput:
    """A commit (id), or one path of it, as `tar.gz` or `zip` below one folder. Raises ValueError for anything else,
    and Refused where a name in it would lead whoever unpacks it out of that folder."""
    if not OID.match(commit) or form not in FORMATS:
        raise ValueError(f"Not a commit id or format: {commit!r} {form!r}")
    if _holds_a_trap(git_dir, commit, limits):
        raise Refused("This revision holds names such as “..” or “.git”, so an archive of it would be a trap.")
    kind = "tar" if form == "tar.gz" else form
    args = ["archive", f"--format={kind}", f"--prefix={safe_name(prefix)}/", commit, "--"]
    return GitOutput(
        git_dir, [*args, os.fsdecode(path)] if path else args, limits, _compressed if form == "tar.gz" else None
    )


def _holds_a_trap(git_dir: Path, commit: str, limits: Limits) -> bool:
    rest = b""
    with stream_git(
        ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit], git_dir=git_dir, limits=limits
    ) as names:
        for chunk in names:
            rest += chunk
            if _TRAP.search(rest):
                return True
            rest = rest[rest.rfind(b"\0") :]
    return False


def _compressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # Here instead of by git, which before 2.38 starts another program for it; the same bytes at every time.
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for chunk in chunks:
        if piece := packer.compress(chunk):
            yield piece
    yield packer.flush()
