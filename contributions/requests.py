"""What people do with a request. Every change of state is a claim: of two at once exactly one goes on.

Each verb is one transaction that leaves a line in the timeline and in the audit record, and tells whom it concerns.
"""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User, record_event
from common.markdown import render_document
from contributions import opportunities, telling
from contributions.checking import Offer, write_version
from contributions.models import ChangeRequest, Opportunity, RequestVersion, StateError, TimelineEntry
from contributions.opportunities import is_archived
from contributions.warranties import start_warranty, stop_warranty
from projects.models import Project

State = ChangeRequest.State
ANSWERS: dict[str, tuple[str, ...]] = {
    State.OFFERED: (State.WELCOMED, State.CHANGES_WANTED, State.ACCEPTED, State.DECLINED),
    State.WELCOMED: (State.CHANGES_WANTED, State.ACCEPTED, State.DECLINED),
    State.CHANGES_WANTED: (State.WELCOMED, State.ACCEPTED, State.DECLINED),
    State.ACCEPTED: (State.CHANGES_WANTED, State.DECLINED),
    State.DECLINED: (State.OFFERED,),
}
NEED_WORDS = (State.CHANGES_WANTED, State.DECLINED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody would like to change: title, reason in Markdown, places in the repository, the task it is for."""

    title: str
    why: str
    paths: Sequence[str] = ()
    opportunity: Opportunity | None = None


def offer(project: Project, author: User, wish: Wish, change: Offer | None) -> ChangeRequest:
    """Make a request, with a branch or patch that was tried before, or without one yet. Raises StateError."""
    request = ChangeRequest(project=project, author=author, title=wish.title, why=wish.why, paths=list(wish.paths))
    request.opportunity = wish.opportunity
    request.draw()
    with transaction.atomic():
        locked = Project.objects.select_for_update().select_related("repository").get(pk=project.pk)
        if is_archived(locked):
            raise StateError("The project is archived: nobody looks at requests any more.")
        request.watched_commit = change.checked.base if change else locked.repository.head_commit
        request.save()
        if change:
            write_version(request, change)
        _note(request, TimelineEntry.Kind.CREATED, author, ("", request.state))
        record_event(author, "request.offered", request, {"state": [None, request.state]})
        telling.offered(request)
    if change:
        _with_task(request, "submit")
    return request


def answer(request: ChangeRequest, actor: User, was: str, to: str, words: str = "") -> None:
    """A maintainer's verdict on a request in the state `was`. Raises StateError."""
    if to not in ANSWERS.get(was, ()):
        raise StateError(f"A request that is {_word(was)} cannot become {_word(to)}.")
    if to in NEED_WORDS and not words.strip():
        raise StateError("Say why: it helps the next change to be better.")
    html = _drawn(words)
    with transaction.atomic():
        closed = timezone.now() if to == State.DECLINED else None
        _claim(request, was, to, closed_at=closed)
        _first_answer(request, actor)
        _note(request, TimelineEntry.Kind.STATE, actor, (was, to), words, html=html)
        record_event(actor, f"request.{to}", request, {"state": [was, to]})
        telling.answered(request, actor, to, words)


def withdraw(request: ChangeRequest, actor: User, was: str, words: str = "") -> None:
    """The author gives up a request in the state `was`. Raises StateError."""
    if was not in ChangeRequest.OPEN:
        raise StateError(f"A request that is {_word(was)} cannot be withdrawn.")
    html = _drawn(words)
    with transaction.atomic():
        _claim(request, was, State.WITHDRAWN, closed_at=timezone.now())
        _note(request, TimelineEntry.Kind.STATE, actor, (was, State.WITHDRAWN), words, html=html)
        record_event(actor, "request.withdrawn", request, {"state": [was, State.WITHDRAWN]})
        telling.withdrawn(request, actor)


def reopen(request: ChangeRequest, actor: User) -> None:
    """The author offers a withdrawn request again. Raises StateError."""
    _refuse_archived(request)
    with transaction.atomic():
        _claim(request, State.WITHDRAWN, State.OFFERED, closed_at=None)
        _note(request, TimelineEntry.Kind.STATE, actor, (State.WITHDRAWN, State.OFFERED))
        record_event(actor, "request.offered", request, {"state": [State.WITHDRAWN, State.OFFERED]})
        telling.offered(request)


def comment(request: ChangeRequest, actor: User, words: str, *, maintains: bool) -> None:
    """Say something. What a maintainer says first is the answer that people wait for."""
    html = _drawn(words)
    with transaction.atomic():
        _lock(request)
        if maintains:
            _first_answer(request, actor)
        _note(request, TimelineEntry.Kind.COMMENT, actor, words=words, html=html)
        _sign_of_life(request, actor)
        telling.commented(request, actor, words)


def offer_again(request: ChangeRequest, actor: User, change: Offer, words: str = "") -> RequestVersion:
    """Another version of the change; what was asked for is done then. Raises StateError."""
    _refuse_archived(request)
    html = _drawn(words)
    with transaction.atomic():
        _lock(request)
        if not request.is_open:
            raise StateError(f"The request is {_word(request.state)}: it takes no other version.")
        was = request.state
        version = write_version(request, change)
        if was == State.CHANGES_WANTED:
            _claim(request, was, State.OFFERED)
        said = words or f"Offered version {version.number}."
        _note(request, TimelineEntry.Kind.EDITED, actor, (was, request.state), said, html=html)
        record_event(actor, "request.version_offered", request, {"version": [version.number - 1, version.number]})
        _sign_of_life(request, actor)
        telling.offered_again(request, version, actor)
    return version


def land(request: ChangeRequest, commits: Sequence[str], at: dt.datetime, evidence: str, actor: User | None) -> bool:
    """It is in the default branch. `actor` None: the sync saw it; False then when it was closed meanwhile."""
    was = request.state
    if actor is None and was not in ChangeRequest.OPEN:
        return False
    proof = {"landed_commit": commits[-1], "landed_commits": list(commits), "landed_at": at, "evidence": evidence}
    try:
        with transaction.atomic():
            _claim(request, was, State.LANDED, closed_at=timezone.now(), **proof)
            _landed(request, was, actor)
            _with_task(request, "land")
    except StateError:
        if actor:
            raise
        return False
    return True


def _landed(request: ChangeRequest, was: str, actor: User | None) -> None:
    if actor:
        _first_answer(request, actor)
    words, commit = f"Landed: {request.get_evidence_display()}.", request.landed_commit
    _note(request, TimelineEntry.Kind.EVIDENCE, actor, (was, State.LANDED), words, commit=commit)
    record_event(actor, "request.landed", request, {"state": [was, State.LANDED], "commit": [None, commit]})
    start_warranty(request)
    telling.landed(request, actor)


def mark_landed(request: ChangeRequest, actor: User, was: str, commit: str, at: dt.datetime) -> None:
    """A maintainer says with which commit it landed. Raises StateError."""
    if was in (State.LANDED, State.WITHDRAWN) or was not in State.values:
        raise StateError(f"The request is {_word(was)} already.")
    request.state = was
    land(request, [commit], at, ChangeRequest.Evidence.BY_HAND, actor)


def refute(request: ChangeRequest, actor: User, words: str = "") -> None:
    """A maintainer says that it has not landed: the commits shown are not it. Raises StateError."""
    html = _drawn(words)
    with transaction.atomic():
        _lock(request)
        refuted = list(dict.fromkeys([*request.refuted, *request.landed_commits]))
        commit = request.landed_commit
        cleared: dict[str, Any] = {"landed_commit": "", "landed_commits": [], "landed_at": None, "evidence": ""}
        _claim(request, State.LANDED, State.ACCEPTED, closed_at=None, refuted=refuted, **cleared)
        stop_warranty(request)
        said = words or "It has not landed with this commit."
        _note(request, TimelineEntry.Kind.STATE, actor, (State.LANDED, State.ACCEPTED), said, html=html, commit=commit)
        record_event(actor, "request.refuted", request, {"commit": [commit, None]})
        telling.answered(request, actor, State.ACCEPTED, said)
        _task_back(request, actor, commit)


def edit(request: ChangeRequest, actor: User, wish: Wish) -> None:
    """Other words for the same request."""
    before = request.title
    request.title, request.why, request.paths = wish.title, wish.why, list(wish.paths)
    request.draw()
    with transaction.atomic():
        request.save(update_fields=["title", "why", "html", "paths"])
        _note(request, TimelineEntry.Kind.EDITED, actor, words="Edited title, reason or places.")
        record_event(actor, "request.edited", request, {"title": [before, wish.title]})


def _with_task(request: ChangeRequest, step: str) -> None:
    """Move the task that the request is for along, unless somebody else has it or it went another way."""
    task = request.opportunity
    if task is None or task.taken_by_id not in (None, request.author_id):
        return
    actor = request.author if step == "submit" else None
    words = f"With the change “{request.title}”."
    with suppress(StateError):
        opportunities.advance(task, opportunities.STEPS[step], actor, words, commit=request.landed_commit)


def _task_back(request: ChangeRequest, actor: User, commit: str) -> None:
    """Undo what landing did to the task that the request is for, unless it landed with something else."""
    task = request.opportunity
    landed = task.timeline.filter(to_state=Opportunity.State.LANDED).last() if task else None
    if task is None or landed is None or landed.commit != commit:
        return
    task.refresh_from_db()
    step = opportunities.NOT_LANDED if task.taken_by_id else opportunities.STEPS["reopen"]
    with suppress(StateError):
        opportunities.advance(task, step, actor, f"The change “{request.title}” has not landed.")


def _sign_of_life(request: ChangeRequest, actor: User) -> None:
    """Whoever speaks about their change works on the task that it is for."""
    if request.opportunity is not None:
        opportunities.heard_of(request.opportunity, actor)


def _refuse_archived(request: ChangeRequest) -> None:
    if is_archived(request.project):
        raise StateError("The project is archived: nobody looks at requests any more.")


def _drawn(words: str) -> str:
    """May take seconds, so outside of transactions."""
    return render_document(words, "markdown") if words.strip() else ""


def note_by_portal(request: ChangeRequest, words: str, commit: str = "") -> None:
    """A line of what the sync saw."""
    _note(request, TimelineEntry.Kind.EVIDENCE, None, words=words, commit=commit)


def _claim(request: ChangeRequest, was: str, to: str, **columns: Any) -> None:
    """Go on only where nobody was faster."""
    changed = ChangeRequest.objects.filter(pk=request.pk, state=was).update(
        state=to, changed_at=timezone.now(), **columns
    )
    request.refresh_from_db()
    if not changed:
        raise StateError(_who_was_first(request))


def _who_was_first(request: ChangeRequest) -> str:
    last = request.timeline.exclude(to_state="").select_related("actor").order_by("at", "pk").last()
    who = last.actor.display_name if last and last.actor else "the portal" if last else "somebody"
    return f"Somebody was faster: {who} made it {_word(request.state)}. Look at it again."


def _lock(request: ChangeRequest) -> None:
    ChangeRequest.objects.select_for_update().get(pk=request.pk)
    request.refresh_from_db()


def _first_answer(request: ChangeRequest, actor: User) -> None:
    """What the measured wait is made of: the first word of somebody who is not the author."""
    if actor.pk != request.author_id:
        unanswered = ChangeRequest.objects.filter(pk=request.pk, answered_at=None)
        if unanswered.update(answered_at=timezone.now(), answered_by=actor):
            request.refresh_from_db(fields=["answered_at", "answered_by"])


def _note(
    request: ChangeRequest,
    kind: str,
    actor: User | None,
    states: tuple[str, str] = ("", ""),
    words: str = "",
    *,
    html: str = "",
    commit: str = "",
) -> None:
    """`html`: the words drawn; without it they are the portal's own, and plain."""
    was, to = states
    html = html or (f"<p>{escape(words)}</p>" if words else "")
    entry = TimelineEntry.objects.create(
        request=request, kind=kind, actor=actor, from_state=was, to_state=to, text=words, html=html, commit=commit
    )
    ChangeRequest.objects.filter(pk=request.pk).update(changed_at=entry.at)


def _word(state: str) -> str:
    return State(state).label.lower() if state in State.values else "in no known state"
