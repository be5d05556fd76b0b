"""The README: which file it is, its text, and what it says first: title, tagline, headings."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import Problem, Unreadable, decode, display_path, entries_in, read_bytes
from projects.derive.opening import Heading, read_opening

KEEP_BYTES = 512 * 1024
MAX_BYTES = 64 * 1024**2
PLACES = (b".github", b"", b"docs")
_FORMATS = {
    "md": "markdown",
    "markdown": "markdown",
    "mdown": "markdown",
    "mkd": "markdown",
    "mkdn": "markdown",
    "mdx": "markdown",
    "rst": "rst",
    "rest": "rst",
    "txt": "plain",
    "": "plain",
    "text": "plain",
    "adoc": "asciidoc",
    "asciidoc": "asciidoc",
    "org": "org",
    "textile": "textile",
    "rdoc": "rdoc",
    "pod": "pod",
    "creole": "creole",
    "mediawiki": "mediawiki",
    "wiki": "mediawiki",
}
_NAME = re.compile(
    r"(?i)(readme|read\.me|liesmich|lisezmoi|leeme|leiame|leggimi)"
    r"(?:[._-]([a-z]{2,3}(?:[_-][a-z]{2,4})?))?(?:\.([a-z]+))?"
)
_SPOKEN = frozenset(
    "ar bg bn ca cn cs da de el en eng es et eu fa fi fr gl he hi hr hu id it ja jp ka ko kr lt lv ms nb nl no pl "  # noqa: SIM905
    "pt ro ru sk sl sr sv ta th tr tw uk ur vi zh".split()
)
_ENGLISH = frozenset({"", "en", "en-us", "en_us", "en-gb", "eng"})


@dataclass(frozen=True, slots=True)
class Readme:
    """A README: `format` is markdown, rst, plain or another markup's name; `text` the first 512 KB; `path` for people.

    title, tagline and lifecycle are "" when the text has none; headings are in order, levels from 1.
    """

    path: str
    oid: str
    text: str
    truncated: bool
    format: str
    encoding: str = "utf-8"
    title: str = ""
    tagline: str = ""
    headings: tuple[Heading, ...] = ()
    lifecycle: str = ""

    @property
    def directory(self) -> str:
        return self.path.rpartition("/")[0]


def read_readme(snapshot: Snapshot) -> tuple[Readme | None, list[Problem]]:
    """The README a forge would show: .github, the root, docs; Markdown before other formats, English before others."""
    problems = []
    for entry, format in _candidates(snapshot):
        path = display_path(entry.path)
        try:
            content = decode(read_bytes(snapshot, entry, MAX_BYTES), KEEP_BYTES)
        except Unreadable as error:
            problems.append(Problem(path, f"{path} {error}."))
            continue
        if not content.text.strip():
            continue
        if content.truncated:
            problems.append(Problem(path, f"{path} is larger than 512 KB; only the beginning is shown."))
        if content.encoding in ("cp1252", "latin-1"):
            problems.append(
                Problem(path, f"{path} is not UTF-8; it was read as Windows-1252 and letters may be wrong.")
            )
        readme = Readme(path, entry.oid, content.text, content.truncated, format, content.encoding)
        return with_opening(readme), problems
    return None, problems


def with_opening(readme: Readme) -> Readme:
    """The same README with title, tagline and headings read from its text."""
    opening = read_opening(readme.text, readme.format)
    return replace(
        readme,
        title=opening.title,
        tagline=opening.tagline,
        headings=opening.headings,
        lifecycle=opening.lifecycle,
    )


def best_readme(names: Iterable[str]) -> tuple[str, str] | None:
    """Of the names of one folder's files the README a forge would show, and its format."""
    ranked = [(rank[0], name, rank[1]) for name in names if (rank := _rank(name)) is not None]
    return min(ranked)[1:] if ranked else None


def _candidates(snapshot: Snapshot) -> list[tuple[TreeEntry, str]]:
    found = []
    for place, directory in enumerate(PLACES):
        for entry in entries_in(snapshot, directory):
            name = entry.path.rpartition(b"/")[2].decode("utf-8", "replace")
            ranked = _rank(name)
            if ranked is not None and entry.type == "blob":
                rank, format = ranked
                found.append(((rank[0], place, *rank[1:], name), entry, format))
    return [(entry, format) for _, entry, format in sorted(found, key=lambda item: item[0])]


def _rank(name: str) -> tuple[tuple[bool, int, int], str] | None:
    """Order of a file name among READMEs (smaller is better) and its format; None when it is no README."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    stem, language, extension = match[1].lower(), (match[2] or "").lower(), (match[3] or "").lower()
    if not extension and language in _FORMATS:
        language, extension = "", language
    if extension not in _FORMATS or (language and re.split("[_-]", language)[0] not in _SPOKEN):
        return None
    foreign = stem not in ("readme", "read.me") or language not in _ENGLISH
    return (foreign, int(language != ""), list(_FORMATS).index(extension)), _FORMATS[extension]
