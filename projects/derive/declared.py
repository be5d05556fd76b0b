"""What people wrote about a project into descriptor files, in the words this portal uses for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.catalog_info import read_catalog_infos
from projects.derive.content import Problem, Unreadable, display_path, load_json, load_yaml, read_text
from projects.derive.vocabulary import Collector, DeclaredValue, lifecycle, mapping, sequence, software_kind

MAX_JSON = 1024**2
MAX_YAML = 256 * 1024


@dataclass(frozen=True, slots=True)
class MonorepoEntry:
    """A component in a folder of its own: becomes a project with that subdirectory; fields as in Declared."""

    name: str
    subdirectory: str
    path: str
    fields: dict[str, list[DeclaredValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """Declared values by field name (see vocabulary.FIELDS), those of the most specific file first, and components."""

    fields: dict[str, list[DeclaredValue]]
    entries: list[MonorepoEntry]
    problems: list[Problem]
    files: list[str]


def read_declared(snapshot: Snapshot) -> Declared:
    """Everything declared in innersource.json, catalog-info.yaml, publiccode.yml and code.json, in this order."""
    into = Collector(snapshot)
    _read(snapshot, into, (b"innersource.json",), _load_json, _innersource)
    entries = [MonorepoEntry(*component) for component in read_catalog_infos(snapshot, into, MAX_YAML)]
    _read(snapshot, into, (b"publiccode.yml", b"publiccode.yaml"), _load_yaml, _publiccode)
    _read(snapshot, into, (b"code.json",), _load_json, _code_json)
    return Declared(into.fields, entries, into.problems, into.files)


def _read(
    snapshot: Snapshot,
    into: Collector,
    names: Iterable[bytes],
    load: Callable[[Snapshot, TreeEntry], Any],
    reader: Callable[[dict[str, Any], Collector], None],
) -> None:
    for name in names:
        entry = snapshot.find(name)
        if entry is None:
            continue
        into.open(display_path(name))
        try:
            document = load(snapshot, entry)
        except Unreadable as error:
            into.problem(f"{into.path} {error}.")
            return
        if isinstance(document, dict):
            reader(document, into)
        else:
            into.problem(f"{into.path} must hold one object with named values.")
        return


def _load_json(snapshot: Snapshot, entry: TreeEntry) -> Any:
    return load_json(read_text(snapshot, entry, MAX_JSON))


def _load_yaml(snapshot: Snapshot, entry: TreeEntry) -> Any:
    documents = load_yaml(read_text(snapshot, entry, MAX_YAML))
    return documents[0] if documents else {}


def _innersource(document: dict[str, Any], into: Collector) -> None:
    into.text("name", document.get("title", document.get("name")), "title")
    for name in ("tagline", "description", "motivation", "owner", "contact", "chat"):
        into.text(name, document.get(name), name)
    into.text("licence", document.get("license", document.get("licence")), "license")
    into.link("documentation", document.get("docs", document.get("documentation")), "docs")
    into.link("homepage", document.get("homepage"), "homepage")
    for name in ("topics", "contributions", "skills"):
        into.words(name, document.get(name), name)
    into.choice("lifecycle", document.get("lifecycle"), "lifecycle", lifecycle)
    into.choice("kind", document.get("kind"), "kind", software_kind)


def _publiccode(document: dict[str, Any], into: Collector) -> None:
    into.text("name", document.get("name"), "name")
    language, words = _description(document.get("description"))
    into.text("tagline", words.get("shortDescription"), f"description/{language}/shortDescription")
    into.text("description", words.get("longDescription"), f"description/{language}/longDescription")
    into.link("documentation", words.get("documentation"), f"description/{language}/documentation")
    into.link("homepage", document.get("landingURL"), "landingURL")
    into.choice("lifecycle", document.get("developmentStatus"), "developmentStatus", lifecycle)
    into.choice("kind", document.get("softwareType"), "softwareType", software_kind)
    into.text("licence", mapping(document.get("legal")).get("license"), "legal/license")
    into.words("topics", document.get("categories"), "categories")
    owner = mapping(document.get("legal")).get("repoOwner") or mapping(document.get("organisation")).get("name")
    into.text("owner", owner, "organisation/name")
    for contact in sequence(mapping(document.get("maintenance")).get("contacts"))[:1]:
        into.text("contact", mapping(contact).get("email") or mapping(contact).get("name"), "maintenance/contacts")


def _description(value: Any) -> tuple[str, dict[str, Any]]:
    """The English description, else the first."""
    languages = mapping(value)
    for language in ("en", "en-GB", "en-US", *languages):
        if isinstance(languages.get(language), dict):
            return str(language)[:20], languages[language]
    return "en", {}


def _code_json(document: dict[str, Any], into: Collector) -> None:
    releases = document.get("releases")
    if isinstance(releases, list):
        if len(releases) != 1 or not isinstance(releases[0], dict):
            into.problem(f"{into.path} lists {len(releases):,} projects; it is read only when it describes one.")
            return
        document = {**releases[0], "organization": releases[0].get("organization", document.get("agency"))}
    into.text("name", document.get("name"), "name")
    into.text("description", document.get("description"), "description")
    into.text("owner", document.get("organization"), "organization")
    into.choice("lifecycle", document.get("status"), "status", lifecycle)
    into.words("topics", document.get("tags"), "tags")
    into.link("homepage", document.get("homepageURL"), "homepageURL")
    contact = mapping(document.get("contact"))
    into.text("contact", contact.get("email") or contact.get("name"), "contact/email")
    licences = [mapping(item).get("name") for item in sequence(mapping(document.get("permissions")).get("licenses"))]
    names = [name for name in licences if isinstance(name, str) and name]
    into.text("licence", " AND ".join(names[:5]) or None, "permissions/licenses")
