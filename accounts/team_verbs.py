"""Changing teams and memberships by hand. Each verb is one transaction that leaves a line in the audit record.

All of them wait for each other on one row, so that two moves at once cannot close a circle together.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Membership, PastParent, Team, TeamsClock, User, record_event
from accounts.teams import Node, Tree, tree

MAX_DEPTH = 20


class TeamError(Exception):
    """What was asked cannot be; the text is for people."""


@dataclass(frozen=True, slots=True)
class Member:
    """An account, or an address, a login or both of somebody without one."""

    user: User | None = None
    email: str = ""
    login: str = ""
    name: str = ""

    @property
    def label(self) -> str:
        return self.user.username if self.user else self.email or self.login

    def rows(self) -> Q:
        """Memberships of this person."""
        if self.user:
            return Q(user=self.user)
        by_email = Q(user=None, email=self.email) if self.email else Q(pk=None)
        by_login = Q(user=None, login=self.login) if self.login else Q(pk=None)
        return by_email | by_login


@contextmanager
def changing_teams() -> Iterator[None]:
    """A transaction in which nobody else changes teams or memberships."""
    with transaction.atomic():
        TeamsClock.objects.get_or_create(pk=1)
        TeamsClock.objects.filter(pk=1).update(number=F("number") + 1)
        yield


def create_team(slug: str, name: str, description: str, parent: Team | None, editor: User | None) -> Team:
    with changing_teams():
        if Team.objects.filter(slug=slug).exists():
            raise TeamError("A team with this address exists already. Choose another one.")
        _check_open(parent)
        team = Team.objects.create(slug=slug, name=name, description=description, parent=parent)
        record_event(editor, "team.created", team, {"parent": [None, parent.slug if parent else None]})
        return team


def describe_team(team: Team, name: str, description: str, editor: User | None) -> None:
    """Give the team another name or description. Figures do not change: they are kept by the team's id."""
    with changing_teams():
        team.refresh_from_db()
        changes: dict[str, list[str]] = {}
        for field, value in (("name", name), ("description", description)):
            if getattr(team, field) != value:
                changes[field] = [getattr(team, field), value]
                setattr(team, field, value)
        if changes:
            team.save(update_fields=list(changes))
            record_event(editor, "team.changed", team, changes)


def move_team(team: Team, parent: Team | None, since: dt.date | None, editor: User | None) -> None:
    """Hang the team below another one, or at the top, from a day on; None is "it always was there".

    What was before that day stays. Raises TeamError when the tree would have a circle at any day.
    """
    with changing_teams():
        team.refresh_from_db()
        if since is not None and since > timezone.localdate():
            raise TeamError("A team can only be moved from today on, or from a day in the past.")
        if parent is not None:
            parent.refresh_from_db()
            _check_open(parent)
        before = tree()
        if team.parent_id == (parent.pk if parent else None) and not _differs_since(before, team.pk, since):
            return
        after = moved(before, team.pk, parent.pk if parent else None, since)
        check_no_circle(after, team.pk)
        write_parents(team, after.nodes[team.pk].parent, after.past[team.pk])
        old = before.nodes.get(before.parent(team.pk) or 0)
        record_event(
            editor,
            "team.moved",
            team,
            {"parent": [old.slug if old else None, parent.slug if parent else None], "since": [None, _text(since)]},
        )


def _differs_since(before: Tree, team: int, since: dt.date | None) -> bool:
    """Whether the team hung elsewhere at some time since that day."""
    return any(since is None or ended_on > since for ended_on, _ in before.past.get(team, ()))


def moved(before: Tree, team: int, parent: int | None, since: dt.date | None) -> Tree:
    """The tree with that team elsewhere from a day on."""
    spells = [(ended_on, at) for ended_on, at in before.past.get(team, ()) if since is not None and ended_on <= since]
    if since is not None:
        held = before.parent(team, since - dt.timedelta(days=1))
        if held != parent and (not spells or spells[-1][0] != since):
            spells.append((since, held))
        while spells and spells[-1][1] == parent:  # it was there already: no move
            spells.pop()
    node = before.nodes[team]
    changed = Node(node.id, node.slug, node.name, parent, node.closed_on)
    return Tree(before.nodes | {team: changed}, before.past | {team: spells})


def check_no_circle(after: Tree, team: int) -> None:
    """Raises TeamError when the team is above itself today or at any day of the past."""
    for day in (None, *(day - dt.timedelta(days=1) for day in after.changes_of_parents())):
        at, path = after.parent(team, day), [team]
        while at is not None and at not in path:
            path.append(at)
            at = after.parent(at, day)
            if len(path) > MAX_DEPTH:
                raise TeamError(f"Teams may hang at most {MAX_DEPTH} levels deep.")
        if at == team:
            names = " below ".join(after.nodes[one].name for one in [*path, team])
            when = f" on {day.isoformat()}" if day else ""
            raise TeamError(f"This would make a circle{when}: {names}.")


def write_parents(team: Team, parent: int | None, past: list[tuple[dt.date, int | None]]) -> None:
    """Store where the team hangs (id of a team), and where it hung until which day."""
    Team.objects.filter(pk=team.pk).update(parent=parent)
    team.parent_id = parent
    team.past_parents.all().delete()
    PastParent.objects.bulk_create(PastParent(team=team, parent_id=held, ended_on=day) for day, held in past)


def close_team(team: Team, on: dt.date, editor: User | None) -> None:
    """The team exists no more from that day on: its memberships end, its past stays."""
    with changing_teams():
        team.refresh_from_db()
        below = [child.name for child in team.children.open()[:4]]
        if below:
            raise TeamError(f"There are teams below it: {', '.join(below)}. Move or close them first.")
        if on > timezone.localdate():
            raise TeamError("A team can be closed today or on a day in the past, not on one to come.")
        late = team.memberships.filter(started_on__gte=on).select_related("user", "team").first()
        if late:
            raise TeamError(f"{late.person_label} joined on {late.started_on}, which is not before that day.")
        ended = team.memberships.filter(Q(ended_on=None) | Q(ended_on__gt=on)).update(ended_on=on)
        record_event(
            editor,
            "team.closed",
            team,
            {"closed_on": [_text(team.closed_on), _text(on)], "memberships ended": [0, ended]},
        )
        team.closed_on = on
        team.save(update_fields=["closed_on"])


def reopen_team(team: Team, editor: User | None) -> None:
    """Undo a closing; memberships that it ended stay ended."""
    with changing_teams():
        team.refresh_from_db()
        if team.closed_on is not None:
            record_event(editor, "team.reopened", team, {"closed_on": [_text(team.closed_on), None]})
            team.closed_on = None
            team.save(update_fields=["closed_on"])


def add_membership(
    member: Member,
    team: Team,
    started_on: dt.date | None,
    ended_on: dt.date | None,
    editor: User | None,
    *,
    is_primary: bool = True,
) -> Membership:
    """Raises TeamError when the days do not fit each other, the team, or the person's other memberships."""
    with changing_teams():
        team.refresh_from_db()
        check_days(started_on, ended_on)
        if team.closed_on and (ended_on is None or ended_on > team.closed_on):
            raise TeamError(f"{team.name} was closed on {team.closed_on}; a membership ends then at the latest.")
        for other in Membership.objects.filter(member.rows()).select_related("team"):
            check_apart(started_on, ended_on, is_primary, team.pk, other)
        made = Membership.objects.create(
            user=member.user,
            email="" if member.user else member.email,
            login="" if member.user else member.login,
            name="" if member.user else member.name,
            team=team,
            is_primary=is_primary,
            started_on=started_on,
            ended_on=ended_on,
        )
        record_event(editor, "team.member_added", team, {member.label: [None, days_text(started_on, ended_on)]})
        return made


def end_membership(membership: Membership, on: dt.date, editor: User | None) -> None:
    """`on` is the first day outside the team."""
    with changing_teams():
        membership.refresh_from_db()
        check_days(membership.started_on, on)
        if membership.ended_on is not None and membership.ended_on <= on:
            raise TeamError(f"This membership ended on {membership.ended_on} already.")
        before = days_text(membership.started_on, membership.ended_on)
        membership.ended_on = on
        membership.save(update_fields=["ended_on"])
        after = days_text(membership.started_on, on)
        record_event(editor, "team.member_ended", membership.team, {label_of(membership): [before, after]})


def remove_membership(membership: Membership, editor: User | None) -> None:
    """Take back a membership that never was. One that ended is ended, not removed."""
    with changing_teams():
        before = days_text(membership.started_on, membership.ended_on)
        record_event(editor, "team.member_removed", membership.team, {label_of(membership): [before, None]})
        membership.delete()


def replace_address(old: str, new: str) -> int:
    """Where somebody without an account is erased: memberships go on under the pseudonym. Returns how many."""
    with changing_teams():
        return Membership.objects.filter(user=None, email=old.lower()).update(email=new.lower(), name="", login="")


def replace_login(login: str, address: str) -> int:
    """The same for somebody known by a login; the memberships go by that address afterwards. Returns how many."""
    with changing_teams():
        rows = Membership.objects.filter(user=None, login=login.lower())
        return rows.update(email=address.lower(), name="", login="")


def check_days(started_on: dt.date | None, ended_on: dt.date | None) -> None:
    if started_on and ended_on and ended_on <= started_on:
        raise TeamError(f"It ends on {ended_on}, which is not after its start on {started_on}.")


def check_apart(
    started_on: dt.date | None, ended_on: dt.date | None, is_primary: bool, team: int, other: Membership
) -> None:
    """Raises TeamError when both are in one team, or both primary, and share a day."""
    if not overlap(started_on, ended_on, other.started_on, other.ended_on):
        return
    days = days_text(other.started_on, other.ended_on)
    if other.team_id == team:
        raise TeamError(f"This overlaps with a membership in the same team ({days}).")
    if is_primary and other.is_primary:
        raise TeamError(
            f"The person's main team is {other.team.name} at that time ({days}). End that membership first, or add "
            "this one as a further team."
        )


def overlap(a_start: dt.date | None, a_end: dt.date | None, b_start: dt.date | None, b_end: dt.date | None) -> bool:
    """Whether two half-open spells share a day; None is open."""
    return (a_end is None or b_start is None or b_start < a_end) and (
        b_end is None or a_start is None or a_start < b_end
    )


def label_of(membership: Membership) -> str:
    return membership.user.username if membership.user else membership.email or membership.login


def days_text(started_on: dt.date | None, ended_on: dt.date | None) -> str:
    """For people: "since always", "from 2024-01-01", "until 2024-02-01", "2024-01-01 to 2024-02-01"."""
    if started_on and ended_on:
        return f"{started_on} to {ended_on}"
    if started_on:
        return f"from {started_on}"
    return f"until {ended_on}" if ended_on else "since always"


def _check_open(parent: Team | None) -> None:
    if parent is not None and parent.is_closed:
        raise TeamError(f"{parent.name} is closed. Choose another team.")


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
