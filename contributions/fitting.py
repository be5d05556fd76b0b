"""How well an opportunity fits a person: a number to sort by, and the reason in words.

Known projects weigh most (they need no first look around), then known languages, then what somebody marked. What tells
nothing about the person, a good first task or a mentor, decides among the rest.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import Value

from accounts.models import User
from activity.models import Participation
from projects.models import Follow, Project, Star

CONTRIBUTED, LANGUAGE, STARRED, FOLLOWED, FIRST, MENTORED = 40, 30, 15, 12, 8, 4


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
    """What a person knows: commits by project, the name of a project by language, projects starred and followed."""

    commits: Mapping[int, int] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    starred: frozenset[int] = frozenset()
    followed: frozenset[int] = frozenset()


def know(user: User | AnonymousUser) -> Knowledge:
    """Two queries. Only projects that the person may read today are named."""
    if not isinstance(user, User):
        return Knowledge()
    parts = Participation.objects.filter(person__user=user, project__in=Project.objects.visible_to(user).values("pk"))
    commits: Counter[int] = Counter()
    best: dict[str, tuple[int, str]] = {}
    columns = ("project_id", "project__name", "project__language", "commits", "coauthored")
    for project, name, language, written, shared in parts.values_list(*columns):
        commits[project] += written + shared
        if language and (written + shared, name) > best.get(language, (0, "")):
            best[language] = (written + shared, name)
    stars = Star.objects.filter(user=user).annotate(what=Value("star")).values_list("what", "project_id")
    follows = Follow.objects.filter(user=user).annotate(what=Value("follow")).values_list("what", "project_id")
    marks = list(stars.union(follows, all=True))
    return Knowledge(
        commits={project: number for project, number in commits.items() if number},
        languages={language: name for language, (_, name) in best.items()},
        starred=frozenset(project for what, project in marks if what == "star"),
        followed=frozenset(project for what, project in marks if what == "follow"),
    )


def weigher(knowledge: Knowledge) -> Callable[[Described], int]:
    """A function that weighs thousands of opportunities for one person quickly."""
    commits, languages = knowledge.commits, frozenset(knowledge.languages)
    marked = dict.fromkeys(knowledge.followed, FOLLOWED) | dict.fromkeys(knowledge.starred, STARRED)

    def weigh(row: Described) -> int:
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
