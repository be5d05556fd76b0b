"""The last commit of each entry of a folder: exactly what `git log -1 REV -- ENTRY` says, for all of them together.

For one path that command walks a single line: from a commit to its first parent that has the same entry, until there
is none. An entry is therefore the same all along its line, and these lines run together nearly everywhere:

1. All entries follow first parents as long as nothing in the folder changes. `rev-list --first-parent REV -- FOLDER`
   names the commits where something does, and comparing the folder's trees of neighbours in that list says what.
2. An entry that a merge brought in goes on from the other parent that has it. Such branches are short, so they are
   followed commit by commit; where one is long, `git log -1` takes over at the point reached.
3. Once the list brings little, `git log -1` finds the rest.

The commit that begins the list, not REV, is what the answer depends on: between the two the folder is the same.
"""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitstore.errors import Broken
from gitstore.objects import MAX_TREE_BYTES, ObjectReader, parse_tree
from gitstore.process import run_git, stream_git
from gitstore.records import TreeEntry

# Commits compared before a look at the clock, at first and later: (entries to compare, commits at most)
CHUNKS = ((200_000, 100), (4_000_000, 2_000))
CHAIN_STEPS = 40
ENTRY_SECONDS = 0.008  # what one `git log -1` costs
MANY = 100

Entry = tuple[int, str]
Known = Callable[[str], Mapping[bytes, str] | None]


@dataclass
class Walk:
    """How far the search is. `found`: commit id by name; `todo`: (commit, names whose line has been followed to it)."""

    directory: bytes
    wanted: dict[bytes, Entry]
    size: int = 0  # entries of the whole folder
    found: dict[bytes, str] = field(default_factory=dict)
    todo: list[tuple[str, list[bytes]]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether the last commit of every entry is known."""
        return not self.todo


def begin(directory: bytes, commit: str, entries: Iterable[TreeEntry], size: int = 0) -> Walk:
    """A search for these entries (their paths being names in the folder) as they are in this commit.

    `size`: number of entries of the folder, where these are not all.
    """
    wanted = {entry.path: (entry.mode, entry.oid) for entry in entries}
    todo = [(commit, list(wanted))] if wanted else []
    return Walk(directory, wanted, max(size, len(wanted)), todo=todo)


def folder_commit(reader: ObjectReader, commit: str, directory: bytes) -> str:
    """The first commit along first parents that changed the folder: as long as it is the same, all answers are."""
    args = ["rev-list", "--first-parent", "--max-count=1", commit, "--", *_paths(directory)]
    return run_git(args, git_dir=reader.git_dir, limits=reader.limits).decode("ascii").strip() or commit


def advance(reader: ObjectReader, walk: Walk, seconds: float, known: Known = lambda _commit: None) -> None:
    """Search on for about this long. `known`: answers for all entries of this folder in an earlier commit, if kept."""
    search = _Search(reader, walk, time.monotonic() + seconds, known)
    while walk.todo and not search.is_late():
        commit, names = walk.todo.pop()
        if b"\n" in walk.directory:  # cannot be asked for through a pipe of lines
            search.each(commit, names)
        elif len(names) > 1:
            search.line(commit, names)
        else:
            search.chain({commit: set(names)})


class _Search:
    """One stretch of time spent on a walk."""

    def __init__(self, reader: ObjectReader, walk: Walk, until: float, known: Known) -> None:
        self.reader = reader
        self.walk = walk
        self.until = until
        self.known = known
        self.trees: dict[str, dict[bytes, Entry]] = {}

    def is_late(self) -> bool:
        return time.monotonic() > self.until

    def line(self, start: str, names: list[bytes]) -> None:
        """Follow first parents, in chunks that grow."""
        pending, seen = set(names), 0
        first, most = (max(2, min(at_most, work // self.walk.size)) for work, at_most in CHUNKS)
        last = start
        for commits, ended in _chunks(self._first_parents(start), first, most):
            began, before = time.monotonic(), len(pending)
            last = commits[-1]
            for commit, changed in self._changes(commits, pending, ended):
                earlier = self.known(commit)
                if earlier is not None and pending <= earlier.keys():
                    self.walk.found.update((name, earlier[name]) for name in pending)
                    pending.clear()
                    break
                self._settle(commit, changed & pending)
                pending -= changed
            seen += len(commits)
            spent, gained = time.monotonic() - began, before - len(pending)
            dear = seen > 1_000 and spent > ENTRY_SECONDS * max(1, gained) and len(pending) < MANY
            if not pending or dear or self.is_late():
                break
        if pending:
            self.each(last, sorted(pending)) if len(pending) < MANY else self._later(last, pending)

    def chain(self, groups: dict[str, set[bytes]]) -> None:
        """Follow lines commit by commit; what is not found after some steps is asked of git."""
        for _ in range(CHAIN_STEPS):
            if not groups or self.is_late():
                break
            commit, names = groups.popitem()
            for parent, same in self._parents(commit, names, first=0):
                groups.setdefault(parent, set()).update(same)
        for commit, names in groups.items():
            self.each(commit, sorted(names))

    def each(self, commit: str, names: list[bytes]) -> None:
        """Ask git about one after the other."""
        for done, name in enumerate(names):
            if self.is_late():
                self._later(commit, names[done:])
                return
            path = os.fsdecode(b"/".join(filter(None, [self.walk.directory, name])))
            args = ["log", "-1", "--format=%H", "--no-show-signature", "--end-of-options", commit, "--", path]
            found = run_git(args, git_dir=self.reader.git_dir, limits=self.reader.limits).decode("ascii").strip()
            self.walk.found[name] = found or commit

    def _later(self, commit: str, names: Iterable[bytes]) -> None:
        self.walk.todo.append((commit, sorted(names)))

    def _settle(self, commit: str, names: set[bytes]) -> None:
        """These entries differ from the commit's first parent."""
        if not names:
            return
        branches: dict[str, set[bytes]] = {}
        for parent, same in self._parents(commit, names, first=1):
            branches.setdefault(parent, set()).update(same)
        if branches:
            self.chain(branches)

    def _parents(self, commit: str, names: set[bytes], first: int) -> Iterator[tuple[str, set[bytes]]]:
        """Names by the parent (from the given one on) where their line goes on; where there is none, they are found."""
        found = self.reader.commit(commit)
        if found is None:
            raise Broken("The history cannot be read: a commit is missing from the repository.")
        left = set(names)
        for parent in found.parents[first:]:
            entries = self._entries(parent)
            same = {name for name in left if entries.get(name) == self.walk.wanted[name]}
            left -= same
            if same:
                yield parent, same
        self.walk.found.update(dict.fromkeys(left, commit))

    def _entries(self, commit: str) -> dict[bytes, Entry]:
        """The folder in a commit; empty where there is none."""
        found = self.reader.read(f"{commit}:".encode("ascii") + self.walk.directory, MAX_TREE_BYTES)
        if found is None or found.type != "tree" or found.content is None:
            return {}
        if found.oid not in self.trees:
            if len(self.trees) > 50:
                self.trees.clear()
            rows = parse_tree(found.content, len(found.oid) // 2)
            self.trees[found.oid] = {row.path: (row.mode, row.oid) for row in rows if row.path in self.walk.wanted}
        return self.trees[found.oid]

    def _first_parents(self, start: str) -> Iterator[str]:
        args = ["rev-list", "--first-parent", start, "--", *_paths(self.walk.directory)]
        rest = b""
        with stream_git(args, git_dir=self.reader.git_dir, limits=self.reader.limits) as chunks:
            for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line.decode("ascii")

    def _changes(self, commits: list[str], pending: set[bytes], ended: bool) -> Iterator[tuple[str, set[bytes]]]:
        """(commit, names that differ from its first parent) for all but the last commit, that too where the list ends.

        The folder of a commit's first parent is that of the next commit in the list.
        """
        trees = self._folder_trees(commits)
        pairs = [(older, newer) for newer, older in itertools.pairwise(trees) if newer and older]
        differences = self._compare(pairs)
        for commit, newer, older in zip(commits, trees, trees[1:], strict=False):
            yield commit, next(differences) if newer and older else set(pending)
        if ended:
            yield commits[-1], set(pending)

    def _folder_trees(self, commits: list[str]) -> list[str]:
        """Id of the folder's tree in each commit, empty where it has none."""
        asked = b"".join(commit.encode("ascii") + b":" + self.walk.directory + b"\n" for commit in commits)
        args = ["cat-file", "--batch-check=%(objectname) %(objecttype)"]
        output = run_git(args, git_dir=self.reader.git_dir, limits=self.reader.limits, input=asked)
        rows = output.split(b"\n")[: len(commits)]
        return [row[:-5].decode("ascii") if row.endswith(b" tree") else "" for row in rows]

    def _compare(self, pairs: list[tuple[str, str]]) -> Iterator[set[bytes]]:
        """Names that differ between two trees, for each pair."""
        asked = "".join(f"{older} {newer}\n" for older, newer in pairs).encode("ascii")
        args = ["diff-tree", "--stdin", "--raw", "-z", "--no-renames", "--no-abbrev"]
        output = run_git(args, git_dir=self.reader.git_dir, limits=self.reader.limits, input=asked) if pairs else b""
        position = 0
        for older, newer in pairs:
            header = f"{older} {newer}\n".encode("ascii")
            if not output.startswith(header, position):
                raise Broken("The history of this folder cannot be read.")
            position += len(header)
            names = set()
            while output.startswith(b":", position):
                middle = output.index(b"\0", position)
                end = output.index(b"\0", middle + 1)
                names.add(output[middle + 1 : end])
                position = end + 1
            yield names


def _paths(directory: bytes) -> list[str]:
    return [os.fsdecode(directory)] if directory else []


def _chunks(commits: Iterator[str], size: int, most: int) -> Iterator[tuple[list[str], bool]]:
    """Lists of commits and whether there are no more; each begins with the last commit of the one before."""
    chunk: list[str] = []
    for commit in commits:
        if len(chunk) == size:
            # One more is there, so that the list goes on
            chunk.append(commit)
            yield chunk, False
            chunk, size = [commit], min(size * 2, most)
        else:
            chunk.append(commit)
    if chunk:
        yield chunk, True
