"""What in a text suggests a small task: notes that somebody left, paths and commands that do not exist."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

LONGEST_LINE = 400
SHOWN = 300
_NOTE = re.compile(
    r"(?:#|//|/\*|\*|--|;|%|<!--|\{#|\"\"\"|''')[^\n]{0,120}?\b(?P<word>TODO|FIXME)\b(?P<who>\([^)\n]{0,60}\))?[:\s-]*(?P<text>[^\n]*)"
)
_CLOSING = re.compile(r"\s*(?:\*/|-->|#\}|\"\"\"|''')\s*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_LINK = re.compile(r"\[[^\]\n]{0,200}\]\(<?([^()\s<>]{1,300})>?(?:\s+\"[^\"\n]*\")?\)")
_OUTSIDE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|#|/|\?|\{|<|~|\$)", re.IGNORECASE)
_MAKE = re.compile(r"^\s*(?:[$>%]\s+)?make\s+([a-zA-Z0-9][\w.-]*)\s*$")
_NPM = re.compile(r"^\s*(?:[$>%]\s+)?npm run(?:-script)?\s+([\w:.-]+)\s*(?:--.*)?$")
_SCRIPT = re.compile(r"^\s*(?:[$>%]\s+)?(?:sh\s+|bash\s+)?\./([\w][\w./-]*)(?:\s.*)?$")
_TARGET = re.compile(r"^([^\s:#=][^:#=\n]*?)\s*::?(?!=)", re.MULTILINE)
_MADE = ("configure", "gradlew", "mvnw", "node_modules", "build", "dist", "target", "venv", ".venv", "bin", "out")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`kind` as in `StarterTask.Kind`; `text` is what stands there, on line `line` (from 1) of `path`."""

    kind: str
    path: str
    line: int
    text: str

    @property
    def key(self) -> str:
        """The same for the same words in the same file, wherever they move in it."""
        words = " ".join(self.text.casefold().split())
        return sha256(f"{self.kind}\0{self.path}\0{words}".encode("utf-8", "surrogateescape")).hexdigest()[:40]


def notes_in(path: str, text: str) -> Iterator[Suggestion]:
    """TODO and FIXME in comments that say what is to do."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE or ("TODO" not in line and "FIXME" not in line):
            continue
        found = _NOTE.search(line)
        words = _CLOSING.sub("", found["text"]).strip() if found else ""
        if found and len(words) >= 8:
            yield Suggestion("note", path, number, f"{found['word']}{found['who'] or ''}: {words}"[:SHOWN])


def broken_paths(path: str, text: str, exists: Callable[[str], bool]) -> Iterator[Suggestion]:
    """Relative links of a Markdown document that lead nowhere; `exists` takes paths from the root of the project."""
    folder = posixpath.dirname(path)
    for number, line, fenced in _lines(text):
        for target in () if fenced else _LINK.findall(line):
            if _OUTSIDE.match(target):
                continue
            wanted = posixpath.normpath(posixpath.join(folder, re.split(r"[?#]", target)[0]))
            if not wanted.startswith("..") and wanted != "." and not exists(wanted):
                yield Suggestion("path", path, number, f"Links to {target}, which does not exist"[:SHOWN])


def broken_commands(
    path: str, text: str, exists: Callable[[str], bool], read: Callable[[str], str | None]
) -> Iterator[Suggestion]:
    """Commands in code blocks that cannot work: `make` targets, `npm run` scripts and scripts that are not there."""
    targets, scripts = _targets(read("Makefile")), _scripts(read("package.json"))
    for number, line, fenced in _lines(text):
        if not fenced:
            continue
        make, npm, script = _MAKE.match(line), _NPM.match(line), _SCRIPT.match(line)
        missing = (
            (make and targets is not None and make[1] not in targets)
            or (npm and scripts is not None and npm[1] not in scripts)
            or (script and script[1].split("/")[0] not in _MADE and not exists(script[1]))
        )
        if missing:
            yield Suggestion("command", path, number, f"Says to run {line.strip()}, which does not exist"[:SHOWN])


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Number, line, whether it is within a fenced block."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
        elif len(line) <= LONGEST_LINE:
            yield number, line, bool(fence)


def _targets(makefile: str | None) -> set[str] | None:
    """Targets of a Makefile; None where they cannot be told, because it includes others or has patterns."""
    if makefile is None or re.search(r"^-?include\b|^[^\s#]*%", makefile, re.MULTILINE):
        return None
    return {word for found in _TARGET.findall(makefile) for word in found.split()}


def _scripts(package: str | None) -> set[str] | None:
    try:
        found = json.loads(package) if package else None
    except (ValueError, RecursionError):
        return None
    scripts = found.get("scripts", {}) if isinstance(found, dict) else None
    return set(scripts) if isinstance(scripts, dict) else None
