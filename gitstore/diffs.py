"""What differs between two trees: the list of files and, for as many as asked for, git's own unified text.

One `git diff-tree --raw --patch` gives both. The text is cut into files and kept as it is, so that what a page shows
can be put together again to exactly what `git diff` prints; `sections` takes it apart for showing.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitstore.errors import Broken, LimitExceeded
from gitstore.objects import OID, sizes
from gitstore.process import stream_git
from gitstore.records import Limits

EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
MAX_CHANGES = 100_000
MAX_LIST_BYTES = 48 * 1024**2
MAX_PATHS_BYTES = 400 * 1024  # of arguments; Linux takes about 2 MB with the environment
QUICK_SECONDS = 1.0  # beyond, it is worth asking why
HUGE = 32 * 1024**2  # bytes of a file whose text is not asked for
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--submodule=short")
_RAW = re.compile(rb":(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])(\d*)\Z")
_ESCAPED = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')
_ESCAPES = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_ADDED = re.compile(rb"^\+", re.MULTILINE)
_DELETED = re.compile(rb"^-", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """How to compare: ignore white space as `-w` does; look for renames as `git diff` does."""

    ignore_space: bool = False
    renames: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two commits or trees of a mirror, by id. Reading raises ValueError when one is anything else."""

    git_dir: Path
    old: str
    new: str
    limits: Limits
    options: DiffOptions = DiffOptions()

    def command(self, *output: str) -> list[str]:
        """The git command that compares them; with `--patch` it prints the unified text as `git diff` does."""
        for oid in (self.old, self.new):
            if not OID.match(oid):
                raise ValueError(f"Not an object id: {oid!r}")
        renames = "--find-renames" if self.options.renames else "--no-renames"
        space = ["--ignore-all-space"] if self.options.ignore_space else []
        return ["diff-tree", *_PLAIN, "-r", renames, *space, *output, self.old, self.new, "--"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One changed file. Modes and ids are 0 where it does not exist; `status` is git's letter (A C D M R T);
    `similarity` in per cent for copies and renames. `header` is the first line of its text."""

    old_mode: int
    new_mode: int
    old_oid: str
    new_oid: str
    status: str
    similarity: int
    old_path: bytes
    path: bytes
    header: bytes


@dataclass(frozen=True, slots=True)
class FilePatch:
    """The unified text of one file as git prints it, empty when nothing is left to show, and its lines counted."""

    text: bytes
    added: int
    deleted: int


NOTHING = FilePatch(b"", 0, 0)


@dataclass(frozen=True, slots=True)
class Diff:
    """All changed files in git's order, and the texts that were read, by place in `changes`.

    `all_listed` is False where there are more files than MAX_CHANGES; `renames` tells whether git had the time to look
    for them.
    """

    changes: tuple[FileChange, ...]
    patches: dict[int, FilePatch] = field(default_factory=dict)
    all_listed: bool = True
    renames: bool = True


@dataclass(frozen=True, slots=True)
class Caps:
    """Where to stop reading texts: number of files, bytes of text."""

    files: int = 300
    bytes: int = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk: where it begins, what git prints behind the second @@, and its lines, each with its sign."""

    old_start: int
    new_start: int
    head: bytes
    heading: bytes
    lines: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Header lines and hunks; a file that became a link has two of them."""

    header: tuple[bytes, ...]
    hunks: tuple[Hunk, ...]


def empty_tree(oid: str) -> str:
    """Id of the empty tree in the repository that this id comes from."""
    return EMPTY_TREES[len(oid)]


def read_diff(comparison: Comparison, caps: Caps) -> Diff:
    """What differs, with the texts of the first files. Raises GitError."""
    with suppress(LimitExceeded):
        return _read(_within(comparison, QUICK_SECONDS), caps, to_the_end=True)
    # It takes long. Git holds a file that came or went in memory as a whole, whatever its size, so those are left out.
    plain = replace(comparison, options=replace(comparison.options, renames=False))
    if len(_readable(comparison, changes := _listed(plain).changes)) < len(changes):
        return _read_around(comparison, caps)
    with suppress(LimitExceeded):
        return _read(comparison, caps)
    # Looking for renames reads the files; the list alone does not.
    return _read(plain, caps)


def read_patches(comparison: Comparison, changes: Sequence[FileChange], caps: Caps) -> dict[FileChange, FilePatch]:
    """Texts of some of the files that differ; what the caps leave out is not in the answer."""
    asked, paths, size = [], list[bytes](), 0
    for change in _readable(comparison, changes[: caps.files]):
        names = [change.path] if change.old_path == change.path else [change.old_path, change.path]
        size += sum(map(len, names)) + 2 * len(names)
        if size > MAX_PATHS_BYTES:
            break
        asked.append(change)
        paths += names
    if not asked:
        return {}
    text, whole = _patch_text(comparison, caps, paths)
    found = _assign(asked, _cut(text, whole), whole)
    return {asked[place]: patch for place, patch in found.items()}


def _within(comparison: Comparison, seconds: float) -> Comparison:
    limits = comparison.limits
    return replace(comparison, limits=replace(limits, seconds=min(seconds, limits.seconds)))


def _listed(comparison: Comparison) -> Diff:
    """All changed files without any text."""
    return replace(_read(comparison, Caps(), output=("--raw",)), patches={})


def _read_around(comparison: Comparison, caps: Caps) -> Diff:
    """What differs, with the texts of those first files that are not huge."""
    try:
        diff = _listed(comparison)
    except LimitExceeded:
        comparison = replace(comparison, options=replace(comparison.options, renames=False))
        diff = _listed(comparison)
    first = diff.changes[: caps.files]
    found = read_patches(comparison, first, caps)
    return replace(diff, patches={place: found[change] for place, change in enumerate(first) if change in found})


def _readable(comparison: Comparison, changes: Sequence[FileChange]) -> list[FileChange]:
    """The changes of which no side is huge."""
    oids = {oid for change in changes for oid in (change.old_oid, change.new_oid) if oid}
    known = sizes(comparison.git_dir, sorted(oids), comparison.limits)
    huge = {oid for oid, size in known.items() if size > HUGE}
    return [change for change in changes if not huge & {change.old_oid, change.new_oid}]


def unified_text(comparison: Comparison) -> bytes:
    """The unified text from what pages show: put together from its files, it equals what `git diff` prints."""
    diff = read_diff(comparison, Caps(MAX_CHANGES, comparison.limits.output_bytes))
    texts = [patch.text for _, patch in sorted(diff.patches.items())]
    return b"".join(_joined(section) for text in texts for section in sections(text))


def sections(text: bytes) -> Iterator[Section]:
    """The text of one file taken apart."""
    for part in split_files(text):
        lines = part.removesuffix(b"\n").split(b"\n")
        starts = [place for place, line in enumerate(lines) if line.startswith(b"@@ ")]
        ends = [*starts[1:], len(lines)] if starts else []
        header = tuple(lines[: starts[0]] if starts else lines)
        yield Section(header, tuple(_hunk(lines[start:end]) for start, end in zip(starts, ends, strict=True)))


def _hunk(lines: list[bytes]) -> Hunk:
    match = _HUNK.match(lines[0])
    if match is None:
        raise Broken("This comparison cannot be read.")
    return Hunk(int(match[1]), int(match[3]), lines[0], match[5].strip(), tuple(lines[1:]))


def _joined(section: Section) -> bytes:
    lines = [*section.header]
    for hunk in section.hunks:
        lines += [hunk.head, *hunk.lines]
    return b"".join(line + b"\n" for line in lines)


def _read(
    comparison: Comparison, caps: Caps, output: tuple[str, ...] = ("--raw", "--patch"), *, to_the_end: bool = False
) -> Diff:
    """`to_the_end`: raise LimitExceeded where git had no time for all that is asked for, not only for the list."""
    command = comparison.command(*output)
    buffer, listed, whole = bytearray(), -1, False
    with stream_git(command, git_dir=comparison.git_dir, limits=comparison.limits) as chunks:
        try:
            for chunk in chunks:
                seen = max(0, len(buffer) - 1)
                buffer += chunk
                if listed < 0:
                    listed = buffer.find(b"\n\n", seen)
                    if listed < 0 and len(buffer) > MAX_LIST_BYTES:
                        break
                if listed >= 0 and _enough(buffer, listed, caps):
                    break
            else:
                whole = True
        except LimitExceeded:
            if listed < 0 or to_the_end:
                raise
    content = bytes(buffer)
    changes, all_listed = _changes(content if listed < 0 else content[: listed + 1])
    text = content[listed + 2 :] if listed >= 0 else b""
    text, whole = text[: caps.bytes], whole and len(text) <= caps.bytes
    return Diff(
        changes, _assign(changes[: caps.files], _cut(text, whole), whole), all_listed, comparison.options.renames
    )


def _enough(buffer: bytearray, start: int, caps: Caps) -> bool:
    size = len(buffer) - start
    # Files are only counted where they may be too many: their first lines alone are longer than this.
    return size > caps.bytes or (size > caps.files * 24 and buffer.count(b"\ndiff --git ", start) > caps.files)


def _patch_text(comparison: Comparison, caps: Caps, paths: list[bytes]) -> tuple[bytes, bool]:
    command = [*comparison.command("--patch"), *map(os.fsdecode, paths)]
    buffer = bytearray()
    with (
        stream_git(command, git_dir=comparison.git_dir, limits=comparison.limits) as chunks,
        suppress(LimitExceeded),
    ):
        for chunk in chunks:
            buffer += chunk
            if len(buffer) > caps.bytes:
                return bytes(buffer), False
        return bytes(buffer), True
    return bytes(buffer), False


def _changes(raw: bytes) -> tuple[tuple[FileChange, ...], bool]:
    lines = raw.split(b"\n")
    complete = not lines.pop() and len(lines) <= MAX_CHANGES
    return tuple(_change(line) for line in lines[:MAX_CHANGES]), complete


def _change(line: bytes) -> FileChange:
    facts, *names = line.split(b"\t")
    match = _RAW.match(facts)
    if match is None or len(names) not in (1, 2):
        raise Broken("This comparison cannot be read.")
    old_id, new_id = match[3].decode("ascii"), match[4].decode("ascii")
    return FileChange(
        old_mode=int(match[1], 8),
        new_mode=int(match[2], 8),
        old_oid=old_id if old_id.strip("0") else "",
        new_oid=new_id if new_id.strip("0") else "",
        status=match[5].decode("ascii"),
        similarity=int(match[6] or 0),
        old_path=unquoted(names[0]),
        path=unquoted(names[-1]),
        header=b"diff --git %s %s" % (_prefixed(b"a/", names[0]), _prefixed(b"b/", names[-1])),
    )


def _prefixed(prefix: bytes, name: bytes) -> bytes:
    return b'"' + prefix + name[1:] if name.startswith(b'"') else prefix + name


def unquoted(name: bytes) -> bytes:
    """A path from the form in which git prints unusual ones."""
    if not name.startswith(b'"'):
        return name
    return _ESCAPED.sub(lambda found: _byte(found[1]), name[1:-1])


def _byte(code: bytes) -> bytes:
    return bytes([int(code, 8) if len(code) == 3 else _ESCAPES[code[0]]])


def split_files(text: bytes) -> list[bytes]:
    """A unified text cut before each file of it."""
    # Lines of files begin with a sign and names are quoted, so that nothing else can begin a line like this.
    parts = text.split(b"\ndiff --git ")
    first = [parts[0] + b"\n"] if len(parts) > 1 else parts
    rest = [b"diff --git " + part + b"\n" for part in parts[1:]]
    if rest:
        rest[-1] = rest[-1][:-1]
    return [part for part in (*first, *rest) if part]


def _cut(text: bytes, whole: bool) -> list[bytes]:
    files = split_files(text)
    return files if whole else files[:-1]


def _assign(changes: Sequence[FileChange], texts: list[bytes], whole: bool) -> dict[int, FilePatch]:
    """Texts to the files they belong to; a file between two with texts has none because nothing is left to show."""
    found: dict[int, FilePatch] = {}
    place = 0
    for text in texts:
        header = text[: text.find(b"\n")]
        if place and changes[place - 1].status == "T" and changes[place - 1].header == header:
            found[place - 1] = counted_patch(found[place - 1].text + text)
            continue
        here = next((here for here in range(place, len(changes)) if changes[here].header == header), None)
        if here is not None:
            found.update(dict.fromkeys(range(place, here), NOTHING))
            found[here] = counted_patch(text)
            place = here + 1
    return {**dict.fromkeys(range(place, len(changes)), NOTHING), **found} if whole else found


def counted_patch(text: bytes) -> FilePatch:
    """The unified text of one file with its lines counted."""
    added = deleted = 0
    for part in split_files(text):
        start = part.find(b"\n@@ ")
        if start >= 0:
            added += len(_ADDED.findall(part, start))
            deleted += len(_DELETED.findall(part, start))
    return FilePatch(text, added, deleted)
