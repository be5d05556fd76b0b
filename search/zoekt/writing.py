"""Having zoekt-git-index read a repository, and looking after the files it writes."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from gitstore.errors import GitError
from search.zoekt.view import REF, TAIL, View

SECONDS = 3 * 3600
LEFT_OVER_SECONDS = 86_400


class IndexerError(GitError):
    """zoekt-git-index is missing or failed."""


def write_index(folder: Path, repository: int, view: View, file_bytes: int, lock: int) -> None:
    """Make the index of a view anew. The lock is held until the program has ended, even when we are killed before.

    Raises an IndexerError.
    """
    program = shutil.which("zoekt-git-index")
    if program is None:
        raise IndexerError("zoekt-git-index is not installed where repositories are indexed.", "Install it there.")
    options = {
        "index": str(folder),
        "branches": ",".join(f"{REF}{number}" for number in range(len(view.commits))),
        "file_limit": str(4 * file_bytes + len(TAIL)),  # in UTF-8 some texts are longer
        "max_trigram_count": "100000000",
        "shard_prefix_override": prefix(repository),
        "submodules": "false",
        "parallelism": "1",
    }
    command = [program, *(f"-{key}={value}" for key, value in options.items()), str(view.folder)]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(view.folder)}
    if ctags := shutil.which("universal-ctags") or shutil.which("ctags"):
        environment["CTAGS_COMMAND"] = ctags
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=SECONDS, check=False, pass_fds=(lock,)
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise IndexerError(f"zoekt-git-index failed: {error}", "See the log.") from error
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip()[-500:]
        raise IndexerError(f"zoekt-git-index failed: {told}", "See the log.")


def prefix(repository: int) -> str:
    """How names of a repository's index files begin."""
    return f"portal-{repository}"


def shards(folder: Path, repository: int) -> dict[str, int]:
    """Sizes of its index files by name."""
    found = {}
    for file in folder.glob(f"{prefix(repository)}_v*.zoekt"):
        with suppress(FileNotFoundError):
            found[file.name] = file.stat().st_size
    return found


def remove_index(folder: Path, repository: int) -> None:
    for file in folder.glob(f"{prefix(repository)}_v*"):
        file.unlink(missing_ok=True)
    shutil.rmtree(folder / "views" / f"r{repository}", ignore_errors=True)


def remove_left_over(folder: Path) -> None:
    """What killed programs have left, once it is a day old."""
    for file in folder.glob("*.tmp"):
        with suppress(OSError):
            if file.stat().st_mtime < time.time() - LEFT_OVER_SECONDS:
                file.unlink()


def nudge(folder: Path) -> None:
    """Have the server look at the folder: it is told of files of this kind."""
    file = folder / "look.meta"
    file.touch()
    file.unlink(missing_ok=True)
