"""Contributions by week, team and owner: kept in line with days, memberships, the tree, and owners of projects.

Whatever changes days (`activity.days`) empties the `inputs` of the project's `FlowState` in the same transaction; teams
and owners are compared by digest. So `refresh_flow` may be killed or left out at any time: the next one finds the rest.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from accounts.teams import Spells
from activity.bulk import lists
from activity.flow.standing import write_standings
from activity.flow.sums import add_up
from activity.flow.teams import Teams, monday, owners, utc_today
from activity.flow.weeks import drop_tables, rewrite_weeks
from activity.models import FlowState
from projects.models import Project


def refresh_flow(project_ids: Iterable[int] | None = None) -> set[int]:
    """Bring the weeks of these projects (None: of all) in line where something changed; ids of those with changes.

    Copies of a repository lose what another has first, so projects whose days changed are always among them.
    """
    teams = Teams.load()
    changed: set[int] = set()
    wanted = Q() if project_ids is None else Q(pk__in=list(project_ids)) | Q(flow_state__inputs="")
    rows = Project.objects.filter(wanted)
    today = utc_today()
    for part in lists(rows.order_by("pk").select_related("flow_state").defer("motivation", "weeks")):
        held = owners(part)
        for project in part:
            state = getattr(project, "flow_state", None)
            if state is None or state.inputs != _inputs(teams, held[project.pk], project, today):
                with transaction.atomic():
                    if _refresh(project.pk, teams, today):
                        changed.add(project.pk)
    return changed


def _inputs(teams: Teams, held: Spells, project: Project, today: dt.date) -> str:
    own = hashlib.blake2b(f"{held} {_is_counted(project)}".encode(), digest_size=12).hexdigest()
    return f"{teams.digest} {own} {monday(today)}"


def _is_counted(project: Project) -> bool:
    return project.removed_at is None and project.visibility == Project.Visibility.INTERNAL


def _refresh(project_id: int, teams: Teams, today: dt.date) -> bool:
    project = Project.objects.select_for_update().get(pk=project_id)
    held = owners([project])[project_id]
    state, _ = FlowState.objects.get_or_create(project=project)
    counted = _is_counted(project)
    changed = rewrite_weeks(project_id, teams, held, was_counted=state.counted, is_counted=counted)
    write_standings(project_id, today)
    add_up(today)
    drop_tables()
    FlowState.objects.filter(pk=state.pk).update(inputs=_inputs(teams, held, project, today), counted=counted)
    return changed
