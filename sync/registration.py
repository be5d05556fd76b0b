"""Bringing repositories in: one address, many, a table, or a folder on the server."""

import contextlib
import csv
import io
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Team, User, record_event, slug_validator
from common.secrets import Undecryptable
from gitstore.addresses import Address, parse_address
from gitstore.credentials import Credential as GitCredential
from gitstore.errors import GitError, Refused, Unreachable
from projects import readers
from projects.catalog import refresh
from projects.models import Credential, Project, Repository, Role
from projects.slugs import free_slug, wished_slug
from sync import policy, queue
from sync.models import SyncJob
from sync.names import Names

logger = logging.getLogger(__name__)

MAX_LINES = 1000
NEUTRAL_MESSAGE = "The portal cannot take this address."
NEUTRAL_HINT = "Ask an administrator to register it for you."
COLUMNS = ("url", "slug", "team", "visibility", "branch", "subdirectory")


class RegistrationError(Exception):
    """One field of a registration is not acceptable; message and hint are for people and hold no secret.

    `project`: the page that has this address already, when the person may see it.
    """

    def __init__(self, field: str, message: str, hint: str = "", project: Project | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.hint = hint
        self.project = project


@dataclass(frozen=True)
class _Wish:
    """What is asked for, checked."""

    address: Address
    by: User | None
    slug: str | None
    team: Team | None
    visibility: str
    branch: str
    subdirectory: str
    credential: Credential | None
    secret: GitCredential | None = field(repr=False)

    @property
    def is_operator(self) -> bool:
        return self.by is None or self.by.is_administrator


@dataclass(frozen=True)
class LineResult:
    """What became of one line: its number from 1, the address without secrets, a project or an error."""

    line: int
    address: str
    project: Project | None = None
    error: RegistrationError | None = None


def may_register(user: User | AnonymousUser) -> bool:
    """Administrators; other people who signed in only where the setting allows."""
    return isinstance(user, User) and user.is_active and (user.is_administrator or settings.REGISTER_OPEN)


def register(
    address_text: str,
    *,
    by: User | None,
    slug: str | None = None,
    team: Team | None = None,
    visibility: str = "internal",
    branch: str = "",
    credential: Credential | None = None,
    secret: GitCredential | None = None,
    subdirectory: str = "",
    names: Names | None = None,
) -> Project:
    """Make a project for a repository and ask for its first sync; raises `RegistrationError`.

    `by` None: the server's own operator (commands, demo), who may do what an administrator may.
    `secret` is stored encrypted, and so is a user name and password that stands within the address.
    `names`: of servers, looked up already.
    """
    if by is not None and not may_register(by):
        raise RegistrationError("address", "You may not register repositories.", NEUTRAL_HINT)
    _check_visibility(visibility)
    _check_team(team, by)
    return _create(
        _Wish(
            _address(address_text, by, names), by, _wanted_slug(slug, by), team, visibility, _branch(branch),
            _subdirectory(subdirectory), credential, secret,
        )
    )  # fmt: skip


def _create(wish: _Wish) -> Project:
    try:
        with transaction.atomic():
            project = _project(wish, _repository(wish))
    except IntegrityError:
        raise RegistrationError("address", "Somebody registered the same a moment ago.", "Try again.") from None
    refresh([project.pk])
    return project


def register_many(lines: Iterable[str], *, by: User | None, **common: Any) -> list[LineResult]:
    """Register each line's address; empty lines and lines that begin with # are passed over. Bad ones stop nothing."""
    rows = [(number, {"url": line.strip()}) for number, line in enumerate(lines, 1)]
    return _each([row for row in rows if row[1]["url"] and not row[1]["url"].startswith("#")], by, common)


def register_table(text: str, *, by: User | None, **common: Any) -> list[LineResult]:
    """Register the rows of a CSV text whose first line names columns out of `COLUMNS`; `url` must be there."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        names = [name.strip().lower() for name in reader.fieldnames or []]
        if "url" not in names or set(names) - set(COLUMNS):
            raise RegistrationError(
                "table",
                "The first line must name the columns.",
                f"Columns: {', '.join(COLUMNS)}. Only url is required.",
            )
        reader.fieldnames = names
        rows = [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
    except csv.Error as error:
        raise RegistrationError("table", f"Line {reader.line_num} is not CSV: {error}.") from None
    return _each([row for row in rows if row[1].get("url")], by, common)


def _each(rows: list[tuple[int, dict[str, str]]], by: User | None, common: dict[str, Any]) -> list[LineResult]:
    if len(rows) > MAX_LINES:
        raise RegistrationError("lines", f"At most {MAX_LINES} addresses at a time.", "Split the list.")
    common = common | {"names": Names(_parsed(row["url"] for _, row in rows))}
    return [_one(number, row, by, common) for number, row in rows]


def _parsed(texts: Iterable[str]) -> Iterator[Address]:
    for text in texts:
        with contextlib.suppress(Refused):
            yield parse_address(text)


def _one(number: int, row: dict[str, str], by: User | None, common: dict[str, Any]) -> LineResult:
    shown = policy.without_secret(row["url"])
    try:
        given = {name: row[name] for name in COLUMNS[1:] if row.get(name)}
        if "team" in given:
            given["team"] = _team(given["team"])  # type: ignore[assignment]
        return LineResult(number, shown, project=register(row["url"], by=by, **(common | given)))
    except RegistrationError as error:
        return LineResult(number, shown, error=error)


def _team(slug: str) -> Team:
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise RegistrationError(
            "team", f"There is no team {slug[:100]!r}.", "Use the short name in the team's address."
        )
    return team


def _address(text: str, by: User | None, names: Names | None) -> Address:
    """The parsed address, if the settings allow it. A name that is not known today may be known tomorrow."""
    try:
        address = parse_address(text)
        if address.is_local and by is not None and not by.is_administrator:
            raise RegistrationError("address", NEUTRAL_MESSAGE, NEUTRAL_HINT)
        (names or Names([address])).check(address, policy.address_policy())
    except Unreachable:
        pass
    except GitError as error:
        raise RegistrationError("address", error.message, error.hint) from None
    return address


def _check_visibility(visibility: str) -> None:
    if visibility not in Project.Visibility.values:
        raise RegistrationError("visibility", "Visibility is either internal or restricted.")


def _check_team(team: Team | None, by: User | None) -> None:
    if team and by is not None and not by.is_administrator and team.pk not in by.team_ids():
        raise RegistrationError("team", "You are not in this team.", "Choose one of your own teams.")


def _branch(branch: str) -> str:
    bad = len(branch) > 250 or branch.startswith(("-", "/")) or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", branch)
    if bad:
        raise RegistrationError("branch", "This cannot be the name of a branch.")
    return branch.removeprefix("refs/heads/")


def _subdirectory(path: str) -> str:
    parts = PurePosixPath(path.strip().strip("/")).parts
    if len(path) > 1000 or any(part in {"..", "."} for part in parts) or "\0" in path:
        raise RegistrationError("subdirectory", "The folder must lie within the repository.")
    return "/".join(parts)


def _wanted_slug(slug: str | None, by: User | None) -> str | None:
    if not slug:
        return None
    try:
        slug_validator(slug)
    except ValidationError as error:
        raise RegistrationError("slug", error.messages[0]) from None
    wished = wished_slug(slug, by)
    if wished is None:
        raise RegistrationError("slug", "This page address is taken.", "Choose another one.")
    return wished


def _repository(wish: _Wish) -> Repository:
    """The repository of this address: a new one, or the known one when another folder of it becomes a project."""
    address = wish.address
    known = Repository.objects.filter(address_key=address.key).first()
    if known:
        _check_known(known, wish)
        return known
    return Repository.objects.create(
        clone_url=address.url,
        address_key=address.key,
        credential=wish.credential or _stored(wish.secret or policy.embedded(address), wish),
        wanted_branch=wish.branch,
        registered_by=wish.by,
    )


def _check_known(known: Repository, wish: _Wish) -> None:
    """Raise unless `by` may add a project for another folder; say where the address is only if they may see it."""
    here = known.projects.live()
    visible = here if wish.by is None else here.visible_to(wish.by)
    if not wish.is_operator and not visible.exists():
        raise RegistrationError("address", NEUTRAL_MESSAGE, NEUTRAL_HINT)
    if not wish.subdirectory or known.projects.filter(subdirectory=wish.subdirectory).exists():
        project = visible.filter(subdirectory=wish.subdirectory).first() or visible.first()
        raise RegistrationError(
            "address",
            f"This repository is already registered: {project.name}." if project else NEUTRAL_MESSAGE,
            "To register one folder of it as a project of its own, fill in the folder."
            if project
            else "A project that was removed has this address. Bring it back in the administration.",
            project=project,
        )
    if wish.by is not None and not here.maintainable_by(wish.by).exists():
        raise RegistrationError("address", "Only maintainers of this repository may add a folder of it.")


def _stored(secret: GitCredential | None, wish: _Wish) -> Credential | None:
    """Keep a secret, encrypted, under the name of its host.

    The same secret is kept once for each server and person: whoever renews it later must not send it elsewhere.
    """
    if secret is None:
        return None
    server = wish.address.key.partition("/")[0]
    mine = Credential.objects.filter(
        repositories__registered_by=wish.by, repositories__address_key__startswith=f"{server}/"
    )
    for known in mine.filter(kind=secret.kind, username=secret.username).distinct():
        with contextlib.suppress(Undecryptable):
            if known.reveal() == secret:
                return known
    return new_credential(secret, wish.address.host)


def new_credential(secret: GitCredential, name: str) -> Credential:
    """Store a secret, encrypted, under a name made unique."""
    taken = set(Credential.objects.filter(name__startswith=name[:180]).values_list("name", flat=True))
    unique, number = name[:180], 1
    while unique in taken:
        number += 1
        unique = f"{name[:180]} {number}"
    credential = Credential(
        name=unique, kind=secret.kind, username=secret.username[:200], known_hosts=secret.known_hosts
    )
    credential.set_secret(secret.secret)
    credential.save()
    return credential


def _project(wish: _Wish, repository: Repository) -> Project:
    """The project, its first sync asked for, and the line in the audit record."""
    words = PurePosixPath(wish.subdirectory).name or wish.address.name
    main = readers.main_project(repository)
    project = Project.objects.create(
        slug=wish.slug or free_slug(words),
        repository=repository,
        subdirectory=wish.subdirectory,
        owner=wish.team,
        visibility=main.visibility if main else wish.visibility,
        name=words[:200],
    )
    if wish.by is not None and not wish.is_operator and wish.team is None:
        Role.objects.create(project=project, user=wish.by, kind=Role.Kind.OWNER)
    job = queue.make_due(repository, "registered")
    # A further folder is read although the repository did not move.
    SyncJob.objects.filter(pk=job.pk).update(facts_commit="", activity_commit="")
    record_event(wish.by, "project.register", project, {"address": [None, wish.address.url]})
    if main is not None:
        _read_alike(wish, main)
    return project


def _read_alike(wish: _Wish, main: Project) -> None:
    """A further folder has the readers of its repository; an administrator may restrict all of it on this way."""
    readers.spread(main, wish.by)
    if wish.visibility in {Project.Visibility.INTERNAL, main.visibility}:
        return
    if not wish.is_operator:
        raise RegistrationError(
            "visibility",
            "Everyone signed in may read this repository, and so its folders.",
            "Ask an administrator to restrict the repository.",
        )
    readers.set_visibility(main, wish.visibility, wish.by)
