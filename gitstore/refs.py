"""Branches and tags of a mirror."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gitstore.errors import Broken, NotFound
from gitstore.process import run_git
from gitstore.records import Limits, Ref, RefChange, Tag
from gitstore.remote import Listing

_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
# What rev-parse would give a meaning to (ranges, reflogs, searches in messages) is not a name.
_NOT_A_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|\A-|\A\Z")
_LATEST = 4_102_444_800  # 2100-01-01
_TAG_FIELDS = (
    "refname",
    "objectname",
    "objecttype",
    "*objectname",
    "*objecttype",
    "creatordate:unix",
    "contents:subject",
)


def read_oids(git_dir: Path, limits: Limits) -> dict[bytes, bytes]:
    """Object id by full name of every branch and tag."""
    output = run_git(
        ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"], git_dir=git_dir, limits=limits
    )
    pairs = (line.partition(b" ") for line in output.splitlines())
    return {name: oid for oid, _, name in pairs}


def read_refs(git_dir: Path, limits: Limits) -> list[Ref]:
    """Every branch and tag with the commit it peels to, by name."""
    oids = read_oids(git_dir, limits)
    commits = peel(git_dir, limits, [name + b"^{commit}" for name in oids])
    return [Ref(name, oid.decode("ascii"), commit) for (name, oid), commit in zip(oids.items(), commits, strict=True)]


def read_tags(git_dir: Path, limits: Limits) -> list[Tag]:
    """Every tag that leads to a commit, by name."""
    form = "%00".join(f"%({name})" for name in _TAG_FIELDS)
    output = run_git(["for-each-ref", f"--format={form}%00", "refs/tags"], git_dir=git_dir, limits=limits)
    rows = [row.lstrip(b"\n").split(b"\0") for row in output.split(b"\0\n") if row]
    nested = iter(peel(git_dir, limits, [row[0] + b"^{commit}" for row in rows if row[4] == b"tag"]))
    tags = []
    for name, oid, kind, target, target_kind, when, subject in rows:
        commit = oid.decode() if kind == b"commit" else target.decode() if target_kind == b"commit" else None
        if target_kind == b"tag":
            commit = next(nested)
        if commit is not None:
            tags.append(_tag(name, commit, when, subject, annotated=kind == b"tag"))
    return tags


def peel(git_dir: Path, limits: Limits, names: list[bytes]) -> list[str | None]:
    """Object id that each name leads to, None where there is none."""
    if not names:
        return []
    output = run_git(
        ["cat-file", "--batch-check=%(objectname)"], git_dir=git_dir, limits=limits, input=b"\n".join(names) + b"\n"
    )
    lines = (line.decode("utf-8", "replace") for line in output.split(b"\n")[: len(names)])
    return [line if _OID.match(line) else None for line in lines]


def read_branch(git_dir: Path, name: bytes) -> str | None:
    """Commit id of a branch by its full name, without git: a third of the time of a small page. None where the files
    do not tell; `name` is one that Git allows, so that it cannot lead out of the folder."""
    try:
        text = (git_dir / os.fsdecode(name)).read_bytes()
    except OSError:
        text = _packed(git_dir, name)
    oid = text.strip().decode("ascii", "replace")
    return oid if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", oid) else None


def _packed(git_dir: Path, name: bytes) -> bytes:
    try:
        rows = (git_dir / "packed-refs").read_bytes()
    except OSError:
        return b""
    end = rows.find(b" " + name + b"\n")
    return rows[rows.rfind(b"\n", 0, end) + 1 : end] if end >= 0 else b""


def resolve(git_dir: Path, limits: Limits, rev: str) -> str:
    """Commit id of an object id (7 digits or more), a branch, a tag, a full ref name or HEAD; raises NotFound."""
    if _NOT_A_NAME.search(rev):
        raise NotFound("There is no such branch, tag or commit.")
    tries = [rev] if rev == "HEAD" or rev.startswith("refs/") else [f"refs/heads/{rev}", f"refs/tags/{rev}"]
    if re.fullmatch(r"[0-9a-f]{7,64}", rev):
        tries.append(rev)
    found = peel(git_dir, limits, [f"{name}^{{commit}}".encode("utf-8", "surrogateescape") for name in tries])
    for commit in found:
        if commit is not None:
            return commit
    raise NotFound("There is no such branch, tag or commit.")


def write_packed(git_dir: Path, limits: Limits, listing: Listing) -> None:
    """Write all refs of a new mirror at once: git would make a lock and a file for each of 50,000 branches.

    Only those whose object came: a branch may have moved between listing and fetching, then the next fetch brings it.
    """
    names = sorted(listing.refs)
    output = run_git(
        ["cat-file", "--batch-check=%(objecttype)"],
        git_dir=git_dir,
        limits=limits,
        input=b"".join(listing.refs[name] + b"\n" for name in names),
    )
    lines = [b"# pack-refs with: sorted \n"]
    for name, kind in zip(names, output.splitlines(), strict=True):
        if kind == b"commit" or (name.startswith(b"refs/tags/") and kind in (b"tag", b"tree", b"blob")):
            lines.append(listing.refs[name] + b" " + name + b"\n")
    (git_dir / "packed-refs").write_bytes(b"".join(lines))


def changes(before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> tuple[RefChange, ...]:
    """What differs, by name."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(RefChange(name, _text(before.get(name)), _text(after.get(name))) for name in names)


def choose_head(refs: Mapping[bytes, bytes], listing: Listing, branch: str | None) -> bytes | None:
    """The default branch: the configured one, the remote's, the one HEAD stands on, main, master, or the first."""
    wanted = [f"refs/heads/{branch}".encode("utf-8", "surrogateescape")] if branch else []
    if listing.head:
        wanted.append(listing.head)
    branches = sorted(name for name in refs if name.startswith(b"refs/heads/"))
    usual = [name for name in (b"refs/heads/main", b"refs/heads/master") if name in refs]
    detached = [name for name in (*usual, *branches) if refs[name] == listing.head_oid]
    return next((name for name in (*wanted, *detached, *usual, *branches) if name in refs), None)


def _tag(name: bytes, commit: str, when: bytes, subject: bytes, *, annotated: bool) -> Tag:
    if not name.startswith(b"refs/tags/"):
        raise Broken("The mirror's list of tags cannot be read.")
    time = min(max(int(when or b"0"), 0), _LATEST)
    short = name.removeprefix(b"refs/tags/").decode("utf-8", "replace")
    return Tag(short, commit, time, subject.decode("utf-8", "replace").replace("\0", ""), annotated)


def _text(oid: bytes | None) -> str | None:
    return oid.decode("ascii") if oid else None
