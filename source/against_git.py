"""What code pages say, compared with what git's own commands say, at random places of a repository.

Each check asks the functions that the views ask, and a git command that is not used by any of them in this form.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest

from gitstore.blame import Blame, read_blame, unquote
from gitstore.diffs import Comparison, DiffOptions, empty_tree, unified_text
from gitstore.errors import GitError, LimitExceeded
from gitstore.process import run_git
from gitstore.records import Limits, TreeEntry
from gitstore.revisions import Revision
from source.access import Code
from source.blame import MAX_BYTES, Ignoring, file_blame, ignoring, mailmap
from source.history import MAX_SKIP, file_steps
from source.lasts import last_commits
from source.listing import list_folder
from source.raw import raw_response

LIMITS = Limits(seconds=300, memory_bytes=4 * 1024**3, output_bytes=256 * 1024**2)
PATIENCE = 300.0  # seconds for one answer
ENTRIES = 12  # of a folder whose last commits are compared
REVISIONS = 1_000_000
LATEST = 4_102_444_800  # 2100-01-01, where times end for the portal
Answer = Sequence[object] | bytes | str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One answer that is not git's."""

    check: str
    commit: str
    path: bytes
    said: str
    git: str


@dataclass
class Tally:
    """How many answers were compared, by check, and those that differ."""

    compared: dict[str, int]
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Sample:
    """A place in a repository: a file (None in an empty tree) and the folder around it, in one revision."""

    code: Code
    file: TreeEntry | None
    folder: TreeEntry

    @property
    def commit(self) -> str:
        return self.code.revision.oid


def compare(code: Code, samples: int, seed: int, report: Callable[[str], None] = lambda _line: None) -> Tally:
    """Compare at so many places, the same for the same seed. `code` is of no revision yet."""
    chance = random.Random(seed)  # noqa: S311 chooses what to test
    tally = Tally({}, [])
    for sample in _samples(code, samples, chance):
        where = os.fsdecode(sample.file.path if sample.file else sample.folder.path)
        report(f"{sample.commit[:10]} {where!r}")
        for name, check in CHECKS.items():
            _one(tally, name, check, sample)
    return tally


def _one(tally: Tally, name: str, check: "Check", sample: Sample) -> None:
    path = sample.file.path if sample.file else sample.folder.path
    try:
        for said, git in check(sample):
            tally.compared[name] = tally.compared.get(name, 0) + 1
            if said != git:
                tally.differences.append(Difference(name, sample.commit, path, *_told(said, git)))
    except GitError as error:
        tally.differences.append(Difference(name, sample.commit, path, error.message, "an answer"))


def _told(said: Answer, git: Answer) -> tuple[str, str]:
    """Where two answers part, in a few words."""
    if isinstance(said, list) and isinstance(git, list):
        at = next((n for n, pair in enumerate(zip(said, git, strict=False)) if pair[0] != pair[1]), None)
        at = min(len(said), len(git)) if at is None else at
        return f"{len(said)}, at {at}: {said[at : at + 1]!r:.300}", f"{len(git)}, at {at}: {git[at : at + 1]!r:.300}"
    if isinstance(said, bytes) and isinstance(git, bytes):
        at = next((n for n, pair in enumerate(zip(said, git, strict=False)) if pair[0] != pair[1]), 0)
        return (
            f"{len(said)} bytes, at {at}: {said[at : at + 80]!r}",
            f"{len(git)} bytes, at {at}: {git[at : at + 80]!r}",
        )
    return f"{said!r:.300}", f"{git!r:.300}"


def _samples(code: Code, count: int, chance: random.Random) -> Iterator[Sample]:
    git_dir = code.mirror.path
    output = run_git(["rev-list", "--all", f"--max-count={REVISIONS}"], git_dir=git_dir, limits=LIMITS)
    oids = output.decode("ascii").split()
    for _ in range(count if oids else 0):
        # Half of the places are in recent revisions, which people look at most.
        oid = chance.choice(oids if chance.random() < 0.5 else oids[:200])
        commit = code.reader.commit(oid)
        if commit is None:
            continue
        paths = _git(code, "ls-tree", "-r", "-z", "--name-only", "--full-tree", oid).split(b"\0")[:-1]
        path = chance.choice(paths) if paths else b""
        here = at_place(code, Revision(commit, None, oid.encode("ascii")), path)
        folder = code.reader.at(commit.tree, path.rpartition(b"/")[0])
        if folder is not None:
            yield Sample(here, code.reader.at(commit.tree, path) if path else None, folder)


def at_place(code: Code, revision: Revision, path: bytes) -> Code:
    """The same code at another place."""
    there = replace(code, tail=b"/".join(filter(None, [revision.spelling, path])))
    there.__dict__["place"] = (revision, path)
    return there


def _git(code: Code, *args: str) -> bytes:
    return run_git(args, git_dir=code.mirror.path, limits=LIMITS)


Check = Callable[[Sample], Iterator[tuple[Answer, Answer]]]


def _tree(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git ls-tree."""
    first = list_folder(sample.code.reader, sample.folder.oid)
    rows = [list_folder(sample.code.reader, sample.folder.oid, number + 1).rows for number in range(first.pages)]
    said = {
        f"{row.entry.mode:06o} {row.entry.type} {row.entry.oid}".encode() + b"\t" + row.name for r in rows for row in r
    }
    git = _git(sample.code, "ls-tree", "-z", "--full-tree", sample.folder.oid).split(b"\0")[:-1]
    yield sorted(said), sorted(git)


def _file(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git show."""
    if sample.file is None or sample.file.type != "blob":
        return
    response = raw_response(_request(), sample.code, sample.file)
    said = b"".join(response)
    response.close()
    yield said, _git(sample.code, "show", f"{sample.commit}:{os.fsdecode(sample.file.path)}")


def _request() -> HttpRequest:
    request = HttpRequest()
    request.method = "GET"
    return request


def _blame(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git blame --line-porcelain, as it is and ignoring a revision that some lines come from."""
    if not _has_lines(sample):
        return
    code, path = sample.code, sample.code.path
    plain = file_blame(code, path, Ignoring(), PATIENCE)
    yield _lines(plain), _porcelain(code, path)
    said = ignoring(code)
    if said.revisions:
        yield _lines(file_blame(code, path, said, PATIENCE)), _porcelain(code, path, said.revisions)
    if plain.commits:
        among = sorted(plain.commits)
        ignored = among[:: max(1, len(among) // 3)][:3]
        found = read_blame(code.mirror.path, sample.commit, path, LIMITS, ignored=ignored, mailmap=mailmap(code))
        yield _lines(found), _porcelain(code, path, ignored)


def _has_lines(sample: Sample) -> bool:
    if sample.file is None or sample.file.type != "blob":
        return False
    found = sample.code.reader.read(sample.file.oid, MAX_BYTES)
    return bool(found and found.content and b"\0" not in found.content[:8000])


def _lines(blame: Blame) -> list[object]:
    """For each line: commit, its line there, path there, author, time, title, commit before and path before."""
    if not blame.complete:
        raise LimitExceeded("The blame was not complete.")
    rows: list[object] = []
    for hunk in blame.hunks:
        commit = blame.commits[hunk.oid]
        facts = (commit.author.name, commit.author.email, commit.author.time, commit.title)
        rows += [(hunk.oid, hunk.origin + n, hunk.path, facts, hunk.previous) for n in range(hunk.count)]
    return rows


def _porcelain(code: Code, path: bytes, ignored: Sequence[str] = ()) -> list[object]:
    options = [f"--ignore-rev={oid}" for oid in ignored]
    output = _git(code, "blame", "--line-porcelain", *options, code.revision.oid, "--", os.fsdecode(path))
    rows: list[object] = []
    facts: dict[bytes, bytes] = {}
    for line in output.split(b"\n"):
        if line.startswith(b"\t"):
            rows.append(_row(facts))
            facts = {}
        else:
            key, _, value = line.partition(b" ")
            facts[key if facts else b"head"] = value if facts else line
    return rows


def _row(facts: dict[bytes, bytes]) -> object:
    """As `_lines` has it."""
    oid, origin, *_ = facts[b"head"].decode("ascii").split(" ")
    name, email, title = (facts[key].decode("utf-8", "replace") for key in (b"author", b"author-mail", b"summary"))
    who = (name, email.removeprefix("<").removesuffix(">"), min(max(0, int(facts[b"author-time"])), LATEST), title)
    earlier, _, path = facts.get(b"previous", b"").partition(b" ")
    before = (earlier.decode("ascii"), unquote(path)) if earlier else None
    return oid, int(origin), unquote(facts[b"filename"]), who, before


def _history(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git log --follow."""
    if sample.file is None:
        return
    walk = file_steps(sample.code, sample.commit, sample.file.path, MAX_SKIP, PATIENCE)
    path = os.fsdecode(sample.file.path)
    git = _git(sample.code, "log", "--follow", "--format=%H", sample.commit, "--", path)
    yield [step.oid for step in walk.steps], git.decode("ascii").split()


def _diff(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git diff."""
    commit = sample.code.revision.commit
    for old in commit.parents[:2] or [empty_tree(commit.oid)]:
        for ignore_space in (False, True):
            options = DiffOptions(ignore_space=ignore_space)
            said = unified_text(Comparison(sample.code.mirror.path, old, commit.oid, LIMITS, options))
            yield said, _git(sample.code, "diff", *(["-w"] if ignore_space else []), old, commit.oid)


def _lasts(sample: Sample) -> Iterator[tuple[Answer, Answer]]:
    """git log -1 for entries of the folder."""
    path = sample.folder.path
    listing = list_folder(sample.code.reader, sample.folder.oid)
    lasts = last_commits(sample.code, path, listing, PATIENCE)
    chance = random.Random(sample.commit)  # noqa: S311 chooses what to test
    for row in chance.sample(listing.rows, min(ENTRIES, len(listing.rows))):
        last = lasts.of(row.name)
        entry = os.fsdecode(b"/".join(filter(None, [path, row.name])))
        git = _git(sample.code, "log", "-1", "--format=%H", sample.commit, "--", entry).decode("ascii").strip()
        yield last.oid if last else None, git


CHECKS: dict[str, Check] = {
    "tree": _tree,
    "file": _file,
    "blame": _blame,
    "history": _history,
    "diff": _diff,
    "last commits": _lasts,
}
