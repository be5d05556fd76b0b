"""Names that a file defines, found by Universal Ctags where it is installed.

The program has crashed and run away on files of strangers before, so it gets the content through a pipe, runs in its
sandbox with bounds on time and memory, and whatever goes wrong costs the outline and nothing else.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import IO, Any

SECONDS = 3.0
MEMORY_BYTES = 512 * 1024**2
MAX_BYTES = 1024**2
MAX_SYMBOLS = 1_500
MAX_NAME = 200
ANSWER_BYTES = 8 * 1024**2
# What most readers do not look for in an outline: it would hide the rest.
_LEFT_OUT = {"local", "parameter", "label", "externvar", "import", "unknown", "id", "header", "enumerator", "member"}
_LEFT_OUT |= {"package", "namespace", "alias", "modifiedFile", "hunk", "property"}
_KEPT_MEMBERS = {"Python"}
# What nobody means who looks for where a name is defined.
_NO_DEFINITION = frozenset({"local", "parameter", "label", "externvar", "import", "unknown", "id", "header", "alias"})
_NO_DEFINITION |= {"package", "modifiedFile", "hunk", "prototype"}
MAX_DEFINITIONS = 20_000
_COMPLETED = b'{"_type": "completed", "command": "generate-tags"}\n'
_LANGUAGES = {"C++": "C++", "C#": "C#", "Shell": "Sh", "Emacs Lisp": "EmacsLisp", "Objective-C": "ObjectiveC"}
_LANGUAGES |= {"TSX": "TypeScript", "JSX": "JavaScript", "Makefile": "Make", "MATLAB": "MatLab", "TeX": "Tex"}
_LANGUAGES |= {"reStructuredText": "ReStructuredText", "Protocol Buffer": "Protobuf", "Assembly": "Asm"}
_LANGUAGES |= {"Batchfile": "DosBatch", "Yacc": "YACC", "Vim Script": "Vim", "Visual Basic .NET": "Basic"}
_NEVER = {"JSON", "XML", "SVG", "HTML", "YAML", "Diff", "INI", "Text"}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name with its kind ("function"), line (from 1) and how deep it is nested."""

    name: str
    kind: str
    line: int
    depth: int


def installed() -> bool:
    """Whether this machine has the program."""
    return bool(_program()[0])


def supported(language: str) -> bool:
    """Whether an outline of such a file may be had on this machine."""
    return bool(language) and language not in _NEVER and _ctags_name(language) in _program()[1]


def outline(content: bytes, language: str) -> list[Symbol] | None:
    """Symbols in the order of lines; None when the program is missing, failed or was stopped."""
    program, _ = _program()
    if not program or len(content) > MAX_BYTES:
        return None
    options = ["--options=NONE", "--quiet", "--_interactive=sandbox", "--fields=-P+nKsZ", "--sort=no"]
    question = {"command": "generate-tags", "filename": "file", "size": len(content)}
    asked = json.dumps(question).encode("ascii") + b"\n" + content
    answer = _answer([program, *options, f"--language-force={_ctags_name(language)}"], asked)
    return None if answer is None else _symbols(answer, language)


def definitions(texts: Sequence[bytes], language: str) -> list[list[Symbol] | None]:
    """What each of these files in one language defines, in UTF-8; None for a file on which the program failed.

    One process reads many files; where it dies, the next one begins with the file that it did not finish.
    """
    program, _ = _program()
    found: list[list[Symbol] | None] = []
    while len(found) < len(texts):
        done = _batch(program, texts[len(found) :], language) if program else []
        found += done or [None]
    return found


def _batch(program: str, texts: Sequence[bytes], language: str) -> list[list[Symbol] | None]:
    """For the files that were finished."""
    asked = []
    for text in texts:
        question = {"command": "generate-tags", "filename": "file", "size": len(text)}
        asked += [json.dumps(question).encode("ascii"), b"\n", text]
    options = ["--options=NONE", "--quiet", "--_interactive=sandbox", "--fields=-P+nKsZ", "--sort=no"]
    command = [program, *options, f"--language-force={_ctags_name(language)}"]
    with tempfile.TemporaryFile() as answer:
        _run(command, b"".join(asked), answer)
        answer.seek(0)
        *finished, _ = answer.read(ANSWER_BYTES + 1).split(_COMPLETED)
    return [_definitions(part, language) for part in finished[: len(texts)]]


def _definitions(answer: bytes, language: str) -> list[Symbol]:
    found = (_symbol(tag, language, _NO_DEFINITION) for tag in _tags(answer))
    return [symbol for symbol in found if symbol is not None][:MAX_DEFINITIONS]


def _answer(command: list[str], asked: bytes) -> bytes | None:
    # The answer goes into a file, whose size the system bounds: a pipe would be read for as long as something comes.
    with tempfile.TemporaryFile() as answer:
        if _run(command, asked, answer) != 0:
            return None
        answer.seek(0)
        content = answer.read(ANSWER_BYTES + 1)
    return content if len(content) <= ANSWER_BYTES else None


def _run(command: list[str], asked: bytes, answer: IO[bytes]) -> int | None:
    """How the program ended; None where it had to be ended."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    ) as process:
        try:
            _bound(process.pid)
            process.communicate(asked, timeout=SECONDS)
        except (subprocess.TimeoutExpired, OSError):
            return None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


def _bound(pid: int) -> None:
    if sys.platform != "linux":
        return
    for kind, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, int(SECONDS) + 1),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # gone already, or bounded more tightly
            resource.prlimit(pid, kind, (value, value))


def _symbols(answer: bytes, language: str) -> list[Symbol]:
    found = []
    for tag in _tags(answer):
        symbol = _symbol(tag, language)
        if symbol is not None:
            found.append(symbol)
    found = sorted(found, key=lambda symbol: symbol.line)[:MAX_SYMBOLS]
    outermost = min((symbol.depth for symbol in found), default=0)
    return [replace(symbol, depth=symbol.depth - outermost) for symbol in found]


def _tags(answer: bytes) -> list[Any]:
    """What the program said, line by line; nothing for a line that cannot be read. All at once costs a third."""
    rows = [row for row in answer.split(b"\n") if row]
    try:
        together: list[Any] = json.loads(b"[" + b",".join(rows) + b"]")
    except (ValueError, RecursionError):
        return [_tag(row) for row in rows]
    return together


def _tag(row: bytes) -> Any:
    try:
        return json.loads(row)
    except (ValueError, RecursionError):
        return None


def _symbol(tag: Any, language: str, left_out: Set[str] = frozenset()) -> Symbol | None:
    """`left_out`: kinds; those of an outline where none are given."""
    if not isinstance(tag, dict) or tag.get("_type") != "tag":
        return None
    name, kind, line, scope = tag.get("name"), tag.get("kind"), tag.get("line"), tag.get("scope")
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(line, int) or line < 1:
        return None
    if not name or name.startswith(("__anon", "Anonymous")):
        return None
    if kind in left_out if left_out else _is_left_out(kind, language):
        return None
    depth = scope.count(".") + scope.count("::") + 1 if isinstance(scope, str) and scope else 0
    return Symbol(name[:MAX_NAME], kind[:40], line, min(depth, 4))


def _is_left_out(kind: str, language: str) -> bool:
    if kind == "member" and language in _KEPT_MEMBERS:
        return False
    return kind in _LEFT_OUT or (kind == "variable" and language in ("C", "C++", "JavaScript", "TypeScript"))


def _ctags_name(language: str) -> str:
    return _LANGUAGES.get(language, language)


@cache
def _program() -> tuple[str, frozenset[str]]:
    """Path of Universal Ctags with a sandbox and the languages it knows; empty where it is not installed."""
    for name in ("universal-ctags", "ctags"):
        program = shutil.which(name)
        if program and {"interactive", "json", "sandbox"} <= set(_listed(program, "--list-features")):
            return program, frozenset(_listed(program, "--list-languages"))
    return "", frozenset()


def _listed(program: str, question: str) -> list[str]:
    try:
        done = subprocess.run([program, "--options=NONE", question], capture_output=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return []
    rows = done.stdout.decode("utf-8", "replace").splitlines()
    return [row.split(" ")[0] for row in rows if row and not row.endswith("[disabled]")]
