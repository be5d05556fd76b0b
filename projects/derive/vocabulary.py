"""The words for declared metadata: field names, allowed values, and collecting values of foreign types with care."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gitstore.snapshot import Snapshot
from projects.derive.content import Problem, clean

LIFECYCLES = ("experimental", "production", "deprecated", "archived")
KINDS = ("service", "website", "library", "tool", "documentation", "other")
FIELDS: dict[str, int] = {
    "name": 200,
    "tagline": 500,
    "description": 10_000,
    "topics": 50,
    "owner": 200,
    "lifecycle": 20,
    "kind": 20,
    "homepage": 500,
    "documentation": 500,
    "contact": 300,
    "licence": 200,
    "motivation": 10_000,
    "contributions": 300,
    "skills": 100,
    "chat": 300,
}
LISTS = frozenset({"topics", "contributions", "skills"})
MAX_ITEMS = 50
MAX_PROBLEMS = 50
_LIFECYCLE_WORDS = {
    "experimental": "concept development beta alpha ideation incubating incubation prototype poc experiment draft "
    "preview release-candidate early",
    "production": "stable active ga live released mature operational maintained maintenance",
    "deprecated": "obsolete sunset legacy unmaintained end-of-life eol",
    "archived": "archival archive retired dead inactive",
}
_KIND_WORDS = {
    "service": "standalone/web standalone/backend backend api microservice web-service server job",
    "website": "site frontend web-site webapp web-app",
    "library": "lib package module sdk framework addon plugin",
    "tool": "cli command-line script action tooling",
    "documentation": "docs doc",
    "other": "standalone/mobile standalone/iot standalone/desktop standalone/other configurationfiles application app "
    "data model infrastructure template configuration",
}


@dataclass(frozen=True, slots=True)
class DeclaredValue:
    """A value as text or, for list fields, a list of texts, and the file that says so."""

    value: str | list[str]
    path: str


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one; at most 1,000 items."""
    return value[:1000] if isinstance(value, list) else []


def lifecycle(word: str) -> str | None:
    """One of LIFECYCLES for a word of any descriptor format, or None."""
    return _translate(word, LIFECYCLES, _LIFECYCLE_WORDS)


def software_kind(word: str) -> str | None:
    """One of KINDS for a word of any descriptor format, or for the last part of "common-library"; else None."""
    known = _translate(word, KINDS, _KIND_WORDS)
    return known or _translate(re.split(r"[\s_/-]+", word.strip())[-1], KINDS, _KIND_WORDS)


def _translate(word: str, ours: tuple[str, ...], table: dict[str, str]) -> str | None:
    word = re.sub(r"[\s_]+", "-", word.strip().lower())
    if word in ours:
        return word
    return next((target for target, words in table.items() if word in words.split()), None)


class Collector:
    """Gathers declared values by field and problems of the file that is `open`; nothing of a wrong type gets in."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.path = ""
        self.fields: dict[str, list[DeclaredValue]] = {}
        self.problems: list[Problem] = []
        self.files: list[str] = []

    def open(self, path: str) -> None:
        self.path = path
        self.files.append(path)

    def problem(self, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(self.path, message))

    def text(self, name: str, value: Any, key: str) -> None:
        """A text; other types than text and number are a problem, nothing is none."""
        text = self._plain(value, key)
        if text:
            self._add(name, text[: FIELDS[name]])

    def words(self, name: str, value: Any, key: str) -> None:
        """A list of texts; one text is taken as a list of one with commas between."""
        if value is None or value == "":
            return
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list):
            self.problem(f"“{key}” must be a list of words.")
            return
        items = [self._plain(item, key)[: FIELDS[name] if name != "topics" else 100] for item in value[:MAX_ITEMS]]
        if len(value) > MAX_ITEMS:
            self.problem(f"“{key}” has more than {MAX_ITEMS} items; the rest is left out.")
        kept = list(dict.fromkeys(item for item in items if item))
        if kept:
            self._add(name, kept)

    def choice(self, name: str, value: Any, key: str, translate: Callable[[str], str | None]) -> None:
        """A word that `translate` knows."""
        text = self._plain(value, key)
        if not text:
            return
        known = translate(text)
        if known is None:
            allowed = ", ".join(LIFECYCLES if name == "lifecycle" else KINDS)
            self.problem(f"“{key}” is “{text[:60]}”, which is none of the known words ({allowed}).")
        else:
            self._add(name, known)

    def link(self, name: str, value: Any, key: str) -> None:
        """A web address, or the path of a file or folder in the repository."""
        text = self._plain(value, key)
        if not text:
            return
        if is_web_address(text) or (":" not in text and self._exists(text)):
            self._add(name, text[: FIELDS[name]])
        else:
            self.problem(f"“{key}” is neither a web address (https://…) nor a path in this repository.")

    def _exists(self, path: str) -> bool:
        wanted = path.removeprefix("./").strip("/").encode()
        return bool(wanted) and (self.snapshot.find(wanted) is not None or bool(self.snapshot.under(wanted).entries))

    def _plain(self, value: Any, key: str) -> str:
        if value is None or isinstance(value, bool) or value in ("null", "~"):
            if isinstance(value, bool):
                self.problem(f"“{key}” must be a text.")
            return ""
        if not isinstance(value, (str, int, float)):
            self.problem(f"“{key}” must be a text.")
            return ""
        text = clean(str(value)).strip()
        return "" if re.search(r"\$?\{\{", text) else text

    def _add(self, name: str, value: str | list[str]) -> None:
        self.fields.setdefault(name, []).append(DeclaredValue(value, self.path))


def is_web_address(text: str) -> bool:
    """Whether the text is an http or https address with a host and no blanks."""
    if re.search(r"[\s\x00-\x1f<>\"\\]", text) or not text.lower().startswith(("http://", "https://")):
        return False
    try:
        return bool(urlsplit(text).hostname)
    except ValueError:
        return False
