"""The linguist-* attributes that the `.gitattributes` files of a tree set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from gitstore.snapshot import Snapshot

KEYS = ("linguist-language", "linguist-vendored", "linguist-generated", "linguist-documentation", "linguist-detectable")
MAX_FILES = 200
MAX_BYTES = 64 * 1024
MAX_RULES = 400
MAX_PATTERN = 300
# Rules times files, and steps of matching: where a hostile repository stops costing.
MAX_CHECKS = 20_000_000
MAX_STEPS = 2_000_000
SPECIAL = re.compile(r"[*?\[\]\\]")

Value = str | bool


@dataclass(frozen=True, slots=True)
class Overrides:
    """What .gitattributes says about one file; None where it says nothing."""

    language: str | None = None
    vendored: bool | None = None
    generated: bool | None = None
    documentation: bool | None = None
    detectable: bool | None = None


NOTHING = Overrides()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: path pattern in parts and what it sets (None: unset).

    `base` is the directory of its file ("" or ending in a slash); `prefix` and `suffix` are what every matching path
    begins and ends with, so that most paths are told apart without matching.
    """

    base: str
    parts: tuple[str, ...]
    anchored: bool
    prefix: str
    suffix: str
    values: dict[str, Value | None]


def make_rule(base: str, pattern: str, values: dict[str, Value | None]) -> Rule:
    anchored = "/" in pattern
    parts = tuple(part for part in pattern.split("/") if part) or ("*",)
    parts = tuple(part for at, part in enumerate(parts) if part != "**" or parts[at - 1 : at] != ("**",))
    literal = list(takewhile(lambda part: not SPECIAL.search(part), parts)) if anchored else []
    prefix = base + "".join(f"{part}/" for part in literal[: len(parts) - 1])
    return Rule(base, parts, anchored, prefix, SPECIAL.split(parts[-1])[-1], values)


@lru_cache(maxsize=2000)
def part_pattern(glob: str) -> re.Pattern[str]:
    """A glob without slashes as an expression that cannot backtrack: each star takes the first fit."""
    pieces = re.split(r"\*+", glob)
    fixed = [fixed_pattern(piece) for piece in pieces]
    if len(fixed) == 1:
        return re.compile(fixed[0] + r"\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in fixed[1:-1])
    return re.compile(f"{fixed[0]}{middle}(?s:.*){fixed[-1]}\\Z", re.DOTALL)


def fixed_pattern(piece: str) -> str:
    tokens = re.findall(r"\\.|\[[!^]?\]?[^\]]*\]|.", piece, re.DOTALL)
    return "".join(token_pattern(token) for token in tokens)


def token_pattern(glyph: str) -> str:
    if glyph == "?":
        return "."
    if len(glyph) > 2 and glyph[0] == "[":
        body = glyph[1:-1]
        negated = body[0] in "!^" and len(body) > 1
        body = re.sub(r"([\\\[\]&~|^])", r"\\\1", body[1:] if negated else body)
        candidate = f"[{'^' if negated else ''}{body}]"
        return candidate if compiles(candidate) else re.escape(glyph)
    return re.escape(glyph[1:] if glyph[0] == "\\" and len(glyph) == 2 else glyph)


def compiles(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True


def matches_part(glob: str, text: str) -> bool:
    if glob[:1] == "*" and not any(mark in glob[1:] for mark in "*?[\\"):
        return text.endswith(glob[1:])
    return part_pattern(glob).match(text) is not None


def matches_parts(globs: tuple[str, ...], parts: list[str]) -> tuple[bool, int]:
    """Whether path parts match pattern parts ("**" stands for any number of parts), and the steps it took."""
    at, g, retry_at, retry_g, steps = 0, 0, -1, -1, 0
    while at < len(parts):
        steps += 1
        if g < len(globs) and globs[g] == "**":
            if g == len(globs) - 1:
                return True, steps
            retry_g, retry_at = g, at
            g += 1
        elif g < len(globs) and matches_part(globs[g], parts[at]):
            at, g = at + 1, g + 1
        elif retry_g >= 0:
            retry_at += 1
            at, g = retry_at, retry_g + 1
        else:
            return False, steps
    return g == len(globs), steps


def parse_values(words: list[str]) -> dict[str, Value | None]:
    values: dict[str, Value | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        mark = key[:1] if key[:1] in "-!" else ""
        key = key.removeprefix(mark) if mark else key
        if key in KEYS:
            values[key] = None if mark == "!" else False if mark else value if equals else True
    return values


def parse(text: str, base: str) -> Iterator[Rule]:
    """The rules of one .gitattributes file, in order, only those that set a linguist attribute."""
    for line in text.splitlines():
        if "linguist-" not in line or line.lstrip()[:1] in ("#", "["):
            continue
        pattern, words = split_line(line.strip())
        values = parse_values(words)
        if not values or not pattern or len(pattern) > MAX_PATTERN or pattern[0] == "!" or pattern.endswith("/"):
            continue
        yield make_rule(base, pattern, values)


def split_line(line: str) -> tuple[str, list[str]]:
    quoted = re.match(r'"((?:[^"\\]|\\.)*)"\s+(.*)', line)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1]), quoted[2].split()
    pattern, *words = line.split() or [""]
    return pattern, words


class Attributes:
    """The attributes of one tree; empty (and free) for the many repositories that set none."""

    def __init__(self, snapshot: Snapshot) -> None:
        files = [
            e for e in snapshot.entries if e.path.endswith(b".gitattributes") and e.type == "blob" and not e.is_symlink
        ]
        files = [e for e in files if e.path.rpartition(b"/")[2] == b".gitattributes"][:MAX_FILES]
        rules: list[Rule] = []
        for entry in sorted(files, key=lambda e: e.path.count(b"/")):
            content = snapshot.read(entry, MAX_BYTES)
            base = entry.path[: -len(b".gitattributes")].decode("utf-8", "surrogateescape")
            rules.extend(parse((content or b"").decode("utf-8", "surrogateescape"), base))
        affordable = MAX_CHECKS // max(1, len(snapshot.entries))
        self.rules = list(reversed(rules[: min(MAX_RULES, affordable)]))
        self.steps_left = MAX_STEPS

    def of(self, path: str) -> Overrides:
        """What holds for one path: the deepest file and in it the last line win, attribute by attribute."""
        if not self.rules:
            return NOTHING
        found: dict[str, Value | None] = {}
        for rule in self.rules:
            if path.startswith(rule.prefix) and path.endswith(rule.suffix) and self.match(rule, path):
                found = {**rule.values, **found}
        return overrides(found) if found else NOTHING

    def match(self, rule: Rule, path: str) -> bool:
        if self.steps_left <= 0:
            return False
        if rule.anchored:
            matched, steps = matches_parts(rule.parts, path[len(rule.base) :].split("/"))
        else:
            matched, steps = matches_part(rule.parts[0], path.rpartition("/")[2]), 1
        self.steps_left -= steps
        return matched


def overrides(found: dict[str, Value | None]) -> Overrides:
    def flag(key: str) -> bool | None:
        value = found.get(key)
        return None if value is None else value not in (False, "false")

    language = found.get("linguist-language")
    return Overrides(
        language=language if isinstance(language, str) else None,
        vendored=flag("linguist-vendored"),
        generated=flag("linguist-generated"),
        documentation=flag("linguist-documentation"),
        detectable=flag("linguist-detectable"),
    )
