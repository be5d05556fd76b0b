"""What people do with an opportunity. Every change of state is a claim: of two at once exactly one goes on.

Each verb is one transaction that leaves a line in the timeline and in the audit record, and tells whom it concerns.
"""

import time
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from accounts.models import User, record_event
from common.markdown import render_document
from common.templatetags.portal import age
from contributions import opportunity_news as news
from contributions.models import Opportunity, StateError, TimelineEntry
from projects.models import Project

State = Opportunity.State
Who = Literal["anybody", "taker", "maintainer", "either"]
EDITABLE = (
    *("title", "description", "kind", "effort", "skills", "languages"),
    *("mentor", "good_first", "deadline", "path"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A way from one state to another. `label` is on the button, `done` what the timeline says happened."""

    name: str
    label: str
    done: str
    sources: tuple[str, ...]
    target: str
    who: Who


STEPS = {
    step.name: step
    for step in (
        Step("take", "Take it", "took it", (State.OPEN,), State.TAKEN, "anybody"),
        Step("submit", "Ready for review", "asks for a review", (State.TAKEN,), State.IN_REVIEW, "either"),
        Step("resume", "More work needed", "sees more work to do", (State.IN_REVIEW,), State.TAKEN, "either"),
        Step(
            "land",
            "It has landed",
            "says it has landed",
            (State.OPEN, *Opportunity.UNDER_WAY),
            State.LANDED,
            "maintainer",
        ),
        Step("give-back", "Give it back", "gave it back", Opportunity.UNDER_WAY, State.OPEN, "taker"),
        Step(
            *("reopen", "Open it again", "opened it again"),
            *((*Opportunity.UNDER_WAY, State.LANDED, State.WITHDRAWN), State.OPEN, "maintainer"),
        ),
        Step(
            *("withdraw", "Withdraw", "withdrew it"),
            *((State.OPEN, *Opportunity.UNDER_WAY), State.WITHDRAWN, "maintainer"),
        ),
    )
}

# Nobody presses it: it goes along with a request of which a maintainer says that it has not landed after all.
NOT_LANDED = Step(
    *("not-landed", "It has not landed", "says it has not landed after all"),
    *((State.LANDED,), State.IN_REVIEW, "maintainer"),
)


def may_step(opportunity: Opportunity, step: Step, user: User | None, *, maintains: bool) -> bool:
    """Whether this person may take this step at all, whatever the state is now."""
    if user is None:
        return False
    takes_part = opportunity.taken_by_id == user.pk
    return {"anybody": True, "taker": takes_part, "maintainer": maintains, "either": takes_part or maintains}[step.who]


def steps_for(opportunity: Opportunity, user: User | None, *, maintains: bool) -> list[Step]:
    """The steps that this person could take right now."""
    return [
        step
        for step in STEPS.values()
        if opportunity.state in step.sources
        and may_step(opportunity, step, user, maintains=maintains)
        and (step.target != State.TAKEN or not is_archived(opportunity.project))
        and not (step.name == "reopen" and opportunity.taken_by == user and opportunity.is_under_way)
    ]


def is_archived(project: Project) -> bool:
    return project.removed_at is not None or project.lifecycle == Project.Lifecycle.ARCHIVED


def told(entries: Iterable[TimelineEntry]) -> list[tuple[TimelineEntry, str]]:
    """Each line, oldest first, with what it says that its actor did, as the rest of a sentence."""
    lines, taker = [], None
    for entry in entries:
        if entry.to_state == State.TAKEN and entry.from_state == State.OPEN:
            taker = entry.actor_id
        lines.append((entry, _said(entry, gives_back=taker is not None and entry.actor_id == taker)))
    return lines


def _said(entry: TimelineEntry, *, gives_back: bool) -> str:
    if entry.kind == TimelineEntry.Kind.CREATED:
        return "posted it"
    if entry.kind == TimelineEntry.Kind.EDITED:
        return "edited it"
    if entry.kind == TimelineEntry.Kind.COMMENT:
        return "said" if entry.actor else "asked"
    steps = [step for step in (*STEPS.values(), NOT_LANDED) if step.target == entry.to_state]
    fitting = {step.name: step.done for step in steps if entry.from_state in step.sources}
    left_out = "reopen" if gives_back and "give-back" in fitting else "give-back"
    return next((done for name, done in reversed(fitting.items()) if name != left_out), "changed it")


def post(opportunity: Opportunity, poster: User) -> Opportunity:
    """Put an unsaved opportunity on the list. Raises StateError where the project no longer goes on."""
    if is_archived(opportunity.project):
        raise StateError("The project is archived: nobody can work on tasks in it.")
    opportunity.draw()
    with transaction.atomic():
        opportunity.created_by = poster
        opportunity.save()
        TimelineEntry.objects.create(
            opportunity=opportunity, kind=TimelineEntry.Kind.CREATED, actor=poster, to_state=opportunity.state
        )
        record_event(poster, "opportunity.posted", opportunity, {"title": [None, opportunity.title]})
        news.posted(opportunity, poster)
    return opportunity


def edit(opportunity: Opportunity, before: dict[str, Any], editor: User) -> list[str]:
    """Save what the form put in; the names of fields that differ from `before`, in the order of the form."""
    changed = [name for name in EDITABLE if getattr(opportunity, name) != before[name]]
    if not changed:
        return []
    opportunity.draw()
    opportunity.stamp = time.time_ns()
    with transaction.atomic():
        opportunity.save(update_fields=[*changed, "html", "stamp"])
        words = ", ".join(name.replace("_", " ") for name in changed)
        TimelineEntry.objects.create(
            opportunity=opportunity, kind=TimelineEntry.Kind.EDITED, actor=editor, text=words, html=words
        )
        changes = {name: [_plain(before[name]), _plain(getattr(opportunity, name))] for name in changed}
        record_event(editor, "opportunity.edited", opportunity, changes)
    return changed


def comment(opportunity: Opportunity, author: User, text: str) -> TimelineEntry:
    """Say something; from the taker it is a sign of life."""
    html = render_document(text, "markdown")  # may take seconds: not in a transaction
    with transaction.atomic():
        entry = TimelineEntry.objects.create(
            opportunity=opportunity, kind=TimelineEntry.Kind.COMMENT, actor=author, text=text, html=html
        )
        heard_of(opportunity, author)
        news.commented(opportunity, author, text)
    return entry


def heard_of(opportunity: Opportunity, taker: User) -> bool:
    """Note a sign of life of the taker; False when somebody else has it, or nobody."""
    mine = Opportunity.objects.under_way().filter(pk=opportunity.pk, taken_by=taker)
    return mine.update(sign_of_life_at=timezone.now(), asked_at=None) == 1


def keep(opportunity: Opportunity, taker: User) -> None:
    """The taker goes on. Raises StateError when it was taken away meanwhile."""
    with transaction.atomic():
        if not heard_of(opportunity, taker):
            raise lost(opportunity, "keep it")
        TimelineEntry.objects.create(
            opportunity=opportunity,
            kind=TimelineEntry.Kind.COMMENT,
            actor=taker,
            text="Still on it.",
            html="<p>Still on it.</p>",
        )
        record_event(taker, "opportunity.kept", opportunity)


def advance(
    opportunity: Opportunity, step: Step, actor: User | None, text: str = "", *, commit: str = "", **as_seen: Any
) -> None:
    """Claim and act. Raises StateError with what is the case when the step does not exist here or somebody was first.

    `opportunity` is as the caller saw it when asking for permission; `actor` None is the portal; `commit` the object id
    of what landed; `as_seen` are further columns that must not have changed.
    """
    before = copy(opportunity)
    html = render_document(text, "markdown") if text else ""
    with transaction.atomic():
        if not _claim(before, step, actor, as_seen):
            raise lost(opportunity, step.label.lower())
        opportunity.refresh_from_db()
        kind = TimelineEntry.Kind.EVIDENCE if commit else TimelineEntry.Kind.STATE
        TimelineEntry.objects.create(
            opportunity=opportunity,
            kind=kind,
            actor=actor,
            from_state=before.state,
            to_state=step.target,
            text=text,
            html=html,
            commit=commit,
        )
        changes: dict[str, Any] = {"state": [before.state, step.target]}
        if before.taken_by_id != opportunity.taken_by_id:
            changes["taken_by"] = [_username(before.taken_by), _username(opportunity.taken_by)]
        record_event(actor, f"opportunity.{step.name}", opportunity, changes)
        news.advanced(opportunity, step.name, actor, before.taken_by, text)


def _claim(before: Opportunity, step: Step, actor: User | None, as_seen: dict[str, Any]) -> bool:
    """Change the row only where it still is as we saw it, and as the step wants it."""
    if before.state not in step.sources:
        return False
    claim = Opportunity.objects.filter(pk=before.pk, state=before.state, taken_by=before.taken_by_id, **as_seen)
    if step.who == "taker":
        claim = claim.filter(taken_by=actor)
    if step.target in (State.OPEN, State.TAKEN, State.IN_REVIEW):
        claim = claim.filter(project__in=Project.objects.live().exclude(lifecycle=Project.Lifecycle.ARCHIVED))
    return claim.update(state=step.target, **_consequences(step, actor)) == 1


def _consequences(step: Step, actor: User | None) -> dict[str, Any]:
    """Further columns that a step sets."""
    now = timezone.now()
    nobody = {"taken_by": None, "taken_at": None, "sign_of_life_at": None, "asked_at": None}
    if step.name == "take":
        return {"taken_by": actor, "taken_at": now, "sign_of_life_at": now, "asked_at": None}
    if step.target == State.OPEN:
        return {**nobody, "closed_at": None}
    if step.target == State.WITHDRAWN:
        return {**nobody, "closed_at": now}
    if step.target == State.LANDED:
        return {"closed_at": now, "asked_at": None}
    return {"sign_of_life_at": now, "asked_at": None, "closed_at": None}


def lost(opportunity: Opportunity, wanted: str) -> StateError:
    """What is the case now, in words."""
    now = Opportunity.objects.select_related("taken_by", "project").filter(pk=opportunity.pk).first()
    if now is None:
        return StateError("The opportunity is gone.")
    if is_archived(now.project):
        return StateError("The project is archived: nobody can work on tasks in it any more.")
    if now.state == State.TAKEN and now.taken_by and now.taken_at:
        return StateError(f"{now.taken_by.display_name} took it {age(now.taken_at)}.")
    if now.state == State.IN_REVIEW and now.taken_by:
        return StateError(f"{now.taken_by.display_name} has it, and it is in review.")
    words = {State.OPEN: "is open", State.LANDED: "has landed", State.WITHDRAWN: "was withdrawn"}
    return StateError(f"You cannot {wanted} now: it {words.get(State(now.state), now.get_state_display())}.")


def _username(user: User | None) -> str | None:
    return user.username if user else None


def _plain(value: Any) -> Any:
    if isinstance(value, User):
        return value.username
    return value if isinstance(value, str | bool | list | None) else str(value)
