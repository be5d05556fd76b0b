"""Facts of commits in bulk, as raw as Git has them: no mailmap, no file is opened. For importing whole histories."""

import os
import re
from binascii import Error as NotHexadecimal
from binascii import unhexlify
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitstore.errors import Broken, GitError, Killed, LimitExceeded, Unreachable
from gitstore.process import run_git, stream_git
from gitstore.records import Limits

KEYS = (
    *("Co-authored-by", "Reviewed-by", "Signed-off-by", "Helped-by", "Reported-by"),
    *("Tested-by", "Acked-by", "Suggested-by", "Mentored-by"),
)
LATEST = 253_370_764_800  # the year 9999: later ones do not fit into a calendar
BATCH = 2000
MAX_TRAILERS = 200
MAX_BARE = 400  # bytes of a name and address without brackets
GATHERED = 1024 * 1024
_TRAILERS = f"%(trailers:{''.join(f'key={key},' for key in KEYS)}only=true,unfold=true)"
_FIELDS = ("%H", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%s", _TRAILERS)
_WIDTH = len(_FIELDS)
OPTIONS = (
    "log",
    "--no-color",
    "--no-show-signature",
    "--no-ext-diff",
    "--no-textconv",
    "--encoding=UTF-8",
    "--no-use-mailmap",
    "--no-notes",
    "-z",
)
UNHURRIED = {"GIT_FLUSH": "0"}  # git writes when its buffer is full, not after each commit: a third of the work
_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_BARE = re.compile(rb"([^@]*?)[\s(]*([^\s@()<>,;:]+@[^\s@()<>,;:]+\.[^\s@()<>,;:]*\w)\)?")
_KEY_BYTES = {key.lower().encode("ascii"): key for key in KEYS}

Contact = tuple[bytes, bytes]  # name and address, as their bytes


Trailers = tuple[tuple[str, bytes, bytes], ...]  # key, name, address


@dataclass(frozen=True, slots=True)
class Facts:
    """Some commits, a column for each fact: an object for each commit would cost as much as all of its facts.

    Ids are bytes, times seconds since 1970 (0 where unreadable or before), zones minutes east of UTC; `parents` are
    numbers. `trailers` has only the places of commits with some.
    """

    oids: list[bytes]
    parents: list[int]
    authors: list[Contact]
    authored_at: list[int]
    author_zones: list[int]
    committers: list[Contact]
    committed_at: list[int]
    committer_zones: list[int]
    titles: list[str]
    trailers: dict[int, Trailers]

    def __len__(self) -> int:
        return len(self.oids)


def read_facts(git_dir: Path, commit: str, known: Sequence[str], limits: Limits) -> Iterator[Facts]:
    """Commits reachable from `commit` but from none of `known`, newest first, some thousands at a time.

    Raises Broken, after the commits before it, when one cannot be read: `read_facts_of` goes on from there.
    """
    args = [*log_arguments(), "--end-of-options", check_oid(commit), *(f"^{check_oid(oid)}" for oid in known), "--"]
    with stream_git(args, git_dir=git_dir, limits=limits, env=UNHURRIED) as chunks:
        yield from _parse(chunks)


def read_facts_of(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[Facts]:
    """These commits in this order."""
    args = [*log_arguments(), "--no-walk=unsorted", "--stdin"]
    data = "".join(f"{check_oid(oid)}\n" for oid in oids).encode("ascii")
    with stream_git(args, git_dir=git_dir, limits=limits, input=data, env=UNHURRIED) as chunks:
        yield from _parse(chunks)


def reachable(
    git_dir: Path, commit: str, known: Sequence[str], limits: Limits, folder: bytes | None = None
) -> Iterator[list[str]]:
    """Ids of commits reachable from `commit` but from none of `known`, in lists of up to `BATCH`.

    With `folder` only those, merges left out, that change something in it compared with their parent.
    """
    args = ["rev-list", *(["--full-history", "--no-merges"] if folder else [])]
    args += [check_oid(commit), *(f"^{check_oid(oid)}" for oid in known), "--"]
    args += [os.fsdecode(folder)] if folder else []
    lines: list[str] = []
    with stream_git(args, git_dir=git_dir, limits=limits, env=UNHURRIED) as chunks:
        for fields in split_fields(chunks, b"\n"):
            lines += [line.decode("ascii") for line in fields]
            while len(lines) >= BATCH:
                yield lines[:BATCH]
                del lines[:BATCH]
    if lines:
        yield lines


def exists(git_dir: Path, oid: str, limits: Limits) -> bool:
    """Whether this commit, and so what it descends from, is still in the mirror."""
    answer = run_git(
        ["cat-file", "--batch-check"], git_dir=git_dir, limits=limits, input=check_oid(oid).encode("ascii") + b"\n"
    )
    return b" commit " in answer


def walk_readable(git_dir: Path, commit: str, limits: Limits, on_bad: Callable[[str], None]) -> list[str]:
    """What `rev-list` would list if it went on behind commits that cannot be read; those go to `on_bad`.

    Needs memory for the ids of the whole history. Replacements and grafts are ignored, so there are no cycles.
    """
    seen, good, wave = {check_oid(commit)}, list[str](), [commit]
    while wave:
        parents: list[str] = []
        for oid, found in _parents(git_dir, wave, limits):
            if found is None:
                on_bad(oid)
                continue
            good.append(oid)
            fresh = [parent for parent in found if parent not in seen]
            seen.update(fresh)
            parents += fresh
        wave = list(dict.fromkeys(parents))
    return good


def check_oid(oid: str) -> str:
    """The same, if it is a whole object id; raises ValueError otherwise."""
    if not _OID.match(oid):
        raise ValueError(f"Not a commit id: {oid!r}")
    return oid


def contact(text: bytes) -> Contact:
    """Name and address of `Name <address>`, split where Git would; without brackets all of it is a name."""
    name, bracket, rest = text.partition(b"<")
    address, end, _ = rest.partition(b">")
    return (name.strip(), address.strip()) if bracket and end else (text.strip(), b"")


def log_arguments() -> list[str]:
    """How git is asked to print facts."""
    return [*OPTIONS, "--date=raw", f"--format={'%x00'.join(_FIELDS)}"]


def _parse(chunks: Iterable[bytes]) -> Iterator[Facts]:
    waiting: list[bytes] = []
    for fields in split_fields(_gathered(chunks), b"\0"):
        waiting += fields
        whole = len(waiting) // _WIDTH * _WIDTH
        try:
            if whole:
                yield _facts(waiting[:whole])
        except NotHexadecimal as error:
            raise Broken("The repository's history cannot be read.") from error
        del waiting[:whole]
    if waiting:
        raise Broken("The repository's history cannot be read.")


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: a step for each few commits costs more than the commits."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= GATHERED:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)


def _facts(fields: Sequence[bytes]) -> Facts:
    """Column by column: in one step for all commits what the interpreter can do so."""
    columns = [fields[place::_WIDTH] for place in range(_WIDTH)]
    oids, parents, author, author_address, authored, committer, committer_address, committed, titles, trailers = columns
    width = len(oids[0]) + 1
    return Facts(
        list(map(unhexlify, oids)),
        [(size + 1) // width for size in map(len, parents)],
        list(zip(author, author_address, strict=True)),
        *_moments(authored),
        list(zip(committer, committer_address, strict=True)),
        *_moments(committed),
        _texts(titles),
        {place: found for place, text in enumerate(trailers) if text and (found := _trailers(text))},
    )


def _moments(dates: Sequence[bytes]) -> tuple[list[int], list[int]]:
    """Seconds and zones of dates such as `1700000000 +0100`."""
    parts = b" ".join(dates).split(b" ")
    seconds, zones = parts[::2], parts[1::2]
    if len(parts) != 2 * len(dates) or not all(map(bytes.isdigit, seconds)):  # a strange one among them
        split = [date.partition(b" ") for date in dates]
        seconds = [first if first.isdigit() else b"0" for first, _, _ in split]
        zones = [last for _, _, last in split]
    known = {zone: _zone(zone) for zone in set(zones)}
    times = list(map(int, seconds))
    return (times if max(times) <= LATEST else [min(at, LATEST) for at in times]), [known[zone] for zone in zones]


def _texts(values: Sequence[bytes]) -> list[str]:
    try:
        return b"\0".join(values).decode("utf-8").split("\0")
    except UnicodeDecodeError:
        return [value.decode("utf-8", "replace") for value in values]


def _zone(text: bytes) -> int:
    """Minutes east of UTC of `+0530`; 0 for what is no zone on earth."""
    match = re.fullmatch(rb"([+-])(\d{1,2})(\d\d)", text)
    minutes = int(match[2]) * 60 + int(match[3]) if match else 0
    minutes = 0 if minutes >= 24 * 60 else minutes
    return -minutes if match and match[1] == b"-" else minutes


def _trailers(text: bytes) -> Trailers:
    found = []
    for line in text.split(b"\n")[:MAX_TRAILERS]:
        key, _, value = line.partition(b":")
        known = _KEY_BYTES.get(key.strip().lower())
        name, address = _credited(value.strip())
        if known and (name or address):
            found.append((known, name, address))
    return tuple(found)


def _credited(value: bytes) -> Contact:
    """As `contact`; an address without brackets, alone or behind the name, is the address."""
    name, address = contact(value)
    if not address and b"@" in name[:MAX_BARE] and (bare := _BARE.fullmatch(name[:MAX_BARE])):
        return bare[1], bare[2]
    return name, address


def split_fields(chunks: Iterable[bytes], mark: bytes = b"\0") -> Iterator[list[bytes]]:
    """Complete fields, each ended by `mark`; a field may span any number of chunks."""
    rest: list[bytes] = []
    for chunk in chunks:
        head, *more = chunk.split(mark)
        rest.append(head)
        if more:
            first = b"".join(rest)
            rest = [more.pop()]
            yield [first, *more]
    if any(rest):
        raise Broken("The repository's history cannot be read.")


def _parents(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[tuple[str, list[str] | None]]:
    """Each commit with its parents, None where it is missing or no commit one can read."""
    for start in range(0, len(oids), BATCH):
        yield from _parents_of(git_dir, oids[start : start + BATCH], limits)


def _parents_of(git_dir: Path, oids: Sequence[str], limits: Limits) -> Iterator[tuple[str, list[str] | None]]:
    """The same for a few. Git gives up at an object whose bytes are damaged: halves of the list then find which."""
    asked = "\n".join([*oids, ""]).encode("ascii")
    try:
        answer = run_git(["cat-file", "--batch"], git_dir=git_dir, limits=limits, input=asked)
    except (Killed, Unreachable, LimitExceeded):
        raise
    except GitError:
        if len(oids) == 1:
            yield oids[0], None
            return
        for half in (oids[: len(oids) // 2], oids[len(oids) // 2 :]):
            yield from _parents_of(git_dir, half, limits)
        return
    at = 0
    for oid in oids:
        end = answer.index(b"\n", at)
        words = answer[at:end].split(b" ")
        if words[-1] == b"missing" or len(words) != 3:
            at = end + 1
            yield oid, None
            continue
        size = int(words[2])
        body, at = answer[end + 1 : end + 1 + size], end + size + 2
        yield oid, _parents_in(body) if words[1] == b"commit" else None


def _parents_in(body: bytes) -> list[str] | None:
    first, *lines = body.partition(b"\n\n")[0].split(b"\n")
    if not re.fullmatch(rb"tree [0-9a-f]{40,64}", first):
        return None
    found = []
    for line in lines:
        if not line.startswith(b"parent "):
            break
        found.append(line[7:].decode("ascii", "replace"))
    return found if all(_OID.match(oid) for oid in found) else None
