"""What people of other teams did in a project lately, commit by commit: evidence for roles and thanks."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from accounts.models import User
from activity.flow.teams import monday
from activity.models import Commit, FlowWeek, Kind
from activity.models.history import day_start, moment
from contributions.models import ChangeRequest
from projects.models import Project

MOST_COMMITS = 5000
_REVERT = 'Revert "'


@dataclass(frozen=True, slots=True)
class Piece:
    """A commit that landed; `areas` are the folders it touches, `request` the request it came with, 0 for none."""

    oid: str
    title: str
    day: dt.date
    areas: tuple[str, ...]
    request: int
    reverted: bool


@dataclass
class Work:
    """Everything of one person, the newest first."""

    user: User
    pieces: list[Piece] = field(default_factory=list)

    @property
    def months(self) -> int:
        """Months of the calendar (UTC) with a commit."""
        return len({(piece.day.year, piece.day.month) for piece in self.pieces})

    @property
    def areas(self) -> list[str]:
        return sorted({area for piece in self.pieces for area in piece.areas})

    @property
    def reverted(self) -> int:
        return sum(piece.reverted for piece in self.pieces)


def outside_work(project: Project, since: dt.date) -> list[Work]:
    """Active accounts with commits that counted as from outside, since a day; most commits first. Five queries."""
    rows = FlowWeek.objects.filter(project=project, kind=Kind.OUTSIDE, week__gte=monday(since), commits__gt=0)
    rows = rows.filter(person__is_bot=False, person__user__is_active=True)
    weeks: defaultdict[int, set[dt.date]] = defaultdict(set)
    accounts: dict[int, int] = {}
    for person, user, week in rows.values_list("person_id", "person__user_id", "week"):
        if user is not None:
            weeks[person].add(week)
            accounts[person] = user
    if not weeks:
        return []
    requests = _requests(project)
    commits = Commit.objects.contributions().for_project(project).filter(authored_at__gte=day_start(since))
    titles = commits.filter(title__startswith=_REVERT).values_list("title", flat=True)
    reverted = {title.removeprefix(_REVERT).rpartition('"')[0] for title in titles[:MOST_COMMITS]}
    users = User.objects.in_bulk(accounts.values())
    found: dict[int, Work] = {}
    columns = ("oid", "title", "authored_at", "areas", "author__person_id")
    written = commits.filter(author__person__in=list(weeks)).order_by("-authored_at").values_list(*columns)
    for oid, title, seconds, areas, person in written[:MOST_COMMITS]:
        day = moment(seconds).date()
        if monday(day) in weeks[person]:
            work = found.setdefault(accounts[person], Work(users[accounts[person]]))
            folders = tuple(area for area in areas.split("//") if area)
            work.pieces.append(Piece(oid, title, day, folders, requests.get(oid, 0), title in reverted))
    return sorted(found.values(), key=lambda work: (-len(work.pieces), work.user.username))


def _requests(project: Project) -> dict[str, int]:
    """Requests by the commits that they landed with."""
    landed = ChangeRequest.objects.for_project(project).filter(state=ChangeRequest.State.LANDED)
    found: dict[str, int] = {}
    for pk, commit, commits in landed.values_list("pk", "landed_commit", "landed_commits"):
        found |= {oid: pk for oid in [commit, *commits] if isinstance(oid, str) and oid}
    return found
