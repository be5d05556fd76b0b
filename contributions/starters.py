"""What maintainers do with proposed starter tasks: accept one as an opportunity, or dismiss it for good."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User, record_event
from contributions import opportunities
from contributions.models import Opportunity, StarterTask, StateError

State = StarterTask.State


def suggested(task: StarterTask) -> dict[str, Any]:
    """What the form of the opportunity begins with."""
    note = task.kind == StarterTask.Kind.NOTE
    title = task.text.partition(": ")[2] if note else f"Mend the documentation: {task.text}"
    where = f"Line {task.line} of `{task.path}`:\n\n```\n{task.text}\n```\n"
    return {
        "title": f"{title[:1].upper()}{title[1:]}"[:200],
        "description": where,
        "kind": Opportunity.Kind.REFACTORING if note else Opportunity.Kind.DOCS,
        "effort": Opportunity.Effort.DAY if note else Opportunity.Effort.HOUR,
        "good_first": not note,
        "languages": [task.project.language] if note and task.project.language else [],
        "path": task.path,
    }


def accept(task: StarterTask, opportunity: Opportunity, user: User) -> Opportunity:
    """Post the opportunity that a proposal became. Raises StateError when somebody decided before."""
    opportunity.draw()
    with transaction.atomic():
        _decide(task, State.ACCEPTED, user)
        posted = opportunities.post(opportunity, user)
        StarterTask.objects.filter(pk=task.pk).update(opportunity=posted)
    return posted


def dismiss(task: StarterTask, user: User) -> None:
    """Never propose this again. Raises StateError when somebody decided before."""
    with transaction.atomic():
        _decide(task, State.DISMISSED, user)


def bring_back(task: StarterTask, user: User) -> None:
    """Take a dismissal back. Raises StateError when it is none any more."""
    with transaction.atomic():
        claim = StarterTask.objects.filter(pk=task.pk, state=State.DISMISSED)
        if claim.update(state=State.PROPOSED, decided_by=None, decided_at=None) != 1:
            raise StateError("It is not dismissed any more.")
        record_event(user, "starter_task.brought_back", task, {"text": [None, task.text]})


def _decide(task: StarterTask, state: str, user: User) -> None:
    claim = StarterTask.objects.filter(pk=task.pk, state=State.PROPOSED)
    if claim.update(state=state, decided_by=user, decided_at=timezone.now()) != 1:
        now = StarterTask.objects.select_related("decided_by").get(pk=task.pk)
        who = now.decided_by.display_name if now.decided_by else "Somebody"
        raise StateError(f"{who} has {now.get_state_display().lower()} it already.")
    record_event(user, f"starter_task.{state}", task, {"text": [None, task.text]})
