"""Invents the past of a project's files: when each block arrived, and what single lines said before."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

from demo.source import Block, Line, SourceFile
from demo.wording import arrival, name_in, words

MANIFESTS = frozenset(
    {"pyproject.toml", "requirements.txt", "package.json", "go.mod", "Cargo.toml", "build.gradle.kts", "Gemfile"}
)
_FOUNDATION = re.compile(r"(README|LICEN[CS]E|\.gitignore|\.editorconfig|NOTICE)[^/]*\Z", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\w.])[v^~]?(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])")
_NUMBER = re.compile(r"^(.*?)\b([A-Za-z]\w{2,})[\"']?\s*(?::\s*[\w.<>\[\]]+\s*)?(?:=|:)\s*(\d+(?:\.\d+)?)\b(?![.\w-])")
_DEFINE = re.compile(r"^(#define )(\w{3,}) (\d+)$")
_SENTENCE = re.compile(r"^(.{25,}?[.:])\s+\S.{12,}$")
_COMMENT = re.compile(r"^\s*(?://+|#|\*)\s\w")
_LOG = re.compile(r"^\s*(?:\w+\.)*(?:log|logger|LOG|slog|metrics|tracing|counter|console)[\w.]*!?[.(].*\);?$")
_MESSAGE = re.compile(r"([\"`'])((?:[\w%{}$'’:,.-]+ ){3,})([\w%{}$.’-]+)\1")
_LOCAL = re.compile(
    r"(?:\b(?:let|val|var|const|final \w+|auto)\s+(?:mut )?|^\s*)([a-z]\w{5,})\s*(?::=|=)\s", re.MULTILINE
)
_RETURNS = re.compile(r"^(\s*(?:async )?def .*\)) -> [^:]+:$")
_TEXT = re.compile(r"^(\s*\"?)([\w.-]+)(\"?\s*:\s*\"?)((?:[^\s\"]+ ){2,})([^\s\"]+)(\"?,?)$")
_UNTOUCHABLE = re.compile(
    r"version|edition|year|port\b|status|code\b|copyright|zone|python|ubuntu|jvm|@VERSION@", re.IGNORECASE
)


@dataclass(slots=True)
class Edit:
    """One step at `position` (0 first commit, 1 now): lines take these versions, blocks and files appear."""

    position: float
    file: SourceFile
    kind: str
    subject: str
    lines: list[tuple[Line, int]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    present: bool | None = None

    def apply(self) -> None:
        for line, version in self.lines:
            line.at = version
        for block in self.blocks:
            block.born = True
        if self.present is not None:
            self.file.present = self.present


@dataclass(slots=True)
class Chain:
    """Earlier texts for one line or a few: `lines` pairs a line with its texts, oldest first; a subject per change."""

    file: SourceFile
    born: float
    kind: str
    lines: list[tuple[Line, list[str | None]]]
    subjects: list[str]

    def edits(self, rng: random.Random) -> Iterator[Edit]:
        if not all(line.free for line, _ in self.lines):
            return
        end = min(self.file.gone or 1.0, 1.0)
        positions = sorted(rng.uniform(self.born, end) for _ in self.subjects)
        for line, older in self.lines:
            line.precede(older)
        for step, (position, subject) in enumerate(zip(positions, self.subjects, strict=True), 1):
            yield Edit(position, self.file, self.kind, subject, [(line, step) for line, _ in self.lines])


Inventor = Callable[[SourceFile, Block, Line, random.Random], tuple[str, list[str | None], list[str]] | None]


def invent(files: list[SourceFile], wanted: int, rng: random.Random) -> list[Edit]:
    """Edits in order of time, about `wanted` of them; the files are put back to where they began."""
    edits: list[Edit] = []
    chains: list[Chain] = []
    for file in files:
        edits += _arrivals(file, rng)
        for block in file.blocks:
            chains += _chains(file, block, rng)
    rng.shuffle(chains)
    for chain in chains:
        if len(edits) >= wanted:
            break
        edits += chain.edits(rng)
    return sorted(edits, key=lambda edit: edit.position)


def _arrivals(file: SourceFile, rng: random.Random) -> Iterator[Edit]:
    """The file itself, then the blocks that came later; sets `at` of every block."""
    base = PurePosixPath(file.path).name
    if file.since is None:
        early = _FOUNDATION.search(file.path) or base in MANIFESTS or rng.random() < 0.2
        file.since = 0.0 if early else rng.random() ** 1.4 * 0.75
    subject = file.subject or f"Add {words(PurePosixPath(file.path).stem) if file.is_code else base}"
    first = "first" if file.since == 0 else "test" if file.is_test else "docs" if file.suffix == ".md" else "feature"
    yield Edit(file.since, file, first, subject, present=True)
    for number, block in enumerate(file.blocks):
        splits = (file.is_code or file.suffix == ".md") and number > 0 and block.at is None
        if splits and rng.random() < 0.8:
            block.at = rng.uniform(file.since, file.gone or 0.97)
        if block.at is None or block.at <= file.since:
            block.at = file.since
            continue
        block.born = False
        kind = "test" if file.is_test else "docs" if file.suffix == ".md" else "feature"
        text = "\n".join(block.texts)
        subject = block.subject or arrival(text, file.path, file.is_test, rng)
        yield Edit(block.at, file, kind, subject, blocks=[block])
    if file.gone:
        yield Edit(file.gone, file, "remove", f"Remove {base}, nobody uses it any more", present=False)


def _chains(file: SourceFile, block: Block, rng: random.Random) -> Iterator[Chain]:
    born = block.at or 0.0
    inventors = _INVENTORS["manifest" if _pins(file) else "docs" if file.suffix == ".md" else "code"]
    if file.is_code and len(block.lines) > 3:
        for lines, subject in _renamed(block):
            yield Chain(file, born, "rename", lines, [subject])
        for lines, subject in _guarded(file, block, rng):
            yield Chain(file, born, "wording", lines, [subject])
    for line in block.lines:
        for inventor in inventors:
            found = inventor(file, block, line, rng) if line.text.strip() else None
            if found:
                yield Chain(file, born, found[0], [(line, found[1])], found[2])
                break


def _pins(file: SourceFile) -> bool:
    base = PurePosixPath(file.path).name
    return base in MANIFESTS or base == "Dockerfile" or base.endswith(".gemspec") or "/workflows/" in file.path


def _dependency(
    _file: SourceFile, _block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    """A pinned version that bots moved here step by step."""
    match = _VERSION.search(line.text)
    before = line.text[: match.start()] if match else ""
    names = [name for name in re.findall(r"[\w@./:-]*[A-Za-z][\w@./-]+", before) if name not in {"version", "uses:"}]
    if match is None or not names or _UNTOUCHABLE.search(before.replace("version =", "")):
        return None
    versions = [tuple(int(part or 0) for part in match.groups())]
    for _ in range(rng.randint(5, 16)):
        major, minor, patch = versions[0]
        if patch and rng.random() < 0.6:
            older = (major, minor, patch - rng.randint(1, min(patch, 3)))
        elif minor:
            older = (major, minor - 1, rng.randint(0, 4))
        else:
            break
        versions.insert(0, older)
    width = 3 if match[3] else 2
    shown = [".".join(str(part) for part in version[:width]) for version in versions]
    shown = [text for number, text in enumerate(shown) if number == len(shown) - 1 or text != shown[number + 1]]
    start, end = match.start(1), match.end(3) if match[3] else match.end(2)
    older_lines: list[str | None] = [line.text[:start] + text + line.text[end:] for text in shown[:-1]]
    name = names[-1].strip(":@")
    subjects = [f"Bump {name} from {old} to {new}" for old, new in pairwise(shown)]
    return ("deps", older_lines, subjects) if subjects else None


def _image(
    file: SourceFile, block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    return _dependency(file, block, line, rng) if line.text.lstrip().startswith("image:") else None


def _number(
    file: SourceFile, _block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    """A setting or a tariff that was raised and lowered."""
    match = _NUMBER.match(line.text) or _DEFINE.match(line.text)
    if match is None or file.is_test or "examples" in file.path or _UNTOUCHABLE.search(match[2]) or float(match[3]) < 2:
        return None
    digits = len(match[3].partition(".")[2])
    values, last = [match[3]], float(match[3])
    for _ in range(rng.randint(1, 4)):
        factor = rng.choice([0.5, 2.0, 0.8, 1.5, 0.6]) if digits < 2 else 1 + rng.randint(-9, 6) / 100
        older = f"{max(last * factor, 1):.{digits}f}"
        if older != values[0]:
            values.insert(0, older)
            last = float(older)
    what = words(match[2])
    subjects = [f"{'Raise' if float(new) > float(old) else 'Lower'} {what} to {new}" for old, new in pairwise(values)]
    texts: list[str | None] = [line.text[: match.start(3)] + value + line.text[match.end(3) :] for value in values[:-1]]
    return ("number", texts, subjects) if subjects else None


def _sentence(
    file: SourceFile, block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    """Prose that was shorter, misspelt or missing: up to three steps."""
    about = block.lines[0].text or (block.lines[1].text if len(block.lines) > 1 else "")
    heading = about.strip("# ") or PurePosixPath(file.path).name
    if line.text.startswith(("#", "```", "|--", "[!")) or line.text.endswith("  "):
        return None
    versions: list[str | None] = [line.text]
    subjects: list[str] = []
    typo = _typo(file, line.text, rng)
    if typo:
        versions[:0], subjects[:0] = typo[1], typo[2]
    match = _SENTENCE.match(str(versions[0]))
    if match and rng.random() < 0.7:
        versions.insert(0, match[1])
        subjects.insert(
            0, rng.choice(["Clarify “{}”", "Say more under “{}”", "Be more exact about “{}”"]).format(heading)
        )
    bullet = re.match(r"\s*(?:- |\d+\. |\| [A-Za-z`])", line.text)
    if rng.random() < (0.6 if bullet else 0.2) and len(block.lines) > 4:
        versions.insert(0, None)
        words_of = ["Complete the list under “{}”", "Add a missing point to “{}”"] if bullet else ["Extend “{}”"]
        subjects.insert(0, rng.choice(words_of).format(heading))
    return ("docs", versions[:-1], subjects) if subjects else None


def _typo(file: SourceFile, text: str, rng: random.Random) -> tuple[str, list[str | None], list[str]] | None:
    candidates = re.findall(r"(?<![\w`/.-])[a-z]{7,}(?![\w`/.-])", text)
    if not candidates or "`" in text or rng.random() > 0.4:
        return None
    word = rng.choice(candidates)
    at = rng.randint(2, len(word) - 3)
    wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if wrong == word:
        return None
    subject = rng.choice([f"Fix typo in {PurePosixPath(file.path).name}", f"Fix spelling of “{word}”"])
    return "typo", [text.replace(word, wrong, 1)], [subject]


def _remark(
    _file: SourceFile, block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    """A comment or a log line that was not there at first, a message that said less, an annotation added."""
    text, name = line.text, words(name_in("\n".join(block.texts)))
    where = name or PurePosixPath(_file.path).stem
    if _COMMENT.match(text) and _file.is_code and len(block.lines) > 4 and block.lines.index(line) > 1:
        return "comment", [None], [rng.choice(["Explain {}", "Comment on {}", "Say why in {}"]).format(where)]
    if _LOG.match(text):
        return "log", [None], [rng.choice(["Log {}", "Make {} visible in the log", "Log more in {}"]).format(where)]
    message = _MESSAGE.search(text)
    if message and _file.is_code and not _file.is_test:
        shorter = text[: message.start(3) - 1] + text[message.end(3) :]
        return "wording", [shorter], [rng.choice(["Clearer message in {}", "Say what went wrong in {}"]).format(where)]
    returns = _RETURNS.match(text)
    if returns and rng.random() < 0.25:
        return "types", [f"{returns[1]}:"], [f"Annotate {where}"]
    return _typo(_file, text, rng) if _COMMENT.match(text) else None


def _translation(
    file: SourceFile, _block: Block, line: Line, rng: random.Random
) -> tuple[str, list[str | None], list[str]] | None:
    """Texts of data files: reworded, or added later where the line can go without breaking the file."""
    match = _TEXT.match(line.text)
    if match is None or file.suffix not in {".json", ".yaml", ".yml", ".properties"} or "locales" not in file.path:
        return None
    where = f"{words(match[2].replace('.', ' '))} in {PurePosixPath(file.path).stem}"
    if match[6].endswith(",") and rng.random() < 0.5:
        return "data", [None], [f"Translate {where}"]
    return "wording", [match[1] + match[2] + match[3] + match[4].rstrip() + match[6]], [f"Reword {where}"]


def _renamed(block: Block) -> Iterator[tuple[list[tuple[Line, list[str | None]]], str]]:
    """Local variables that had a shorter name."""
    where = words(name_in("\n".join(block.texts)))
    for name in dict.fromkeys(match[1] for match in _LOCAL.finditer("\n".join(block.texts))):
        pattern = re.compile(rf"\b{name}\b(?!\()")
        short = re.sub(r"[aeiou_]", "", name)[:4]
        used = [line for line in block.lines if pattern.search(line.text)]
        if len(used) < 2 or len(short) < 3 or any('"' in line.text for line in used):
            continue
        olds: list[tuple[Line, list[str | None]]] = [(line, [pattern.sub(short, line.text)]) for line in used]
        yield olds, f"Rename {short} to {name}" + (f" in {where}" if where else "")


def _guarded(
    file: SourceFile, block: Block, rng: random.Random
) -> Iterator[tuple[list[tuple[Line, list[str | None]]], str]]:
    """Conditions that were forgotten at first: the whole `if` was not there."""
    name = words(name_in("\n".join(block.texts))) or PurePosixPath(file.path).stem
    for number, text in enumerate(block.texts):
        end = _end_of_if(block.texts, number) if re.match(r"\s+if\b.*[{:]$", text) else 0
        if not end or end - number > 5 or end >= len(block.texts) + (file.suffix != ".py"):
            continue
        subject = rng.choice(["Return early in {}", "Handle an edge case in {}", "Do not trust the input of {}"])
        tested = [word for word in re.findall(r"[A-Za-z_]{4,}", text) if word not in {"none", "None", "null", "self"}]
        if tested and rng.random() < 0.6:
            subject = f"Check {words(tested[0])} in {{}}"
        yield [(line, [None]) for line in block.lines[number:end]], subject.format(name)


def _end_of_if(texts: list[str], number: int) -> int:
    """Number of the line after the `if` that begins at `number`; 0 when it has an `else` or ends elsewhere."""
    text = texts[number]
    indent = len(text) - len(text.lstrip())
    end = number + 1
    while end < len(texts) and len(texts[end]) - len(texts[end].lstrip()) > indent:
        end += 1
    if text.endswith("{"):
        return end + 1 if end < len(texts) and texts[end].strip() == "}" else 0
    return 0 if end < len(texts) and re.match(r"\s*(?:else|elif)\b", texts[end]) else end


_INVENTORS: dict[str, tuple[Inventor, ...]] = {
    "manifest": (_dependency,),
    "docs": (_sentence,),
    "code": (_image, _number, _translation, _remark),
}
