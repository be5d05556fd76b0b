"""How long people of other teams wait here. docs/contributions.md defines every figure."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from activity.flow.teams import monday
from activity.models import Commit, FlowWeek, History, Kind
from activity.models.history import day_start
from contributions.models import ChangeRequest, LandingFigures
from gitstore.arrivals import arrivals
from gitstore.errors import GitError
from projects.models import Project

logger = logging.getLogger(__name__)

WINDOW = dt.timedelta(days=365)
OUTSIDERS_WINDOW = dt.timedelta(days=730)
RULES = 1
A_TURN = 200
ANSWERS_READ = 1000


@dataclass(frozen=True, slots=True)
class AnswerWait:
    """First answers to requests of the last year: how many, median and 90th percentile of the wait, and how many
    open requests wait still, the longest for how long."""

    answered: int
    median: dt.timedelta | None
    p90: dt.timedelta | None
    waiting: int
    longest: dt.timedelta | None


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest rank: the smallest value that at least `share` of all do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def answer_wait(project: Project) -> AnswerWait:
    """One query."""
    now = timezone.now()
    rows = ChangeRequest.objects.for_project(project).filter(created_at__gte=now - WINDOW)
    columns = rows.order_by("-created_at").values_list("created_at", "answered_at", "state")[:ANSWERS_READ]
    waits, waiting = [], []
    for created, answered, state in columns:
        if answered is not None:
            waits.append((answered - created).total_seconds())
        elif state in ChangeRequest.OPEN:
            waiting.append(now - created)
    median, p90 = (percentile(waits, share) for share in (0.5, 0.9))
    return AnswerWait(len(waits), _delta(median), _delta(p90), len(waiting), max(waiting, default=None))


def refresh_figures(project_ids: Iterable[int] | None = None) -> int:
    """Compute what changed commits, teams or the calendar made stale; the number computed. Safe to repeat."""
    rows = Project.objects.live().select_related("repository__history", "flow_state", "landing_figures")
    rows = rows if project_ids is None else rows.filter(pk__in=list(project_ids))
    computed = 0
    for project in list(rows.defer("motivation", "weeks")):
        mark = _mark(project)
        kept = getattr(project, "landing_figures", None)
        if mark and (kept is None or kept.mark != mark):
            try:
                columns = _figures(project)
            except GitError as error:
                logger.warning("Landings of project %s: %s", project.pk, error.message)
                continue
            LandingFigures.objects.update_or_create(project=project, defaults={**columns, "mark": mark})
            computed += 1
            if project_ids is None and computed >= A_TURN:
                break
    return computed


def _mark(project: Project) -> str:
    """Empty while the history or the sums are not read."""
    history: History | None = getattr(project.repository, "history", None)
    state = getattr(project, "flow_state", None)
    if history is None or not history.commit or state is None or not state.inputs:
        return ""
    return f"{RULES} {history.commit} {state.inputs}"


@dataclass(slots=True)
class _Seen:
    """Waits in seconds by kind, and the newest landing from outside: (time, commit)."""

    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    newest: tuple[int, str] | None = None


def _figures(project: Project) -> dict[str, object]:
    today = timezone.now().date()
    kinds, weeks = _kinds(project)
    seen = _landed(project, kinds, today)
    newest = seen.newest or _older(project, kinds)
    recent = {person for person, found in weeks.items() if max(found) >= monday(today - OUTSIDERS_WINDOW)}
    outside, inside = seen.waits[Kind.OUTSIDE], seen.waits[Kind.INSIDE]
    return {
        "outside": len(outside),
        "outside_median": percentile(outside, 0.5),
        "outside_p90": percentile(outside, 0.9),
        "inside": len(inside),
        "inside_median": percentile(inside, 0.5),
        "inside_p90": percentile(inside, 0.9),
        "last_outside_at": dt.datetime.fromtimestamp(newest[0], dt.UTC) if newest else None,
        "last_outside_commit": newest[1] if newest else "",
        "outsiders": len(recent),
        "returned": sum(len(weeks[person]) > 1 for person in recent),
    }


def _kinds(project: Project) -> tuple[dict[tuple[int, dt.date], int], dict[int, set[dt.date]]]:
    """What each person was in each week (weeks in which it changed are left out), and the weeks of outsiders."""
    kinds: dict[tuple[int, dt.date], int] = {}
    mixed, weeks = set(), defaultdict(set)
    rows = FlowWeek.objects.filter(project=project).values_list("person_id", "week", "kind")
    for person, week, kind in rows.iterator():
        if kinds.setdefault((person, week), kind) != kind:
            mixed.add((person, week))
        if kind == Kind.OUTSIDE:
            weeks[person].add(week)
    return {key: kind for key, kind in kinds.items() if key not in mixed}, weeks


def _landed(project: Project, kinds: dict[tuple[int, dt.date], int], today: dt.date) -> _Seen:
    since = day_start(today - WINDOW)
    times = arrivals(project.repository.mirror_path, project.repository.history.commit, since)
    seen = _Seen()
    rows = Commit.objects.for_project(project).contributions().filter(committed_at__gte=since)
    for oid, authored, person in rows.values_list("oid", "authored_at", "author__person_id").iterator():
        landed = times.get(oid)
        kind = kinds.get((person, _week(authored)))
        if landed is None or kind is None:
            continue
        seen.waits[kind].append(max(0, landed - authored))
        if kind == Kind.OUTSIDE and (seen.newest is None or landed > seen.newest[0]):
            seen.newest = (landed, oid)
    return seen


def _older(project: Project, kinds: dict[tuple[int, dt.date], int]) -> tuple[int, str] | None:
    """The newest commit from outside, of a time before the window."""
    newest = max(((week, person) for (person, week), kind in kinds.items() if kind == Kind.OUTSIDE), default=None)
    if newest is None:
        return None
    first = day_start(newest[0])
    rows = Commit.objects.for_project(project).contributions().filter(author__person=newest[1])
    rows = rows.filter(authored_at__gte=first, authored_at__lt=first + 7 * 86_400).order_by("-committed_at")
    return rows.values_list("committed_at", "oid").first()


def _week(seconds: int) -> dt.date:
    return monday(dt.datetime.fromtimestamp(seconds, dt.UTC).date())


def _delta(seconds: float | None) -> dt.timedelta | None:
    return None if seconds is None else dt.timedelta(seconds=seconds)
