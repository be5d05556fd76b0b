"""The time after landing in which an author helps: begun, looked after by the sync, ended or waived."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User, record_event
from activity.erased_texts import erased_texts
from contributions import telling
from contributions.models import ChangeRequest, FollowUp, StateError, TimelineEntry, Warranty
from gitstore.errors import GitError
from gitstore.followups import Touching, follow_ups
from gitstore.mirrors import Mirror
from projects.models import Repository

TITLE = 300


def start_warranty(request: ChangeRequest) -> Warranty | None:
    """Begin it with the landing; None where the setting says that there is none."""
    days = settings.WARRANTY_DAYS
    if days <= 0 or request.landed_at is None:
        return None
    began = min(request.landed_at, timezone.now())
    state = Warranty.State.RUNNING
    fresh = {"state": state, "started_at": began, "ends_at": began + dt.timedelta(days=days), "closed_at": None}
    columns = {**fresh, "waived_by": None, "watched_commit": request.landed_commit}
    return Warranty.objects.update_or_create(request=request, defaults=columns)[0]


def stop_warranty(request: ChangeRequest) -> None:
    """It had not landed: there is nothing to vouch for."""
    Warranty.objects.filter(request=request).delete()


def waive(warranty: Warranty, actor: User) -> None:
    """A maintainer does without it. Raises StateError."""
    with transaction.atomic():
        _claim(warranty, Warranty.State.WAIVED, actor)
        record_event(actor, "warranty.waived", warranty, {"state": [Warranty.State.RUNNING, Warranty.State.WAIVED]})
        _note(warranty, actor, "Waived the warranty.")
        telling.warranty_waived(warranty.request, actor)


def end_due() -> int:
    """End those whose time is over and tell both sides; the number ended. Safe to run twice at a time."""
    due = Warranty.objects.running().filter(ends_at__lte=timezone.now()).select_related("request__project")
    ended = 0
    for warranty in due[:500]:
        try:
            _end(warranty)
        except StateError:
            continue
        ended += 1
    return ended


def _end(warranty: Warranty) -> None:
    with transaction.atomic():
        _claim(warranty, Warranty.State.ENDED, None)
        number = warranty.follow_ups.count()
        words = f"{number} follow-up{'' if number == 1 else 's'}" if number else "no revert and no follow-up fix"
        _note(warranty, None, f"The warranty ended with {words}.")
        telling.warranty_ended(warranty.request, words)


def look_after(repository: Repository, mirror: Mirror, head: str) -> int:
    """List what takes back or changes landed changes under warranty, up to `head`; the number found."""
    running = Warranty.objects.running().filter(
        request__project__repository=repository, request__project__removed_at=None
    )
    found = 0
    for warranty in running.exclude(watched_commit=head).select_related("request__project"):
        commits = warranty.request.landed_commits
        try:
            seen = follow_ups(mirror.path, commits, warranty.watched_commit, head)
        except GitError:  # the history was rewritten
            seen = []
        with transaction.atomic():
            found += sum(_found(warranty, one) for one in seen)
            Warranty.objects.filter(pk=warranty.pk).update(watched_commit=head)
    return found


def _found(warranty: Warranty, seen: Touching) -> bool:
    """Keep a follow-up made in time, once, and tell both sides."""
    at = dt.datetime.fromtimestamp(seen.commit.committed_at, dt.UTC)
    if at > warranty.ends_at:
        return False
    title, author = (erased_texts().text(text)[:TITLE] for text in (seen.commit.title, seen.commit.author))
    kind = FollowUp.Kind.REVERT if seen.is_revert else FollowUp.Kind.FIX
    follow_up, made = FollowUp.objects.get_or_create(
        warranty=warranty,
        commit=seen.commit.oid,
        defaults={
            "kind": kind,
            "title": title,
            "author": author,
            "at": at,
            "lines": seen.lines,
            "paths": [path.decode("latin-1") for path in seen.paths],
        },
    )
    if made:
        words = "Taken back" if seen.is_revert else f"A later commit changed {seen.lines} of its lines"
        _note(warranty, None, f"{words}: {title}", seen.commit.oid)
        telling.follow_up(warranty.request, follow_up)
    return made


def _claim(warranty: Warranty, state: str, actor: User | None) -> None:
    running = Warranty.objects.running().filter(pk=warranty.pk)
    if not running.update(state=state, closed_at=timezone.now(), waived_by=actor):
        raise StateError("The warranty is over already.")
    warranty.refresh_from_db()


def _note(warranty: Warranty, actor: User | None, words: str, commit: str = "") -> None:
    entry = TimelineEntry(request=warranty.request, kind=TimelineEntry.Kind.EVIDENCE, actor=actor, commit=commit)
    entry.text, entry.html = words, f"<p>{escape(words)}</p>"
    entry.save()
