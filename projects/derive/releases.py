"""Releases told by tags: which tags name a version, in what order, and which are previews."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from gitstore.records import Tag

MAX_TAG = 200
_STAGES = {
    **dict.fromkeys(("dev", "snapshot", "nightly", "canary", "edge"), 0),
    **dict.fromkeys(("a", "alpha"), 1),
    **dict.fromkeys(("b", "beta"), 3),
    **dict.fromkeys(("m", "milestone", "ea", "pre", "preview", "prerelease", "next", "test", "insiders"), 4),
    **dict.fromkeys(("c", "rc", "cr", "candidate"), 5),
}
_OTHER_STAGE = 2
_FINAL = frozenset({"final", "ga", "release", "stable", "lts", "jre", "android", "incubating", "src", "hadoop"})
_AFTER = frozenset({"post", "sp", "p", "pl", "patch", "hotfix", "fix", "rev", "r"})
_WORDS = frozenset({"v", "ver", "version", "r", "rel", "release", "releases", "tag", "tags", "stable"})
_DATE = re.compile(r"((?:19|20)\d\d)([-._]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:[-._T]?(\d{1,6}))?")
_VERSION = re.compile(r"(\d{1,9}(?:[._]\d{1,9}){0,5})(?:[-._+~]?(?!x\b)[a-zA-Z][\w.+~-]*|[-+~][\w.+~-]+)?")
_PREFIX = re.compile(r"(?:(.*?)[-_/@ ])?(v|ver|version|r|rel|release)?[-_. /]?(?=\d)(.*)", re.IGNORECASE)
_PART = re.compile(r"[0-9]{1,9}|[a-zA-Z]{1,40}")

Identifier: TypeAlias = tuple[int, int, str]
Order: TypeAlias = tuple[tuple[int, ...], int, tuple[Identifier, ...]]


@dataclass(frozen=True, slots=True)
class Release:
    """One version: `version` without prefix, `tag` as it is named, `component` "" for the repository's own releases.

    time in seconds since 1970 (UTC); `order` sorts versions of one component, smaller is older.
    """

    version: str
    tag: str
    commit: str
    time: int
    prerelease: bool
    component: str
    order: Order


def releases_from_tags(tags: Iterable[Tag]) -> list[Release]:
    """Releases, newest version first: the repository's own, then components by latest release; other tags: none."""
    releases = _without_own_name([release for tag in tags if (release := _release(tag)) is not None])
    latest: dict[tuple[str, bool], int] = {}
    for release in releases:
        group = _group(release)
        latest[group] = max(latest.get(group, 0), release.time)
    releases.sort(key=lambda release: (release.order, release.time, release.tag), reverse=True)
    releases.sort(key=lambda release: (release.component != "", -latest[_group(release)], _group(release)))
    return releases


def _without_own_name(releases: list[Release]) -> list[Release]:
    """Where nearly every tag begins with the same name and none goes without, the name is the repository's."""
    names = Counter(release.component.lower() for release in releases)
    name, count = names.most_common(1)[0] if names else ("", 0)
    if not name or "" in names or count < 0.8 * len(releases):
        return releases
    return [replace(release, component="") if release.component.lower() == name else release for release in releases]


def _group(release: Release) -> tuple[str, bool]:
    """Dates and version numbers cannot be compared, so each is a series of its own."""
    return release.component.lower(), bool(_DATE.fullmatch(release.version))


def _release(tag: Tag) -> Release | None:
    name = tag.name[:MAX_TAG]
    component, marked, rest = _split(name)
    if not rest:
        return None
    date = _DATE.fullmatch(rest)
    if date:
        numbers = tuple(int(part or 0) for part in date.group(1, 3, 4, 5))
        return Release(rest, tag.name, tag.commit, tag.time, False, component, (numbers, 1, ()))
    match = _VERSION.fullmatch(rest)
    if match is None or (not marked and not re.search(r"[._]", match[1])):
        return None
    numbers = tuple(int(part) for part in re.split(r"[._]", match[1]))
    suffix = rest[len(match[1]) :]
    if component.lower() in _STAGES:
        component, suffix = "", f"{component}{suffix}"
    stage, identifiers = _suffix(suffix)
    order = (numbers + (0,) * (6 - len(numbers)), stage, identifiers)
    return Release(_spell(rest, match[1]), tag.name, tag.commit, tag.time, stage == 0, component, order)


def _split(name: str) -> tuple[str, bool, str]:
    """Component, whether a word or letter marks the rest as a version, and the rest ("" when there is none)."""
    if _DATE.fullmatch(name):
        return "", True, name
    match = _PREFIX.fullmatch(name)
    if match is None:
        return "", False, ""
    component = (match[1] or "").strip("-_/@ .")
    words = [word for word in re.split(r"[-_/ ]", component) if word]
    marked = bool(match[2])
    while words and words[-1].lower() in _WORDS:
        words.pop()
        component = re.sub(r"[-_/ ]?[^-_/ ]*$", "", component)
        marked = True
    while words and words[0].lower() in _WORDS and component:
        words.pop(0)
        component = re.sub(r"^[^-_/ ]*[-_/ ]?", "", component)
        marked = True
    return ("@" + component if name.startswith("@") and component else component), marked, match[3]


def _spell(rest: str, numbers: str) -> str:
    return numbers.replace("_", ".") + rest[len(numbers) :]


def _suffix(suffix: str) -> tuple[int, tuple[Identifier, ...]]:
    """Stage (0 preview, 1 final, 2 later fix) and identifiers by semantic precedence, without what follows "+"."""
    parts = _PART.findall(suffix.partition("+")[0])
    words = [part.lower() for part in parts if part.isalpha()]
    identifiers = tuple(_identifier(part) for part in parts)
    if not parts:
        return 1, ()
    if not words or words[0] in _AFTER:
        return 2, identifiers
    return (1 if words[0] in _FINAL else 0), identifiers


def _identifier(part: str) -> Identifier:
    if part.isdigit():
        return 0, int(part), ""
    word = part.lower()
    return 1, _STAGES.get(word, _OTHER_STAGE), "" if word in _STAGES else word
