"""What the manifest at the root says of the project in words: what it is, keywords, where it lives on the web."""

import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field
from typing import Any

from gitstore.snapshot import Snapshot
from projects.derive.content import Problem, Unreadable, display_path, load_json, load_toml, load_yaml, read_text
from projects.derive.manifests import MAX_BYTES

MAX_KEYWORDS = 20
_DOCUMENTATION = ("documentation", "docs", "doc")
_HOMEPAGE = ("homepage", "home page", "home")


@dataclass(frozen=True, slots=True)
class Described:
    """Candidates for each field as (value, path), those of the first manifest first; nothing is checked yet.

    Fields are `summary`, `topics` (lists of words), `homepage` and `documentation`.
    """

    values: dict[str, list[tuple[Any, str]]] = field(default_factory=dict)

    def of(self, name: str) -> list[tuple[Any, str]]:
        return self.values.get(name, [])


Words = Iterator[tuple[str, Any]]


def read_described(snapshot: Snapshot) -> tuple[Described, list[Problem]]:
    """Words of the manifests at the root. Broken ones stay unmentioned here: reading the packages names them."""
    described = Described()
    for name, reader in _READERS.items():
        entry = snapshot.find(name)
        if entry is None or entry.type != "blob":
            continue
        try:
            found = list(reader(read_text(snapshot, entry, MAX_BYTES)))
        except Unreadable:
            continue
        for word, value in found:
            if value:
                described.values.setdefault(word, []).append((value, display_path(entry.path)))
    return described, []


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _words(value: Any) -> list[str]:
    """Keywords as a list, or as a text with commas (or, without any, spaces)."""
    if isinstance(value, str):
        value = re.split(r"," if "," in value else r"\s+", value)
    if not isinstance(value, list):
        return []
    words = [_line(word) for word in value]
    return [word for word in words if 1 < len(word) <= 40][:MAX_KEYWORDS]


def _page(value: Any) -> str:
    """A home page; one that only points back at the README on a forge says nothing new."""
    address = _line(value)
    return "" if address.endswith("#readme") else address


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _links(table: dict[str, Any]) -> Words:
    """Links under names that people choose freely, as in `[project.urls]`."""
    named = {str(name).strip().lower().replace("-", " "): value for name, value in table.items()}
    for names, word in ((_HOMEPAGE, "homepage"), (_DOCUMENTATION, "documentation")):
        yield word, next((_page(named[name]) for name in names if name in named), "")


def _pyproject(text: str) -> Words:
    document = load_toml(text)
    for table in (_table(document, "project"), _table(document, "tool", "poetry")):
        yield "summary", _line(table.get("description"))
        yield "topics", _words(table.get("keywords"))
        yield from _links(_table(table, "urls"))
        yield from _links(table)


def _package_json(text: str) -> Words:
    document = _table(load_json(text))
    yield "summary", _line(document.get("description"))
    yield "topics", _words(document.get("keywords"))
    yield "homepage", _page(document.get("homepage"))


def _cargo(text: str) -> Words:
    document = load_toml(text)
    for table in (_table(document, "package"), _table(document, "workspace", "package")):
        yield "summary", _line(table.get("description"))
        yield "topics", _words(table.get("keywords"))
        yield from _links(table)


def _composer(text: str) -> Words:
    document = _table(load_json(text))
    yield "summary", _line(document.get("description"))
    yield "topics", _words(document.get("keywords"))
    yield "homepage", _page(document.get("homepage"))
    yield "documentation", _page(_table(document, "support").get("docs"))


def _setup_cfg(text: str) -> Words:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except (ConfigError, ValueError, AttributeError, TypeError) as error:
        raise Unreadable("is not a valid INI file") from error
    if parser.has_section("metadata"):
        yield "summary", _line(parser.get("metadata", "description", fallback=""))
        yield "topics", _words(parser.get("metadata", "keywords", fallback="").strip().replace("\n", ","))
        yield "homepage", _page(parser.get("metadata", "url", fallback=""))


def _pubspec(text: str) -> Words:
    for document in load_yaml(text)[:1]:
        yield "summary", _line(_table(document).get("description"))
        yield "topics", _words(_table(document).get("topics"))
        yield from _links(_table(document))


_READERS: dict[bytes, Callable[[str], Words]] = {
    b"pyproject.toml": _pyproject,
    b"setup.cfg": _setup_cfg,
    b"Cargo.toml": _cargo,
    b"package.json": _package_json,
    b"composer.json": _composer,
    b"pubspec.yaml": _pubspec,
}
