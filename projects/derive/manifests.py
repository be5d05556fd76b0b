"""The packages a repository publishes, read from its manifests without running anything."""

import posixpath
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from typing import Any

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import (
    Problem,
    Unreadable,
    clean,
    display_path,
    is_own,
    load_json,
    load_toml,
    load_yaml,
    read_text,
)
from projects.derive.shallow_xml import load_xml

MAX_MANIFESTS = 200
MAX_BYTES = 1024**2
MAX_NAME = 214
MAX_VERSION = 64


@dataclass(frozen=True, slots=True)
class Package:
    """One published package: `ecosystem` is a registry's short name (pypi, npm, maven, …), `path` the manifest's."""

    ecosystem: str
    name: str
    version: str | None
    path: str


Found = tuple[str, str, str | None]
Reader = Callable[[str, str], Iterator[Found]]


def read_packages(snapshot: Snapshot) -> tuple[list[Package], list[Problem]]:
    """Packages, those nearest the root first, each name once; unreadable manifests become problems."""
    packages: dict[tuple[str, str], Package] = {}
    problems: list[Problem] = []
    for entry, reader in _manifests(snapshot, problems):
        path = display_path(entry.path)
        try:
            for ecosystem, name, version in reader(read_text(snapshot, entry, MAX_BYTES), path):
                key = (ecosystem, re.sub(r"[-_.]+", "-", name).lower())
                if name and key not in packages:
                    packages[key] = Package(ecosystem, clean(name)[:MAX_NAME], _version(version), path)
        except Unreadable as error:
            problems.append(Problem(path, f"{path} {error}."))
    inherited = _workspace_version(snapshot, list(packages.values()))
    return [_with_version(package, inherited) for package in packages.values()], problems


def _manifests(snapshot: Snapshot, problems: list[Problem]) -> list[tuple[TreeEntry, Reader]]:
    found = []
    for entry in snapshot.entries:
        reader = _reader(entry.path.rpartition(b"/")[2])
        if reader is not None and entry.type == "blob" and not entry.is_symlink and is_own(entry.path):
            found.append((entry, reader))
    found.sort(key=lambda item: (item[0].path.count(b"/"), item[0].path))
    if len(found) > MAX_MANIFESTS:
        problems.append(Problem("", f"Only {MAX_MANIFESTS} of {len(found):,} package manifests were read."))
    return found[:MAX_MANIFESTS]


def _reader(name: bytes) -> Reader | None:
    exact = _BY_NAME.get(name)
    if exact is None and b"." in name:
        return _BY_EXTENSION.get(name.rpartition(b".")[2])
    return exact


def _version(version: str | None) -> str | None:
    version = (version or "").strip()
    return clean(version)[:MAX_VERSION] if version and not re.search(r"[$@{}%]", version) else None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _pyproject(text: str, _path: str) -> Iterator[Found]:
    document = load_toml(text)
    for table in (_table(document, "project"), _table(document, "tool", "poetry")):
        classifiers = table.get("classifiers")
        private = isinstance(classifiers, list) and any(str(item).startswith("Private ::") for item in classifiers)
        if _text(table.get("name")) and not private and table.get("package-mode") is not False:
            yield "pypi", _text(table.get("name")), _text(table.get("version"))
            return


def _setup_cfg(text: str, _path: str) -> Iterator[Found]:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except (ConfigError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("is not a valid INI file") from error
    if parser.has_option("metadata", "name"):
        version = parser.get("metadata", "version", fallback="")
        yield "pypi", parser.get("metadata", "name"), None if ":" in version else version


def _setup_py(text: str, _path: str) -> Iterator[Found]:
    call = text.find("setup(")
    if call < 0:
        return
    name = re.search(r"\bname\s{0,9}=\s{0,9}[\"']([A-Za-z0-9][\w.-]{0,100})[\"']", text[call : call + 64_000])
    version = re.search(r"\bversion\s{0,9}=\s{0,9}[\"']([\w.!+-]{1,64})[\"']", text[call : call + 64_000])
    if name:
        yield "pypi", name[1], version[1] if version else None


def _package_json(text: str, _path: str) -> Iterator[Found]:
    document = load_json(text)
    name, version = _text(_table(document).get("name")), _text(_table(document).get("version"))
    if name and version and document.get("private") not in (True, "true"):
        yield "npm", name, version


def _composer(text: str, _path: str) -> Iterator[Found]:
    document = _table(load_json(text))
    if "/" in _text(document.get("name")) and document.get("type", "library") != "project":
        yield "composer", _text(document.get("name")), _text(document.get("version"))


def _cargo(text: str, _path: str) -> Iterator[Found]:
    package = _table(load_toml(text), "package")
    version = package.get("version")
    if _text(package.get("name")) and package.get("publish") not in (False, []):
        yield "cargo", _text(package.get("name")), _text(version) or None


def _go_mod(text: str, _path: str) -> Iterator[Found]:
    match = re.search(r"(?m)^module[ \t]{1,9}\"?([^\s\"]{1,500})", text[:64_000])
    if match:
        yield "go", match[1], None


def _pom(text: str, _path: str) -> Iterator[Found]:
    project = load_xml(text, "project")
    group = project.get("groupId") or project.get("parent/groupId") or ""
    artifact = project.get("artifactId", "")
    version = project.get("version") or project.get("parent/version")
    if artifact and "${" not in group + artifact:
        yield "maven", f"{group}:{artifact}" if group else artifact, version


def _csproj(text: str, _path: str) -> Iterator[Found]:
    project = load_xml(text, "Project")
    name = project.get("PropertyGroup/PackageId", "")
    if name and "$(" not in name and project.get("PropertyGroup/IsPackable", "").lower() != "false":
        version = project.get("PropertyGroup/PackageVersion") or project.get("PropertyGroup/Version")
        yield "nuget", name, None if "$(" in (version or "") else version


def _nuspec(text: str, _path: str) -> Iterator[Found]:
    package = load_xml(text, "package")
    if package.get("metadata/id") and "$" not in package["metadata/id"]:
        yield "nuget", package["metadata/id"], package.get("metadata/version")


def _gradle(text: str, path: str) -> Iterator[Found]:
    """Best effort: only builds that publish, named after their folder."""
    text = text[:256_000]
    if not re.search(r"maven-publish|maven\.publish|`maven`", text):
        return
    group = re.search(r"(?m)^\s{0,40}group\s{0,9}=?\s{0,9}[\"']([\w.-]{1,200})[\"']", text)
    version = re.search(r"(?m)^\s{0,40}version\s{0,9}=?\s{0,9}[\"']([\w.+-]{1,64})[\"']", text)
    artifact = re.search(r"artifactId\s{0,9}=?\s{0,9}[\"']([\w.-]{1,200})[\"']", text)
    name = artifact[1] if artifact else posixpath.basename(posixpath.dirname(path))
    if name and group:
        yield "maven", f"{group[1]}:{name}", version[1] if version else None


def _gemspec(text: str, _path: str) -> Iterator[Found]:
    name = re.search(r"\.name\s{0,20}=\s{0,20}[\"']([\w.-]{1,200})[\"']", text[:256_000])
    version = re.search(r"\.version\s{0,20}=\s{0,20}[\"']([\w.-]{1,64})[\"']", text[:256_000])
    if name:
        yield "rubygems", name[1], version[1] if version else None


def _mix(text: str, _path: str) -> Iterator[Found]:
    text = text[:256_000]
    name = re.search(r"\bapp:\s{0,9}:(\w{1,200})", text)
    version = re.search(r"(?:\bversion:|@version)\s{0,9}\"([\w.+-]{1,64})\"", text)
    if name and re.search(r"\bpackage(:|\(\)| do)", text):
        yield "hex", name[1], version[1] if version else None


def _pubspec(text: str, _path: str) -> Iterator[Found]:
    for document in load_yaml(text)[:1]:
        table = _table(document)
        if table.get("publish_to") != "none":
            yield "pub", _text(table.get("name")), _text(table.get("version"))


def _chart(text: str, _path: str) -> Iterator[Found]:
    for document in load_yaml(text)[:1]:
        yield "helm", _text(_table(document).get("name")), _text(_table(document).get("version"))


def _workspace_version(snapshot: Snapshot, packages: list[Package]) -> str | None:
    """Version that members of a Cargo workspace take over from the root."""
    root = snapshot.find(b"Cargo.toml")
    if root is None or all(package.ecosystem != "cargo" or package.version for package in packages):
        return None
    try:
        return _version(
            _text(_table(load_toml(read_text(snapshot, root, MAX_BYTES)), "workspace", "package").get("version"))
        )
    except Unreadable:
        return None


def _with_version(package: Package, inherited: str | None) -> Package:
    if package.version or package.ecosystem != "cargo":
        return package
    return Package(package.ecosystem, package.name, inherited, package.path)


_BY_NAME: dict[bytes, Reader] = {
    b"pyproject.toml": _pyproject,
    b"setup.cfg": _setup_cfg,
    b"setup.py": _setup_py,
    b"package.json": _package_json,
    b"composer.json": _composer,
    b"Cargo.toml": _cargo,
    b"go.mod": _go_mod,
    b"pom.xml": _pom,
    b"build.gradle": _gradle,
    b"build.gradle.kts": _gradle,
    b"mix.exs": _mix,
    b"pubspec.yaml": _pubspec,
    b"Chart.yaml": _chart,
}
_BY_EXTENSION: dict[bytes, Reader] = {
    b"gemspec": _gemspec,
    b"csproj": _csproj,
    b"fsproj": _csproj,
    b"vbproj": _csproj,
    b"nuspec": _nuspec,
}
