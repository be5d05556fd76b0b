"""One request to Zoekt's server, page by page.

The best files as Zoekt ranks them are the first window: all are read and put in order by our own score. Where there are
more, the rest is listed by name, put in an order that does not change, and read window by window.
"""

import binascii
import json
import time
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace

from search.embedded.planning import repositories_of
from search.embedded.tree import Tree
from search.engine import Answer, Facets, FileHit, Note, Request
from search.filters import Contains, Every, Filter
from search.zoekt.answering import Hit, Reading, Row, counted
from search.zoekt.question import SHORT, is_exact, named, question
from search.zoekt.server import Late, Misunderstood, Server, ServerError
from search.zoekt.states import States

WINDOW = 100
MOST = 25_000
NAMES_ONLY = "type:filename"  # files without their matches
BOOSTED = 2  # Zoekt moves a file of another kind to this place, whatever its score


@dataclass(frozen=True, slots=True)
class Cursor:
    """`told` hits of a window were shown; the first window holds what scores more than `edge`; `state` of the index."""

    window: int = 0
    told: int = 0
    edge: float = 0.0
    state: int = 0

    @classmethod
    def read(cls, text: str | None) -> "Cursor":
        """The beginning for what was made up."""
        try:
            window, told, edge, state = json.loads(urlsafe_b64decode((text or "").encode()))
            return cls(abs(int(window)), abs(int(told)), float(edge), int(state))
        except (ValueError, TypeError, binascii.Error, OverflowError):
            return cls()

    def write(self) -> str:
        told = json.dumps([self.window, self.told, self.edge, self.state], separators=(",", ":"))
        return urlsafe_b64encode(told.encode()).decode()


class Search:
    """Raises BadPattern when it is made."""

    def __init__(self, server: Server, states: States, request: Request) -> None:
        self.server, self.states, self.request = server, states, request
        self.began = time.monotonic()
        self.reading = Reading(request, states)
        bound = repositories_of(request.matcher)
        self.readable = request.repositories if bound is None else request.repositories & bound
        self.asked = question(request.matcher)
        self.blunt = _is_blunt(self.reading.tree)
        self.cursor = Cursor.read(request.after)
        self.size = max(WINDOW, request.limit)
        self.notes: list[Note] = []
        self.hits: list[Hit] = []
        self.following: Cursor | None = None
        self.whole = True  # whether the hits are all there are
        self.rest: list[list[Row]] | None = None

    def answer(self) -> Answer:
        files: tuple[FileHit, ...] = ()
        total, repositories, languages = 0, dict[int, int](), dict[str, int]()
        try:
            if self.readable:
                files = self._page()
                total, repositories, languages = self._count()
        except Late:
            self._say_late(0)
        except ServerError:
            self.notes.append(Note("failed", "The search server does not answer; nothing can be found in code now."))
        return Answer(
            files=files,
            total=total,
            total_is_exact=self.whole and not self.notes,
            facets=Facets(repositories, languages),
            notes=tuple(self.notes),
            next=self.following.write() if self.following and self.request.limit else None,
            seconds=time.monotonic() - self.began,
        )

    # Windows

    def _page(self) -> tuple[FileHit, ...]:
        """Hits of the window that the cursor names, or of the next one that has some."""
        state = self.states.number(self.readable)
        if self.cursor.state and self.cursor.state != state:
            words = "The index has changed since the page before; some files may repeat or be missing."
            self.notes.append(Note("changed", words))
        self.cursor = replace(self.cursor, state=state)
        while True:
            more = self._first_window() if self.cursor.window == 0 else self._later_window()
            told = self.cursor.told + self.request.limit
            page = self.hits[self.cursor.told : told]
            if told < len(self.hits):
                self.following = replace(self.cursor, told=told)
            elif more:
                self.following = replace(self.cursor, window=self.cursor.window + 1, told=0)
            if page or not more or not self.request.limit:
                return tuple(self.reading.draw(hit) for hit in page)
            self.cursor = replace(self.cursor, window=self.cursor.window + 1, told=0)
            self.following = None

    def _first_window(self) -> bool:
        """Whether there are more files than these."""
        rows = self._ask(self._first_query(), self.size)
        more = len(rows) >= self.size
        if more:
            rows = self._above_edge(rows)
        self._read([(b64decode(row.get("Content") or ""), [row], row) for row in rows])
        self.whole = not more
        return more

    def _first_query(self) -> str:
        """Without the matches where they are too many to rank anything."""
        return f"{NAMES_ONLY} {self.asked}" if self.blunt else self.asked

    def _above_edge(self, rows: list[Row]) -> list[Row]:
        """Those about which every other request will say the same."""
        if self.blunt:
            return []
        if not self.cursor.edge:
            others = [row for at, row in enumerate(rows) if at != BOOSTED]
            self.cursor = replace(self.cursor, edge=min(map(_score, others)))
        return [row for row in rows if _score(row) > self.cursor.edge]

    def _later_window(self) -> bool:
        groups = self._rest()
        start = (self.cursor.window - 1) * self.size
        window = groups[start : start + self.size]
        wanted = [(group[0]["RepositoryID"], group[0]["FileName"]) for group in window]
        query = self.asked if self.reading.tree.all_symbols else f"{NAMES_ONLY} {self.asked}"
        found = self._ask(f"{query} {named(wanted)}", 4 * self.size) if wanted else []
        read = {row["Checksum"]: row for row in found}
        known = [(group, read[group[0]["Checksum"]]) for group in window if group[0]["Checksum"] in read]
        self._read([(b64decode(row.get("Content") or ""), group, row) for group, row in known])
        self.whole = False
        return start + self.size < len(groups)

    def _read(self, contents: list[tuple[bytes, list[Row], Row]]) -> None:
        joined: dict[bytes, tuple[list[Row], Row]] = {}
        for content, rows, found in contents:
            joined.setdefault(content, ([], found))[0].extend(rows)
        hits = (self.reading.hit(content, rows, found) for content, (rows, found) in joined.items())
        self.hits = sorted((hit for hit in hits if hit is not None), key=lambda hit: hit.order)

    def _rest(self) -> list[list[Row]]:
        """All files but those of the first window, without content: by content, in an order that stays."""
        if self.rest is None:
            first = [] if self.blunt else self._above_edge(self._ask(self.asked, self.size, whole=False))
            done = {_place(row) for row in first}
            groups: dict[str, list[Row]] = {}
            for row in self._ask(f"{NAMES_ONLY} {self.asked}", MOST, whole=False):
                if _place(row) not in done:
                    groups.setdefault(row["Checksum"], []).append(row)
            ordered = [sorted(group, key=self._rank) for group in groups.values()]
            self.rest = sorted(ordered, key=lambda group: self._rank(group[0]))
        return self.rest

    def _rank(self, row: Row) -> tuple[int, float, int, str]:
        rank = self.request.ranks.get(row["RepositoryID"], 0.0)
        kind = self.reading.kinds.of(row["FileName"].encode())
        return kind, -rank, row["RepositoryID"], row["FileName"]

    # Counting

    def _count(self) -> tuple[int, dict[int, int], dict[str, int]]:
        """What is known of all files: counted to the end where that was asked for."""
        files = [file for hit in self.hits for _, _, file in hit.rated]
        if self.whole or self.cursor.window or not self.request.wants_total:
            return counted(files)
        groups = self._rest()
        if is_exact(self.request.matcher):
            for row in (row for group in groups for row in group):
                if (state := self.reading.state(row)) is not None:
                    files.append(self.reading.file(row, state, None))
            self.whole = len(files) < MOST
            return counted(files)
        window = 1
        while (window - 1) * self.size < len(groups):
            if time.monotonic() - self.began >= self.request.deadline_seconds:
                self._say_late(len(files))
                return counted(files)
            self.cursor = replace(self.cursor, window=window, told=0)
            self._later_window()
            files += [file for hit in self.hits for _, _, file in hit.rated]
            window += 1
        self.whole = sum(map(len, groups)) < MOST
        return counted(files)

    # Asking

    def _ask(self, query: str, most: int, *, whole: bool = True) -> list[Row]:
        """Files of the viewer's repositories. Notes where time was over before all were looked at."""
        left = max(self.began + self.request.deadline_seconds - time.monotonic(), 0.0)
        try:
            result = self.server.search(query, self.readable, most, left, whole=whole)
        except Misunderstood:
            careful = question(self.request.matcher, careful=True)
            if careful == self.asked:
                raise
            query, self.asked = query.replace(self.asked, careful), careful
            result = self.server.search(query, self.readable, most, left, whole=whole)
        over = time.monotonic() - self.began >= self.request.deadline_seconds or result.get("FlushReason") == 1
        if over and (result.get("ShardsSkipped") or result.get("FilesSkipped")):
            self._say_late(int(result.get("FilesConsidered") or 0))
        rows: list[Row] = result.get("Files") or []
        return [row for row in rows if row.get("RepositoryID", 0) in self.readable]

    def _say_late(self, covered: int) -> None:
        if any(note.kind == "time" for note in self.notes):
            return
        records = (self.states.get(pk) for pk in self.readable)
        files = sum(record.files for record in records if record)
        words = f"Stopped after {self.request.deadline_seconds:g} seconds, having looked through about "
        self.notes.append(Note("time", f"{words}{min(covered, files):,} of {files:,} files."))


def _place(row: Row) -> tuple[int, str, str]:
    return row["RepositoryID"], row["FileName"], row["Checksum"]


def _score(row: Row) -> float:
    return float(row.get("Score", 0.0))


def _is_blunt(tree: Tree) -> bool:
    """Whether nothing is asked for that is rare: no symbol, no three letters in a row."""
    atoms = [atom for atom in tree.atoms if atom.positive]
    return bool(atoms) and not tree.all_symbols and not any(_is_rare(atom.filter) for atom in atoms)


def _is_rare(wanted: Filter) -> bool:
    if isinstance(wanted, Contains):
        return len(wanted.text) > SHORT
    joined = any if isinstance(wanted, Every) else all
    return bool(wanted.parts) and joined(map(_is_rare, wanted.parts))
