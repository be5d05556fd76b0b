"""Having zoekt-git-index read a mirror, through a bare repository beside it that only says what to read."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from gitstore.blobstream import stream_blobs
from gitstore.errors import GitError
from search.embedded import texts
from search.embedded.listing import LIMITS, list_files
from search.engine import IndexOutcome, IndexPlan

SECONDS = 3 * 3600


class IndexerError(OSError):
    """zoekt-git-index is missing or failed."""


def write_index(folder: Path, plan: IndexPlan, file_bytes: int) -> IndexOutcome:
    """Make the index of all refs of a plan anew. Raises a GitError or an IndexerError."""
    view = folder / "views" / f"r{plan.repository_id}"
    _make_view(view, plan)
    program = shutil.which("zoekt-git-index")
    if program is None:
        raise IndexerError("zoekt-git-index is not installed.")
    options = {
        "index": str(folder),
        "branches": ",".join(f"b{number}" for number in range(len(plan.refs))),
        "file_limit": str(file_bytes),
        "max_trigram_count": "10000000",
        "shard_prefix_override": prefix(plan.repository_id),
        "submodules": "false",
        "parallelism": "1",
    }
    command = [program, *(f"-{key}={value}" for key, value in options.items()), str(view)]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(view)}
    if ctags := shutil.which("universal-ctags") or shutil.which("ctags"):
        environment["CTAGS_COMMAND"] = ctags
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise IndexerError(str(error)) from error
    shutil.rmtree(view, ignore_errors=True)
    if done.returncode:
        raise IndexerError(done.stderr.decode("utf-8", "replace")[-1000:])
    return _outcome(plan, file_bytes)


def prefix(repository_id: int) -> str:
    """How names of a repository's index files begin."""
    return f"portal-{repository_id}"


def remove_index(folder: Path, repository_id: int) -> None:
    for file in folder.glob(f"{prefix(repository_id)}_v*"):
        file.unlink(missing_ok=True)
    shutil.rmtree(folder / "views" / f"r{repository_id}", ignore_errors=True)


def _make_view(view: Path, plan: IndexPlan) -> None:
    """A repository with the objects of the mirror, the number of ours, and each ref under a name without surprises."""
    shutil.rmtree(view, ignore_errors=True)
    (view / "refs" / "heads").mkdir(parents=True)
    shutil.copytree(plan.git_dir / "objects", view / "objects", copy_function=_link)
    name = f"r{plan.repository_id}"
    config = f"[core]\n\tbare = true\n[zoekt]\n\tname = {name}\n\trepoid = {plan.repository_id}\n"
    (view / "config").write_text(config)
    (view / "HEAD").write_text("ref: refs/heads/b0\n")
    for number, ref in enumerate(plan.refs):
        (view / "refs" / "heads" / f"b{number}").write_text(f"{ref.commit}\n")


def _link(source: str, target: str) -> None:
    """The same file under another name; Zoekt follows no symbolic links out of a repository."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        return  # a temporary file of Git's
    except OSError:
        shutil.copyfile(source, target)


def _outcome(plan: IndexPlan, file_bytes: int) -> IndexOutcome:
    """What of the plan is searchable: reads all content once more, since Zoekt does not tell."""
    listing = list_files(plan, file_bytes)
    sizes: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for oid, content in stream_blobs(plan.git_dir, sorted({file.oid for file in listing.files}), LIMITS):
        if content is None:
            reasons[oid] = "missing"
        elif texts.is_lfs_pointer(content):
            reasons[oid] = "lfs"
        elif b"\0" in content or texts.text_of(content) is None:
            reasons[oid] = texts.why_not(content)
        else:
            sizes[oid] = len(content)
    files = [file for file in listing.files if file.oid in sizes]
    for file in listing.files:
        if reason := reasons.get(file.oid):
            listing.skips.add(file.path, reason, 0, plan.refs[file.refs[0]].name)
    total = sum(sizes[file.oid] for file in files)
    skips = listing.skips
    return IndexOutcome(len(files), total, len(sizes), 0, dict(skips.counts), tuple(skips.listed))


# What was written


def record(folder: Path, plan: IndexPlan, outcome: IndexOutcome) -> None:
    refs = [asdict(ref) for ref in plan.refs]
    told = {"refs": refs, "files": outcome.files, "text_bytes": outcome.text_bytes, "blobs": outcome.new_blobs}
    file = folder / "written" / f"{plan.repository_id}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(told))
    fresh.rename(file)


def recorded(folder: Path) -> Iterable[tuple[int, dict[str, int]]]:
    """(repository id, sizes) of all that is indexed."""
    for file in sorted((folder / "written").glob("*.json")):
        yield int(file.stem), json.loads(file.read_text())


__all__ = ["GitError", "IndexerError", "prefix", "record", "recorded", "remove_index", "write_index"]
