"""What one commit says about one project, in the shape of the tables. Nothing here reads or writes a table."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from common.markdown import render_document
from common.safe_html import Links
from gitstore.snapshot import Snapshot
from projects.derive.content import display_path
from projects.derive.facts import RepositoryFacts
from projects.derive.licences import UNKNOWN, LicenceFinding
from projects.derive.vocabulary import DeclaredValue
from projects.fields import FIELDS, first_valid

README_WORDS = 20_000
CODE_LINK = "/.code/"  # begins relative links of a stored README; pages put the project's address there
MAX_ROWS = 5_000
SHARED_FILES = {"contributing", "code_of_conduct", "security", "support", "codeowners", "governance", "maintainers"}
_TESTS = re.compile(
    rb"(?:^|/)(?:tests?|specs?|__tests__|testing|t)/|_test\.(?:go|py|rb|exs|cc|cpp)$|\.(?:test|spec)\.[cm]?[jt]sx?$"
    rb"|(?:^|/)test_[^/]+\.py$|(?:Test|Tests|Spec)\.(?:java|kt|cs|scala|groovy|swift|php)$"
)
MAX_GROUPS = 100
UNSPOKEN = "a-file-no-line-names"
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{1,60}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows by table as plain dicts, columns, and the values of the two sources a sync writes."""

    subdirectory: str
    columns: dict[str, Any]
    derived: dict[str, tuple[Any, str]]
    declared: dict[str, tuple[Any, str]]
    owner: str
    languages: list[dict[str, Any]]
    licences: list[dict[str, Any]]
    releases: list[dict[str, Any]]
    packages: list[dict[str, Any]]
    people_files: list[dict[str, Any]]
    readme: dict[str, Any] | None
    owner_groups: list[dict[str, Any]] = field(default_factory=list)
    problems: list[list[str]] = field(default_factory=list)


def outcome_of(
    facts: RepositoryFacts,
    snapshot: Snapshot,
    subdirectory: str = "",
    entry_fields: Mapping[str, list[DeclaredValue]] | None = None,
    fallback_name: str = "",
) -> Outcome:
    """Everything to write for one project. Renders the README, which may take seconds on hostile input.

    `entry_fields` is what a catalog file of the repository's root says of this folder; its own files come first.
    """
    place = _Place(subdirectory)
    says = _says(facts, place, entry_fields or {})
    licences = _licences(facts, place, says)
    return Outcome(
        subdirectory=subdirectory,
        columns=_columns(facts, snapshot, licences),
        derived=_derived(facts, place, fallback_name),
        declared=_declared(says),
        owner=next((str(value.value) for value in says.get("owner", [])), ""),
        languages=_languages(facts),
        licences=licences,
        releases=_releases(facts),
        packages=_packages(facts, place),
        people_files=_people_files(facts, snapshot, place),
        readme=_readme(facts, place),
        owner_groups=_owner_groups(facts),
        problems=[[place.path(problem.path), problem.message] for problem in facts.problems],
    )


def _columns(facts: RepositoryFacts, snapshot: Snapshot, licences: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "language": facts.languages.primary or "",
        "licence": _licence_words(facts.licences, licences),
        "file_count": len(snapshot.entries),
    }


def _languages(facts: RepositoryFacts) -> list[dict[str, Any]]:
    return [
        {"name": row.name, "bytes": row.bytes, "share": row.share, "colour": row.colour}
        for row in facts.languages.shares
    ]


def with_inherited(outcome: Outcome, whole: Outcome) -> Outcome:
    """A folder's outcome with what holds for the whole repository where the folder has nothing of its own."""
    own = {row["kind"] for row in outcome.people_files}
    shared = [row for row in whole.people_files if row["kind"] in SHARED_FILES - own]
    licences = outcome.licences or whole.licences
    columns = outcome.columns if outcome.licences else outcome.columns | {"licence": whole.columns["licence"]}
    derived = dict(outcome.derived)
    contributing = next((row["path"] for row in shared if row["kind"] == "contributing"), None)
    if contributing and "welcomes" not in derived:
        derived["welcomes"] = (True, contributing)
    files = [*outcome.people_files, *shared]
    return replace(outcome, people_files=files, licences=licences, columns=columns, derived=derived)


@dataclass(frozen=True, slots=True)
class _Place:
    """The folder a project lives in; paths of its files are told from the root of the repository."""

    subdirectory: str

    def path(self, path: str) -> str:
        return f"{self.subdirectory}/{path}"[:1000] if self.subdirectory and path else path[:1000]


def _says(
    facts: RepositoryFacts, place: _Place, entry_fields: Mapping[str, list[DeclaredValue]]
) -> dict[str, list[DeclaredValue]]:
    """All declarations by field, the folder's own first, with paths from the root."""
    said: dict[str, list[DeclaredValue]] = {}
    for name, values in facts.declared.fields.items():
        said[name] = [DeclaredValue(value.value, place.path(value.path)) for value in values]
    for name, values in entry_fields.items():
        said.setdefault(name, []).extend(values)
    return said


def _declared(says: Mapping[str, list[DeclaredValue]]) -> dict[str, tuple[Any, str]]:
    """For each field the first declaration that can be used; a description serves as tagline when there is none."""
    candidates = {name: [(value.value, value.path) for value in says.get(name, [])] for name in FIELDS}
    candidates["tagline"] += [(_shortened(value.value), value.path) for value in says.get("description", [])]
    found = {name: first_valid(name, values) for name, values in candidates.items()}
    if says.get("contributions") and not candidates["welcomes"]:
        found["welcomes"] = (True, says["contributions"][0].path)
    return {name: value for name, value in found.items() if value is not None}


def _shortened(value: str | list[str]) -> str:
    """The first paragraph, cut at a word."""
    text = " ".join(str(value).strip().partition("\n\n")[0].split())
    return text if len(text) <= 300 else text[:299].rsplit(" ", 1)[0] + "…"


def _derived(facts: RepositoryFacts, place: _Place, fallback_name: str) -> dict[str, tuple[Any, str]]:
    values: dict[str, tuple[Any, str]] = {}
    if facts.readme is not None:
        path = place.path(facts.readme.path)
        values["name"] = (facts.readme.title[:200], path)
        values["tagline"] = (_shortened(facts.readme.tagline), path)
        values["lifecycle"] = (facts.readme.lifecycle, path)
    if not values.get("name", ("", ""))[0]:
        values["name"] = (fallback_name[:200], "the clone address")
    values |= _from_manifest(facts, place, tagline=not values.get("tagline", ("", ""))[0])
    contributing = next((file.path for file in facts.people_files if file.kind == "contributing"), None)
    if contributing:
        values["welcomes"] = (True, place.path(contributing))
    return values


def _from_manifest(facts: RepositoryFacts, place: _Place, *, tagline: bool) -> dict[str, tuple[Any, str]]:
    """Topics and links of the root's package manifest; its summary too where the README has no `tagline`."""
    candidates = {name: facts.described.of(name) for name in ("topics", "homepage", "documentation")}
    if tagline:
        candidates["tagline"] = [(_shortened(text), path) for text, path in facts.described.of("summary")]
    found = {name: first_valid(name, values) for name, values in candidates.items()}
    values = {name: (value[0], place.path(value[1])) for name, value in found.items() if value is not None}
    if values.get("documentation", ("",))[0] == values.get("homepage", (None,))[0]:
        del values["documentation"]
    return values


def _licences(facts: RepositoryFacts, place: _Place, says: Mapping[str, list[DeclaredValue]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "spdx": found.spdx[:100],
            "confidence": round(found.confidence, 4),
            "path": place.path(found.path),
            "method": found.method[:30],
        }
        for found in facts.licences
    ]
    declared = next((value for value in says.get("licence", []) if _SPDX.fullmatch(str(value.value))), None)
    if not rows and declared is not None:
        rows.append({"spdx": str(declared.value), "confidence": 0.5, "path": declared.path, "method": "declared"})
    return sorted(rows, key=lambda row: (-row["confidence"], row["path"], row["spdx"]))[:MAX_ROWS]


def _licence_words(found: Iterable[LicenceFinding], rows: list[dict[str, Any]]) -> str:
    """The whole expression where one is written, else the surest licence; "" where no known text was found."""
    known = [row["spdx"] for row in rows if row["spdx"] != UNKNOWN]
    expression = next((finding.expression for finding in found if finding.spdx in known[:1]), "")
    return (expression if 0 < len(expression) <= 100 else next(iter(known), ""))[:100]


def _releases(facts: RepositoryFacts) -> list[dict[str, Any]]:
    return [
        {
            "tag": release.tag[:300],
            "version": release.version[:100],
            "prerelease": release.prerelease,
            "at": dt.datetime.fromtimestamp(release.time, dt.UTC),
            "commit": release.commit,
            "position": position,
        }
        for position, release in enumerate(facts.releases[:MAX_ROWS])
    ]


def _packages(facts: RepositoryFacts, place: _Place) -> list[dict[str, Any]]:
    return [
        {
            "ecosystem": row.ecosystem[:30],
            "name": row.name[:300],
            "version": (row.version or "")[:100],
            "path": place.path(row.path),
        }
        for row in facts.packages[:MAX_ROWS]
    ]


def _people_files(facts: RepositoryFacts, snapshot: Snapshot, place: _Place) -> list[dict[str, Any]]:
    rows = [{"kind": file.kind[:30], "path": place.path(file.path)} for file in facts.people_files]
    if facts.codeowners is not None:
        rows.append({"kind": "codeowners", "path": place.path(facts.codeowners.path)})
    tests = _tests(entry.path for entry in snapshot.entries)
    if tests:
        rows.append({"kind": "tests", "path": place.path(tests)})
    return rows


def _owner_groups(facts: RepositoryFacts) -> list[dict[str, Any]]:
    """Groups that CODEOWNERS names; forges write them as @organisation/group, people without a slash."""
    if facts.codeowners is None:
        return []
    default = {owner.lower() for owner in facts.codeowners.owners_of(UNSPOKEN).owners}
    groups = dict.fromkeys(owner.lower() for owner in facts.codeowners.owners)
    return [
        {"name": name, "is_default": name in default}
        for name in groups
        if "/" in name and not name.startswith("@@") and len(name) <= 200
    ][:MAX_GROUPS]


def _tests(paths: Iterable[bytes]) -> str:
    """The folder or file that shows there are tests, the one nearest the root; "" when there is none."""
    found: bytes | None = None
    for path in paths:
        match = _TESTS.search(path)
        if match:
            shown = path[: match.end()] if path[match.end() - 1 : match.end()] == b"/" else path
            if found is None or shown.count(b"/") < found.count(b"/"):
                found = shown
    return display_path(found) if found else ""


def _readme(facts: RepositoryFacts, place: _Place) -> dict[str, Any] | None:
    readme = facts.readme
    if readme is None:
        return None
    path = place.path(readme.path)
    links = Links(f"{CODE_LINK}blob/", f"{CODE_LINK}raw/", path.rpartition("/")[0])
    return {
        "path": path,
        "oid": readme.oid,
        "html": render_document(readme.text, readme.format, links),
        "headings": "\n".join(heading.text for heading in readme.headings)[:README_WORDS],
        "text": readme.text[:README_WORDS],
        "truncated": readme.truncated,
    }
