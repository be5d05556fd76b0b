"""Backstage descriptors: the component a repository is, and the components that live in its folders."""

import posixpath
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import Unreadable, display_path, has_folder, is_own, load_yaml, read_text
from projects.derive.vocabulary import (
    Collector,
    DeclaredValue,
    is_web_address,
    lifecycle,
    mapping,
    sequence,
    software_kind,
)

MAX_FILES = 200
MAX_ENTRIES = 500
NAMES = (b"catalog-info.yaml", b"catalog-info.yml")
_DOCUMENTATION = re.compile(r"(?i)doc|guide|manual|wiki|runbook|handbook")
_CHAT = re.compile(r"(?i)slack|chat|teams|discord|mattermost|zulip|irc|matrix")
_HOME = re.compile(r"(?i)home|website|web|portal|dashboard")

Component = tuple[str, str, str, dict[str, list[DeclaredValue]]]


def read_catalog_infos(snapshot: Snapshot, into: Collector, limit: int) -> list[Component]:
    """The repository's own component goes to `into`; others are returned as (name, subdirectory, path, fields)."""
    files = _files(snapshot, into)
    seen: set[bytes] = set()
    components: list[Component] = []
    while files and len(seen) < MAX_FILES:
        entry = files.pop(0)
        if entry.path in seen:
            continue
        seen.add(entry.path)
        into.open(display_path(entry.path))
        for document in _documents(snapshot, entry, limit, into):
            kind = document.get("kind")
            if kind == "Location":
                files += _targets(snapshot, entry, mapping(document.get("spec")), into)
            elif kind == "Component" and len(components) < MAX_ENTRIES:
                _place(snapshot, entry, document, into, components)
    return components


def _files(snapshot: Snapshot, into: Collector) -> list[TreeEntry]:
    found = [
        entry
        for entry in snapshot.entries
        if entry.path.endswith(NAMES)
        and entry.path.rpartition(b"/")[2] in NAMES
        and entry.type == "blob"
        and is_own(entry.path)
    ]
    found.sort(key=lambda entry: (entry.path.count(b"/"), entry.path))
    if len(found) > MAX_FILES:
        into.problem(f"Only {MAX_FILES} of {len(found):,} catalog-info.yaml files were read.")
    return found[:MAX_FILES]


def _documents(snapshot: Snapshot, entry: TreeEntry, limit: int, into: Collector) -> list[dict[str, Any]]:
    try:
        documents = load_yaml(read_text(snapshot, entry, limit))
    except Unreadable as error:
        into.problem(f"{into.path} {error}.")
        return []
    good = [document for document in documents if isinstance(document, dict)]
    if len(good) < len(documents):
        into.problem(f"{into.path} has a document that is not a set of named values.")
    return [document for document in good if str(document.get("apiVersion", "")).startswith("backstage.io/")]


def _targets(snapshot: Snapshot, entry: TreeEntry, spec: dict[str, Any], into: Collector) -> list[TreeEntry]:
    """Files of this repository that a Location names; addresses elsewhere are not followed."""
    found = []
    for target in [spec.get("target"), *sequence(spec.get("targets"))]:
        if not isinstance(target, str) or not target or ":" in target or target.startswith("/") or "*" in target:
            continue
        path = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target.encode("utf-8", "replace")))
        named = None if path.startswith(b"..") else snapshot.find(path)
        if named is None:
            into.problem(f"The Location names {target[:200]}, which is not a file of this repository.")
        elif named.type == "blob" and not named.is_symlink:
            found.append(named)
    return found


def _place(
    snapshot: Snapshot, entry: TreeEntry, document: dict[str, Any], into: Collector, components: list[Component]
) -> None:
    """Decide whether a component is the repository itself or one of its folders, and take its values."""
    folder = display_path(posixpath.dirname(entry.path))
    stated = _stated_folder(snapshot, folder, mapping(mapping(document.get("metadata")).get("annotations")))
    subdirectory = folder if stated is None else stated
    own = Collector(snapshot)
    own.path = into.path
    _component(document, own)
    into.problems += own.problems
    name = _name(own)
    if not name:
        into.problem(f"{into.path} has a component without a name.")
    elif subdirectory:
        if any(subdirectory == taken for _, taken, _, _ in components):
            into.problem(f"Another component already stands for the folder {subdirectory}; “{name}” is left out.")
        else:
            components.append((name, subdirectory, into.path, own.fields))
    elif "name" in into.fields and any(value.path == into.path for value in into.fields["name"]):
        into.problem(f"“{name}” is left out: say where it lives with the annotation backstage.io/source-location.")
    else:
        for key, values in own.fields.items():
            into.fields.setdefault(key, []).extend(values)


def _name(own: Collector) -> str:
    values = own.fields.get("name")
    return str(values[0].value) if values else ""


def _stated_folder(snapshot: Snapshot, folder: str, annotations: dict[str, Any]) -> str | None:
    """The folder that an annotation names, when it is one of this tree; "" is the root, None says nothing."""
    for key in ("backstage.io/source-location", "backstage.io/techdocs-ref"):
        value = annotations.get(key)
        if not isinstance(value, str):
            continue
        scheme, _, rest = value.strip().partition(":")
        if scheme == "dir":
            candidate = posixpath.normpath(posixpath.join(folder, rest.strip()))
        elif scheme == "url" and (match := re.search(r"/(?:tree|blob|src/branch|-/tree)/[^/]+/(.*)", _path(rest))):
            candidate = posixpath.normpath(unquote(match[1]).strip("/") or ".")
        else:
            continue
        if candidate == ".":
            return "" if key.endswith("source-location") else None
        if not candidate.startswith(("..", "/")) and has_folder(snapshot, candidate.encode("utf-8", "replace")):
            return candidate
    return None


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _component(document: dict[str, Any], into: Collector) -> None:
    metadata, spec = mapping(document.get("metadata")), mapping(document.get("spec"))
    into.text("name", metadata.get("title") or metadata.get("name"), "metadata.name")
    into.text("description", metadata.get("description"), "metadata.description")
    into.words("topics", metadata.get("tags"), "metadata.tags")
    into.text("owner", spec.get("owner"), "spec.owner")
    into.choice("lifecycle", spec.get("lifecycle"), "spec.lifecycle", lifecycle)
    into.choice("kind", spec.get("type"), "spec.type", software_kind)
    for link in sequence(metadata.get("links")):
        _link(mapping(link), into)


def _link(link: dict[str, Any], into: Collector) -> None:
    address = link.get("url")
    if not isinstance(address, str):
        return
    words = " ".join(str(link.get(key, "")) for key in ("type", "icon", "title"))
    if address.startswith("mailto:") and "contact" not in into.fields:
        into.text("contact", address.removeprefix("mailto:"), "metadata.links")
    if not is_web_address(address):
        return
    for name, pattern in (("chat", _CHAT), ("documentation", _DOCUMENTATION), ("homepage", _HOME)):
        if pattern.search(words):
            if name not in into.fields:
                into.text(name, address, "metadata.links")
            return
