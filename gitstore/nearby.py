"""What somebody may have meant by a revision or path that is not there."""

import difflib
import time
from collections.abc import Iterable, Sequence

from gitstore.objects import ObjectReader
from gitstore.process import stream_git

MAX_NAMES = 200_000
MAX_LENGTH = 200  # bytes of a name that are compared
CLOSE = 0.6
SECONDS = 0.4  # spent on comparing letters; what is not reached by then is not offered


def near_refs(reader: ObjectReader, wanted: bytes, limit: int) -> list[bytes]:
    """Full names of branches and tags that are spelled much like `wanted` (a short name), the nearest first."""
    args = ["for-each-ref", f"--count={MAX_NAMES}", "--format=%(refname)", "refs/heads", "refs/tags"]
    names = list(_rows(reader, args, b"\n"))
    return _nearest({name: name.split(b"/", 2)[2] for name in names}, wanted, limit)


def near_paths(reader: ObjectReader, tree: str, wanted: bytes, limit: int) -> list[bytes]:
    """Paths of files below a tree that end like `wanted`, have its last name, or one spelled much like it."""
    last = wanted.rpartition(b"/")[2]
    if not last or len(wanted) > 4_096:
        return []
    paths = list(_rows(reader, ["ls-tree", "-r", "-t", "-z", "--name-only", "--full-tree", tree], b"\0"))
    same = [path for path in paths if path.lower() == wanted.lower()]
    tail = [path for path in paths if path.endswith(b"/" + last) or path == last]
    tail.sort(key=lambda path: (-_shared_end(path, wanted), len(path)))
    found = list(dict.fromkeys(same + tail))[:limit]
    if len(found) < limit:
        others = {path: path.rpartition(b"/")[2] for path in paths}
        found += [path for path in _nearest(others, last, limit) if path not in found]
    return found[:limit]


def _nearest(names: dict[bytes, bytes], wanted: bytes, limit: int) -> list[bytes]:
    """Keys whose value is spelled much like `wanted`. Only values of about its length are compared letter by letter."""
    sought = wanted[:MAX_LENGTH].decode("utf-8", "replace").lower()
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(sought)
    ratios: dict[bytes, float] = {}
    ranked = []
    until = time.monotonic() + SECONDS
    for name, value in names.items():
        if time.monotonic() > until:
            break
        if value not in ratios:
            ratios[value] = _ratio(matcher, value, sought)
        if ratios[value] >= CLOSE:
            ranked.append((-ratios[value], len(name), name))
    return [name for _, _, name in sorted(ranked)[:limit]]


def _ratio(matcher: "difflib.SequenceMatcher[str]", value: bytes, sought: str) -> float:
    if abs(len(value) - len(sought)) > 2 + len(sought) // 2:
        return 0.0
    matcher.set_seq1(value[:MAX_LENGTH].decode("utf-8", "replace").lower())
    if matcher.real_quick_ratio() < CLOSE or matcher.quick_ratio() < CLOSE:
        return 0.0
    return matcher.ratio()


def _shared_end(path: bytes, wanted: bytes) -> int:
    """Number of last names that two paths share."""
    pairs: Iterable[tuple[bytes, bytes]] = zip(reversed(path.split(b"/")), reversed(wanted.split(b"/")), strict=False)
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _rows(reader: ObjectReader, args: Sequence[str], end: bytes) -> Iterable[bytes]:
    count, rest = 0, b""
    with stream_git(args, git_dir=reader.git_dir, limits=reader.limits) as chunks:
        for chunk in chunks:
            *rows, rest = (rest + chunk).split(end)
            yield from rows
            count += len(rows)
            if count > MAX_NAMES:
                return
