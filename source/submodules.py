"""Where submodules lead: to the project registered with that clone address, for those who may see it."""

from typing import Any

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from gitstore.addresses import parse_address
from gitstore.errors import GitError
from gitstore.process import run_git
from projects.models import Project
from source.access import Code
from source.addresses import address

MAX_BYTES = 256 * 1024
MAX_SUBMODULES = 500


def submodule_links(code: Code, paths: list[bytes], user: User | AnonymousUser) -> dict[bytes, dict[str, Any]]:
    """`url` (as .gitmodules has it) and `project`, None where the viewer sees none, for submodules at these paths."""
    urls = {path: url for path, url in _declared(code).items() if path in paths}
    keys = {path: key for path, url in urls.items() if (key := _key(code, url))}
    found = Project.objects.visible_to(user).filter(repository__address_key__in=set(keys.values()), subdirectory="")
    projects = {project.repository.address_key: project for project in found.select_related("repository")}
    return {path: {"url": url, "project": projects.get(keys.get(path, ""))} for path, url in urls.items()}


def submodule_address(project: Project, oid: str) -> str:
    """The folder page of a project at the commit that a submodule is fixed to."""
    return address(project, "tree", oid.encode("ascii"))


def _declared(code: Code) -> dict[bytes, str]:
    """Clone address by path, from .gitmodules at the root of the revision; empty when it cannot be read."""
    entry = code.reader.at(code.revision.commit.tree, b".gitmodules")
    if entry is None or entry.type != "blob" or code.reader.sizes([entry.oid]).get(entry.oid, 0) > MAX_BYTES:
        return {}
    args = ["config", f"--blob={entry.oid}", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$"]
    try:
        output = run_git(args, git_dir=code.reader.git_dir, limits=code.reader.limits)
    except GitError:  # nothing declared, or not in the form of a configuration
        return {}
    values: dict[tuple[bytes, bytes], bytes] = {}
    for row in output.split(b"\0")[: 2 * MAX_SUBMODULES]:
        name, _, value = row.partition(b"\n")
        module, _, field = name.rpartition(b".")
        values[module, field] = value
    paths = [(module, path.rstrip(b"/")) for (module, field), path in values.items() if field == b"path"]
    return {path: values.get((module, b"url"), b"").decode("utf-8", "replace") for module, path in paths}


def _key(code: Code, url: str) -> str | None:
    if url.startswith(("./", "../")):
        url = _relative(code.repository.clone_url, url)
    try:
        return parse_address(url).key
    except GitError:
        return None


def _relative(base: str, url: str) -> str:
    """A relative address, as git reads it: from the address of the repository that names it."""
    base = base.rstrip("/")
    while url.startswith(("./", "../")):
        if url.startswith("../"):
            cut = max(base.rfind("/"), base.rfind(":"))
            base = base[: max(cut, 0)]
        url = url.partition("/")[2]
    return f"{base}/{url}"
