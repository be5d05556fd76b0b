"""The memberships part of a plan: which stored membership a row speaks of, and whether all of them fit each other."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from allauth.account.models import EmailAddress

from accounts.models import Membership, User
from accounts.team_files import MemberRow, Problem
from accounts.team_verbs import Member, days_text, label_of, overlap

if TYPE_CHECKING:
    from accounts.team_plan import TeamWork

MAX_SPELLS = 200
Key = tuple[str, str | int]
Days = tuple[dt.date | None, dt.date | None]


@dataclass(slots=True)
class Spell:
    """A membership while the file is worked through: a stored one, perhaps changed, or a new one."""

    member: Member
    team: str
    start: dt.date | None
    end: dt.date | None
    primary: bool
    stored: Membership | None = None
    line: int = 0
    seen: bool = False

    @property
    def label(self) -> str:
        return self.member.label

    @property
    def changed(self) -> bool:
        old = self.stored
        return (
            old is None
            or (self.start, self.end, self.primary) != (old.started_on, old.ended_on, old.is_primary)
            or (self.linked or (old.user_id is None and self.member.name != old.name))
        )

    @property
    def linked(self) -> bool:
        """It was by address or login, and goes to an account now."""
        return self.stored is not None and self.stored.user_id is None and self.member.user is not None

    def change(self) -> tuple[Literal["added", "changed", "ended", "linked"], str, str]:
        """(kind, before, after) in words."""
        after = self._words(self.start, self.end, self.primary)
        old = self.stored
        if old is None:
            return "added", "", after
        before = self._words(old.started_on, old.ended_on, old.is_primary)
        if self.linked:
            account = f"account {self.member.label}, {after}"
            return "linked", f"{label_of(old)}, {before}", account
        if self.end != old.ended_on and self.end is not None and (self.start, self.primary) == (
            old.started_on, old.is_primary,
        ):  # fmt: skip
            return "ended", before, after
        return "changed", before, after if after != before else f"{after}, name {self.member.name or 'removed'}"

    def _words(self, start: dt.date | None, end: dt.date | None, primary: bool) -> str:
        return days_text(start, end) + ("" if primary else ", further team")

    def revert(self) -> None:
        """Back to what is stored; a new one has nothing to go back to and is dropped by the caller."""
        old = self.stored
        if old is not None:
            self.start, self.end, self.primary = old.started_on, old.ended_on, old.is_primary
            self.member = Member(old.user, old.email, old.login, old.name)


@dataclass(slots=True)
class Members:
    """The outcome: `spells` that differ from what is stored."""

    spells: list[Spell] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    untouched: int = 0


@dataclass(slots=True)
class Someone:
    """All that is known of one person's memberships, and by which keys the person goes."""

    keys: list[Key] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)


class Directory:
    """Which account a login or an address means. Only a proven address means an account: membership is permission."""

    def __init__(self) -> None:
        self.logins: dict[str, list[User]] = defaultdict(list)
        users = {user.pk: user for user in User.objects.only("pk", "username", "name", "email").order_by("pk")}
        for user in users.values():
            self.logins[user.username.lower()].append(user)
        self.users = users
        self.proven: dict[str, User] = {}
        for email, pk in EmailAddress.objects.filter(verified=True).values_list("email", "user_id"):
            self.proven[email.lower()] = users[pk]
        self.unproven = {user.email.lower(): user for user in users.values() if user.email}

    def find(self, row: MemberRow) -> Member | str:
        """The person of the row, or what is wrong."""
        named = self.logins.get(row.login, []) if row.login else []
        if len(named) > 1:
            return f"Several accounts are called {row.login}."
        proven = self.proven.get(row.email) if row.email else None
        if named and proven and named[0].pk != proven.pk:
            return f"{row.email} belongs to the account {proven.username}, not to {named[0].username}."
        account = named[0] if named else proven
        if account is not None:
            return Member(user=account)
        return Member(email=row.email, login=row.login, name=row.name)


def plan_members(rows: list[MemberRow], teams: "dict[str, TeamWork]", leave: set[str], today: dt.date) -> Members:
    """Work all rows in, then let those go that do not fit, then end who is not named in the teams to `leave`."""
    outcome, directory = Members(), Directory()
    people = _stored_spells(rows, directory, teams, leave)
    unproven = 0
    for row in rows:
        member = directory.find(row)
        if isinstance(member, str):
            outcome.problems.append(Problem(row.line, member))
            continue
        unproven += member.user is None and row.email in directory.unproven
        _work_in(row, member, people, outcome)
    if unproven:
        outcome.notes.append(
            f"{unproven} rows name an address that an account has, but never proved. They count in figures and give "
            "the account no permission; name the account by its login to give it the membership."
        )
    if not outcome.problems:
        _leave(people, leave, today)
    for spells in {id(someone): someone.spells for someone in people.values()}.values():
        _close(spells, teams)
        _settle(spells, outcome, teams)
        outcome.spells += [spell for spell in spells if spell.changed]
        outcome.untouched += sum(spell.seen and not spell.changed for spell in spells)
    outcome.spells.sort(key=lambda spell: (spell.line, spell.label, spell.team, spell.start or dt.date.min))
    return outcome


def _stored_spells(
    rows: list[MemberRow], directory: Directory, teams: "dict[str, TeamWork]", leave: set[str]
) -> dict[Key, Someone]:
    """Stored memberships of everybody the rows may mean, and those that end with a team or because a file is complete.

    Memory grows with these, not with what is stored. Two queries.
    """
    people: dict[Key, Someone] = {}
    wanted = _wanted(rows, directory)
    slugs = {team.id: slug for slug, team in teams.items()}
    columns = [column.attname for column in Membership._meta.concrete_fields]
    for values in Membership.objects.order_by("pk").values(*columns).iterator(chunk_size=2000):
        slug, closed = slugs[values["team_id"]], teams[slugs[values["team_id"]]].closed_on
        named = any(key in wanted for key in _keys(values["user_id"], values["email"], values["login"]))
        if named or slug in leave or (closed and (values["ended_on"] is None or values["ended_on"] > closed)):
            stored = Membership.from_db("default", columns, list(values.values()))
            user = directory.users[stored.user_id] if stored.user_id else None
            member = Member(user, stored.email, stored.login, stored.name)
            spell = Spell(member, slug, stored.started_on, stored.ended_on, stored.is_primary, stored)
            _someone(member, people).spells.append(spell)
    return people


def _wanted(rows: list[MemberRow], directory: Directory) -> set[Key]:
    """Every key of everybody the rows may mean: an address leads to a login where a membership has both."""
    both: dict[Key, list[Key]] = defaultdict(list)
    for email, login in Membership.objects.exclude(email="").exclude(login="").values_list("email", "login"):
        both["email", email].append(("login", login))
        both["login", login].append(("email", email))
    found: set[Key] = set()
    for row in rows:
        member = directory.find(row)
        user = member.user.pk if isinstance(member, Member) and member.user else None
        found.update([*_keys(None, row.email, row.login), *_keys(user, "", "")])
    queue = list(found & both.keys())
    while queue:
        fresh = [key for key in both[queue.pop()] if key not in found]
        found.update(fresh)
        queue += fresh
    return found


def _keys(user: int | None, email: str, login: str) -> list[Key]:
    if user:
        return [("user", user)]
    return [(kind, text) for kind, text in (("email", email), ("login", login)) if text]


def _someone(member: Member, people: dict[Key, Someone], *more: Key) -> Someone:
    """The one who goes by these keys; people who turn out to be one are joined."""
    keys = [*_keys(member.user.pk if member.user else None, member.email, member.login), *more]
    found = list({id(people[key]): people[key] for key in keys if key in people}.values())
    someone = max(found, key=lambda one: len(one.keys)) if found else Someone()
    for other in found:
        if other is not someone:
            someone.spells.extend(other.spells)
            someone.keys.extend(other.keys)
            people.update(dict.fromkeys(other.keys, someone))
    for key in keys:
        if people.get(key) is not someone:
            people[key] = someone
            someone.keys.append(key)
    return someone


def _work_in(row: MemberRow, member: Member, people: dict[Key, Someone], outcome: Members) -> None:
    spells = _someone(member, people, *(key for key in _keys(None, row.email, row.login) if key in people)).spells
    if len(spells) >= MAX_SPELLS:
        outcome.problems.append(Problem(row.line, f"{member.label} has {MAX_SPELLS} memberships already."))
        return
    spell = _meant(row, spells)
    if spell is None:
        primary = True if row.primary is None else row.primary
        spells.append(Spell(member, row.team, row.start, row.end, primary, line=row.line, seen=True))
        return
    if spell.seen:
        outcome.problems.append(Problem(row.line, f"This says the same as line {spell.line}, or contradicts it."))
        return
    spell.seen, spell.line = True, row.line
    spell.start, spell.end = row.start or spell.start, row.end or spell.end
    spell.primary = spell.primary if row.primary is None else row.primary
    if member.user and spell.member.user is None:
        spell.member = member
    elif member.user is None and row.name:
        spell.member = Member(None, spell.member.email, spell.member.login, row.name)


def _meant(row: MemberRow, spells: Iterable[Spell]) -> Spell | None:
    """The stored membership the row speaks of: same start, else the only one that shares a day with it."""
    same = [spell for spell in spells if spell.team == row.team]
    exact = [spell for spell in same if spell.start == row.start and row.start is not None]
    if exact:
        return exact[0]
    sharing = [spell for spell in same if overlap(spell.start, spell.end, row.start, row.end)]
    if row.start is None:
        open_start = [spell for spell in sharing if spell.start is None]
        latest = max(sharing, key=lambda spell: spell.start or dt.date.min, default=None)
        return open_start[0] if open_start else latest
    stored = [spell for spell in sharing if not spell.seen]
    return stored[0] if len(stored) == 1 else None


def _leave(people: dict[Key, Someone], leave: set[str], today: dt.date) -> None:
    for someone in people.values():
        for spell in someone.spells:
            runs = (spell.end is None or spell.end > today) and (spell.start is None or spell.start < today)
            if spell.team in leave and not spell.seen and runs:
                spell.end = today


def _close(spells: list[Spell], teams: "dict[str, TeamWork]") -> None:
    """A team that the file closes takes its memberships with it."""
    for spell in spells:
        closed = teams[spell.team].closed_on
        if closed and not spell.line and (spell.end is None or spell.end > closed):
            spell.end = closed


def _settle(spells: list[Spell], outcome: Members, teams: "dict[str, TeamWork]") -> None:
    """Take rows out until everything fits."""
    while True:
        found = _misfit(spells, teams)
        if found is None:
            return
        spell, reason = found
        outcome.problems.append(Problem(spell.line, f"{spell.label} in {spell.team}: {reason}"))
        if spell.stored is None:
            spells.remove(spell)
        else:
            spell.revert()
            spell.line = 0


def _misfit(spells: list[Spell], teams: "dict[str, TeamWork]") -> tuple[Spell, str] | None:
    """A spell of the file that cannot be, and why; the later line is the culprit."""
    for spell in spells:
        if spell.changed and spell.line and spell.start and spell.end and spell.end <= spell.start:
            return spell, f"it would end on {spell.end}, which is not after its start on {spell.start}."
        closed = teams[spell.team].closed_on
        if spell.changed and spell.line and closed and (spell.end is None or spell.end > closed):
            return spell, f"the team was closed on {closed}; give an end on that day at the latest."
    ordered = sorted(spells, key=lambda spell: spell.start or dt.date.min)
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            if one.end is not None and other.start is not None and other.start >= one.end:
                break
            culprit, held = (one, other) if one.line > other.line else (other, one)
            if not (culprit.line and culprit.changed):
                culprit, held = held, culprit
            if not (culprit.line and culprit.changed):
                continue
            days, place = days_text(held.start, held.end), f"line {held.line}" if held.line else "a stored membership"
            if one.team == other.team:
                return culprit, f"this overlaps with {place} in the same team ({days})."
            if one.primary and other.primary:
                return culprit, (
                    f"this overlaps with {place}: the main team is {held.team} then ({days}). End that one, or write "
                    "primary no for one of them."
                )
    return None
