"""The licences of a repository: from licence texts first, then from what metadata and README say.

Confidence: 1 for a text equal in all words; its likeness for one that nearly is (from 0.98 on confirmed, from 0.90 on
"looks like" the licence); below that the text is unknown. Statements without a text never count as confirmed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import Unreadable, decode, display_path, entries_in, resolve_link
from projects.derive.licence_evidence import (
    README,
    identifiers,
    licence_section,
    mentioned,
    metadata_expressions,
    parse_expression,
)
from projects.derive.licence_text import is_copyright_only, likest, normalise, strip_html, words_of

CONFIRMED = 0.98
CANDIDATE = 0.90
IDENTIFIER_CONFIDENCE = 0.95
METADATA_CONFIDENCE = 0.90
README_CONFIDENCE = 0.80
UNKNOWN = "NOASSERTION"
MAX_FILES = 40
MAX_BYTES = 1024**2
MAX_PARTS = 30
# Shorter unknown texts are notes such as "see the files beside this one".
LICENCE_LENGTH = 500

NAME = r"(?:un)?licen[sc]e"
COPYING = r"copy(?:ing|right)"
# File name patterns with their scores, best first, as licensee ranks them.
NAMES = [
    (re.compile(pattern), score)
    for pattern, score in [
        (NAME, 1.0),
        (rf"{NAME}\.(?:md|markdown|txt|html)", 0.95),
        (COPYING, 0.9),
        (rf"{COPYING}\.(?:md|markdown|txt|html)", 0.85),
        (rf"{NAME}\.(?!spdx|header)[^./]+", 0.8),
        (rf"{COPYING}\.[^./]+", 0.75),
        (rf"{NAME}[-_][^.]*(?:\.(?!xml|go|gemspec)[^./]+)?", 0.7),
        (rf"{COPYING}[-_][^.]*(?:\.(?!xml|go|gemspec)[^./]+)?", 0.65),
        (rf"\w+[-_]{NAME}[^.]*(?:\.(?!xml|go|gemspec)[^./]+)?", 0.6),
        (rf"\w+[-_]{COPYING}[^.]*(?:\.(?!xml|go|gemspec)[^./]+)?", 0.55),
        (r"ofl(?:\.[^./]+)?", 0.5),
    ]
]
SOURCE_WORDS = "py go rb js mjs ts tsx jsx java kt c h cc cpp hpp cs rs php pl sh json yml yaml toml xml css svg png"
SOURCE = frozenset(SOURCE_WORDS.split())
NOT_OPEN = re.compile(
    r"^(?:creative commons )?attribution-(?:noncommercial|noderivatives)", re.IGNORECASE | re.MULTILINE
)
PART = re.compile(r"^[ \t]*(?:-{5,}|={5,}|\*{5,}|_{5,}|#{5,})[ \t]*$|\x0c", re.MULTILINE)
GNU = re.compile(r"(?:A?GPL|LGPL|GFDL)-[\d.]+")
LESSER = re.compile(r"(?i)^(?:copying|licen[sc]e)[.-]lesser")


@dataclass(frozen=True, slots=True)
class LicenceFinding:
    """One licence: SPDX id (NOASSERTION: an unknown text), confidence 0 to 1, the file, how it was found.

    `method`: "exact" or "similar" (text), "part" (text inside a longer file), "name" (REUSE file name), "identifier"
    (SPDX-License-Identifier), "metadata" (package file), "reference" (README), "unknown" (a text nobody knows), "note"
    (a short one). `expression`: the whole SPDX expression the id comes from, such as "MIT OR ISC"; else empty.
    """

    spdx: str
    confidence: float
    path: str
    method: str
    expression: str = ""

    @property
    def confirmed(self) -> bool:
        return self.confidence >= CONFIRMED


def derive_licences(snapshot: Snapshot) -> list[LicenceFinding]:
    """Licences of one commit's tree, each once with its best evidence: confirmed texts first, then by confidence."""
    root = entries_in(snapshot)
    named = [finding for entry in reuse_files(snapshot) for finding in read_reuse(snapshot, entry)]
    texts = [finding for entry in licence_files(root) for finding in read_licence(snapshot, entry)]
    texts = [same_as_named(snapshot, finding, named) for finding in texts]
    return merged(texts + named, list(statements(snapshot, root)))


def name_score(name: str) -> float:
    """How likely a file of this name at the root is the licence, 0 to 1 (0: it is none)."""
    lower = name.lower()
    if lower.rpartition(".")[2] in SOURCE and "." in lower:
        return 0.0
    return next((score for pattern, score in NAMES if pattern.fullmatch(lower)), 0.0)


def licence_files(root: list[TreeEntry]) -> list[TreeEntry]:
    scored = [(name_score(entry.path.decode("utf-8", "replace")), entry) for entry in root]
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].path))
    return [entry for _, entry in ranked][:MAX_FILES]


def reuse_files(snapshot: Snapshot) -> list[TreeEntry]:
    return entries_in(snapshot, b"LICENSES")[:MAX_FILES]


def text_of(snapshot: Snapshot, entry: TreeEntry) -> str:
    """The text of a file or of the file a link names; empty when it is too large, binary or missing."""
    target = resolve_link(snapshot, entry)
    content = snapshot.read(target, MAX_BYTES) if target else None
    try:
        text = decode(content, keep=256 * 1024).text if content else ""
    except Unreadable:
        return ""
    return strip_html(text) if entry.path.lower().endswith((b".html", b".htm")) else text


def read_licence(snapshot: Snapshot, entry: TreeEntry) -> Iterator[LicenceFinding]:
    """What the text of one licence file is; an unknown text yields its identifiers and parts, or NOASSERTION."""
    text, path = text_of(snapshot, entry), display_path(entry.path)
    if not text.strip() or is_copyright_only(text):
        return
    known = match_text(text, path)
    if known:
        yield known
    if known and known.confirmed:
        return
    stated = list(expressed(identifiers(text), path, "identifier", IDENTIFIER_CONFIDENCE)) or list(
        match_parts(text, path)
    )
    yield from stated
    if not known and not stated:
        yield LicenceFinding(UNKNOWN, 0.0, path, "unknown" if len(text) >= LICENCE_LENGTH else "note")


def match_text(text: str, path: str) -> LicenceFinding | None:
    """The licence that `text` is or nearly is."""
    restricted = NOT_OPEN.search(text[:2000]) is not None
    for spdx, score in likest(text):
        if not (restricted and spdx.startswith("CC-")):
            method = "exact" if score == 1 else "similar"
            return LicenceFinding(spdx, round(score, 4), path, method) if score >= CANDIDATE else None
    return None


def match_parts(text: str, path: str) -> Iterator[LicenceFinding]:
    """Licences that stand whole between rulers in a longer file. Confidence is their part of it, never confirmed."""
    parts = [part for part in PART.split(text) if part.strip()][:MAX_PARTS]
    if len(parts) > 1:
        for part in parts:
            known = match_text(part, path) if len(part) > 200 else None
            if known and known.confirmed:
                covered = round(min(0.97, len(part) / len(text)), 4)
                yield replace(known, confidence=covered, method="part")


def read_reuse(snapshot: Snapshot, entry: TreeEntry) -> Iterator[LicenceFinding]:
    """A file of LICENSES/ is named by its SPDX id (the REUSE specification); its text makes that certain."""
    path = display_path(entry.path)
    name = re.sub(r"\.(?:txt|md)$", "", path.rpartition("/")[2])
    ids, _ = parse_expression(name) if re.fullmatch(r"[\w.+-]+", name) else ([], "")
    known = match_text(text_of(snapshot, entry), path)
    if known and (known.confirmed or not ids):
        same = ids and (ids[0] == known.spdx or ids[0].startswith(f"{known.spdx}-"))
        yield replace(known, spdx=ids[0]) if same else known
    elif ids:
        yield LicenceFinding(ids[0], IDENTIFIER_CONFIDENCE, path, "name")


def same_as_named(snapshot: Snapshot, finding: LicenceFinding, named: list[LicenceFinding]) -> LicenceFinding:
    """An unknown text that stands in LICENSES/ under its id as well is thereby known."""
    if finding.method not in ("unknown", "note") or not named:
        return finding
    words = words_of(normalised_file(snapshot, finding.path))
    for each in named:
        if each.method == "name" and words == words_of(normalised_file(snapshot, each.path)):
            return replace(each, path=finding.path)
    return finding


def normalised_file(snapshot: Snapshot, path: str) -> str:
    entry = snapshot.find(path.encode())
    return normalise(text_of(snapshot, entry), ()) if entry else ""


def statements(snapshot: Snapshot, root: list[TreeEntry]) -> Iterator[LicenceFinding]:
    """What package metadata and the README say."""
    for entry, expression in metadata_expressions(snapshot, root):
        yield from expressed([expression], display_path(entry.path), "metadata", METADATA_CONFIDENCE)
    readmes = [entry for entry in root if README.fullmatch(entry.path.decode("utf-8", "replace"))]
    for entry in readmes[:1]:
        text, path = text_of(snapshot, entry), display_path(entry.path)
        yield from expressed(identifiers(text), path, "identifier", METADATA_CONFIDENCE)
        for spdx in mentioned(licence_section(text)):
            yield LicenceFinding(spdx, README_CONFIDENCE, path, "reference")


def expressed(expressions: Iterable[str], path: str, method: str, confidence: float) -> Iterator[LicenceFinding]:
    for each in expressions:
        ids, expression = parse_expression(each)
        for spdx in ids:
            yield LicenceFinding(spdx, confidence, path, method, expression if len(ids) > 1 else "")


def merged(texts: list[LicenceFinding], stated: list[LicenceFinding]) -> list[LicenceFinding]:
    """Each licence once, root texts first. Beside a confirmed text neither notes nor mentions say more."""
    best: dict[str, LicenceFinding] = {}
    known = [refine(finding, stated) for finding in texts]
    for finding in [*known, *(each for each in stated if not repeats(each, texts))]:
        held = best.get(finding.spdx)
        if held is None or finding.confidence > held.confidence:
            best[finding.spdx] = finding
    found = list(best.values())
    if any(finding.confirmed for finding in found):
        found = [finding for finding in found if finding.method not in ("note", "reference")]
    return sorted(found, key=rank)


def rank(finding: LicenceFinding) -> tuple[bool, bool, bool, float]:
    """Sort key. The LGPL's text goes before the GPL's, which must stand beside it: it is the one that counts."""
    lesser = LESSER.search(finding.path) is not None
    return (not finding.confirmed, "/" in finding.path, not lesser, -finding.confidence)


def refine(finding: LicenceFinding, stated: list[LicenceFinding]) -> LicenceFinding:
    """The finding with the expression it is part of; a GNU text also takes "-only" or "-or-later" from a statement."""
    named = {finding.spdx}
    if GNU.fullmatch(finding.spdx):
        named |= {f"{finding.spdx}-only", f"{finding.spdx}-or-later"}
    said = next((each for each in stated if each.spdx in named), None)
    return replace(finding, spdx=said.spdx, expression=finding.expression or said.expression) if said else finding


def repeats(statement: LicenceFinding, texts: list[LicenceFinding]) -> bool:
    """Whether a statement only names a GNU licence whose text was found, in other words."""
    family = GNU.match(statement.spdx)
    return family is not None and any(finding.spdx.startswith(family[0]) for finding in texts)
