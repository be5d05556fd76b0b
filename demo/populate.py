"""Puts the demo company into the portal's tables: teams, people, memberships, projects with their roles."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from allauth.account.models import EmailAddress
from django.db import connection

from accounts.models import Membership, PastParent, Team, User
from accounts.team_verbs import move_team
from demo.build import DemoRepository
from demo.organisation import DEMO_ACCOUNTS, DOMAIN, ORGANISATION, DemoAccount, Person, Repo
from gitstore.addresses import parse_address
from projects.fields import set_edited
from projects.models import Project, Repository, Role
from projects.readers import grant
from projects.verbs import give_role, set_star
from sync.registration import RegistrationError, register

OWN_TEAM, OWN_SLUG = "developer-experience", "innersource-portal"
OLDEST_MEMBERSHIP = 1100
_STARS = {
    "maya": ("resilient-http", "engineering-handbook", "parcel-tracker"),
    "tom": ("route-planner", "resilient-http", "engineering-handbook"),
    "erin": ("tide-cli", "route-planner", "event-bus-client"),
    "sam": ("tideway-web", "resilient-http", "parcel-tracker"),
}


def is_embedded() -> bool:
    """Whether the database is the SQLite file of an embedded portal."""
    return connection.vendor == "sqlite"


def is_foreign() -> bool:
    """Whether the database has people but not this company: then it belongs to somebody else."""
    return User.objects.exists() and not User.objects.filter(email=ORGANISATION.people[0].emails[0]).exists()


def create_people(now: dt.datetime) -> None:
    """Teams, the forty people and the demo accounts; what is there already stays as it is."""
    _create_teams(now.date())
    accounts = {account.username: account for account in DEMO_ACCOUNTS}
    for person in ORGANISATION.people:
        _create_person(person, accounts.get(person.username), now.date())
    for account in DEMO_ACCOUNTS:
        if account.administrator and not User.objects.filter(username=account.username).exists():
            email = f"{account.username}@{DOMAIN}"
            User.objects.create_superuser(account.username, email, account.password, name=account.name)


def _create_person(person: Person, account: DemoAccount | None, today: dt.date) -> None:
    """Those who left cannot sign in; only demo accounts have a password."""
    if User.objects.filter(username=person.username).exists():
        return
    user = User.objects.create_user(
        person.username,
        person.emails[0],
        account.password if account else None,
        name=person.name,
        is_active=person.left is None,
    )
    EmailAddress.objects.create(user=user, email=person.emails[0].lower(), verified=True, primary=True)
    start = today - dt.timedelta(days=person.joined or OLDEST_MEMBERSHIP)
    ends = [(slug, today - dt.timedelta(days=days)) for slug, days in person.before]
    left = today - dt.timedelta(days=person.left) if person.left is not None else None
    for slug, end in [*ends, (person.team, left)]:
        Membership.objects.create(user=user, team=Team.objects.get(slug=slug), started_on=start, ended_on=end)
        start = end or start


def _create_teams(today: dt.date) -> None:
    """The tree with its past; teams that are there already stay where they are."""
    new = [team for team in ORGANISATION.teams if not Team.objects.filter(slug=team.slug).exists()]
    for team in new:
        Team.objects.create(slug=team.slug, name=team.name, description=team.description)
    teams = Team.objects.in_bulk(field_name="slug")
    for team in new:
        if team.parent in teams:
            move_team(teams[team.slug], teams[team.parent], None, None)
        for parent, days in team.before:
            ended_on = today - dt.timedelta(days=days)
            PastParent.objects.create(team=teams[team.slug], parent=teams.get(parent or ""), ended_on=ended_on)


def register_repositories(built: Iterable[DemoRepository]) -> list[Project]:
    """Projects for those repositories that the portal does not know yet, with owners, roles, topics and stars."""
    new = []
    for repository in built:
        if not _is_known(repository.path, repository.slug):
            team = Team.objects.get(slug=repository.team)
            project = register(
                str(repository.path), by=None, slug=repository.slug, team=team, visibility=repository.visibility
            )
            _furnish(project, ORGANISATION.repository(repository.slug))
            new.append(project)
    return new


def register_own_repository(folder: Path) -> Project | None:
    """The portal's own repository, when it runs from a checkout that the settings allow to read."""
    if not (folder / ".git").exists() or _is_known(folder, OWN_SLUG):
        return None
    try:
        return register(str(folder), by=None, slug=OWN_SLUG, team=Team.objects.get(slug=OWN_TEAM))
    except RegistrationError:
        return None


def _is_known(path: Path, slug: str) -> bool:
    """Whether there is a project for this folder; one whose folder was moved here is followed."""
    address = parse_address(str(path))
    if Repository.objects.filter(address_key=address.key).exists():
        return True
    before = Repository.objects.filter(projects__slug=slug, registered_by=None).first()
    if before is None or not before.clone_url.startswith("/") or Path(before.clone_url).exists():
        return False
    before.clone_url, before.address_key = address.url, address.key
    before.save(update_fields=["clone_url", "address_key"])
    return True


def _furnish(project: Project, repo: Repo) -> None:
    """What people would have entered on the project's page."""
    people = User.objects.in_bulk([*repo.owners, *repo.trusted, *repo.readers, *_STARS], field_name="username")
    editor = people[repo.owners[0]]
    for username in repo.owners:
        give_role(project, people[username], Role.Kind.OWNER, editor)
    for username in repo.trusted:
        give_role(project, people[username], Role.Kind.TRUSTED_COMMITTER, editor)
    for username in repo.readers:
        grant(project, None, people[username], editor)
    if repo.topics:
        set_edited(project, "topics", list(repo.topics), editor)
    if repo.welcomes:
        set_edited(project, "welcomes", True, editor)
    for username, slugs in _STARS.items():
        if repo.slug in slugs:
            set_star(project, people[username], True)
