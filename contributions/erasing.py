"""What erasing a person changes here: names and addresses in what people wrote, and in the heads of stored patches.

Diffs, patch ids and states stay as they are, so that a change is still found when it lands.
"""

from collections.abc import Sequence

from activity.erasure import Known, Scrubber, scrub_rows
from activity.people import pseudonym_address
from contributions.models import (
    ChangeRequest,
    FollowUp,
    Manager,
    Nomination,
    Opportunity,
    RequestVersion,
    StarterTask,
    Thanks,
    TimelineEntry,
)
from gitstore.patch_mails import BadPatch, PatchMail, read_patches

AT_ONCE = 20
_TEXTS = (
    (Opportunity, ("title", "description", "html")),
    (ChangeRequest, ("title", "why", "html")),
    (TimelineEntry, ("text", "html")),
    (Thanks, ("text", "html", "evidence")),
    (Nomination, ("words", "answer", "evidence")),
    (FollowUp, ("author", "title")),
    (StarterTask, ("text",)),
    (RequestVersion, ("messages",)),
)


def erase(scrub: Scrubber, found: Known) -> None:
    """Within the transaction of `activity.erasure.erase`."""
    for model, fields in _TEXTS:
        scrub_rows(model, fields, scrub)
    Manager.objects.filter(person__in=found.accounts).delete()
    Manager.objects.filter(manager__in=found.accounts).delete()
    address = pseudonym_address(found.people[0].pk)
    patches = RequestVersion.objects.exclude(patch=b"").order_by("pk").only("pk", "patch")
    for version in patches.iterator(chunk_size=AT_ONCE):
        before = bytes(version.patch)
        if (after := without_person(before, scrub, address)) != before:
            RequestVersion.objects.filter(pk=version.pk).update(patch=after)


def without_person(data: bytes, scrub: Scrubber, address: str) -> bytes:
    """The same changes; heads and messages are written anew where the person is named anywhere in them."""
    try:
        mails = read_patches(data)
    except BadPatch:  # it was readable when it was given
        return b""
    head = data.decode("utf-8", "replace")
    words = [head, *(text for mail in mails for text in (mail.author, mail.message))]
    if all(scrub.text(text) == text for text in words):
        return data
    written = _written([_scrubbed(mail, scrub, address) for mail in mails])
    if _diffs(written) == [mail.diff for mail in mails]:
        return written
    return _written([PatchMail(f"{scrub.pseudonym} <{address}>", "A change", mail.diff) for mail in mails])


def _scrubbed(mail: PatchMail, scrub: Scrubber, address: str) -> PatchMail:
    author = scrub.text(mail.author)
    if author != mail.author:
        author = f"{scrub.pseudonym} <{address}>"
    return PatchMail(author, scrub.text(mail.message), mail.diff)


def _written(mails: Sequence[PatchMail]) -> bytes:
    """As `git format-patch` would have it, without dates."""
    parts = []
    for mail in mails:
        subject, _, body = mail.message.partition("\n")
        head = [f"From {'0' * 40} Mon Sep 17 00:00:00 2001", f"From: {mail.author}", f"Subject: [PATCH] {subject}", ""]
        parts.append(
            "\n".join([*head, *([body.strip("\n")] if body.strip() else []), "---", ""]).encode()
            + mail.diff
            + b"-- \n0\n\n"
        )
    return b"".join(parts)


def _diffs(data: bytes) -> list[bytes]:
    try:
        return [mail.diff for mail in read_patches(data)]
    except BadPatch:
        return []
