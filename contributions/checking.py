"""Branches and patches tried on the default branch, and kept as the versions of a request."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from activity.erased_texts import erased_texts
from contributions.models import ChangeRequest, RequestVersion
from gitstore.diffs import counted_patch
from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.patch_mails import BadPatch, PatchMail, patched_files, read_patches
from gitstore.patches import CHECK_LIMITS, Checked, check_branch, check_patches
from projects.models import Repository

MAX_MESSAGES = 100
MESSAGE_CHARACTERS = 4000


@dataclass(frozen=True, slots=True)
class Offer:
    """A branch or patch that was tried: `branch` and `tip` of a branch, `data` as given and its patches of a patch."""

    checked: Checked
    branch: str = ""
    tip: str = ""
    data: bytes = b""
    mails: tuple[PatchMail, ...] = ()


def try_patch(repository: Repository, data: bytes) -> Offer:
    """Raises BadPatch for what is no patch, GitError; a patch that does not apply comes back with its conflicts."""
    mails = read_patches(data)
    checked = check_patches(repository.mirror_path, _head(repository), mails)
    return Offer(checked, data=data, mails=mails)


def try_branch(repository: Repository, branch: str) -> Offer:
    """Raises BadPatch when there is no such branch or nothing in it, GitError."""
    if branch == repository.default_branch:
        raise BadPatch("This is the default branch itself.", "Name the branch that holds your change.")
    head = _head(repository)
    tip = branch_tip(repository.mirror(), branch)
    if not tip:
        raise BadPatch(
            f"The portal knows no branch “{branch[:100]}” of this repository.",
            "Check its name. One that was pushed just now is known after the next synchronisation.",
        )
    return Offer(check_branch(repository.mirror_path, head, tip), branch=branch, tip=tip)


def branch_tip(mirror: Mirror, branch: str) -> str:
    """Commit id of a branch, empty where there is none."""
    try:
        return mirror.resolve(f"refs/heads/{branch}")
    except (GitError, ValueError):
        return ""


def write_version(request: ChangeRequest, offer: Offer) -> RequestVersion:
    """Keep what was tried as the next version of a request."""
    number = request.versions.aggregate(last=Max("number"))["last"] or 0
    messages = [[mail.author, mail.message[:MESSAGE_CHARACTERS]] for mail in offer.mails[:MAX_MESSAGES]]
    return RequestVersion.objects.create(
        request=request,
        number=number + 1,
        branch=offer.branch,
        tip=offer.tip,
        patch=offer.data,
        messages=erased_texts().within(messages),
        **_columns(offer.checked),
    )


def check_again(version: RequestVersion, head: str) -> bool:
    """Try it on another commit; True when it stands otherwise than before. Raises GitError."""
    git_dir = version.request.project.repository.mirror_path
    before = (version.applies, version.conflicts)
    try:
        if version.is_branch:
            checked = check_branch(git_dir, head, version.tip, CHECK_LIMITS)
        else:
            checked = check_patches(git_dir, head, read_patches(bytes(version.patch)))
    except BadPatch:  # all of it is there by now, in whatever commits
        RequestVersion.objects.filter(pk=version.pk).update(base=head, checked_at=timezone.now())
        return False
    columns = {**_columns(checked), "checked_at": timezone.now()}
    if not checked.applies:  # what was made where it did apply tells more
        del columns["ids"], columns["diff"]
    elif "found" in version.ids:
        columns["ids"]["found"] = version.ids["found"]
    RequestVersion.objects.filter(pk=version.pk).update(**columns)
    version.refresh_from_db(fields=list(columns))
    return before != (version.applies, version.conflicts)


def _columns(checked: Checked) -> dict[str, Any]:
    files = patched_files(checked.diff)
    counted = counted_patch(checked.diff)
    return {
        "base": checked.base,
        "applies": True if checked.applies else (False if checked.conflicts else None),
        "merged": checked.merged,
        "conflicts": [[_text(one.path), one.line, one.why] for one in checked.conflicts],
        "diff": checked.diff,
        "files": len(files),
        "added": counted.added,
        "removed": counted.deleted,
        "ids": _ids(checked),
    }


def _ids(checked: Checked) -> dict[str, Any]:
    return {
        "steps": [[step.patch, step.lines] for step in checked.steps],
        "whole": [checked.whole.patch, checked.whole.lines],
        "step_paths": [sorted(map(_text, paths)) for paths in checked.step_paths],
        "paths": sorted(map(_text, checked.paths)),
    }


def _text(path: bytes) -> str:
    return path.decode("latin-1")


def _head(repository: Repository) -> str:
    if not repository.head_commit or not repository.mirror_path.exists():
        raise BadPatch(
            "The portal has no copy of this repository yet, so it cannot try the change.",
            "Wait for the first synchronisation, or make the request without a patch.",
        )
    return repository.head_commit
