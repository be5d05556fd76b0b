"""The commits behind rows of `FlowWeek`: exactly those that were counted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from activity.flow.people import people_spells
from activity.flow.teams import NOBODY, Teams, owners
from activity.models import Commit, FlowWeek, FolderCommit, Kind, Trailer
from activity.models.history import day_start, moment
from projects.models import Project

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class WeekCommits:
    """One row of the table and its commits: (commit, whether as co-author), newest first."""

    row: FlowWeek
    commits: list[tuple[Commit, bool]]


def commits_of(rows: Sequence[FlowWeek]) -> list[WeekCommits]:
    """The commits of these rows, in their order. Two or three queries a row: give a page of rows."""
    if not rows:
        return []
    teams = Teams.load()
    spells, erased = people_spells({row.person_id for row in rows}, teams.timeline)
    held = owners({row.project_id: row.project for row in rows}.values())
    found = []
    for row in rows:
        shown = []
        for commit, shared in _candidates(row):
            day = moment(max(0, commit.authored_at)).date()
            team = row.team if row.person_id in erased else spells[row.person_id].at(day) or NOBODY
            owner = held[row.project_id].at(day) or NOBODY
            kind = row.kind if row.kind == Kind.BOT else teams.kind(team, owner, day)
            if (team, owner, kind) == (row.team, row.owner, row.kind):
                shown.append((commit, shared))
        found.append(WeekCommits(row, sorted(shown, key=lambda pair: (-pair[0].authored_at, pair[0].oid))))
    return found


def _candidates(row: FlowWeek) -> list[tuple[Commit, bool]]:
    """What this person wrote or shared in the project in that week, with the precedence of the row."""
    project: Project = row.project
    begin = day_start(row.week)
    commits = Commit.objects.contributions().for_project(project)
    floor = begin if row.week > EPOCH else day_start(row.week) - 10**12
    commits = commits.filter(authored_at__gte=floor, authored_at__lt=begin + 7 * 86_400)
    if project.subdirectory:
        own = FolderCommit.objects.filter(project=project, precedence=row.precedence_id)
        commits = commits.filter(pk__in=own.values("commit"))
    else:
        commits = commits.filter(precedence=row.precedence_id)
    written = [(commit, False) for commit in commits.filter(author__person=row.person_id)]
    if not row.coauthored:
        return written
    named = Trailer.objects.filter(key=Trailer.Key.CO_AUTHORED_BY, identity__person=row.person_id)
    shared = commits.filter(~Q(author__person=row.person_id), coauthors__gt=0, pk__in=named.values("commit"))
    return written + [(commit, True) for commit in shared]
