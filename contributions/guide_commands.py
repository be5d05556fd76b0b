"""Commands in a text for contributors: what to run to set up, build, test and check."""

import re
from collections.abc import Iterator

MAX_COMMANDS = 12
LONGEST = 200
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([\w+-]*)")
_INLINE = re.compile(r"`{1,2}([^`\n]{3,120})`{1,2}")
_PROMPT = re.compile(r"^\s*(?:\$|%|>|#(?= \w))\s+")
_SHELLS = {"", "bash", "sh", "shell", "console", "shell-session", "terminal", "text", "zsh", "cmd", "powershell", "bat"}
_TOOLS = (
    r"make|cmake|ctest|ninja|meson|just|task|bazel|npm|npx|yarn|pnpm|bun|deno|node|pip3?|pipx|poetry|uv|hatch|pdm|tox|nox|"
    r"pytest|py\.test|python3?|coverage|pre-commit|ruff|black|mypy|flake8|eslint|prettier|cargo|rustup|go|golangci-lint|"
    r"mvn|\./mvnw|gradle|\./gradlew|ant|sbt|dotnet|msbuild|bundle|rake|rspec|gem|composer|phpunit|mix|rebar3|cabal|stack|"
    r"swift|xcodebuild|flutter|dart|docker|docker-compose|podman|helm|terraform|autoreconf|\./configure|\./autogen\.sh|"
    r"\./[\w./-]+|script/\w+|bin/\w+|scripts/[\w./-]+|conda|mamba|vagrant|nix|nix-shell"
)
_COMMAND = re.compile(rf"(?:sudo )?(?:[A-Z_]{{2,30}}=\S+ )*(?:{_TOOLS})(?: |$)")
_KINDS = (
    (
        "test",
        r"\b(?:tests?|pytest|py\.test|tox|nox|rspec|phpunit|ctest|spec|coverage|verify|unittest)\b|\bgo test|:test",
    ),
    (
        "check",
        r"\b(?:lint|check|ruff|black|mypy|flake8|eslint|prettier|pre-commit|fmt|format|vet|clippy|golangci-lint)\b",
    ),
    ("set up", r"\b(?:install|bootstrap|setup|sync|restore|venv|init|ci|deps|get|submodule|develop|env)\b"),
    (
        "build",
        r"\b(?:build|compile|configure|package|assemble|dist|up|run|serve|start)\b|^(?:make|cmake|ninja|mvn|ant)\b",
    ),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
ORDER = ("set up", "build", "test", "check")


def find_commands(text: str) -> list[tuple[str, str]]:
    """(kind, command) in the order people would run them, each command once; no more than fit on a page."""
    found: dict[str, str] = {}
    for line in _lines(text.replace("\r\n", "\n")):
        command = _PROMPT.sub("", line).strip()
        if len(command) <= LONGEST and _COMMAND.match(command) and (kind := _kind(command)):
            found.setdefault(command, kind)
    rows = sorted(((kind, command) for command, kind in found.items()), key=lambda row: ORDER.index(row[0]))
    return [row for kind in ORDER for row in [one for one in rows if one[0] == kind][: MAX_COMMANDS // len(ORDER)]]


def _lines(text: str) -> Iterator[str]:
    """Lines of code blocks and code within sentences, line by line: a hostile text costs no more than its length."""
    fence, language = "", ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end(1) :].strip():
                fence = ""
            elif language in _SHELLS:
                yield line
        elif mark:
            fence, language = mark[1], mark[2].lower()
        elif line.startswith(("    ", "\t")):
            yield line
        else:
            yield from (match[1] for match in _INLINE.finditer(line))


def _kind(command: str) -> str:
    return next((kind for kind, pattern in _COMPILED if pattern.search(command)), "")
