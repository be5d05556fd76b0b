"""Teams inferred where nobody said which there are: from the domains of addresses in commits, and from CODEOWNERS.

Only people without any team are counted, so what somebody gave always wins. A group in CODEOWNERS says which projects a
team owns, but not who is in it. An administrator accepts or dismisses.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from accounts import team_verbs
from accounts.models import DismissedTeam, Team, User, record_event
from accounts.team_files import RESERVED, slug_of
from accounts.team_verbs import Member
from accounts.teams import Timeline
from activity.models import Identity
from projects.models import OwnerGroup, Project
from projects.verbs import set_owner

FEWEST = 3
GROUP = "codeowners:"
MOST_SHARE = 0.6  # a domain that more of all people have is the company's, not a team's
FEW_PEOPLE = 10
LONGEST_ADDRESS = 254
# Where anybody gets an address, and what forges put in the place of one.
_PUBLIC = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|icloud|me|mac|aol|proton|protonmail|pm|gmx|web|mail|"
    r"posteo|fastmail|zoho|qq|163|126|foxmail|yandex|naver|hey|tutanota|riseup)\.[a-z.]{2,6}"
    r"|users\.noreply\..*|.*\bnoreply\b.*|localhost|.*\.(?:local|localdomain|invalid)|[^.]*"
)
_Person = tuple[int, int | None, str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A team that might be; `key` names the suggestion for ever.

    `people`: (name, address) of each, by name. `projects`: (id, name) of those that name the group; `owned` are the ids
    of those without owner that it alone owns by default.
    """

    key: str
    slug: str
    name: str
    people: list[tuple[str, str]]
    projects: list[tuple[int, str]] = field(default_factory=list)
    owned: list[int] = field(default_factory=list)

    @property
    def source(self) -> str:
        return "CODEOWNERS" if self.key.startswith(GROUP) else "addresses"


def suggestions() -> list[Suggestion]:
    """Those not dismissed, the largest first. Five queries."""
    timeline = Timeline.load()
    people: dict[_Person, list[str]] = defaultdict(list)
    rows = Identity.objects.filter(person__is_bot=False, person__erased_at=None).exclude(email="").order_by("pk")
    for email, person, account, name in rows.values_list("email", "person", "person__user", "person__name"):
        people[person, account, name].append(email.lower())
    domains: dict[str, dict[str, str]] = defaultdict(dict)
    for (_, user, name), emails in people.items():
        if not timeline.of(user, emails):
            for domain, email in {email.rpartition("@")[2]: email for email in emails}.items():
                if len(email) <= LONGEST_ADDRESS:
                    domains[domain].setdefault(email, name)  # two people may have used one address of a template
    dismissed = set(DismissedTeam.objects.values_list("key", flat=True))
    taken = set(Team.objects.values_list("slug", flat=True)) | RESERVED
    found = [
        Suggestion(f"domain:{domain}", _free(slug_of(domain), taken), domain, _by_name(members))
        for domain, members in domains.items()
        if len(members) >= FEWEST and not _PUBLIC.fullmatch(domain) and not _is_company(len(members), len(people))
    ]
    found += _from_groups(taken)
    return sorted(
        (one for one in found if one.key not in dismissed and len(one.key) <= 300),
        key=lambda one: (-len(one.people), -len(one.projects), one.key),
    )


def accept(key: str, editor: User) -> Team | None:
    """Make the team with its people, by address, as if they always were in it; None if it is offered no more."""
    with team_verbs.changing_teams():
        found = next((one for one in suggestions() if one.key == key), None)
        if found is None:
            return None
        words = f"Inferred from {found.source}: {found.key.partition(':')[2]}."
        team = team_verbs.create_team(found.slug, found.name, words, None, editor)
        for project in Project.objects.live().filter(pk__in=found.owned, owner=None):
            set_owner(project, team, project.visibility, editor)
        for name, email in found.people:
            team_verbs.add_membership(Member(email=email, name=name[:200]), team, None, None, editor)
        return team


def dismiss(key: str, editor: User) -> bool:
    """Never offer it again; whether it was offered."""
    if not any(one.key == key for one in suggestions()):
        return False
    row, made = DismissedTeam.objects.get_or_create(key=key, defaults={"dismissed_by": editor})
    if made:
        record_event(editor, "team.suggestion_dismissed", row)
    return True


def restore(key: str, editor: User) -> None:
    """Offer it again."""
    for row in DismissedTeam.objects.filter(key=key):
        record_event(editor, "team.suggestion_restored", row)
        row.delete()


def _from_groups(taken: set[str]) -> list[Suggestion]:
    """One for each group that no team has the name of."""
    groups: dict[str, list[OwnerGroup]] = defaultdict(list)
    alone: dict[int, int] = defaultdict(int)
    rows = OwnerGroup.objects.filter(project__in=Project.objects.live()).select_related("project").order_by("project")
    for row in rows:
        groups[row.name].append(row)
        alone[row.project_id] += row.is_default
    found = []
    for name, rows_of in groups.items():
        slug = slug_of(name.rpartition("/")[2])
        if slug and slug not in taken:
            owned = [row.project for row in rows_of if row.is_default and alone[row.project_id] == 1]
            projects = [(row.project_id, row.project.name) for row in rows_of]
            free = [project.pk for project in owned if project.owner_id is None and not _is_restricted(project)]
            found.append(Suggestion(f"{GROUP}{name}", slug, name.rpartition("/")[2], [], projects, free))
    return found


def _is_restricted(project: Project) -> bool:
    """A commit must not decide who may read it."""
    return project.visibility == Project.Visibility.RESTRICTED


def _by_name(members: dict[str, str]) -> list[tuple[str, str]]:
    return sorted((name, email) for email, name in members.items())


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    return next(f"{slug[:90]}-{number}" for number in range(2, 10_000) if f"{slug[:90]}-{number}" not in taken)


def _is_company(members: int, everybody: int) -> bool:
    return everybody > FEW_PEOPLE and members > MOST_SHARE * everybody
