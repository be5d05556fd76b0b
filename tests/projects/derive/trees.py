"""A real repository made of given files, read back through `git ls-tree` and `git cat-file`."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from gitstore.records import TreeEntry

_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@dataclass
class GitTree:
    """One commit of a repository on disk, seen from `root`."""

    repository: Path
    commit: str
    root: bytes = b""
    truncated: bool = False
    entries: list[TreeEntry] = field(default_factory=list)

    def __post_init__(self):
        prefix = self.root + b"/" if self.root else b""
        listing = git(self.repository, "ls-tree", "-rzl", "--full-tree", self.commit)
        for record in listing.split(b"\0")[:-1]:
            meta, path = record.split(b"\t", 1)
            mode, kind, oid, size = meta.split()
            if path.startswith(prefix):
                number = int(size) if size.isdigit() else None
                self.entries.append(TreeEntry(int(mode, 8), kind.decode(), oid.decode(), number, path[len(prefix) :]))

    def read(self, entry, limit):
        if entry.type != "blob" or entry.size > limit:
            return None
        return git(self.repository, "cat-file", "blob", entry.oid)

    def find(self, path):
        return next((entry for entry in self.entries if entry.path == path), None)

    def under(self, directory):
        return GitTree(self.repository, self.commit, directory)


def git(repository, *arguments, stdin=None):
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, env=_ENV, check=True, capture_output=True).stdout


class Link(bytes):
    """The target of a symbolic link, in place of a file's content."""


def make_tree(folder, files):
    """A GitTree of `files`: path (str or bytes) -> content (str, bytes or Link)."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", ".")
    stream = [b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n"]
    for path, content in files.items():
        name = path.encode() if isinstance(path, str) else path
        body = content.encode() if isinstance(content, str) else bytes(content)
        mode = b"120000" if isinstance(content, Link) else b"100644"
        quoted = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
        stream.append(b"M " + mode + b" inline " + quoted + b"\ndata %d\n" % len(body) + body + b"\n")
    git(folder, "fast-import", "--quiet", stdin=b"".join(stream))
    return GitTree(folder, git(folder, "rev-parse", "refs/heads/main").decode().strip())
