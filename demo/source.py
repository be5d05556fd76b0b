"""Files of a demo project as blocks of lines that come into being and change one step at a time.

A project is written down once, as it looks today, in `content/<slug>.txt`: one text per file behind a header line
`=== path [since=0.4] [gone=0.8] [mode=100755] [branch=name] [: subject of the commit that adds it]`. Times run from 0
(first commit) to 1 (now). Inside a file `%% 0.35 Subject` says when the block below (to the next blank line, or to a
bare `%%`) arrived and with which commit. Everything else about the past is invented by `demo.edits`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
CODE = frozenset({".py", ".go", ".java", ".ts", ".tsx", ".rs", ".c", ".h", ".rb", ".kt", ".sh"})
_HEADER = re.compile(r"=== (?P<path>\S+)(?P<options>(?: \w+=\S+)*)(?: : (?P<subject>.+))?\Z")
_MARK = re.compile(r"%%(?: (?P<at>[\d.]+) (?P<subject>.+))?\Z")
_START = re.compile(
    r"(?:@\w|(?:async )?def (?!__)|(?:pub |suspend |override |internal |private |protected |public |static |abstract )*"
    r"(?:fun|fn|class|static|void|public|private|record|interface|enum|override|describe|it|test|module)\b|/\*\*|///)"
)
_IMPORT = re.compile(r"(?:import|from|use|package|require|#include|#define|using)\b")


@dataclass(slots=True)
class Line:
    """The texts a line has had, oldest first; None where it was not there."""

    versions: list[str | None]
    at: int = -1

    @property
    def text(self) -> str:
        return self.versions[-1] or ""

    @property
    def free(self) -> bool:
        """No earlier version invented yet."""
        return len(self.versions) == 1

    def precede(self, older: list[str | None]) -> None:
        self.versions = [*older, self.versions[-1]]
        self.at = 0


@dataclass(slots=True)
class Block:
    """Lines that arrive together: at `at` with `subject`, or with the file (at is None)."""

    lines: list[Line]
    at: float | None = None
    subject: str = ""
    born: bool = True

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


@dataclass(slots=True)
class SourceFile:
    path: str
    blocks: list[Block] = field(default_factory=list)
    since: float | None = None
    gone: float | None = None
    branch: str | None = None
    mode: str = "100644"
    subject: str = ""
    present: bool = False

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix

    @property
    def is_code(self) -> bool:
        return self.suffix in CODE

    @property
    def is_test(self) -> bool:
        return re.search(r"test|spec", self.path, re.IGNORECASE) is not None

    @property
    def versioned(self) -> bool:
        """Whether a release changes it."""
        return any("@VERSION@" in text or "@CHANGELOG@" in text for block in self.blocks for text in block.texts)

    def render(self, version: str, changelog: str) -> bytes:
        lines = (line.versions[line.at] for block in self.blocks if block.born for line in block.lines)
        text = "\n".join(line for line in lines if line is not None)
        return (text.strip("\n") + "\n").replace("@VERSION@", version).replace("@CHANGELOG@", changelog).encode()


def read_project(slug: str) -> list[SourceFile]:
    """The files of `content/<slug>.txt` as they are today, in order; ValueError for a header nobody understands."""
    files: list[SourceFile] = []
    bodies: list[list[str]] = []
    for number, line in enumerate((CONTENT / f"{slug}.txt").read_text().splitlines(), 1):
        if line.startswith("=== "):
            files.append(_file(line, f"{slug}.txt:{number}"))
            bodies.append([])
        else:
            bodies[-1].append(line)
    for file, body in zip(files, bodies, strict=True):
        file.blocks = list(_blocks(file, body))
    return files


def _file(header: str, where: str) -> SourceFile:
    match = _HEADER.match(header)
    if match is None:
        raise ValueError(f"{where}: not a file header")
    options = dict(option.split("=", 1) for option in match["options"].split())
    return SourceFile(
        match["path"],
        since=float(options["since"]) if "since" in options else None,
        gone=float(options["gone"]) if "gone" in options else None,
        branch=options.get("branch"),
        mode=options.get("mode", "100644"),
        subject=match["subject"] or "",
    )


def _blocks(file: SourceFile, body: list[str]) -> Iterator[Block]:
    """Cut at hand-made marks, at definitions after a blank line, at Markdown headings."""
    lines: list[str] = []
    at: float | None = None
    subject, fenced = "", False
    for number, line in enumerate(body):
        mark = _MARK.match(line)
        fenced ^= line.startswith("```")
        ends = at is not None and not line.strip() and any(text.strip() for text in lines)
        if mark or ends or (at is None and not fenced and _cuts(file, line, body[number + 1 : number + 2])):
            yield from _block(lines, at, subject)
            lines, at, subject = [], None, ""
        if mark:
            at, subject = (float(mark["at"]), mark["subject"]) if mark["at"] else (None, "")
        else:
            lines.append(line)
    yield from _block(lines, at, subject)


def _cuts(file: SourceFile, line: str, following: list[str]) -> bool:
    if line.strip() or not following or not following[0].strip() or file.suffix == ".h":
        return False
    after = following[0]
    if file.suffix == ".md":
        return after.startswith("## ")
    indent = len(after) - len(after.lstrip())
    if _IMPORT.match(after):
        return False
    return file.is_code and (indent == 0 or (indent <= 4 and _START.match(after.lstrip()) is not None))


def _block(texts: list[str], at: float | None, subject: str) -> Iterator[Block]:
    """One block; brackets that close what an earlier block opened stay behind as a block of their own."""
    if not texts:
        return
    first = next((text for text in texts if text.strip()), "")
    indent = len(first) - len(first.lstrip())
    end = len(texts)
    while (
        end and indent and (not texts[end - 1].strip() or len(texts[end - 1]) - len(texts[end - 1].lstrip()) < indent)
    ):
        end -= 1
    yield Block([Line([text]) for text in texts[:end]], at, subject)
    if end < len(texts):
        yield Block([Line([text]) for text in texts[end:]], -1.0)
