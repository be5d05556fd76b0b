"""One file of a revision: what it is and its lines, kept by its blob so that a second view reads and draws nothing."""

import posixpath
from dataclasses import dataclass, replace
from functools import cached_property

from common.workers import run_bounded
from gitstore.records import TreeEntry
from projects.derive.language_rules import languages
from source.access import Code
from source.listing import LFS_SIZES, lfs_size
from source.names import text_of
from source.rendering.kept import Keep
from source.rendering.outline import MAX_BYTES as OUTLINE_BYTES
from source.rendering.outline import Symbol, outline, supported
from source.rendering.reading import FileFacts, FileLines, draw, examine_and_draw, fallback

MAX_BYTES = 2 * 1024**2  # of a file that is shown
NOTEBOOK_BYTES = 12 * 1024**2  # most of which are pictures
FIRST_SECONDS = 0.04  # for colours of a file nobody has looked at yet; the rest comes after the page
ALL_SECONDS = 4.0
HARD_SECONDS = 3.0  # more than FIRST_SECONDS only where one expression of a lexer does not come back


@dataclass(frozen=True, slots=True)
class Known:
    """Size in bytes and what the content is; None where it is too large to be read."""

    size: int
    facts: FileFacts | None


class File:
    """The file at the path of the address. `lines_wanted`: its lines are to be shown, not a document made of it."""

    def __init__(self, code: Code, entry: TreeEntry, *, lines_wanted: bool = True) -> None:
        self.code = code
        self.entry = entry
        self.oid = entry.oid
        self.name = text_of(entry.path.rpartition(b"/")[2])
        self.lines_wanted = lines_wanted

    @property
    def suffix(self) -> str:
        return posixpath.splitext(self.name)[1].lower()

    @property
    def is_executable(self) -> bool:
        return self.entry.type == "blob" and not self.entry.is_symlink and bool(self.entry.mode & 0o111)

    @cached_property
    def known(self) -> Known:
        place = Keep("file", self.oid, self.name)
        return place.get() or self._read(place)

    @property
    def size(self) -> int:
        """In bytes; -1 where the repository lacks the content."""
        return self.known.size

    @property
    def facts(self) -> FileFacts:
        return self.known.facts or FileFacts("missing" if self.size < 0 else "large")

    @property
    def way_of_source(self) -> str:
        """How its source is shown: as lines, or the state that it is in."""
        return "lines" if self.facts.state == "text" else self.facts.state

    @property
    def colour(self) -> str:
        language = languages().get(self.facts.language)
        return language.colour if language else ""

    @cached_property
    def lfs_size(self) -> int | None:
        """Size of the file that this one stands for, when it is a pointer of Git LFS."""
        return lfs_size(self.code.reader, self.oid) if self.size in LFS_SIZES else None

    @property
    def limit(self) -> int:
        """The most bytes that are read of it."""
        return NOTEBOOK_BYTES if self.suffix == ".ipynb" else MAX_BYTES

    def content(self, limit: int | None = None) -> bytes | None:
        """None when it is missing or larger."""
        found = self.code.reader.read(self.oid, limit or self.limit)
        return found.content if found else None

    def text(self) -> str | None:
        content = self.content()
        return None if content is None else content.decode(self.facts.codec, "replace")

    def lines(self, *, whole: bool = False) -> FileLines | None:
        """Lines with the colours that come at once, or all; None when the file is not shown as lines."""
        if self.facts.state != "text":
            return None
        place = Keep("lines", self.oid, self.name)
        lines: FileLines | None = place.get() or self._drawn(place, FIRST_SECONDS)
        if whole and lines is not None and not lines.complete:
            lines = self._drawn(place, ALL_SECONDS, before=lines)
        return lines

    @property
    def has_outline(self) -> bool:
        return self.facts.state == "text" and self.size <= OUTLINE_BYTES and supported(self.facts.language)

    def symbols(self) -> list[Symbol]:
        """What it defines; nothing where that cannot be told."""
        if not self.has_outline:
            return []
        place = Keep("outline", self.oid, self.facts.language)
        found: list[Symbol] | None = place.get()
        if found is None:
            answer = outline(self.content() or b"", self.facts.language)
            place.put(found := answer or [], failed=answer is None)
        return found

    def _read(self, place: Keep) -> Known:
        found = self.code.reader.read(self.oid, self.limit)
        if found is None:
            return Known(-1, None)  # not kept: the next fetch may bring it
        if found.content is None:
            place.put(known := Known(found.size, None))
            return known
        arguments = (found.content, self.name, FIRST_SECONDS if self.lines_wanted else None)
        answer = run_bounded(examine_and_draw, *arguments, seconds=HARD_SECONDS, fallback=None)
        failed = answer is None
        if answer is None:  # colours, most likely
            answer = run_bounded(examine_and_draw, found.content, self.name, 0.0, seconds=HARD_SECONDS, fallback=None)
        facts, lines = answer or fallback(found.content)
        if lines is not None:
            Keep("lines", self.oid, self.name).put(replace(lines, failed=failed), failed=failed)
        place.put(known := Known(found.size, facts), failed=failed)
        return known

    def _drawn(self, place: Keep, seconds: float, before: FileLines | None = None) -> FileLines | None:
        content = self.content()
        if content is None:
            return None
        arguments = (content, self.name, self.facts.language, self.facts.codec)
        lines = run_bounded(draw, *arguments, seconds, seconds=seconds + HARD_SECONDS, fallback=None)
        failed = lines is None or (before is not None and not lines.complete)
        if lines is None:
            lines = before or run_bounded(draw, *arguments, 0.0, seconds=HARD_SECONDS, fallback=None)
        if lines is None:
            lines = fallback(content)[1]
        if lines is not None:
            lines = replace(lines, complete=lines.complete or failed, failed=failed)
            place.put(lines, failed=failed)
        return lines
