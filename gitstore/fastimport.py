"""Writes new bare repositories by streaming commits to `git fast-import`: thousands of commits a second."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gitstore.errors import Broken, GitError
from gitstore.process import GitProcess, run_git
from gitstore.records import Limits

MODES = frozenset({"100644", "100755", "120000", "160000"})
_MARKS = "fast-import.marks"
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\.(?:/|\Z)|^[/.-]|/\Z")
_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')


@dataclass(frozen=True, slots=True)
class Signature:
    """Who and when: `when` must carry a zone. Name and address may be bytes where they are not UTF-8."""

    name: str | bytes
    email: str | bytes
    when: datetime


@dataclass(frozen=True, slots=True)
class Modify:
    """Create or replace a file: raw path from the root, content, octal mode (for 160000 the content is a commit id)."""

    path: bytes
    content: bytes
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a file or a folder."""

    path: bytes


def quote_path(path: bytes) -> bytes:
    """C-style quoting as fast-import reads it; ValueError for an empty path or one with a NUL byte."""
    if not path or b"\0" in path:
        raise ValueError(f"Not a path: {path!r}")
    return b'"' + b"".join(bytes([byte]) if byte in _PLAIN else b"\\%03o" % byte for byte in path) + b'"'


def check_ref(name: str) -> bytes:
    """The bytes of a ref name that Git would accept below refs/; ValueError otherwise."""
    if not name or name == "@" or _BAD_REF.search(name):
        raise ValueError(f"Not a ref name: {name!r}")
    return name.encode()


def _ident(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    if any(byte in raw for byte in b"\n\r\0<>"):
        raise ValueError(f"Not a name or address: {value!r}")
    return raw


def _signature(role: bytes, who: Signature) -> bytes:
    offset = who.when.utcoffset()
    if offset is None:
        raise ValueError("The time of a commit or tag needs a zone")
    minutes = int(offset.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    stamp = f"{int(who.when.timestamp())} {zone}".encode()
    return b"%s %s <%s> %s\n" % (role, _ident(who.name), _ident(who.email), stamp)


class FastImport:
    """Context manager: creates the bare repository `path` and streams commits to it; complete on exit.

    `commit` returns a mark (an int) that later calls take as a parent or target; after the `with` block `oids` maps
    marks to object ids. Raises Broken when git refuses the stream, ValueError for anything that could break out of
    the stream's syntax, FileExistsError when `path` is there and not empty.
    """

    def __init__(self, path: Path, *, head: str = "main", object_format: str = "sha1") -> None:
        self.path = path
        self.head = head
        self.object_format = object_format
        self.oids: dict[int, str] = {}
        self._mark = 0
        self._branches: set[str] = set()
        self._process: GitProcess | None = None
        self._complaint = b""

    def __enter__(self) -> Self:
        check_ref(self.head)
        if self.path.exists() and any(self.path.iterdir()):
            raise FileExistsError(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._run("init", "--bare", "--quiet", "--template=", f"--object-format={self.object_format}")
        self.set_head(self.head)
        marks = self.path.absolute() / _MARKS
        self._process = GitProcess(
            ["fast-import", "--quiet", "--done", "--date-format=raw", f"--export-marks={marks}"],
            Limits(),
            git_dir=self.path.absolute(),
            config=[("fastimport.unpackLimit", "1")],
            stdin=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        try:
            if kind is None:
                self._finish(process)
        finally:
            self._process = None
            process.stop()

    def commit(
        self,
        branch: str,
        message: str | bytes,
        author: Signature,
        *,
        committer: Signature | None = None,
        parents: Sequence[int | str] | None = None,
        changes: Iterable[Modify | Delete] = (),
    ) -> int:
        """Commit on a branch (short name) and return its mark.

        Without `parents` it follows the branch's tip as written here; an empty sequence makes a root commit. Further
        parents make a merge: its tree is the first parent's plus `changes`.
        """
        ref = b"refs/heads/" + check_ref(branch)
        head = b""
        if parents is not None and not parents and branch in self._branches:
            head = b"reset %s\n\n" % ref
        self._mark += 1
        lines = [head, b"commit %s\nmark :%d\n" % (ref, self._mark)]
        lines += [_signature(b"author", author), _signature(b"committer", committer or author), _data(message)]
        for position, parent in enumerate(parents or ()):
            lines.append(b"%s %s\n" % (b"merge" if position else b"from", self._target(parent)))
        lines += [self._change(change) for change in changes]
        self._write(b"".join(lines))
        self._branches.add(branch)
        return self._mark

    def tag(self, name: str, target: int | str, *, message: str | bytes = "", tagger: Signature | None = None) -> None:
        """An annotated tag when `tagger` is given, otherwise a lightweight one."""
        tag, commit = check_ref(name), self._target(target)
        if tagger is None:
            self._write(b"reset refs/tags/%s\nfrom %s\n\n" % (tag, commit))
        else:
            self._write(b"tag %s\nfrom %s\n%s%s" % (tag, commit, _signature(b"tagger", tagger), _data(message)))

    def reset(self, branch: str, target: int | str) -> None:
        """Point a branch at a commit."""
        self._write(b"reset refs/heads/%s\nfrom %s\n\n" % (check_ref(branch), self._target(target)))
        self._branches.add(branch)

    def set_head(self, branch: str) -> None:
        """Make a branch the default one (it may not exist yet)."""
        check_ref(branch)
        self._run("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def _target(self, target: int | str) -> bytes:
        if isinstance(target, int):
            if not 0 < target <= self._mark:
                raise ValueError(f"No such mark: {target}")
            return b":%d" % target
        if not _OID.match(target):
            raise ValueError(f"Not an object id: {target!r}")
        return target.encode()

    def _change(self, change: Modify | Delete) -> bytes:
        path = quote_path(change.path)
        if isinstance(change, Delete):
            return b"D %s\n" % path
        if change.mode not in MODES:
            raise ValueError(f"Not a file mode: {change.mode!r}")
        if change.mode == "160000":
            return b"M 160000 %s %s\n" % (self._target(change.content.decode("ascii")), path)
        return b"M %s inline %s\n%s" % (change.mode.encode(), path, _data(change.content))

    def _write(self, data: bytes) -> None:
        if self._process is None:
            raise RuntimeError("FastImport is used inside its with block")
        try:
            self._process.send(data)
        except GitError as error:
            raise self._refusal() from error

    def _finish(self, process: GitProcess) -> None:
        self._write(b"done\n")
        try:
            for _ in process.pump(b"", self._note):
                pass
        except GitError as error:
            raise self._refusal() from error
        marks = self.path / _MARKS
        self.oids = {int(mark[1:]): oid for mark, oid in (line.split() for line in marks.read_text().splitlines())}
        marks.unlink()

    def _note(self, text: bytes) -> None:
        self._complaint = (self._complaint + text)[:400]

    def _refusal(self) -> Broken:
        first = self._complaint.decode("utf-8", "replace").partition("\n")[0]
        return Broken(f"git fast-import refused the stream. {first}".strip())

    def _run(self, *arguments: str) -> None:
        run_git(arguments, limits=Limits(), git_dir=self.path.absolute())


def _data(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return b"data %d\n%s\n" % (len(raw), raw)
