"""Branches and tags as their pages list them: filtered, paged, remembered until a ref moves."""

import re
import time
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import caches

from gitstore.comparing import count_apart
from gitstore.errors import GitError
from gitstore.objects import ObjectReader
from gitstore.records import Limits
from gitstore.reflists import BranchRow, TagRow, read_branches, read_tag_rows, refs_digest
from gitstore.revisions import spell
from source.access import Code
from source.addresses import address

LIMITS = Limits(seconds=15, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
COUNT_LIMITS = Limits(seconds=2, memory_bytes=2 * 1024**3)
COUNT_SECONDS = 5
STALE = timedelta(days=90)
MAX_TAG_BYTES = 256 * 1024
MESSAGE_SHOWN = 4000
_SIGNATURE = re.compile(r"^-----BEGIN [A-Z ]*(?:SIGNATURE|SIGNED MESSAGE|PGP MESSAGE)-----$", re.MULTILINE)


@dataclass(slots=True)
class Branch:
    """A branch for its list: commits only it has and commits only the default branch has (None: not counted yet)."""

    row: BranchRow
    spelling: bytes
    compare_url: str
    is_default: bool
    ahead: int | None = None
    behind: int | None = None

    @property
    def counted(self) -> bool:
        return self.ahead is not None or self.is_default


@dataclass(slots=True)
class TagView:
    """A tag for its list. `kind`: what it leads to ("commit", "tree", "blob" or "tag")."""

    row: TagRow
    spelling: bytes
    kind: str
    commit: str
    title: str
    body: str
    signed: bool


def refs_key(code: Code) -> str:
    return refs_digest(code.mirror.path, LIMITS)


def all_branches(code: Code, key: str) -> list[BranchRow]:
    """Every branch, the latest first. `key`: see `refs_key`."""
    name = f"branches2:{code.repository.uid.hex}:{key}"
    rows: list[BranchRow] | None = caches["code"].get(name)
    if rows is None:
        rows = read_branches(code.mirror.path, LIMITS)
        caches["code"].set(name, rows)
    return rows


def all_tags(code: Code, key: str) -> list[TagRow]:
    """Every tag, the newest first. `key`: see `refs_key`."""
    name = f"tags2:{code.repository.uid.hex}:{key}"
    rows: list[TagRow] | None = caches["code"].get(name)
    if rows is None:
        rows = read_tag_rows(code.mirror.path, LIMITS)
        caches["code"].set(name, rows)
    return rows


def is_stale(row: BranchRow, now: float) -> bool:
    return row.time < now - STALE.total_seconds()


def branches(code: Code, rows: list[BranchRow], default: BranchRow | None, *, count: bool) -> list[Branch]:
    """Branches of one page with how far each is from the default one: what is remembered, with `count` the rest too, as
    far as a few seconds go."""
    names = {row.ref for row in rows}
    base = spell(default.ref, names) if default else b"HEAD"
    deadline = time.monotonic() + COUNT_SECONDS
    found = []
    for row in rows:
        spelled = spell(row.ref, names)
        url = address(code.project, "compare", base + b"..." + spelled)
        branch = Branch(row, spelled, url, default is not None and row.ref == default.ref)
        if default is not None and not branch.is_default:
            left = deadline - time.monotonic()
            branch.behind, branch.ahead = _apart(code, default.oid, row.oid, count=count and left > 0) or (None, None)
        found.append(branch)
    return found


def _apart(code: Code, default: str, oid: str, *, count: bool) -> tuple[int, int] | None:
    key = f"counts1:{code.repository.uid.hex}:{default}:{oid}"
    known: tuple[int, int] | None = caches["code"].get(key)
    if known is None and count:
        try:
            known = count_apart(code.mirror.path, default, oid, COUNT_LIMITS)
        except GitError:
            return None
        caches["code"].set(key, known)
    return known


def tags(code: Code, rows: list[TagRow]) -> list[TagView]:
    """Tags of one page with their messages."""
    return [_tag(code.reader, row, spell(row.ref, _hiding(code.reader, row.name))) for row in rows]


def _hiding(reader: ObjectReader, tag: bytes) -> set[bytes]:
    """Branches that an address beginning with the name of this tag would lead to."""
    parts = tag.split(b"/")
    names = (b"refs/heads/" + b"/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return {name for name in names if reader.commit(name) is not None}


def _tag(reader: ObjectReader, row: TagRow, spelling: bytes) -> TagView:
    commit = row.target if row.target_kind == "commit" else ""
    kind = row.target_kind
    if kind == "tag":
        peeled = reader.commit(row.ref)
        commit, kind = (peeled.oid, "commit") if peeled else ("", "tag")
    found = reader.read(row.oid, MAX_TAG_BYTES) if row.kind == "tag" else None
    text = (found.content or b"").partition(b"\n\n")[2].decode("utf-8", "replace") if found else ""
    head = (found.content or b"").partition(b"\n\n")[0] if found else b""
    signature = _SIGNATURE.search(text)
    message = (text[: signature.start()] if signature else text)[:MESSAGE_SHOWN]
    title, _, body = message.strip("\n").partition("\n")
    signed = signature is not None or b"\ngpgsig" in head
    return TagView(row, spelling, kind, commit, title, body.strip("\n"), signed)
