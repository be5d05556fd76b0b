"""What a project says to people who would like to contribute, kept by the sync so that its page reads one row."""

from pathlib import PurePosixPath

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, User, record_event
from common.markdown import render_document
from common.safe_html import Links
from contributions.guide_commands import find_commands
from contributions.models import Guide
from gitstore.errors import GitError
from gitstore.mirrors import Mirror
from gitstore.objects import ObjectReader, open_objects
from gitstore.records import Limits
from projects.derive.content import Unreadable, decode
from projects.models import PeopleFile, Project, Repository, Role
from projects.outcome import CODE_LINK

RULES = 1
LIMITS = Limits(seconds=20, memory_bytes=2 * 1024**3)
MAX_BYTES = 1024**2
KEEP_BYTES = 256 * 1024
FORMATS = {".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".rst": "rst"}
Level = Guide.Level


def follow(repository: Repository, mirror: Mirror, head: str) -> int:
    """Bring the guides of all projects of a repository in line with a commit; the number that changed."""
    projects = repository.projects.live().select_related("guide", "readme")
    files = dict(PeopleFile.objects.filter(project__in=projects, kind="contributing").values_list("project_id", "path"))
    changed = 0
    with open_objects(mirror.path, LIMITS) as reader:
        commit = reader.commit(head)
        for project in projects if commit else ():
            readme = getattr(project, "readme", None)
            places = (files.get(project.pk, ""), readme.path if readme else "")
            changed += _refresh(project, reader, commit.tree if commit else "", places)
    return changed


def _refresh(project: Project, reader: ObjectReader, tree: str, places: tuple[str, str]) -> bool:
    path, readme = places
    oid, readme_oid = _oid(reader, tree, path), _oid(reader, tree, readme)
    guide = getattr(project, "guide", None)
    same = guide and (guide.path, guide.oid, guide.rules) == (path if oid else "", oid, RULES)
    if guide and same and guide.commands_oid in (oid, readme_oid):
        return False
    if guide is None and not oid and not readme_oid:
        return False
    text, truncated = _text(reader, oid)
    links = Links(f"{CODE_LINK}blob/", f"{CODE_LINK}raw/", path.rpartition("/")[0])
    html = render_document(text, FORMATS.get(PurePosixPath(path).suffix.lower(), "plain"), links) if text else ""
    commands, source = find_commands(text), (path, oid)
    if not commands and readme_oid:
        commands, source = find_commands(_text(reader, readme_oid)[0]), (readme, readme_oid)
    columns = {"path": path if oid else "", "oid": oid, "html": html, "truncated": truncated, "commands": commands}
    columns |= {"commands_path": source[0], "commands_oid": source[1], "rules": RULES}
    Guide.objects.update_or_create(project=project, defaults=columns)
    return True


def _oid(reader: ObjectReader, tree: str, path: str) -> str:
    if not path:
        return ""
    try:
        entry = reader.at(tree, path.encode("utf-8", "surrogateescape"))
    except GitError:
        return ""
    return entry.oid if entry and entry.type == "blob" else ""


def _text(reader: ObjectReader, oid: str) -> tuple[str, bool]:
    """The text of a blob and whether it was cut; empty where it is none."""
    found = reader.read(oid, MAX_BYTES) if oid else None
    if found is None or found.content is None:
        return "", False
    try:
        text = decode(found.content, KEEP_BYTES)
    except Unreadable:
        return "", False
    return text.text, text.truncated


def governance(project: Project, guide: Guide | None, roles: list[Role]) -> tuple[Level, str]:
    """How much say people of other teams have, and how one knows. `roles`: those current, with their users."""
    if guide and guide.level:
        who = f"set by {guide.level_by.display_name}" if guide.level_by else "set by a maintainer"
        return Level(guide.level), who
    inside = set(
        Membership.objects.current()
        .filter(team=project.owner_id, user__in=[role.user_id for role in roles])
        .values_list("user_id", flat=True)
        if project.owner_id and roles
        else ()
    )
    outside = [role for role in roles if project.owner_id and role.user_id not in inside]
    if owners := [role for role in outside if role.kind == Role.Kind.OWNER]:
        return Level.SHARED_OWNERSHIP, _belong(len(owners), "owners")
    if outside:
        return Level.SHARED_WRITE, _belong(len(outside), "trusted committers")
    if project.welcomes:
        return Level.CONTRIBUTIONS, "its page says that contributions are welcome"
    return Level.BUG_REPORTS, "nothing says that contributions are welcome"


def _belong(number: int, roles: str) -> str:
    words = "belongs to another team" if number == 1 else "belong to other teams"
    return f"{number} of its {roles} {words}"


def set_level(project: Project, level: int | None, actor: User) -> None:
    """A maintainer says how much say others have; None: as it is told by what is known."""
    with transaction.atomic():
        guide, _ = Guide.objects.select_for_update().get_or_create(project=project)
        before = guide.level
        guide.level, guide.level_by, guide.level_at = level, actor if level else None, timezone.now()
        guide.save(update_fields=["level", "level_by", "level_at"])
        record_event(actor, "project.governance_set", project, {"level": [before, level]})
