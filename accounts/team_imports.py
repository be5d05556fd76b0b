"""Reading a file of teams into the tables: one door for the command and the page."""

from typing import BinaryIO

from django.conf import settings

from accounts.models import AuditEvent, Membership, Team, User
from accounts.team_files import read_file
from accounts.team_members import Spell
from accounts.team_plan import Change, Plan, TeamWork, plan_import
from accounts.team_verbs import changing_teams, write_parents

BATCH = 500


class TeamsChanged(Exception):
    """Teams changed since somebody looked at the plan; `plan` is what would happen now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("Teams changed in between.")
        self.plan = plan


def look(file: BinaryIO, filename: str, *, complete: bool = False, part: int = 1) -> Plan:
    """What applying the file would do now: its teams, and one part of its memberships. Raises UnreadableFile."""
    return plan_import(read_file(file, filename, part), complete=complete)


def too_large() -> str:
    return (
        f"The file is larger than {settings.TEAMS_MAX_BYTES / 1024**2:.3g} MB. Split it, one part of the teams in "
        "each, or let import_teams read it on the server."
    )


def apply(
    file: BinaryIO,
    filename: str,
    editor: User | None,
    *,
    complete: bool = False,
    expected: str | None = None,
    part: int = 1,
) -> Plan:
    """Do it, all in one transaction. `expected` is the digest of the plan that somebody agreed to.

    Raises UnreadableFile, or TeamsChanged when something else would happen now; then nothing was done.
    """
    with changing_teams():
        plan = look(file, filename, complete=complete, part=part)
        if expected is not None and plan.digest() != expected:
            raise TeamsChanged(plan)
        made = _write_teams(plan)
        _write_members(plan.spells, made)
        AuditEvent.objects.bulk_create(
            (_event(change, made[change.team], editor) for change in plan.changes), batch_size=BATCH
        )
    return plan


def renamed(plan: Plan) -> list[int]:
    """Ids of stored teams whose name would be another."""
    return [work.id for work in plan.teams.values() if work.stored is not None and work.name != work.stored.name]


def _write_teams(plan: Plan) -> dict[str, Team]:
    """All teams by slug, new ones with their ids."""
    made: dict[str, Team] = {}
    ids: dict[int, int] = {}
    for work in plan.teams.values():
        made[work.slug] = _written(work)
        ids[work.id] = made[work.slug].pk
    by_id = {work.id: made[work.slug] for work in plan.teams.values()}
    for team in plan.moved_ids:
        node = plan.tree.nodes[team]
        write_parents(
            by_id[team],
            ids[node.parent] if node.parent is not None else None,
            [(day, ids[parent] if parent is not None else None) for day, parent in plan.tree.past.get(team, ())],
        )
    return made


def _written(work: TeamWork) -> Team:
    fields = {"name": work.name, "description": work.description, "closed_on": work.closed_on}
    if work.stored is None:
        return Team.objects.create(slug=work.slug, **fields)
    if any(getattr(work.stored, name) != value for name, value in fields.items()):
        Team.objects.filter(pk=work.stored.pk).update(**fields)
    return work.stored


def _write_members(spells: list[Spell], teams: dict[str, Team]) -> None:
    new: list[Membership] = []
    old: list[Membership] = []
    for spell in spells:
        row = spell.stored or Membership(team=teams[spell.team])
        member = spell.member
        row.user, row.email, row.login, row.name = member.user, member.email, member.login, member.name
        row.started_on, row.ended_on, row.is_primary = spell.start, spell.end, spell.primary
        (old if spell.stored else new).append(row)
    fields = ["user", "email", "login", "name", "started_on", "ended_on", "is_primary"]
    Membership.objects.bulk_update(old, fields, batch_size=BATCH)
    Membership.objects.bulk_create(new, batch_size=BATCH)


def _event(change: Change, team: Team, editor: User | None) -> AuditEvent:
    named = change.subject if change.what == "member" else "team"
    return AuditEvent(
        actor=editor,
        actor_name=editor.username if editor else "",
        action=f"team.import_{'member_' if change.what == 'member' else ''}{change.kind}",
        target_type="accounts.team",
        target_id=team.pk,
        target_name=change.subject[:300] if change.what == "team" else team.name,
        changes={named: [change.before or None, change.after]},
    )
