"""Path patterns of CODEOWNERS files, matched in time linear in the path for each star: nothing backtracks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import re2

MAX_PATTERN = 1_000
MAX_WILDCARDS = 20
Matcher = Callable[[str], bool]


class BadPattern(Exception):
    """A pattern the forge would not accept; the message ends up in "Line 3 is skipped: …"."""


@dataclass(frozen=True, slots=True)
class _Set:
    """A bracket expression: ranges of characters, perhaps negated."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def __contains__(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


class _Star:
    """Any run of characters."""


class _Any:
    """Any one character."""


_STAR, _ANY, _DEEP = _Star(), _Any(), "**"
Atom = str | _Set | _Star | _Any
Segment = str | tuple[Atom, ...]


def compile_github(pattern: str) -> Matcher:
    """gitignore's rules without "!" and brackets; a folder stands for all below it, `docs/*` for its direct files."""
    _check(pattern)
    if "[" in pattern or "]" in pattern:
        raise BadPattern("GitHub does not know brackets in patterns")
    if pattern.startswith("\\#"):
        raise BadPattern("GitHub does not know patterns that begin with an escaped “#”")
    anchored = "/" in pattern.rstrip("/")
    parts = pattern.strip("/").split("/")
    if parts == [""]:
        return lambda _path: True
    only_here = parts[-1] == "*" and not pattern.endswith("/") and len(parts) > 1
    segments: list[Segment] = [] if anchored else [_DEEP]
    segments += [_DEEP if part == "**" else _segment(part, brackets=False) for part in parts]
    variants = _variants(segments, only_here, pattern.endswith("/"))
    return lambda path: _any(variants, path.split("/"))


def _variants(segments: list[Segment], only_here: bool, below: bool) -> list[list[Segment]]:
    """What may match: the file itself, and anything below a folder of that name."""
    if only_here:
        return [segments]
    if segments[-1] == _DEEP:
        return [[*segments[:-1], (_STAR,), _DEEP]]
    deeper: list[Segment] = [*segments, (_STAR,), _DEEP]
    return [deeper] if below else [segments, deeper]


def _any(variants: list[list[Segment]], names: list[str]) -> bool:
    return any(_match(segments, names) for segments in variants)


def compile_gitlab(pattern: str) -> Matcher:
    """fnmatch over the whole path, dots included; relative patterns match at any depth, folders need a final slash."""
    _check(pattern)
    pattern = pattern.replace("\\ ", " ")
    if pattern.startswith("\\#"):
        pattern = pattern[1:]
    if pattern in ("*", "/"):
        return lambda _path: True
    full = pattern if pattern.startswith("/") else "/**/" + pattern
    full = full + "**/*" if full.endswith("/") else full
    parts = full[1:].split("/")
    last = len(parts) - 1
    segments: list[Segment] = [
        _DEEP if part == "**" and number < last else _segment(part, brackets=True) for number, part in enumerate(parts)
    ]
    return lambda path: _match(segments, path.split("/"))


def compile_gitea(pattern: str) -> Matcher:
    """A regular expression over the whole path, run by an engine that takes time linear in the path."""
    _check(pattern, wildcards=False)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        expression = re2.compile(pattern, options)
    except re2.error as error:
        raise BadPattern("its regular expression is not valid or not supported") from error
    return lambda path: expression.fullmatch(path) is not None


def _check(pattern: str, wildcards: bool = True) -> None:
    if not pattern:
        raise BadPattern("it has no pattern")
    if len(pattern) > MAX_PATTERN or (wildcards and pattern.count("*") > MAX_WILDCARDS):
        raise BadPattern("its pattern is too long")


def _segment(part: str, *, brackets: bool) -> Segment:
    """One path segment's pattern: a plain string when it has no wildcard."""
    atoms: list[Atom] = []
    position = 0
    while position < len(part):
        character = part[position]
        position += 1
        if character == "\\" and position < len(part):
            atoms.append(part[position])
            position += 1
        elif character == "*":
            if not atoms or atoms[-1] is not _STAR:
                atoms.append(_STAR)
        elif character == "?":
            atoms.append(_ANY)
        elif character == "[" and brackets and (end := part.find("]", position + 1)) > 0:
            atoms.append(_bracket(part[position:end]))
            position = end + 1
        else:
            atoms.append(character)
    if all(isinstance(atom, str) for atom in atoms):
        return "".join(str(atom) for atom in atoms)
    return tuple(atoms)


def _bracket(body: str) -> _Set:
    negated = body[:1] in ("!", "^")
    body = body[1:] if negated else body
    ranges, position = [], 0
    while position < len(body):
        if body[position + 1 : position + 2] == "-" and position + 2 < len(body):
            ranges.append((body[position], body[position + 2]))
            position += 3
        else:
            ranges.append((body[position], body[position]))
            position += 1
    return _Set(tuple(ranges), negated)


def _match(segments: Sequence[Segment], path: Sequence[str]) -> bool:
    """Segments against names; `**` stands for any number of names, going back only to the last one seen."""
    here = at = 0
    retry = -1
    resume = 0
    while at < len(path):
        if here < len(segments) and segments[here] == _DEEP:
            retry, resume = here, at
            here += 1
        elif here < len(segments) and _match_name(segments[here], path[at]):
            here += 1
            at += 1
        elif retry >= 0:
            resume += 1
            here, at = retry + 1, resume
        else:
            return False
    return all(segment == _DEEP for segment in segments[here:])


def _match_name(segment: Segment, name: str) -> bool:
    if isinstance(segment, str):
        return segment == name
    here = at = resume = 0
    retry = -1
    while at < len(name):
        atom = segment[here] if here < len(segment) else None
        if isinstance(atom, _Star):
            retry, resume = here, at
            here += 1
        elif atom is not None and _match_character(atom, name[at]):
            here += 1
            at += 1
        elif retry >= 0:
            resume += 1
            here, at = retry + 1, resume
        else:
            return False
    return all(isinstance(atom, _Star) for atom in segment[here:])


def _match_character(atom: Atom, character: str) -> bool:
    if isinstance(atom, _Any):
        return True
    if isinstance(atom, _Set):
        return character in atom
    return atom == character
