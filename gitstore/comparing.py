"""How two commits stand to each other, and what a commit is part of."""

from dataclasses import dataclass
from pathlib import Path

from gitstore.errors import Broken, LimitExceeded
from gitstore.objects import OID
from gitstore.process import run_git, stream_git
from gitstore.records import Limits


@dataclass(frozen=True, slots=True)
class Containing:
    """Full names of the branches or tags that contain a commit; None when git had not the time to tell."""

    branches: tuple[bytes, ...] | None
    tags: tuple[bytes, ...] | None


def merge_base(git_dir: Path, one: str, other: str, limits: Limits) -> str | None:
    """The commit both descend from, the one that `git diff one...other` takes; None for unrelated histories."""
    _check(one, other)
    # `git merge-base` fails without a word when there is none, which rev-parse does not.
    output = run_git(["rev-parse", "--revs-only", f"{one}...{other}"], git_dir=git_dir, limits=limits)
    bases = [line[1:] for line in output.decode("ascii").split() if line.startswith("^")]
    return bases[0] if bases else None


def count_apart(git_dir: Path, one: str, other: str, limits: Limits) -> tuple[int, int]:
    """Number of commits that only `one` has, and that only `other` has."""
    _check(one, other)
    args = ["rev-list", "--left-right", "--count", f"{one}...{other}", "--"]
    left, _, right = run_git(args, git_dir=git_dir, limits=limits).strip().partition(b"\t")
    return int(left), int(right)


def commits_between(git_dir: Path, old: str, new: str, limits: Limits, window: range) -> list[str]:
    """Ids of commits that `new` has and `old` has not, newest first; of them those in the window, as 0 to 50."""
    _check(old, new)
    args = ["rev-list", f"--skip={window.start}", f"--max-count={len(window)}", new, f"^{old}", "--"]
    return run_git(args, git_dir=git_dir, limits=limits).decode("ascii").split()


def containing(git_dir: Path, commit: str, limits: Limits) -> Containing:
    """Branches and tags that contain a commit; each kind may take as long as the limits say."""
    return Containing(
        _containing(git_dir, commit, limits, "refs/heads"), _containing(git_dir, commit, limits, "refs/tags")
    )


def children(git_dir: Path, commit: str, limits: Limits) -> tuple[str, ...] | None:
    """Commits whose parent this one is, on any branch or tag; None when git had not the time to tell."""
    _check(commit)
    args = ["rev-list", "--parents", "--branches", "--tags", f"^{commit}", "--"]
    asked, found, rest = commit.encode("ascii"), list[str](), b""
    try:
        with stream_git(args, git_dir=git_dir, limits=limits) as chunks:
            for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                found += [line.split(b" ", 1)[0].decode("ascii") for line in lines if asked in line]
    except LimitExceeded:
        return None
    return tuple(found)


def _containing(git_dir: Path, commit: str, limits: Limits, space: str) -> tuple[bytes, ...] | None:
    _check(commit)
    args = ["for-each-ref", f"--contains={commit}", "--format=%(refname)", space]
    try:
        output = run_git(args, git_dir=git_dir, limits=limits)
    except (LimitExceeded, Broken):  # git stops at a ref whose objects are missing
        return None
    return tuple(output.split(b"\n")[:-1])


def _check(*ids: str) -> None:
    for oid in ids:
        if not OID.match(oid):
            raise ValueError(f"Not a commit id: {oid!r}")
