"""Which open requests have landed: looked for by the sync in the commits that are new on the default branch.

Evidence, the strongest first: the tip of the branch was merged; a commit (or all of a series, or one commit for all of
it) is the same change by git's patch id; it adds and removes the same lines though those around differ; a trailer
names the request. Every request remembers up to which commit it was looked for, so that nothing is asked twice.
"""

import datetime as dt
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contributions import requests
from contributions.checking import branch_tip, check_again, try_branch, write_version
from contributions.models import ChangeRequest, RequestVersion, StateError
from gitstore.changes import ChangeId
from gitstore.comparing import merge_base
from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.newcommits import NewCommit, ids_of, new_commits
from gitstore.objects import open_objects
from gitstore.records import Limits
from projects.models import Repository

logger = logging.getLogger(__name__)

TRAILERS = ("contribution", "contribution-request")
MAX_COMPARED = 1000
FIND_LIMITS = Limits(seconds=10, memory_bytes=2 * 1024**3)
Evidence = ChangeRequest.Evidence
_NUMBER = re.compile(r"#?(\d{1,18})\Z|https?://\S*/requests/(\d{1,18})/?\Z")


@dataclass(slots=True)
class Arrived:
    """The new commits, oldest first, with what those changed that somebody waits for."""

    commits: list[NewCommit]
    ids: dict[str, ChangeId] = field(default_factory=dict)

    def holding(self, paths: Iterable[str]) -> list[NewCommit]:
        """Those that touch exactly these paths (read as Latin-1)."""
        wanted = frozenset(path.encode("latin-1") for path in paths)
        return [commit for commit in self.commits if commit.oid in self.ids and commit.paths == wanted]


@dataclass(frozen=True, slots=True)
class Proof:
    """Commits that hold a change, oldest first, and how one knows."""

    commits: tuple[NewCommit, ...]
    evidence: str


def follow(repository: Repository, mirror: Mirror, head: str) -> int:
    """Mark what landed up to `head`, and try the rest on it; the number landed. Safe to repeat."""
    waiting = ChangeRequest.objects.open().filter(project__repository=repository, project__removed_at=None)
    rows = list(waiting.exclude(watched_commit=head).select_related("project__repository", "author"))
    landed = 0
    for start in sorted({row.watched_commit for row in rows}):
        group = [row for row in rows if row.watched_commit == start]
        try:
            landed += _look(mirror, start, head, group)
        except GitError as error:  # looked for again with the next commits
            logger.warning("%s: landings since %s were not looked for: %s", mirror.path.name, start, error.message)
    return landed


def find_commit(request: ChangeRequest, text: str) -> tuple[str, dt.datetime]:
    """Id and time of a commit of the default branch that somebody names. Raises StateError."""
    repository = request.project.repository
    head, git_dir = repository.head_commit, repository.mirror_path
    try:
        with open_objects(git_dir, FIND_LIMITS) as reader:
            commit = reader.commit(text)
        if commit is None or not commit.oid.startswith(text):
            raise StateError(
                "The portal knows no such commit. One that was pushed just now is known after the next sync."
            )
        if not head or merge_base(git_dir, commit.oid, head, FIND_LIMITS) != commit.oid:
            raise StateError("This commit is not in the default branch.")
    except GitError as error:
        raise StateError(f"{error.message} {error.hint}".strip()) from error
    return commit.oid, dt.datetime.fromtimestamp(commit.committer.time, dt.UTC)


def _look(mirror: Mirror, start: str, head: str, group: list[ChangeRequest]) -> int:
    versions = {row.pk: list(row.versions.defer("patch", "diff")) for row in group}
    arrived = _arrived(mirror, start, head, [version for found in versions.values() for version in found])
    landed = 0
    for row in group:
        proof = _proof(row, versions[row.pk], arrived)
        if proof and requests.land(
            row, [commit.oid for commit in proof.commits], _time(proof.commits[-1]), proof.evidence, None
        ):
            landed += 1
        else:
            _renew(row, mirror, head)
        ChangeRequest.objects.filter(pk=row.pk).update(watched_commit=head)
    return landed


def _arrived(mirror: Mirror, start: str, head: str, versions: Sequence[RequestVersion]) -> Arrived:
    try:
        commits = new_commits(mirror.path, start, head)
    except GitError:  # the history was rewritten and the old commit is gone
        commits = new_commits(mirror.path, "", head)
    wanted = {
        frozenset(path.encode("latin-1") for path in paths)
        for version in versions
        for paths in (*version.ids.get("step_paths", []), version.ids.get("paths", []))
    }
    alike = [commit for commit in commits if commit.paths and commit.paths in wanted]
    return Arrived(commits, ids_of(mirror.path, alike[-MAX_COMPARED:]))


def _proof(request: ChangeRequest, versions: Sequence[RequestVersion], arrived: Arrived) -> Proof | None:
    """The best evidence that a request landed with these commits."""
    fresh = Arrived([one for one in arrived.commits if one.oid not in request.refuted], arrived.ids)
    found = [proof for version in reversed(versions) if (proof := _of_version(version, fresh))]
    if named := [commit for commit in fresh.commits if _names(commit, request)]:
        found.append(Proof(tuple(named), Evidence.TRAILER))
    order = [Evidence.MERGED, Evidence.PATCH_ID, Evidence.TRAILER, Evidence.LINES]
    return min(found, key=lambda proof: order.index(Evidence(proof.evidence)), default=None)


def _of_version(version: RequestVersion, arrived: Arrived) -> Proof | None:
    if version.tip and (merged := _merged(version.tip, arrived.commits)):
        return Proof((merged,), Evidence.MERGED)
    return _by_ids(version, arrived, 0, Evidence.PATCH_ID) or _by_ids(version, arrived, 1, Evidence.LINES)


def _by_ids(version: RequestVersion, arrived: Arrived, which: int, evidence: Evidence) -> Proof | None:
    """`which` of the two ids to go by. All steps, or the whole of it in one commit; steps may come sync by sync."""
    ids = version.ids
    if not ids:
        return None
    if whole := _equal(arrived, ids["paths"], ids["whole"][which], which):
        return Proof((whole,), evidence)
    steps = [
        _equal(arrived, paths, step[which], which) for step, paths in zip(ids["steps"], ids["step_paths"], strict=True)
    ]
    held: dict[str, str] = dict(ids.get("found", {}))
    held.update({str(number): step.oid for number, step in enumerate(steps) if step})
    if len(steps) < 2 or not any(steps):
        return None
    if len(held) == len(steps):
        order = {commit.oid: place for place, commit in enumerate(arrived.commits)}
        return Proof(tuple(sorted(filter(None, steps), key=lambda commit: order[commit.oid])), evidence)
    if held != ids.get("found", {}):
        version.ids = {**ids, "found": held}
        version.save(update_fields=["ids"])
    return None


def _equal(arrived: Arrived, paths: Iterable[str], wanted: str, which: int) -> NewCommit | None:
    if not wanted:
        return None
    for commit in arrived.holding(paths):
        found = arrived.ids[commit.oid]
        if wanted == (found.lines if which else found.patch):
            return commit
    return None


def _merged(tip: str, commits: Sequence[NewCommit]) -> NewCommit | None:
    """The merge that brought a commit, or the commit itself."""
    by_id = {commit.oid: commit for commit in commits}
    if tip not in by_id:
        return None
    return next((commit for commit in commits if tip in commit.parents[1:]), by_id[tip])


def _names(commit: NewCommit, request: ChangeRequest) -> bool:
    for key, value in commit.trailers:
        match = _NUMBER.match(value)
        if match and key.lower() in TRAILERS and int(match[1] or match[2]) == request.pk:
            return True
    return False


def _renew(request: ChangeRequest, mirror: Mirror, head: str) -> None:
    """How the version in force stands to the new head; a branch that moved is another version."""
    version = request.latest
    if version is None:
        return
    try:
        tip = branch_tip(mirror, version.branch) if version.is_branch else ""
        if tip and tip != version.tip:
            version = write_version(request, try_branch(request.project.repository, version.branch))
            requests.note_by_portal(request, f"The branch moved: version {version.number}.")
        elif check_again(version, head):
            words = "It applies to the default branch again."
            if version.applies is False:
                paths = ", ".join(path.decode("utf-8", "replace") for path, _, _ in version.named_conflicts[:5])
                words = f"It no longer applies to the default branch: {paths}."
            requests.note_by_portal(request, words)
    except GitError as error:
        logger.info("Request %s could not be tried again: %s", request.pk, error.message)


def _time(commit: NewCommit) -> dt.datetime:
    return dt.datetime.fromtimestamp(commit.committed_at, dt.UTC)
