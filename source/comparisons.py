"""Two revisions beside each other: what the address names, how far they are apart, and the commits between them."""

from dataclasses import dataclass

from django.core.cache import caches

from gitstore.comparing import commits_between, count_apart, merge_base
from gitstore.errors import GitError, NotFound
from gitstore.nearby import near_refs
from gitstore.objects import CommitObject
from gitstore.records import Limits
from gitstore.revisions import Revision, spell, split_address
from source.access import Code
from source.addresses import address
from source.frame import default_spelling

LIMITS = Limits(seconds=5, memory_bytes=2 * 1024**3, output_bytes=4 * 1024**2)
COMMITS_A_PAGE = 50
SUGGESTED = 6


class UnknownSide(Exception):
    """One of the two names leads to nothing: `name` as it was spelled."""

    def __init__(self, name: bytes) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Sides:
    """What an address compares: `old` and `new`, with three dots (from where they parted) or two, and a path."""

    old: Revision
    new: Revision
    dots: bytes
    path: bytes

    @property
    def spelling(self) -> bytes:
        return self.old.spelling + self.dots + self.new.spelling


@dataclass(frozen=True, slots=True)
class Apart:
    """Commits that only one side has, and the commit that both descend from; `base` is None for unrelated histories,
    the counts are None where git had not the time."""

    ahead: int | None
    behind: int | None
    base: str | None


def split_spelling(tail: bytes) -> tuple[bytes, bytes, bytes]:
    """Left name, dots, right name and path. A ref holds no two dots, so that the first ones are those between."""
    left, dots, right = tail.partition(b"..")
    if right.startswith(b"."):
        return left, b"...", right[1:]
    return left, dots, right


def read_sides(code: Code, tail: bytes) -> Sides:
    """The two revisions of an address such as `v1.0...feature/x/path/of/file`; a side left out is the default branch.

    Raises UnknownSide.
    """
    left, dots, right = split_spelling(tail)
    if not dots:
        left, dots, right = b"", b"...", left
    old, rest = _side(code, left or default_spelling(code))
    if rest:
        raise UnknownSide(left)
    new, path = _side(code, right or default_spelling(code))
    return Sides(old, new, dots, path)


def _side(code: Code, name: bytes) -> tuple[Revision, bytes]:
    try:
        return split_address(code.reader, name, code.default_ref)
    except NotFound:
        raise UnknownSide(name) from None


def how_far(code: Code, sides: Sides) -> Apart:
    """Remembered by the ids of both sides."""
    key = f"apart1:{code.repository.uid.hex}:{sides.old.oid}:{sides.new.oid}"
    known: Apart | None = caches["code"].get(key)
    if known is None:
        known = _measured(code, sides)
        if known.ahead is not None:
            caches["code"].set(key, known)
    return known


def _measured(code: Code, sides: Sides) -> Apart:
    base = merge_base(code.mirror.path, sides.old.oid, sides.new.oid, LIMITS)
    try:
        behind, ahead = count_apart(code.mirror.path, sides.old.oid, sides.new.oid, LIMITS)
    except GitError:
        return Apart(None, None, base)
    return Apart(ahead, behind, base)


def new_commits(code: Code, sides: Sides, page: int) -> list[CommitObject]:
    """Commits that only the new side has, newest first, 50 a page from page 1."""
    start = (page - 1) * COMMITS_A_PAGE
    window = range(start, start + COMMITS_A_PAGE)
    oids = commits_between(code.mirror.path, sides.old.oid, sides.new.oid, LIMITS, window)
    return [commit for oid in oids if (commit := code.reader.commit(oid)) is not None]


def compared(sides: Sides, apart: Apart) -> tuple[str, str]:
    """Ids of the commits whose trees are compared: with three dots from where the sides parted, if they ever met."""
    return (apart.base or sides.old.oid) if sides.dots == b"..." else sides.old.oid, sides.new.oid


def meant(code: Code, tail: bytes, unknown: bytes) -> list[tuple[bytes, str]]:
    """Branches and tags spelled much like the unknown side of an address, with the address where they stand for it."""
    left, dots, right = split_spelling(tail)
    try:
        names = near_refs(code.reader, unknown, SUGGESTED)
    except GitError:
        return []
    found = []
    for name in names:
        short = name.split(b"/", 2)[2]
        spelled = spell(name, {b"refs/heads/" + short} if code.reader.commit(b"refs/heads/" + short) else ())
        sides = (spelled, right) if dots and left == unknown else (left if dots else b"", spelled)
        found.append((short, address(code.project, "compare", sides[0] + (dots or b"...") + sides[1])))
    return found
