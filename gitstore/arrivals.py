"""When commits arrived in a branch: at the time of the commit on its main line that brought them."""

from pathlib import Path

from gitstore.objects import OID
from gitstore.process import run_git
from gitstore.records import Limits

LIMITS = Limits(seconds=60, memory_bytes=2 * 1024**3, output_bytes=64 * 1024**2)
MANY = 200_000


def arrivals(git_dir: Path, head: str, since: int, limits: Limits = LIMITS) -> dict[str, int]:
    """Commits that reached `head` since a time, with the time they did, both in seconds since 1970. Raises GitError.

    A commit on the line of first parents arrived at its own committer time; what a merge brought arrived with it.
    """
    if not OID.match(head):
        raise ValueError(f"Not a commit id: {head!r}")
    args = ["rev-list", "--parents", "--timestamp", f"--since=@{since} +0000", f"--max-count={MANY}", head, "--"]
    rows = run_git(args, git_dir=git_dir, limits=limits).decode("ascii").splitlines()
    commits = {words[1]: (int(words[0]), words[2:]) for words in map(str.split, rows)}
    line = []
    at: str | None = head
    while at in commits:
        line.append(at)
        at = next(iter(commits[at][1]), None)
    found: dict[str, int] = {}
    for oid in reversed(line):
        time, parents = commits[oid]
        found[oid] = time
        waiting = list(parents[1:])
        while waiting:
            brought = waiting.pop()
            if brought in commits and brought not in found:
                found[brought] = time
                waiting += commits[brought][1]
    return found
