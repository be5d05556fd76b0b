"""Which language one file is in: by mode line, name, shebang, extension and, where they leave a choice, content."""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent / "tables"
CONSIDERED = 50 * 1024
MODE_LINES = 5
MODE_LINE_LENGTH = 1000

EMACS = re.compile(r"-\*-(.*?)-\*-")
EMACS_MODE = re.compile(r"(?i)(?:^|[ \t;])mode[ \t]*:[ \t]*([^:;\s]+)")
VIM = re.compile(r"(?:(?:^|[ \t])(?:vim|Vim|vi)(?:[<=>]?[0-9]+)?|[ \t]ex):([^\n]*)", re.MULTILINE)
VIM_SET = re.compile(r"[ \t]*set?[ \t]([^:]+):")
VIM_TYPE = re.compile(r"(?:^|[ \t:])(?:filetype|ft|syntax)[ \t]*=(\w+)(?=$|\s|:)")
ONE_LOOKED_AT = 64 * 1024
MANUAL = re.compile(r"(?i)\.(?:[1-9](?![0-9])[a-z_0-9]*|0p|n|man|mdoc)(?:\.in)?$")
SHEBANG = re.compile(rb"#![ \t]*(\S+)([^\n]*)")
ENV_OPTION = re.compile(r"-[i0uCSv]*|--\S+|\S+=\S+")
EXEC = re.compile(rb"exec (\w+).+\$0.+\$@")

Guess = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """One language: kind is programming, markup, data, prose or none; group is the name it is counted under."""

    name: str
    kind: str
    colour: str
    group: str

    @property
    def counted(self) -> bool:
        return self.kind in ("programming", "markup")


KINDS = {"p": "programming", "m": "markup", "d": "data", "t": "prose", "n": "none"}


@cache
def tables() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((TABLES / "languages.json").read_text())
    return loaded


@cache
def languages() -> dict[str, Language]:
    """All known languages by name."""
    rows = tables()["languages"].items()
    return {name: Language(name, KINDS[kind], colour, group or name) for name, (kind, colour, group) in rows}


def language_called(alias: str) -> str | None:
    """The name of the language a person calls `alias` (as in .gitattributes or a mode line), or None."""
    aliases: dict[str, str] = tables()["aliases"]
    return aliases.get(alias.lower()) or aliases.get(alias.split(",", 1)[0].lower())


@cache
def by_suffix(suffix: str) -> Guess:
    return tuple(tables()["extensions"].get(suffix, ()))


def suffixes(name: str) -> list[str]:
    """All extensions of a file name, longest first, lower case: "a.d.TS" gives [".d.ts", ".ts"]."""
    segments = name.lower().split(".")[1:]
    return ["." + ".".join(segments[at:]) for at in range(len(segments))][:8]


def by_extension(name: str) -> Guess:
    return next((found for suffix in suffixes(name) if (found := by_suffix(suffix))), ())


def by_filename(name: str) -> Guess:
    return tuple(tables()["filenames"].get(name, ()))


def is_generic(name: str) -> bool:
    return name.lower().endswith(tuple(tables()["generic"]))


def mode_line(data: bytes) -> str | None:
    """The language an Emacs or Vim mode line in the first or last five lines names."""
    head = data.split(b"\n", MODE_LINES)[:MODE_LINES]
    tail = data.rstrip(b"\n").rsplit(b"\n", MODE_LINES)[-MODE_LINES:]
    lines = [line[:MODE_LINE_LENGTH] for line in (head + tail if len(head) == MODE_LINES else head)]
    joined = b"\n".join(lines)
    if b":" not in joined and b"-*-" not in joined:
        return None
    if b"UseVimball" in joined:
        return None
    text = joined.decode("latin-1")
    mode = emacs_mode(text) or vim_mode(text)
    return language_called(mode) if mode else None


def emacs_mode(text: str) -> str | None:
    if "-*-" not in text:
        return None
    for found in EMACS.finditer(text):
        words = found[1].strip()
        if words and not re.search(r"[:;\s]", words):
            return words
        mode = EMACS_MODE.search(found[1])
        if mode:
            return mode[1]
    return None


def vim_mode(text: str) -> str | None:
    for found in VIM.finditer(text):
        options = found[1]
        if re.match(r"[ \t]*set?[ \t]", options):
            closed = VIM_SET.match(options)
            if not closed:
                continue
            options = closed[1]
        kind = VIM_TYPE.search(options)
        if kind:
            return kind[1]
    return None


def interpreter(data: bytes) -> str | None:
    """The program a shebang names, without path and minor version: "python3" for "#!/usr/bin/env -S python3.11 -u"."""
    line = SHEBANG.match(data[:MODE_LINE_LENGTH])
    if not line:
        return None
    program = line[1].decode("latin-1").rpartition("/")[2]
    rest = line[2].decode("latin-1").split()
    if program == "env":
        program = next((word for word in rest if not ENV_OPTION.fullmatch(word)), "")
    program = re.sub(r"\.\d+$", "", program.rpartition("/")[2])
    if program == "sh":
        for each in data[: 5 * MODE_LINE_LENGTH].split(b"\n")[:5]:
            replaced = EXEC.search(each[:MODE_LINE_LENGTH])
            program = replaced[1].decode("latin-1") if replaced else program
    return None if program == "osascript" and "-l" in line[2].decode("latin-1") else program or None


def by_shebang(data: bytes) -> Guess:
    return tuple(tables()["interpreters"].get(interpreter(data) or "", ()))


@dataclass(frozen=True, slots=True)
class Choice:
    """A language and the expressions that must (True) or must not (False) be found for it."""

    language: str
    conditions: tuple[tuple[bool, re.Pattern[bytes]], ...]

    def holds(self, data: bytes) -> bool:
        return all((pattern.search(data) is not None) == wanted for wanted, pattern in self.conditions)


@cache
def choice_tables() -> dict[str, Any]:
    return tomllib.loads((TABLES / "heuristics.toml").read_text())


@cache
def choices(suffix: str) -> tuple[Choice, ...] | None:
    """The choices for an ambiguous extension, compiled when first asked for; None where there is nothing to choose."""
    loaded = choice_tables()
    rows = loaded["extensions"].get(loaded["same_as"].get(suffix, suffix))
    if rows is None:
        return None
    return tuple(Choice(language, tuple(condition(each) for each in conditions)) for language, *conditions in rows)


def condition(text: str) -> tuple[bool, re.Pattern[bytes]]:
    wanted = not text.startswith("not ")
    text = text.removeprefix("not ")
    expressions = choice_tables()["groups"][text[1:]] if text.startswith("@") else [text]
    # A leading (?i) holds for its own alternative only, so it becomes a scoped group.
    scoped = [f"(?i:{each[4:]})" if each.startswith("(?i)") else f"(?:{each})" for each in expressions]
    return wanted, re.compile("|".join(scoped).encode(), re.MULTILINE)


def by_content(name: str, data: bytes) -> Guess:
    """What the content says for an ambiguous extension; empty when it says nothing."""
    content = data[:CONSIDERED]
    for suffix in reversed(suffixes(name)):
        listed = choices(suffix)
        if listed is not None:
            return next(((each.language,) for each in listed if each.holds(content)), ())
    return ()


def narrowed(before: Guess, found: Guess) -> Guess:
    """Candidates after one more hint: those both agree on, else those known before."""
    return (tuple(name for name in before if name in found) or before) if before else found


def by_name(name: str) -> Guess:
    """Candidates from the file name alone, without content."""
    return by_filename(name) or (() if is_generic(name) else by_extension(name))


def detect(name: str, data: bytes) -> Guess:
    """Candidates for a text file called `name` (without directories) that begins with `data`; one when decided."""
    named = mode_line(data)
    if named:
        return (named,)
    guess = by_filename(name)
    if len(guess) != 1 and data.startswith(b"#!"):
        guess = narrowed(guess, by_shebang(data))
    if len(guess) != 1 and not is_generic(name):
        guess = narrowed(guess, by_extension(name))
    if not guess and b"xml version=" in b"\n".join(data.split(b"\n", 2)[:2]):
        guess = ("XML",)
    if not guess and MANUAL.search(name):
        guess = ("Roff Manpage", "Roff")
    return guess if len(guess) == 1 else by_content(name, data) or guess


def language_of(name: str, data: bytes) -> str:
    """Language of one file by itself, of several the most used, and text before formats that share its extension."""
    guess = detect(name, data[:ONE_LOOKED_AT])
    popular = tables()["popular"]
    return max(guess, key=lambda each: (each in popular, each == "Text", -guess.index(each)), default="")


def is_binary(data: bytes) -> bool:
    """Git's own rule (a NUL in the first 8,000 bytes), but UTF-16 and UTF-32 with a byte order mark are text."""
    return b"\0" in data[:8000] and not data.startswith((b"\xff\xfe", b"\xfe\xff"))
