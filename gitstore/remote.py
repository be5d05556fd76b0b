"""What a remote has, without fetching: one `git ls-remote`."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitstore.addresses import CheckedAddress
from gitstore.credentials import Access, Credential, access_to
from gitstore.errors import Broken
from gitstore.process import run_git
from gitstore.records import Limits, RemoteState

# As `git check-ref-format` has it. A server may list anything; git passes over such names when it fetches.
_FUNNY_NAME = re.compile(rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\.(?:/|\Z)|/\Z")
_OID = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


@dataclass(frozen=True)
class Listing:
    """All heads and tags of a remote by full name; `head` the branch HEAD names, `head_oid` the commit it stands on."""

    refs: Mapping[bytes, bytes]
    head: bytes | None
    head_oid: bytes | None

    @property
    def state(self) -> RemoteState:
        lines = [oid + b" " + name for name, oid in self.refs.items()]
        lines.append((self.head_oid or b"") + b" HEAD " + (self.head or b""))
        digest = hashlib.sha256(b"\n".join(sorted(lines))).hexdigest()
        oid = self.head_oid or next(iter(self.refs.values()), b"")
        return RemoteState(self.head, digest, len(self.refs), "sha256" if len(oid) == 64 else "sha1")


def list_remote(address: CheckedAddress, credential: Credential | None, limits: Limits) -> RemoteState:
    """State of the remote; equal digests mean that nothing moved. Raises a GitError when it cannot be read."""
    with access_to(address, credential) as access:
        return read_listing(address, access, limits).state


def read_listing(address: CheckedAddress, access: Access, limits: Limits) -> Listing:
    """All heads and tags of the remote, by one process."""
    output = run_git(
        ["ls-remote", "--symref", "--", address.url, "HEAD", "refs/heads/*", "refs/tags/*"],
        limits=limits,
        env=access.env,
        config=access.config,
    )
    listing = _parse(output)
    if not listing.refs and address.address.protocol in ("http", "https"):
        _require_git(address, access, limits)
    return listing


def _require_git(address: CheckedAddress, access: Access, limits: Limits) -> None:
    """Raise Broken where a web page answers: git takes any text for a list of no refs on a server of files."""
    words: list[bytes] = []
    env = {**access.env, "GIT_TRACE_PACKET": "2"}
    args = ["ls-remote", "--", address.url]
    run_git(args, limits=limits, env=env, config=access.config, on_stderr=words.append)
    if b"packet:" not in b"".join(words):
        raise Broken(
            "What answers at this address is not a Git repository.",
            "Use the clone address, not the address of the web page.",
        )


def _parse(output: bytes) -> Listing:
    refs: dict[bytes, bytes] = {}
    head = head_oid = None
    for line in output.split(b"\n"):
        oid, _, name = line.partition(b"\t")
        if name == b"HEAD":
            if oid.startswith(b"ref: "):
                head = oid[5:]
            else:
                head_oid = oid
        elif name.startswith((b"refs/heads/", b"refs/tags/")) and not name.endswith(b"^{}"):
            if oid.startswith(b"ref: ") or _FUNNY_NAME.search(name):
                continue
            if not _OID.match(oid):
                raise Broken("What answers at this address is not a Git repository.")
            refs[name] = oid
    return Listing(refs, head, head_oid)
