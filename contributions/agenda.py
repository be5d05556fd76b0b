"""What somebody has under way with others, and what of it waits for them: for the home page, in one query."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.models import Membership, User
from contributions.models import ChangeRequest, Opportunity
from projects.models import Project, Role

MOST = 60
REQUEST, TASK = "request", "task"


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


def agenda(user: User) -> Agenda:
    """The longest waiting first; of what is under way the last moved. Administrators too see only what is theirs."""
    lines = _requests(user).union(_tasks(user), all=True).order_by("-waits", "-at", "-pk")
    items = [Item(*line) for line in lines[:MOST]]
    waiting = sorted((item for item in items if item.waits), key=lambda item: item.at)
    return Agenda(waiting, [item for item in items if not item.waits])


def _own_projects(user: User) -> QuerySet[Project, Any]:
    teams = Membership.objects.current().filter(user=user).values("team_id")
    roles = Role.objects.current().filter(user=user).values("project_id")
    return Project.objects.live().filter(Q(owner__in=teams) | Q(pk__in=roles)).values("pk")


def _requests(user: User) -> Any:
    state = ChangeRequest.State
    mine = Q(author=user)
    to_answer = Q(state=state.OFFERED, project__in=_own_projects(user)) & ~mine
    rows = ChangeRequest.objects.visible_to(user).open().filter(mine | to_answer)
    return _lines(rows, REQUEST, mine, to_answer | mine & Q(state=state.CHANGES_WANTED), "changed_at")


def _tasks(user: User) -> Any:
    mine = Q(taken_by=user)
    to_review = Q(state=Opportunity.State.IN_REVIEW, project__in=_own_projects(user)) & ~mine
    rows = Opportunity.objects.visible_to(user).under_way().filter(mine | to_review)
    return _lines(rows, TASK, mine, to_review | mine & Q(asked_at__isnull=False), "taken_at")


def _lines(rows: QuerySet[Any], what: str, mine: Q, waits: Q, at: str) -> Any:
    """The columns of an `Item`, alike for both."""
    return (
        rows.order_by()
        .annotate(
            what=Value(what, output_field=CharField()),
            mine=_flag(mine),
            waits=_flag(waits),
            at=Coalesce(F(at), F("created_at")),
        )
        .values_list("what", "pk", "title", "state", "project__name", "mine", "waits", "at")
    )


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
