"""Single objects of a mirror by id or name: commits, trees, blobs, through one git process for as long as needed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitstore.errors import Broken
from gitstore.process import GitProcess, run_git
from gitstore.records import Limits, TreeEntry

OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
MAX_COMMIT_BYTES = 4 * 1024**2
MAX_TREE_BYTES = 64 * 1024**2
MAX_DEPTH = 500
_PERSON = re.compile(rb"(.*?) ?<([^\n]*)>(?: +(-?\d{1,20})(?: ([+-]\d{1,6}))?)?[^>]*\Z", re.DOTALL)
_LATEST = 4_102_444_800  # 2100-01-01
_TREE = 0o040000
_SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class GitObject:
    """One object: id, type, size in bytes; `content` is None where it is larger than asked for."""

    oid: str
    type: str
    size: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when: text as git has it, seconds since 1970 clamped to 1970-2100, offset of the zone in minutes."""

    name: str
    email: str
    time: int
    offset: int


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A commit as it is stored, without mailmap; `message` is decoded by the encoding that the commit names."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str

    @property
    def title(self) -> str:
        """The message up to the first empty line, on one line, as `git log --format=%s` has it."""
        lines: list[str] = []
        for line in self.message.lstrip("\n").split("\n"):
            if not line.strip():
                break
            lines.append(line.strip())
        return " ".join(lines)

    @property
    def body(self) -> str:
        """What follows the title."""
        parts = re.split(r"\n[ \t]*\n", self.message.lstrip("\n"), maxsplit=1)
        return parts[1].strip("\n") if len(parts) > 1 else ""


class ObjectReader:
    """Reads objects through one `git cat-file --batch`, started at the first question; not for use by two threads."""

    def __init__(self, git_dir: Path, limits: Limits) -> None:
        self.git_dir = git_dir
        self.limits = limits
        self._process: GitProcess | None = None

    def read(self, name: str | bytes, limit: int) -> GitObject | None:
        """The object of this id or name (`refs/heads/main^{commit}`); None when there is none.

        `name` holds no newline. An object larger than `limit` bytes comes without content.
        """
        asked = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
        if b"\n" in asked or not asked:
            return None
        if self._process is None:
            self._process = GitProcess(["cat-file", "--batch"], self.limits, git_dir=self.git_dir, stdin=True)
        self._process.send(asked + b"\n")
        header = self._process.receive_line().rsplit(b" ", 2)
        if len(header) != 3 or not header[2].isdigit():
            return None
        oid, kind, size = header[0].decode("ascii"), header[1].decode("ascii"), int(header[2])
        if size > limit:
            self.close()  # cheaper than taking it all off the pipe
            return GitObject(oid, kind, size, None)
        return GitObject(oid, kind, size, self._process.receive(size + 1)[:-1])

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        """Sizes in bytes of the objects that exist, by id."""
        return sizes(self.git_dir, oids, self.limits)

    def commit(self, name: str | bytes) -> CommitObject | None:
        """The commit of this id or name, tags peeled; None when there is none."""
        asked = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
        found = self.read(asked + b"^{commit}", MAX_COMMIT_BYTES)
        if found is None or found.type != "commit":
            return None
        if found.content is None:
            raise Broken("This commit is too large to be shown.")
        return parse_commit(found.oid, found.content)

    def tree(self, oid: str) -> list[TreeEntry]:
        """The entries of one folder in Git's order, without sizes; paths are names in it. Raises Broken if missing."""
        found = self.read(oid, MAX_TREE_BYTES)
        if found is None or found.type != "tree" or found.content is None:
            raise Broken("This folder cannot be read: its tree is missing from the repository or too large.")
        return list(parse_tree(found.content, len(found.oid) // 2))

    def at(self, tree: str, path: bytes) -> TreeEntry | None:
        """The entry at a path below the tree of this id (the tree itself for an empty path); links are not followed."""
        entry = TreeEntry(_TREE, "tree", tree, None, b"")
        names = path.split(b"/") if path else []
        if len(names) > MAX_DEPTH:
            return None
        for depth, name in enumerate(names, 1):
            if entry.type != "tree":
                return None
            below = next((child for child in self.tree(entry.oid) if child.path == name), None)
            if below is None:
                return None
            entry = TreeEntry(below.mode, below.type, below.oid, None, b"/".join(names[:depth]))
        return entry

    def close(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


@contextmanager
def open_objects(git_dir: Path, limits: Limits) -> Iterator[ObjectReader]:
    """A reader whose process ends with the block."""
    reader = ObjectReader(git_dir, limits)
    try:
        yield reader
    finally:
        reader.close()


def sizes(git_dir: Path, oids: Sequence[str], limits: Limits) -> dict[str, int]:
    """Sizes in bytes of the objects that exist, by id."""
    if not oids:
        return {}
    asked = "\n".join(oids).encode("ascii") + b"\n"
    format = "--batch-check=%(objectname) %(objectsize)"
    rows = run_git(["cat-file", format], git_dir=git_dir, limits=limits, input=asked).split(b"\n")
    pairs = (row.split(b" ") for row in rows if row)
    return {oid.decode("ascii"): int(size) for oid, size in pairs if size.isdigit()}


def parse_tree(content: bytes, id_bytes: int) -> Iterator[TreeEntry]:
    """Entries of a raw tree object whose ids are `id_bytes` long. Raises Broken when it is malformed."""
    start = 0
    while start < len(content):
        space = content.find(b" ", start, start + 8)
        end = content.find(b"\0", space)
        if space < 0 or end < 0 or end + 1 + id_bytes > len(content):
            raise Broken("This folder cannot be read: its tree is malformed.")
        try:
            mode = int(content[start:space], 8)
        except ValueError as error:
            raise Broken("This folder cannot be read: its tree is malformed.") from error
        oid = content[end + 1 : end + 1 + id_bytes].hex()
        kind = "tree" if mode == _TREE else "commit" if mode == _SUBMODULE else "blob"
        yield TreeEntry(mode, kind, oid, None, content[space + 1 : end])
        start = end + 1 + id_bytes


def parse_commit(oid: str, content: bytes) -> CommitObject:
    """A commit from its raw object; what is missing or malformed in it comes out empty."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    encoding = fields.get(b"encoding", [b"utf-8"])[0].decode("ascii", "replace")
    ids = [value.decode("ascii", "replace") for value in fields.get(b"parent", [])]
    return CommitObject(
        oid=oid,
        tree=fields.get(b"tree", [b""])[0].decode("ascii", "replace"),
        parents=tuple(parent for parent in ids if OID.match(parent)),
        author=_signature(fields.get(b"author", [b""])[0], encoding),
        committer=_signature(fields.get(b"committer", [b""])[0], encoding),
        message=_decode(message, encoding),
    )


def _signature(value: bytes, encoding: str) -> Signature:
    match = _PERSON.match(value)
    if match is None:
        return Signature(_decode(value, encoding), "", 0, 0)
    time = min(max(int(match[3] or 0), 0), _LATEST)
    zone = int(match[4] or 0)
    offset = (abs(zone) // 100 * 60 + abs(zone) % 100) * (-1 if zone < 0 else 1)
    sane = offset if abs(offset) < 24 * 60 else 0
    return Signature(_decode(match[1], encoding), _decode(match[2], encoding), time, sane)


def _decode(text: bytes, encoding: str) -> str:
    for name in (encoding, "utf-8"):
        try:
            return text.decode(name)
        except (LookupError, ValueError):
            continue
    return text.decode("utf-8", "replace")
