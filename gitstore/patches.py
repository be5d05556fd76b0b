"""Would this change apply? Tried on a commit of a mirror without writing into the mirror.

Index and new objects live in a folder of their own that is gone afterwards; the mirror's objects are only read. There
is no working copy, no hook and no attribute that could run anything.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from gitstore.changes import ChangeId, change_ids, commit_diffs
from gitstore.diffs import Comparison, DiffOptions
from gitstore.errors import GitError, LimitExceeded
from gitstore.objects import OID
from gitstore.patch_mails import BadPatch, PatchMail, touched_paths, with_cr
from gitstore.process import OnStderr, git_version, run_git, stream_git
from gitstore.records import Limits

CHECK_LIMITS = Limits(
    seconds=20, file_bytes=512 * 1024**2, memory_bytes=2 * 1024**3, output_bytes=32 * 1024**2, files=1_000_000
)
MAX_DIFF_BYTES = 8 * 1024**2
MAX_COMMITS = 200
_CONFIG = (("core.protectHFS", "true"), ("core.protectNTFS", "true"))
_FAILED = re.compile(r"error: patch failed: (.+):(\d+)$")
_WHY = (
    ("does not exist in index", "the file is not there"),
    ("already exists in index", "a file of this name is there already"),
    ("already exists in working directory", "a file of this name is there already"),
    ("wrong type", "it is another kind of file there"),
    ("patch does not apply", "the lines around the change differ"),
    ("cannot merge binary files", "both sides changed this binary file"),
)
_UNREADABLE = (
    ("invalid path", "It touches a path that is outside the files of a repository."),
    ("cannot apply binary patch", "It changes a binary file without its content. Make it with `git diff --binary`."),
    ("corrupt binary patch", "The content of a binary file in it is damaged."),
    ("corrupt patch", "It is damaged: lines are missing or were wrapped."),
    ("patch fragment without header", "It is damaged: it begins in the middle of a file."),
    ("lacks filename information", "It names no files. Make it with “git format-patch” or plain “git diff”."),
    ("no valid patches", "There is no change in it that git can read."),
    ("only garbage", "There is no change in it that git can read."),
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that stands against the change: the line of the offered text (0 where unknown) and why, in words."""

    path: bytes
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How a change stands to `base`. `tree` is the result's id (empty when it does not apply); `merged` tells that the
    lines around differed and git found the place by the file it was made for; `steps` are the ids of each patch or
    commit and `whole` of all together, `paths` alike; `diff` is the unified text to show."""

    base: str
    tree: str
    merged: bool
    conflicts: tuple[Conflict, ...]
    diff: bytes
    steps: tuple[ChangeId, ...]
    whole: ChangeId
    step_paths: tuple[frozenset[bytes], ...]
    paths: frozenset[bytes]

    @property
    def applies(self) -> bool:
        return bool(self.tree)


def check_patches(git_dir: Path, base: str, mails: Sequence[PatchMail], limits: Limits = CHECK_LIMITS) -> Checked:
    """Apply the patches one after the other to a commit. Raises BadPatch for what git cannot read, GitError."""
    with _bench(git_dir, base, limits) as bench:
        trees, merged = [bench.tree()], False
        for mail in mails:
            conflicts, by_merge = bench.apply(mail.diff)
            if conflicts:
                return _conflicting(base, mails, conflicts)
            merged |= by_merge
            trees.append(bench.tree())
        if trees[0] == trees[-1]:
            raise BadPatch("It changes nothing: the default branch holds all of it already.")
        return _checked(bench, base, trees, merged)


def check_branch(git_dir: Path, base: str, tip: str, limits: Limits = CHECK_LIMITS) -> Checked:
    """What the commits of a branch change since it left `base`, and whether git could merge it. Raises GitError."""
    with _bench(git_dir, base, limits) as bench:
        start = bench.merge_base(tip)
        if start == tip:
            raise BadPatch("The branch holds nothing that the default branch does not have.")
        commits = bench.lines(["rev-list", "--reverse", "--no-merges", f"--max-count={MAX_COMMITS}", tip, f"^{base}"])
        found = commit_diffs(git_dir, commits, limits)
        diffs = [diff for oid in commits if (diff := found.get(oid))]
        tree, conflicts = bench.merge(tip)
        shown = bench.diff(start, tip, renames=True)
        ids = bench.ids([*diffs, bench.diff(start, tip, renames=False)])
        paths = [touched_paths(diff) for diff in diffs]
        return Checked(
            base, tree, False, conflicts, shown, tuple(ids[:-1]), ids[-1], tuple(paths), touched_paths(shown)
        )


class _Bench:
    """An index and a place for new objects, beside a mirror that is only read."""

    def __init__(self, git_dir: Path, base: str, limits: Limits, folder: Path) -> None:
        self.git_dir, self.base, self._limits = git_dir, base, limits
        self._deadline = time.monotonic() + limits.seconds
        (folder / "objects").mkdir()
        self._env = {
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git_dir.resolve() / "objects"),
        }
        self.run(["read-tree", base])

    @property
    def limits(self) -> Limits:
        """What is left: the seconds are for all processes together. Raises LimitExceeded."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LimitExceeded("Trying this change took longer than allowed.", "Split it into smaller ones.")
        return replace(self._limits, seconds=left)

    def run(self, args: Sequence[str], data: bytes | None = None, on_stderr: OnStderr | None = None) -> bytes:
        return run_git(
            args,
            git_dir=self.git_dir,
            limits=self.limits,
            env=self._env,
            config=_CONFIG,
            input=data,
            on_stderr=on_stderr,
        )

    def lines(self, args: Sequence[str]) -> list[str]:
        return self.run(args).decode("ascii").split()

    def tree(self) -> str:
        return self.run(["write-tree", "--missing-ok"]).decode("ascii").strip()

    def merge_base(self, tip: str) -> str:
        bases = [
            word[1:] for word in self.lines(["rev-parse", "--revs-only", f"{self.base}...{tip}"]) if word[0] == "^"
        ]
        if not bases:
            raise BadPatch("The branch shares no history with the default branch.")
        return bases[0]

    def apply(self, diff: bytes) -> tuple[tuple[Conflict, ...], bool]:
        """Conflicts, if any, and whether a merge was needed. Raises BadPatch."""
        errors = self._try(diff)
        if not errors:
            return (), False
        for sign, words in _UNREADABLE:
            if sign in errors.lower():
                raise BadPatch(words)
        if b"\r\n" not in diff and not self._try(with_cr(diff)):
            return (), False
        if git_version() >= (2, 32):
            merging = self._try(diff, "--3way")
            if not merging:
                return (), True
            if unmerged := _unmerged(merging):
                return unmerged, False
        return _conflicts(errors, diff), False

    def _try(self, diff: bytes, *options: str) -> str:
        """What git complains about, empty when the change is in the index now."""
        errors: list[bytes] = []
        try:
            args = ["apply", "--cached", "--whitespace=nowarn", *options, "-"]
            self.run(args, diff, errors.append)
        except LimitExceeded:
            raise
        except GitError as error:
            return b"".join(errors).decode("utf-8", "surrogateescape") or error.message
        return ""

    def merge(self, tip: str) -> tuple[str, tuple[Conflict, ...]]:
        """Tree of the merge with a branch, and the files in conflict; both empty where git is too old to tell."""
        if git_version() < (2, 38):
            return "", ()
        args = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", self.base, tip]
        output = bytearray()
        with stream_git(args, git_dir=self.git_dir, limits=self.limits, env=self._env, config=_CONFIG) as chunks:
            try:
                for chunk in chunks:
                    output += chunk
            except LimitExceeded:
                raise
            except GitError:
                if not output:
                    raise
        tree, *names = bytes(output).rstrip(b"\0").split(b"\0")
        conflicts = tuple(Conflict(name, 0, "both sides changed it") for name in dict.fromkeys(names) if name)
        return ("" if conflicts else tree.decode("ascii").strip()), conflicts

    def diff(self, old: str, new: str, *, renames: bool) -> bytes:
        command = Comparison(self.git_dir, old, new, self.limits, DiffOptions(renames=renames)).command("--patch")
        output = self.run([command[0], "--full-index", *command[1:]])
        if len(output) > MAX_DIFF_BYTES:
            raise LimitExceeded("The change is larger than the portal can show.", "Split it into smaller ones.")
        return output

    def ids(self, diffs: Sequence[bytes]) -> list[ChangeId]:
        return change_ids(diffs, self.limits)


@contextmanager
def _bench(git_dir: Path, base: str, limits: Limits) -> Iterator[_Bench]:
    if not OID.match(base):
        raise ValueError(f"Not a commit id: {base!r}")
    with tempfile.TemporaryDirectory(prefix="portal-patch-") as folder:
        yield _Bench(git_dir, base, limits, Path(folder))


def _checked(bench: _Bench, base: str, trees: list[str], merged: bool) -> Checked:
    diffs = [bench.diff(old, new, renames=False) for old, new in pairwise(trees)]
    diffs = [diff for diff in diffs if diff]
    whole = diffs[0] if len(diffs) == 1 else bench.diff(trees[0], trees[-1], renames=False)
    ids = bench.ids([*diffs, whole])
    return Checked(
        base=base,
        tree=trees[-1],
        merged=merged,
        conflicts=(),
        diff=bench.diff(trees[0], trees[-1], renames=True),
        steps=tuple(ids[:-1]),
        whole=ids[-1],
        step_paths=tuple(touched_paths(diff) for diff in diffs),
        paths=touched_paths(whole),
    )


def _conflicting(base: str, mails: Sequence[PatchMail], conflicts: tuple[Conflict, ...]) -> Checked:
    diffs = [mail.diff for mail in mails]
    text = b"".join(diffs)
    ids = change_ids(diffs)
    whole = ids[0] if len(ids) == 1 else ChangeId("", "")
    paths = tuple(touched_paths(diff) for diff in diffs)
    return Checked(base, "", False, conflicts, text, tuple(ids), whole, paths, frozenset().union(*paths))


def _unmerged(errors: str) -> tuple[Conflict, ...]:
    names = [line[2:] for line in errors.splitlines() if line.startswith("U ")]
    return tuple(Conflict(os.fsencode(name), 0, "both sides changed the same lines") for name in dict.fromkeys(names))


def _conflicts(errors: str, diff: bytes) -> tuple[Conflict, ...]:
    """One for each file that git names and the patch touches."""
    touched, lines, found = touched_paths(diff), dict[bytes, int](), dict[bytes, Conflict]()
    for line in errors.splitlines():
        if match := _FAILED.match(line):
            lines.setdefault(os.fsencode(match[1]), int(match[2]))
        for sign, why in _WHY:
            if line.startswith("error: ") and line.endswith(": " + sign):
                path = os.fsencode(line[len("error: ") : -len(sign) - 2])
                if path in touched:
                    found.setdefault(path, Conflict(path, lines.get(path, 0), why))
    if found:
        return tuple(found.values())
    return tuple(Conflict(path, 0, "the change does not fit") for path in sorted(touched)[:1])
