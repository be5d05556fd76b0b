"""What came to a branch: its new commits with the paths they touch, and what they changed."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gitstore.changes import LIMITS, ChangeId, change_ids, commit_diffs
from gitstore.errors import Broken
from gitstore.objects import OID
from gitstore.process import git_version, run_git
from gitstore.records import Limits

MANY = 5000
_FIELDS = ("%H", "%P", "%ct", "%aN", "%(trailers:only=true,unfold=true,separator=%x1f)", "%B")


@dataclass(frozen=True, slots=True)
class NewCommit:
    """One commit; `paths` are those that differ from its first parent, `committed_at` seconds since 1970."""

    oid: str
    parents: tuple[str, ...]
    committed_at: int
    author: str
    trailers: tuple[tuple[str, str], ...]
    message: str
    paths: frozenset[bytes]

    @property
    def title(self) -> str:
        return self.message.strip().partition("\n")[0]


def new_commits(git_dir: Path, old: str, new: str, limits: Limits = LIMITS) -> list[NewCommit]:
    """Commits that `new` has and `old` (if any) has not, oldest first; of very many the newest. Raises GitError."""
    if (old and not OID.match(old)) or not OID.match(new):
        raise ValueError("Not commit ids.")
    # New for every process: a name or message that holds it would have to guess it.
    mark = secrets.token_hex(16)
    merges = ["--diff-merges=first-parent"] if git_version() >= (2, 31) else []
    args = ["log", "-z", "--no-color", "--no-show-signature", "--no-notes", "--encoding=UTF-8", "--topo-order"]
    args += [
        "--name-only",
        "--no-renames",
        *merges,
        f"--max-count={MANY}",
        f"--format={mark}{'%x00'.join(_FIELDS)}%x00",
    ]
    output = run_git([*args, new, *([f"^{old}"] if old else []), "--"], git_dir=git_dir, limits=limits)
    return [_commit(part) for part in reversed(output.split(mark.encode("ascii"))[1:])]


def ids_of(git_dir: Path, commits: Iterable[NewCommit], limits: Limits = LIMITS) -> dict[str, ChangeId]:
    """What each commit changes, a merge seen from its first parent; by id. Raises GitError."""
    wanted = list(commits)
    diffs = commit_diffs(git_dir, [commit.oid for commit in wanted if len(commit.parents) < 2], limits)
    merges = {commit.oid: commit.parents[0] for commit in wanted if len(commit.parents) > 1}
    diffs |= commit_diffs(git_dir, list(merges), limits, parents=merges)
    return dict(zip(diffs, change_ids(list(diffs.values()), limits), strict=True))


def _commit(part: bytes) -> NewCommit:
    *fields, rest = part.split(b"\0", len(_FIELDS))
    if len(fields) != len(_FIELDS):
        raise Broken("The repository's history cannot be read.")
    names = rest.removeprefix(b"\0").removeprefix(b"\n").split(b"\0")
    oid, parents, time, author, trailers, message = (field.decode("utf-8", "replace") for field in fields)
    pairs = (line.partition(":") for line in trailers.split("\x1f") if ":" in line)
    return NewCommit(
        oid=oid,
        parents=tuple(parents.split()),
        committed_at=min(max(int(time or 0), 0), 4_102_444_800),
        author=author,
        trailers=tuple((key.strip(), value.strip()) for key, _, value in pairs),
        message=message,
        paths=frozenset(filter(None, names)),
    )
