"""How well an opportunity fits a person: a number to sort by, and the reason in words.

Known projects weigh most (they need no first look around), then known languages, then what somebody marked. What tells
nothing about the person, a good first task or a mentor, decides among the rest. The person's own projects come last.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import DateTimeField, F, Value

from accounts.models import Membership, User
from activity.models import Participation
from projects.models import Follow, ProjectQuerySet, Role, Star

CONTRIBUTED, LANGUAGE, STARRED, FOLLOWED, FIRST, MENTORED, OWN = 40, 30, 15, 12, 8, 4, -1


class Described(Protocol):
    """What counts of an opportunity."""

    @property
    def project_id(self) -> int: ...

    @property
    def languages(self) -> Sequence[str]: ...

    @property
    def good_first(self) -> bool: ...

    @property
    def mentored(self) -> bool: ...


@dataclass(frozen=True)
class Knowledge:
    """What a person knows: commits by project, the name of a project by language, projects starred and followed, and
    those that the person looks after."""

    commits: Mapping[int, int] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    starred: frozenset[int] = frozenset()
    followed: frozenset[int] = frozenset()
    own: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Marks:
    """Projects that somebody starred, with when, follows and has a role in today, and the person's teams of today."""

    starred: Mapping[int, dt.datetime] = field(default_factory=dict)
    followed: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()

    def looks_after(self, project: int, owner: int | None) -> bool:
        return owner in self.teams or project in self.roles


def marks_of(user: User | AnonymousUser) -> Marks:
    """One query; none for visitors."""
    if not isinstance(user, User):
        return Marks()
    never = Value(None, output_field=DateTimeField())
    stars = Star.objects.filter(user=user).annotate(what=Value("star"), when=F("at"))
    follows = Follow.objects.filter(user=user).annotate(what=Value("follow"), when=never)
    roles = Role.objects.current().filter(user=user).annotate(what=Value("role"), when=never)
    teams = Membership.objects.current().filter(user=user).annotate(what=Value("team"), when=never)
    columns = ("what", "project_id", "when")
    others = [rows.order_by().values_list(*columns) for rows in (follows, roles)]
    found: defaultdict[str, dict[int, Any]] = defaultdict(dict)
    lines: Any = stars.order_by().values_list(*columns)
    for what, pk, when in lines.union(*others, teams.order_by().values_list("what", "team_id", "when"), all=True):
        found[what][pk] = when
    return Marks(found["star"], frozenset(found["follow"]), frozenset(found["role"]), frozenset(found["team"]))


def know(
    user: User | AnonymousUser, visible: ProjectQuerySet, marks: Marks, owners: Mapping[int, int | None]
) -> Knowledge:
    """One query. Only `visible` projects, which the person may read today, are named; `owners`: teams by project."""
    if not isinstance(user, User):
        return Knowledge()
    parts = Participation.objects.filter(person__user=user, project__in=visible.values("pk"))
    commits: Counter[int] = Counter()
    best: dict[str, tuple[int, str]] = {}
    columns = ("project_id", "project__name", "project__language", "commits", "coauthored")
    for project, name, language, written, shared in parts.values_list(*columns):
        commits[project] += written + shared
        if language and (written + shared, name) > best.get(language, (0, "")):
            best[language] = (written + shared, name)
    return Knowledge(
        commits={project: number for project, number in commits.items() if number},
        languages={language: name for language, (_, name) in best.items()},
        starred=frozenset(marks.starred),
        followed=marks.followed,
        own=frozenset(pk for pk, owner in owners.items() if marks.looks_after(pk, owner)),
    )


def weigher(knowledge: Knowledge) -> Callable[[Described], int]:
    """A function that weighs thousands of opportunities for one person quickly."""
    commits, languages, own = knowledge.commits, frozenset(knowledge.languages), knowledge.own
    marked = dict.fromkeys(knowledge.followed, FOLLOWED) | dict.fromkeys(knowledge.starred, STARRED)

    def weigh(row: Described) -> int:
        if row.project_id in own:
            return OWN
        weight = MENTORED if row.mentored else 0
        if row.project_id in commits:
            weight += CONTRIBUTED
        elif row.good_first:
            weight += FIRST
        if not languages.isdisjoint(row.languages):
            weight += LANGUAGE
        return weight + marked.get(row.project_id, 0)

    return weigh


def reason(row: Described, knowledge: Knowledge) -> str:
    """What speaks for an opportunity, in words; empty where nothing about the person or the task does."""
    if row.project_id in knowledge.own:
        return "In a project that you look after"
    reasons = []
    if number := knowledge.commits.get(row.project_id, 0):
        reasons.append(f"you have {number:,} commit{'' if number == 1 else 's'} here")
    known = next((language for language in row.languages if language in knowledge.languages), None)
    if known:
        reasons.append(f"you know {known}" + ("" if number else f" from {knowledge.languages[known]}"))
    if row.project_id in knowledge.starred:
        reasons.append("you starred the project")
    elif row.project_id in knowledge.followed:
        reasons.append("you follow the project")
    if row.good_first and not number:
        reasons.append("a good first task")
    return _sentence(reasons[:3])


def _sentence(reasons: list[str]) -> str:
    text = ", ".join(reasons)
    return text[:1].upper() + text[1:]
