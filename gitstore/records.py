"""What gitstore returns: frozen records, bytes where Git has bytes."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ref:
    """One branch or tag: full name, object id, and the commit it peels to (None for a tag of a blob or tree)."""

    name: bytes
    oid: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: short name, the commit it peels to, time of the tag or commit in seconds since 1970, subject line."""

    name: str
    commit: str
    time: int
    subject: str
    annotated: bool


@dataclass(frozen=True, slots=True)
class RefChange:
    """A ref before and after a fetch; None where it did not exist."""

    name: bytes
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class RemoteState:
    """What `ls-remote --symref` says: HEAD's branch (full ref name, bytes; None when it dangles), digest (hex) of HEAD
    and all heads and tags, their number, and the object format ("sha1" or "sha256")."""

    head: bytes | None
    digest: str
    refs: int
    object_format: str = "sha1"


@dataclass(frozen=True, slots=True)
class FetchResult:
    """Outcome of a fetch: ref changes, default branch (full ref name) and its commit; None in an empty repository."""

    changes: tuple[RefChange, ...]
    head: bytes | None
    commit: str | None
    remote: RemoteState


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """Live progress of a fetch; counts are 0 where unknown, `phase` is git's own word such as "Receiving objects"."""

    phase: str
    done: int
    total: int
    received_bytes: int


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry: mode as int (0o100644), object type, id, size of a blob in bytes (else None), path from the root."""

    mode: int
    type: str
    oid: str
    size: int | None
    path: bytes

    @property
    def is_symlink(self) -> bool:
        return self.mode == 0o120000


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """Facts of one commit; identities after .mailmap, times in seconds since 1970 clamped to 1970-2100."""

    oid: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    author_time: int
    committer_time: int
    subject: str
    trailers: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one Git operation: seconds spent waiting for git, bytes written to one file, number of refs, files
    listed of one tree, address space of each git process in bytes, bytes of output kept in memory."""

    seconds: float = 600
    file_bytes: int = 4 * 1024**3
    refs: int = 100_000
    files: int = 250_000
    memory_bytes: int = 4 * 1024**3
    output_bytes: int = 256 * 1024**2
