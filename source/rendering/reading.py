"""A file's content examined and drawn, in a process that can be killed. Results are plain records, kept by `kept`."""

from dataclasses import dataclass, replace

from projects.derive import language_rules
from source.rendering.encodings import decode, label, line_ends, split_lines
from source.rendering.highlight import coloured_lines, lexer_for, plain_lines

LONG_LINE = 8_000  # characters; beyond, a file is a machine's
MAX_LINES = 40_000
COLOUR_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file is. `state`: text, empty, long (lines too long to show), binary, undecodable.

    `encoding` is for people, `codec` Python's, `charset` browsers' name; `language` empty where unknown; `longest` the
    longest line in characters.
    """

    state: str
    encoding: str = ""
    codec: str = "utf-8"
    charset: str = "utf-8"
    ends: str = ""
    language: str = ""
    lines: int = 0
    code_lines: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class FileLines:
    """The lines as HTML, parted by newlines. `complete` is False where colours of the rest may still come, `failed`
    True where colouring was given up."""

    html: str
    count: int
    complete: bool
    coloured: bool
    failed: bool = False


def examine(content: bytes, name: str) -> FileFacts:
    """`name` is the file's own, without folders."""
    if not content:
        return FileFacts("empty", language=language_rules.language_of(name, b""))
    decoded = decode(content)
    if decoded is None:
        return FileFacts("binary" if b"\0" in content[:8000] else "undecodable")
    lines = split_lines(decoded.text)
    longest = max(map(len, lines), default=0)
    return FileFacts(
        state="long" if longest > LONG_LINE else "text",
        encoding="ASCII" if decoded.codec == "utf-8" and content.isascii() else decoded.name,
        codec=decoded.codec,
        charset=label(decoded.codec),
        ends=line_ends(decoded.text),
        language=language_rules.language_of(name, content),
        lines=len(lines),
        code_lines=sum(1 for line in lines if not line.isspace() and line),
        longest=longest,
    )


def draw(content: bytes, name: str, language: str, codec: str, seconds: float) -> FileLines:
    """Lines with colours, as far as they come in so many seconds."""
    lines = split_lines(content.decode(codec, "replace"))[:MAX_LINES]
    lexer = lexer_for(name, language) if seconds and len(content) <= COLOUR_BYTES else None
    if lexer is None:
        return FileLines("\n".join(plain_lines(lines)), len(lines), complete=True, coloured=False)
    drawn = coloured_lines(lines, lexer, seconds)
    return FileLines("\n".join(drawn.lines), len(lines), complete=drawn.coloured >= len(lines), coloured=True)


def examine_and_draw(content: bytes, name: str, seconds: float | None) -> tuple[FileFacts, FileLines | None]:
    """Both at once; no lines where `seconds` is None, lines without colours where it is 0."""
    facts = examine(content, name)
    if facts.state != "text" or seconds is None:
        return facts, None
    return facts, draw(content, name, facts.language, facts.codec, seconds)


def fallback(content: bytes) -> tuple[FileFacts, FileLines | None]:
    """The least that can be said, without anything that could run away."""
    if b"\0" in content[:8000]:
        return FileFacts("binary"), None
    text = content.decode("utf-8", "replace")
    lines = split_lines(text)
    facts = FileFacts(
        "text", "not told", ends=line_ends(text), lines=len(lines), longest=max(map(len, lines), default=0)
    )
    if facts.longest > LONG_LINE:
        return replace(facts, state="long"), None
    shown = lines[:MAX_LINES]
    return facts, FileLines("\n".join(plain_lines(shown)), len(shown), complete=True, coloured=False)
