"""What a repository says about its licence outside the text: identifiers, package metadata, the README."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from functools import cache
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot
from projects.derive.content import Unreadable, load_json, load_toml, read_text
from projects.derive.licence_text import tables

MAX_METADATA = 1024**2
MAX_EXPRESSION = 200
MAX_MEMBERS = 20
MAX_SECTION = 3000
IDENTIFIER = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() \t-]{1,200})")
README = re.compile(r"(?i)readme(?:\.(?:md|markdown|mdown|txt|rdoc|rst|adoc|org))?")
SECTION = re.compile(r"(?i)^[#=*\s\d.]*(?:[\w&/,]+ ){0,3}licen[cs](?:e|es|ing)\b[^\n]{0,40}$")
NEXT_SECTION = re.compile(r"^(?:#{1,6}|={1,5}) |^(?:={3,}|-{3,})[ \t]*$")
LICENCE_URL = re.compile(
    r"(?:opensource\.org/licenses?|spdx\.org/licenses|choosealicense\.com/licenses)/([\w.-]{1,40}?)(?:\.html|\.txt|/)?(?=[\s)\"'>\]]|$)"
)
GEM = re.compile(r"^[ \t]*\w+\.licenses?[ \t]*=[ \t]*(\[[^\]\n]{1,200}\]|[\"'][^\"'\n]{1,100}[\"'])", re.MULTILINE)
QUOTED = re.compile(r"[\"']([^\"'\n]{1,100})[\"']")
POM = re.compile(r"<license>\s{0,50}<name>([^<]{1,200})</name>")
# Words too common to name a licence unless "license" follows.
PLAIN_WORDS = frozenset(["vim", "isc", "zlib", "postgresql", "ncsa", "cecill", "artistic"])
# What people write in metadata, by the id they mean.
SPOKEN_NAMES = {
    "Apache-2.0": "apache 2|apache 2.0|apache-2|apache2|asl 2.0|apache license, version 2.0|apache license version 2.0"
    "|apache software license|apache software license, version 2.0",
    "MIT": "mit license (mit)|expat",
    "BSD-3-Clause": "new bsd|new bsd license|modified bsd license|bsd 3-clause|3-clause bsd|bsd-3",
    "BSD-2-Clause": "simplified bsd|bsd 2-clause|2-clause bsd|bsd-2",
    "GPL-2.0-only": "gplv2",
    "GPL-2.0-or-later": "gplv2+",
    "GPL-3.0-only": "gplv3",
    "GPL-3.0-or-later": "gplv3+",
    "AGPL-3.0-only": "agplv3",
    "AGPL-3.0-or-later": "agplv3+",
    "LGPL-3.0-only": "lgplv3",
    "LGPL-3.0-or-later": "lgplv3+",
    "MPL-2.0": "mpl 2.0",
}
COMMON_NAMES = {name: spdx for spdx, names in SPOKEN_NAMES.items() for name in names.split("|")}


@cache
def licensing() -> Any:
    return get_spdx_licensing()


@cache
def spdx_called(name: str) -> str | None:
    """The SPDX id of a licence named by title, nickname or id in any case; None when unknown or of unclear version."""
    name = " ".join(name.lower().split()).removeprefix("the ")
    titles: dict[str, str] = tables()["titles"]
    return COMMON_NAMES.get(name) or titles.get(name.removesuffix(" license")) or titles.get(name) or None


def parse_expression(text: str) -> tuple[list[str], str]:
    """SPDX ids of an expression or name, and the expression in SPDX form; ([], "") for what is none."""
    text = " ".join(text.split())
    if not 0 < len(text) <= MAX_EXPRESSION:
        return [], ""
    named = spdx_called(text)
    if named:
        return [named], named
    try:
        parsed = licensing().parse(text.replace("/", " OR "), validate=True, strict=True)
    except (ExpressionError, ValueError, RecursionError):
        return [], ""
    if parsed is None:
        return [], ""
    ids = [symbol.render("{symbol.key}") for symbol in licensing().license_symbols(parsed, decompose=False)]
    return [each for each in dict.fromkeys(ids) if each not in ("NONE", "NOASSERTION")][:10], parsed.render(
        "{symbol.key}"
    )


def identifiers(text: str) -> Iterator[str]:
    """Expressions of SPDX-License-Identifier lines, at most 20."""
    for count, found in enumerate(IDENTIFIER.finditer(text)):
        if count >= 20:
            return
        yield re.sub(r"\s-+$", "", found[1].strip())


def words_in(value: Any, *keys: str) -> Iterator[str]:
    """Text values at a path of keys, whether one, a list, or tables with type, name, text or id."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    for each in (value if isinstance(value, list) else [value])[:50]:
        named = [each.get(key) for key in ("type", "name", "id", "text")] if isinstance(each, dict) else [each]
        yield from [word for word in named if isinstance(word, str)][:1]


def from_package_json(text: str) -> Iterator[str]:
    document = load_json(text)
    yield from words_in(document, "license")
    yield from words_in(document, "licenses")


def from_composer(text: str) -> Iterator[str]:
    names = list(words_in(load_json(text), "license"))
    yield " OR ".join(names)


def from_cargo(text: str) -> Iterator[str]:
    document = load_toml(text)
    yield from words_in(document, "package", "license")
    yield from words_in(document, "workspace", "package", "license")


def from_pyproject(text: str) -> Iterator[str]:
    document = load_toml(text)
    yield from words_in(document, "project", "license")
    yield from words_in(document, "tool", "poetry", "license")
    yield from classified(words_in(document, "project", "classifiers"))


def classified(classifiers: Iterable[str]) -> Iterator[str]:
    """Names in trove classifiers, the short one in brackets where there is one: "GPLv3+"."""
    for each in classifiers:
        if each.strip().startswith("License :: "):
            name = each.rpartition(" :: ")[2].strip()
            short = re.search(r"\(([^()]{1,40})\)$", name)
            yield short[1] if short and spdx_called(short[1]) else name


def from_setup_cfg(text: str) -> Iterator[str]:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except ConfigError:
        return
    yield parser.get("metadata", "license", fallback="")
    yield from classified(parser.get("metadata", "classifiers", fallback="").split("\n"))


def from_gemspec(text: str) -> Iterator[str]:
    for found in GEM.finditer(text):
        yield " OR ".join(QUOTED.findall(found[1]))


def from_pom(text: str) -> Iterator[str]:
    for found in POM.finditer(text[: 64 * 1024]):
        yield found[1]


READERS: dict[str, Callable[[str], Iterator[str]]] = {
    "pyproject.toml": from_pyproject,
    "Cargo.toml": from_cargo,
    "package.json": from_package_json,
    "composer.json": from_composer,
    "bower.json": from_package_json,
    "setup.cfg": from_setup_cfg,
    "pom.xml": from_pom,
}


def metadata_expressions(snapshot: Snapshot, root: list[TreeEntry]) -> Iterator[tuple[TreeEntry, str]]:
    """Licence expressions or names in package metadata at the root, with the file each stands in."""
    for entry in root:
        name = entry.path.decode("utf-8", "replace")
        reader = from_gemspec if name.endswith(".gemspec") else READERS.get(name)
        if reader is None:
            continue
        try:
            yield from [(entry, expression) for expression in reader(read_text(snapshot, entry, MAX_METADATA))]
        except (Unreadable, tomllib.TOMLDecodeError):
            continue
    yield from workspace_expressions(snapshot)


def workspace_expressions(snapshot: Snapshot) -> Iterator[tuple[TreeEntry, str]]:
    """What the members of a Cargo workspace say whose root is no package itself; the first that says anything."""
    try:
        root = snapshot.find(b"Cargo.toml")
        document = load_toml(read_text(snapshot, root, MAX_METADATA)) if root else {}
        members = [] if "package" in document else list(words_in(document, "workspace", "members"))[:MAX_MEMBERS]
        for member in members:
            entry = snapshot.find(f"{member.strip('/')}/Cargo.toml".encode())
            said = list(from_cargo(read_text(snapshot, entry, MAX_METADATA))) if entry else []
            if entry and said:
                yield from [(entry, expression) for expression in said]
                return
    except (Unreadable, tomllib.TOMLDecodeError):
        return


def licence_section(text: str) -> str:
    """What a README says under its heading about the licence, at most 3,000 characters."""
    lines = text[: 512 * 1024].split("\n")
    for number, line in enumerate(lines):
        underlined = number + 1 < len(lines) and re.fullmatch(r"[=\-~]{3,}\s*", lines[number + 1]) is not None
        if len(line) < 100 and SECTION.match(line) and (underlined or line.lstrip()[:1] in ("#", "=")):
            return section_body(lines[number + (2 if underlined else 1) :])
    return ""


def section_body(lines: list[str]) -> str:
    body: list[str] = []
    for line in lines:
        if NEXT_SECTION.match(line):
            break
        body.append(line[:500])
    return "\n".join(body)[:MAX_SECTION]


@cache
def title_search() -> re.Pattern[str]:
    titles = [name for name, spdx in tables()["titles"].items() if spdx and len(name) > 2]
    listed = [re.escape(each) + (r"(?= licen[cs]e)" if each in PLAIN_WORDS else "") for each in titles]
    return re.compile(r"(?<![\w/.-])(?:" + "|".join(listed) + r")(?![\w-])")


def mentioned(section: str) -> list[str]:
    """SPDX ids that a README's licence section names by title, nickname, id or address; at most 5."""
    text = " ".join(re.sub(r"[*_`\[\]]", "", section).lower().replace("licence", "license").split())
    found = [tables()["titles"][each[0]] for each in title_search().finditer(text)]
    found += [spdx for url in LICENCE_URL.finditer(section.lower()) if (spdx := spdx_called(url[1]))]
    return list(dict.fromkeys(found))[:5]
