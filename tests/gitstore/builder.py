"""Repositories for tests, written by git itself: `RepositoryBuilder(path).commit({"a.txt": "one"})`."""

import os
import subprocess
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C",
}
DAY = 86_400
START = 1_700_000_000


class RepositoryBuilder:
    """A bare repository at `path`. Commits are one day apart unless `when` (seconds since 1970) says otherwise."""

    def __init__(self, path, *, object_format="sha1", head="main"):
        self.path = Path(path)
        self.when = START
        self.path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--bare", "--template=", f"--object-format={object_format}")
        self.set_head(head)

    def git(self, *args, stdin=b""):
        """Output of a git command in the repository."""
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", *args], input=stdin, env=ENVIRONMENT, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, files=None, *, branch="main", message="Change", author="Ann <ann@example.org>", when=None, **more):
        """Commit on a branch and return the object id.

        `files`: path to content (None deletes, a pair is (octal mode, content or commit id)); paths and contents may be
        bytes. `parents`: object ids instead of the branch's tip, () for a new root.
        """
        self.when = when if when is not None else self.when + DAY
        ref = f"refs/heads/{branch}".encode()
        parents = more.get("parents")
        if parents is None:
            parents = [oid] if (oid := self.oid(ref)) else []
        lines = [b"commit %s\nmark :1\n" % ref]
        for role, who in (("author", author), ("committer", more.get("committer", author))):
            lines.append(f"{role} {who} {self.when} +0000\n".encode())
        lines.append(_data(message))
        lines += [b"%s %s\n" % (b"merge" if n else b"from", oid.encode()) for n, oid in enumerate(parents)]
        lines += [_change(path, content) for path, content in (files or {}).items()]
        stream = (b"" if parents else b"reset %s\n\n" % ref) + b"".join(lines) + b"\nget-mark :1\n"
        out = self.git("-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force", stdin=stream)
        return out.decode().strip()

    def commits(self, number, *, branch="main", path="file.txt"):
        """Many commits quickly; returns the last one's object id."""
        lines = []
        for count in range(1, number + 1):
            self.when += 60
            lines.append(f"commit refs/heads/{branch}\ncommitter Ann <ann@example.org> {self.when} +0000\n".encode())
            lines.append(_data(f"Step {count}") + _change(path, f"{count}\n"))
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(lines))
        return self.oid(f"refs/heads/{branch}".encode())

    def tag(self, name, target="main", *, message=None):
        """A tag on whatever `target` names; annotated when there is a message."""
        words = ["-c", "user.name=Tess", "-c", "user.email=tess@example.org", "tag", "--force"]
        self.git(*words, *(["-a", "-m", message] if message else []), "--", name, target)

    def set_ref(self, name, oid):
        self.git("update-ref", name, oid)

    def delete_branch(self, name):
        self.git("update-ref", "-d", f"refs/heads/{name}")

    def set_head(self, branch):
        self.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def oid(self, name):
        """Object id of a ref, or empty."""
        name = name.decode() if isinstance(name, bytes) else name
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", "rev-parse", "--quiet", "--verify", name],
            env=ENVIRONMENT,
            capture_output=True,
            check=False,
        )
        return done.stdout.decode().strip()

    def refs(self):
        """Every branch and tag as git prints it."""
        return self.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")


def _data(content):
    raw = content.encode() if isinstance(content, str) else content
    return b"data %d\n%s\n" % (len(raw), raw)


def _change(path, content):
    raw = path.encode() if isinstance(path, str) else path
    quoted = b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
    if content is None:
        return b"D %s\n" % quoted
    mode, content = content if isinstance(content, tuple) else ("100644", content)
    if mode == "160000":
        return b"M 160000 %s %s\n" % (content.encode(), quoted)
    return b"M %s inline %s\n%s" % (mode.encode(), quoted, _data(content))
