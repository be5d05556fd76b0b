"""A bare mirror on disk: written under its lock only, read by anybody at any time."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gitstore import history, refs
from gitstore.addresses import CheckedAddress
from gitstore.credentials import Access, Credential, access_to
from gitstore.errors import Broken, Killed, LimitExceeded
from gitstore.locks import file_lock
from gitstore.process import git_version, run_git
from gitstore.progress import ProgressReader
from gitstore.records import CommitRecord, FetchProgress, FetchResult, Limits, Ref, Tag
from gitstore.remote import Listing, read_listing
from gitstore.trees import TreeSnapshot, open_snapshot

DEFAULT_LIMITS = Limits()
REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
MANY_REFS = 1000
MANY_PACKS = 20
TOO_LARGE = (
    "The repository is larger than allowed.",
    "Raise the size limit for mirrors, or register a smaller repository.",
)
# Not --atomic: a branch `df` that became `df/x` would then fail for ever and hold up all other refs.
_FETCH = (
    "fetch",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "--update-shallow",
)
_ALL_PARENTS = "--upload-pack=GIT_GRAFT_FILE=/dev/null git-upload-pack"  # else what a graft hides is not sent


class Mirror:
    """The mirror of one repository at `path`. `limits` bound every git process started for it."""

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self.path = path
        self.limits = limits
        self._lock: int | None = None

    @property
    def exists(self) -> bool:
        """Whether a first fetch (or `create`) was brought to its end."""
        return (self.path / "HEAD").is_file()

    @contextmanager
    def locked(self, timeout: float = 0) -> Iterator[None]:
        """Hold the mirror's lock, which git inherits. Raises Busy when it is still taken after `timeout` seconds."""
        with file_lock(self.path.with_name(self.path.name + ".lock"), timeout) as descriptor:
            self._lock = descriptor
            try:
                yield
            finally:
                self._lock = None

    # Writing

    def create(self, object_format: str = "sha1") -> None:
        """An empty mirror, complete or not there at all. Does nothing where one is."""
        self._require_lock()
        if not self.exists:
            self._init(object_format)
            self._move_in()

    def fetch(
        self,
        address: CheckedAddress,
        credential: Credential | None,
        on_progress: Callable[[FetchProgress], None] | None = None,
        branch: str | None = None,
    ) -> FetchResult:
        """Make branches, tags and HEAD what the remote has; `branch` names the default branch, else the remote does.

        Raises a GitError; a failed first fetch leaves nothing behind, a failed later one a mirror that can be read.
        """
        self._require_lock()
        self.remove_leftovers()
        with access_to(address, credential) as access:
            listing = read_listing(address, access, self.limits)
            self._check_size(listing)
            fresh = not self.exists or self._format_differs(listing)
            try:
                before, after = self._bring(address, access, listing, on_progress, fresh=fresh)
            except Broken:
                if fresh or not self._is_damaged():
                    raise
                fresh = True
                before, after = self._bring(address, access, listing, on_progress, fresh=fresh)
        head = self._settle(self._quarantine if fresh else self.path, before, after, listing, branch)
        if fresh:
            self._move_in()
        commit = after[head].decode("ascii") if head else None
        return FetchResult(refs.changes(before, after), head, commit, listing.state)

    def maintain(self) -> None:
        """Keep reading fast: few packs, packed refs, a commit graph with the paths that commits touch."""
        self._require_lock()
        self.remove_leftovers()
        if len(list((self.path / "objects" / "pack").glob("*.pack"))) > MANY_PACKS:
            geometric = ["--geometric=2", "-d", "--write-midx"] if git_version() >= (2, 34) else ["-a", "-d"]
            self._write(["repack", "--quiet", *geometric])
        self._write(["pack-refs", "--all"])
        self._write(["commit-graph", "write", "--reachable", "--split", "--changed-paths", "--no-progress"])

    def collect_garbage(self) -> None:
        """Repack everything and drop what no ref has reached for two weeks. Slow: for a monthly run."""
        self._require_lock()
        self.remove_leftovers()
        self._write(["gc", "--quiet"])

    def remove_leftovers(self) -> int:
        """Delete what a killed git left behind: lock files, half-written packs, a half-made clone. Number deleted.

        Safe because every git that writes here holds our lock for as long as it lives.
        """
        self._require_lock()
        found = [*_stale_files(self.path)]
        for file in found:
            file.unlink(missing_ok=True)
        for folder in (self._quarantine, self._old):
            if folder.exists():
                shutil.rmtree(folder)
                found.append(folder)
        return len(found)

    # Reading

    def size_bytes(self) -> int:
        """Bytes of all files of the mirror."""
        return sum(file.lstat().st_size for file in _files(self.path))

    def refs(self) -> list[Ref]:
        """All branches and tags, by name."""
        return refs.read_refs(self.path, self.limits)

    def boundary(self) -> list[str]:
        """Ids of commits whose parents the remote does not have, because it is a shallow clone."""
        try:
            return sorted((self.path / "shallow").read_text("ascii").split())
        except FileNotFoundError:
            return []

    def tags(self) -> list[Tag]:
        """All tags that lead to a commit, by name."""
        return refs.read_tags(self.path, self.limits)

    def resolve(self, rev: str) -> str:
        """Commit id of a commit id, branch, tag, full ref name or HEAD; raises NotFound."""
        return refs.resolve(self.path, self.limits, rev)

    def snapshot(self, commit: str, limits: Limits | None = None) -> AbstractContextManager[TreeSnapshot]:
        """The files of a commit, readable inside the block."""
        return open_snapshot(self.path, commit, limits or self.limits)

    def log(self, commit: str, path: bytes | None = None, since: int | None = None) -> Iterator[CommitRecord]:
        """Commits reachable from `commit`, newest first; touching `path`, committed since (seconds since 1970)."""
        return history.read_log(self.path, commit, self.limits, path, since)

    def root_commits(self, commit: str, cap: int = 50) -> tuple[str, ...]:
        """At most `cap` commits without parents that `commit` descends from, sorted."""
        return history.root_commits(self.path, commit, self.limits, cap)

    def count_commits(self, commit: str) -> int:
        """Number of commits reachable from `commit`."""
        return history.count_commits(self.path, commit, self.limits)

    # Inside

    @property
    def _quarantine(self) -> Path:
        return self.path.with_name(f".{self.path.name}.new")

    @property
    def _old(self) -> Path:
        return self.path.with_name(f".{self.path.name}.old")

    def _require_lock(self) -> int:
        if self._lock is None:
            raise RuntimeError("A mirror is written only inside `with mirror.locked():`.")
        return self._lock

    def _write(
        self,
        args: Sequence[str],
        git_dir: Path | None = None,
        access: Access | None = None,
        on_stderr: Callable[[bytes], None] | None = None,
        data: bytes | None = None,
    ) -> None:
        run_git(
            args,
            git_dir=git_dir or self.path,
            limits=self.limits,
            env=access.env if access else None,
            config=access.config if access else (),
            pass_fds=(self._require_lock(),),
            on_stderr=on_stderr,
            input=data,
        )

    def _init(self, object_format: str) -> None:
        shutil.rmtree(self._quarantine, ignore_errors=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        words = ["init", "--bare", "--quiet", "--template=", f"--object-format={object_format}"]
        self._write([*words, str(self._quarantine)], self._quarantine)

    def _move_in(self) -> None:
        if self.path.exists():
            self.path.rename(self._old)
        self._quarantine.rename(self.path)
        shutil.rmtree(self._old, ignore_errors=True)

    def _check_size(self, listing: Listing) -> None:
        if len(listing.refs) > self.limits.refs:
            raise LimitExceeded(
                f"The repository has {len(listing.refs):,} branches and tags, {self.limits.refs:,} are allowed.",
                "Delete old branches and tags, or raise the limit.",
            )

    def _format_differs(self, listing: Listing) -> bool:
        if not listing.refs:
            return False
        config = (self.path / "config").read_text("utf-8", "replace")
        return bool(re.search(r"objectformat\s*=\s*sha256", config, re.IGNORECASE)) != (
            listing.state.object_format == "sha256"
        )

    def _bring(
        self,
        address: CheckedAddress,
        access: Access,
        listing: Listing,
        on_progress: Callable[[FetchProgress], None] | None,
        *,
        fresh: bool,
    ) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
        """Branches and tags before and after, of this mirror or, `fresh`, of a new one beside it."""
        if fresh:
            self._init(listing.state.object_format)
        git_dir = self._quarantine if fresh else self.path
        before = refs.read_oids(git_dir, self.limits)
        if before == listing.refs and not self.boundary():
            return before, before
        receive = self._receive_in_bulk if fresh and len(listing.refs) > MANY_REFS else self._receive
        receive(address, access, listing, ProgressReader(on_progress) if on_progress else None)
        return before, refs.read_oids(git_dir, self.limits)

    def _is_damaged(self) -> bool:
        """Whether commits are lost here, so that fetching everything anew may help."""
        try:
            run_git(["rev-list", "--quiet", "--all"], git_dir=self.path, limits=self.limits)
        except Broken:
            return True
        return False

    def _receive(
        self, address: CheckedAddress, access: Access, _listing: Listing, progress: ProgressReader | None
    ) -> None:
        git_dir = self._quarantine if self._quarantine.exists() else self.path
        words = [*_fetch(address), "--prune", "--progress" if progress else "--quiet"]
        if (git_dir / "shallow").exists():
            words.append("--unshallow")
        with self._size_told(git_dir):
            self._write([*words, "--", address.url, *REFSPECS], git_dir, access, progress)

    def _receive_in_bulk(
        self, address: CheckedAddress, access: Access, listing: Listing, progress: ProgressReader | None
    ) -> None:
        """First fetch of very many refs: the objects by their ids, then all refs in one file."""
        words = [*_fetch(address), "--progress" if progress else "--quiet", "--stdin", "--", address.url]
        wanted = b"\n".join(sorted(set(listing.refs.values()))) + b"\n"
        with self._size_told(self._quarantine):
            self._write(words, self._quarantine, access, progress, wanted)
        refs.write_packed(self._quarantine, self.limits, listing)

    @contextmanager
    def _size_told(self, git_dir: Path) -> Iterator[None]:
        # A git that passes the file limit dies without a word; the file it was writing tells.
        try:
            yield
        except (Killed, Broken):
            if any(file.stat().st_size >= self.limits.file_bytes for file in _stale_files(git_dir)):
                raise LimitExceeded(*TOO_LARGE) from None
            raise

    def _settle(
        self,
        git_dir: Path,
        before: Mapping[bytes, bytes],
        after: Mapping[bytes, bytes],
        listing: Listing,
        branch: str | None,
    ) -> bytes | None:
        """Point HEAD at the default branch, which is returned, and pack the refs."""
        head = refs.choose_head(after, listing, branch)
        current = (git_dir / "HEAD").read_bytes().strip()
        if head is not None and current != b"ref: " + head:
            self._write(["symbolic-ref", "HEAD", os.fsdecode(head)], git_dir)
        if before != after:
            self._write(["pack-refs", "--all"], git_dir)
        return head


def _fetch(address: CheckedAddress) -> Sequence[str]:
    return _FETCH if address.local is None else (*_FETCH, _ALL_PARENTS)


def _stale_files(git_dir: Path) -> Iterator[Path]:
    yield from git_dir.glob("*.lock")
    yield from (git_dir / "refs").rglob("*.lock")
    yield from (git_dir / "objects" / "info").rglob("*.lock")
    yield from (git_dir / "objects" / "pack").glob("*.lock")
    yield from (git_dir / "objects" / "pack").glob("*tmp[_-]*")


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)
