"""All paths of a revision, and the search among them by pieces of their names.

The browser gets the whole list once (it is immutable and compressed) and searches it in a worker with the same rules,
so that no key waits for the network; without script the server searches.
"""

import gzip

from django.core.cache import caches

from gitstore.objects import ObjectReader
from gitstore.process import stream_git
from source.addresses import quoted
from source.names import plain

MAX_PATHS = 300_000
SHOWN = 50
_VERSION = 1


def packed_paths(reader: ObjectReader, tree: str) -> bytes:
    """Paths of all files below the tree of this id, each ending with a NUL, compressed with gzip."""
    key = f"paths:{_VERSION}:{tree}"
    packed: bytes | None = caches["code"].get(key)
    if packed is None:
        packed = gzip.compress(_listed(reader, tree), 5, mtime=0)
        caches["code"].set(key, packed)
    return packed


def _listed(reader: ObjectReader, tree: str) -> bytes:
    paths: list[bytes] = []
    rest = b""
    args = ["ls-tree", "-r", "-z", "--full-tree", tree]
    with stream_git(args, git_dir=reader.git_dir, limits=reader.limits) as chunks:
        for chunk in chunks:
            *rows, rest = (rest + chunk).split(b"\0")
            paths += [row.partition(b"\t")[2] for row in rows if row[7:11] == b"blob"]
            if len(paths) > MAX_PATHS:
                break
    return b"".join(path + b"\0" for path in paths[:MAX_PATHS])


def for_browser(packed: bytes) -> bytes:
    """The list as static/js/find-worker.js takes it: text with a NUL after each path.

    A path that a browser cannot address by its text (bytes that are not UTF-8, percent signs, characters that are not
    shown as they are) is its visible form, a byte 1, and its address.
    """
    rows = []
    for path in gzip.decompress(packed).split(b"\0")[:-1]:
        if _is_simple(path):
            rows.append(path)
        else:
            rows.append(plain(path, 1_000).encode() + b"\1" + quoted(path).encode("ascii"))
    return b"\0".join(rows)


def _is_simple(path: bytes) -> bool:
    return b"%" not in path and path.isascii() and path.decode("ascii").isprintable()


def find_paths(packed: bytes, words: str, limit: int = SHOWN) -> list[bytes]:
    """The best paths for the words, best first."""
    wanted = "".join(words.lower().split()).encode("utf-8", "surrogateescape")
    paths = gzip.decompress(packed).split(b"\0")[:-1]
    if not wanted:
        return paths[:limit]
    ranked = [(rank, path) for path in paths if (rank := rank_path(path, wanted)) is not None]
    return [path for _, path in sorted(ranked)[:limit]]


def rank_path(path: bytes, wanted: bytes) -> tuple[int, int, int] | None:
    """Order of a path for words in lower case (smaller is better): where they stand, what lies between them, length.

    0 is the file's name, 1 begins it, 2 is in it, 3 is in the path, 4 has the letters in order in the name, 5 in the
    path. static/js/find-worker.js ranks alike.
    """
    low = path.lower()
    name = low[low.rfind(b"/") + 1 :]
    if wanted in name:
        return (0 if name == wanted else 1 if name.startswith(wanted) else 2), 0, len(path)
    if wanted in low:
        return 3, 0, len(path)
    for rank, text in ((4, name), (5, low)):
        spread = _spread(text, wanted)
        if spread is not None:
            return rank, spread, len(path)
    return None


def _spread(text: bytes, wanted: bytes) -> int | None:
    """Letters between those wanted, taken from the end of the text; None where they are not there in this order."""
    position = last = text.rfind(wanted[-1:])
    for place in range(len(wanted) - 2, -1, -1):
        if position < 0:
            return None
        position = text.rfind(wanted[place : place + 1], 0, position)
    return last - position + 1 - len(wanted) if position >= 0 else None
