"""What somebody has under way with others, and what of it waits for them: for the home page, in one query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, DateTimeField, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import User
from contributions.fitting import Marks
from contributions.models import ChangeRequest, Opportunity
from projects.models import Project, ProjectQuerySet

MOST = 200
REQUEST, TASK = "request", "task"
FACTS = ("who", "asked", "at", "answers")


@dataclass(frozen=True, slots=True)
class Item:
    """A request or task that goes on; `mine` is False for what others do in a project that the person looks after."""

    what: str
    pk: int
    title: str
    state: str
    project: str
    mine: bool
    waits: bool
    at: datetime

    @property
    def url(self) -> str:
        name = "contributions:request" if self.what == REQUEST else "contributions:opportunity"
        return reverse(name, args=[self.pk])

    @property
    def words(self) -> str:
        """Whose turn it is, or how it stands."""
        if self.what == REQUEST and self.waits:
            return "Changes wanted from you" if self.mine else "Offered, waits for your answer"
        if self.waits:
            return "Are you still at it?" if self.mine else "Taken and ready for your review"
        kind = "Your change" if self.what == REQUEST else "Your task"
        states = ChangeRequest.State if self.what == REQUEST else Opportunity.State
        return f"{kind}: {states(self.state).label.lower()}"


@dataclass(frozen=True, slots=True)
class Agenda:
    waiting: list[Item]
    under_way: list[Item]


def agenda(user: User, visible: ProjectQuerySet, marks: Marks) -> Agenda:
    """The longest waiting first; of what is under way the last moved.

    `visible`: projects the person may see. One query, and another one where something is in a restricted project of
    others.
    """
    lines = list(_requests(user, marks).union(_tasks(user, marks), all=True).order_by("-at", "-pk")[:MOST])
    hidden = _hidden(lines, visible, marks)
    answered = {(line[1], line[4]) for line in lines}
    items = [_item(user, line) for line in lines if line[-1] not in hidden and not _is_said(line, answered)]
    waiting = sorted((item for item in items if item.waits), key=lambda item: item.at)
    return Agenda(waiting, [item for item in items if not item.waits])


def _is_said(line: tuple[Any, ...], answered: set[tuple[Any, ...]]) -> bool:
    """Whether this is a task in review whose change is listed: (who, task) in `answered`."""
    what, who, *_, pk, _title, state, _project, _visibility, _owner, _project_id = line
    return what == TASK and state == Opportunity.State.IN_REVIEW and (who, pk) in answered


def _hidden(lines: Iterable[tuple[Any, ...]], visible: ProjectQuerySet, marks: Marks) -> set[int]:
    """Projects of these lines that the person may no longer see."""
    restricted = ((pk, owner) for *_, visibility, owner, pk in lines if visibility != Project.Visibility.INTERNAL)
    doubtful = {pk for pk, owner in restricted if not marks.looks_after(pk, owner)}
    return doubtful - set(visible.filter(pk__in=doubtful).values_list("pk", flat=True)) if doubtful else set()


def _requests(user: User, marks: Marks) -> Any:
    """Open ones of the person, and those that wait for an answer in the person's projects."""
    offered = Q(state=ChangeRequest.State.OFFERED) & _in_own(marks)
    rows = ChangeRequest.objects.open().filter(Q(author=user) | offered, project__removed_at=None)
    asked = Value(None, output_field=DateTimeField())
    return _lines(rows, REQUEST, F("author"), asked, F("changed_at"), F("opportunity_id"))


def _tasks(user: User, marks: Marks) -> Any:
    """Taken ones of the person, and those that wait for a review in the person's projects."""
    ready = Q(state=Opportunity.State.IN_REVIEW) & _in_own(marks)
    rows = Opportunity.objects.under_way().filter(Q(taken_by=user) | ready, project__removed_at=None)
    nothing = Value(None, output_field=IntegerField())
    return _lines(rows, TASK, F("taken_by"), F("asked_at"), Coalesce("taken_at", "created_at"), nothing)


def _in_own(marks: Marks) -> Q:
    return Q(project__owner__in=marks.teams) | Q(project__in=marks.roles)


def _lines(rows: QuerySet[Any], what: str, *facts: F | Value | Coalesce) -> Any:
    """The same columns for both: who, when it was asked about, since when, and the task it answers."""
    named = {"what": Value(what, output_field=CharField())} | dict(zip(FACTS, facts, strict=True))
    project = ("project__name", "project__visibility", "project__owner_id", "project_id")
    return rows.order_by().annotate(**named).values_list(*named, "pk", "title", "state", *project)


def _item(user: User, line: tuple[Any, ...]) -> Item:
    what, who, asked, at, _, pk, title, state, project, *_ = line
    mine = who == user.pk
    turn = state == ChangeRequest.State.CHANGES_WANTED if what == REQUEST else asked is not None
    return Item(what, pk, title, state, project, mine, turn if mine else True, at)
