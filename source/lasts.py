"""The last commit of each entry of a folder, kept so that it is searched once and goes on where it stopped.

What is found holds as long as the folder is what it was (`gitstore.lastcommits`): pushes elsewhere change nothing, and
a push that changes the folder is only searched down to where the last complete answer begins.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.core.cache import caches

from gitstore import lastcommits
from gitstore.errors import Broken
from gitstore.lastcommits import Walk
from gitstore.objects import Signature
from source.access import Code
from source.listing import Listing

FIRST_SECONDS = 0.2
MORE_SECONDS = 1.5
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Last:
    """A commit as lists show it."""

    oid: str
    title: str
    author: Signature


@dataclass
class Lasts:
    """Last commits by name, in the order in which they were found; `key` changes when the answers may."""

    key: str
    walk: Walk
    commits: dict[str, Last] = field(default_factory=dict)

    def of(self, name: bytes) -> Last | None:
        oid = self.walk.found.get(name)
        return self.commits.get(oid) if oid else None


def last_commits(code: Code, path: bytes, listing: Listing, seconds: float) -> Lasts:
    """Those known after searching for about so many seconds. `path` is the folder's, `listing` a page of it."""
    store = caches["code"]
    commit = code.revision.oid
    place = hashlib.sha256(b"%d %b" % (listing.number, path)).hexdigest()[:24]
    place = f"{_VERSION}:{code.repository.uid.hex}:{place}"
    since_key = f"since:{place}:{commit}"
    since = caches["default"].get(since_key)
    if since is None:
        since = _folder_commit(code, commit, path)
        caches["default"].set(since_key, since, 24 * 3600)
    key = f"lasts:{place}:{since}"
    lasts: Lasts | None = store.get(key)
    if lasts is None:
        lasts = Lasts(key, lastcommits.begin(path, since, [row.entry for row in listing.rows], listing.total))
    if not lasts.walk.complete:
        complete = _advance(code, lasts, store.get(f"newest:{place}"), seconds)
        store.set(key, lasts)
        if complete:
            store.set(f"newest:{place}", since)
    return replace(lasts, commits=code.erased.within(lasts.commits))


def _folder_commit(code: Code, commit: str, path: bytes) -> str:
    try:
        return lastcommits.folder_commit(code.reader, commit, path)
    except Broken:
        return commit


def _advance(code: Code, lasts: Lasts, newest: str | None, seconds: float) -> bool:
    earlier: Lasts | None = None
    if newest:
        earlier = caches["code"].get(lasts.key.rpartition(":")[0] + ":" + newest)

    def known(commit: str) -> Mapping[bytes, str] | None:
        return earlier.walk.found if earlier is not None and earlier.walk.complete and commit == newest else None

    try:
        lastcommits.advance(code.reader, lasts.walk, seconds, known)
    except Broken:
        lasts.walk.todo.clear()  # the entries are there to be read, without a last commit
    for oid in set(lasts.walk.found.values()) - lasts.commits.keys():
        if (found := code.reader.commit(oid)) is not None:
            lasts.commits[oid] = Last(oid, found.title[:500], found.author)
    return lasts.walk.complete
