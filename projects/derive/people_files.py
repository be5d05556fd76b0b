"""Files written for people who want to use, ask, report or contribute, where forges look for them."""

import re
from dataclasses import dataclass

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import display_path, entries_in, has_folder

PLACES = (b".github", b".gitlab", b".gitea", b".forgejo", b"", b"docs", b"doc")
DOCUMENTATION_FOLDERS = (b"docs", b"doc", b"documentation", b"website/docs", b"site/docs")
_TEXT = r"(\.(md|markdown|mdx|rst|txt|adoc|asciidoc|org|html))?"
_KINDS: tuple[tuple[str, str], ...] = (
    ("contributing", rf"contribut(ing|e|ors?-guide|ing-guide){_TEXT}|hacking{_TEXT}"),
    ("code_of_conduct", rf"code[-_ ]?of[-_ ]?conduct{_TEXT}|conduct{_TEXT}"),
    ("security", rf"security([-_]policy)?{_TEXT}"),
    ("support", rf"support{_TEXT}"),
    ("governance", rf"governance{_TEXT}"),
    ("maintainers", rf"(maintainers|maintaining|owners|trusted[-_]committers){_TEXT}"),
    ("authors", rf"(authors|contributors|credits|thanks){_TEXT}"),
    ("changelog", rf"(change[-_]?logs?|changes|history|news|releases?|release[-_]notes|whatsnew){_TEXT}"),
    ("adopters", rf"(adopters|users|who[-_]uses){_TEXT}"),
    ("communication", rf"(communication|community){_TEXT}"),
    ("roadmap", rf"roadmap{_TEXT}"),
    ("funding", r"funding\.ya?ml"),
    ("agents", r"agents\.md|claude\.md|gemini\.md|copilot-instructions\.md|\.cursorrules"),
    ("issue_template", rf"issue[-_]template{_TEXT}"),
    ("change_template", rf"(pull|merge)[-_]request[-_]template{_TEXT}"),
)
KINDS = (*(kind for kind, _ in _KINDS), "documentation")
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)
_TEMPLATE_FOLDERS = (
    ("issue_template", b".github/ISSUE_TEMPLATE"),
    ("issue_template", b".gitlab/issue_templates"),
    ("issue_template", b".gitea/ISSUE_TEMPLATE"),
    ("issue_template", b".gitea/issue_template"),
    ("issue_template", b".forgejo/ISSUE_TEMPLATE"),
    ("issue_template", b".forgejo/issue_template"),
    ("change_template", b".github/PULL_REQUEST_TEMPLATE"),
    ("change_template", b".gitlab/merge_request_templates"),
    ("change_template", b"PULL_REQUEST_TEMPLATE"),
    ("change_template", b"docs/PULL_REQUEST_TEMPLATE"),
)


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """One file or, for documentation and templates, folder (oid and size None); `kind` is one of KINDS."""

    kind: str
    path: str
    oid: str | None
    size: int | None


def read_people_files(snapshot: Snapshot) -> list[PeopleFile]:
    """The file that counts for each kind, in the order of KINDS; empty files do not count."""
    found: dict[str, PeopleFile] = {}
    for place in PLACES:
        for entry in entries_in(snapshot, place):
            kind = _kind(entry, place)
            if kind is not None and kind not in found:
                found[kind] = PeopleFile(kind, display_path(entry.path), entry.oid, entry.size)
    for kind, folder in (*_TEMPLATE_FOLDERS, *(("documentation", folder) for folder in DOCUMENTATION_FOLDERS)):
        if kind not in found and has_folder(snapshot, folder):
            found[kind] = PeopleFile(kind, display_path(folder), None, None)
    return [found[kind] for kind in KINDS if kind in found]


def _kind(entry: TreeEntry, place: bytes) -> str | None:
    if entry.type != "blob" or entry.size == 0:
        return None
    name = entry.path[len(place) :].lstrip(b"/").decode("utf-8", "replace")
    for kind, pattern in _COMPILED:
        if pattern.fullmatch(name) and not (place.startswith(b"doc") and kind in ("authors", "changelog", "adopters")):
            return kind
    return None
