"""From Zoekt's files to hits: each is looked at again with our own finders, so that both engines mean the same."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from projects.derive.language_rules import language_of
from search.embedded.lines import Matches, find_lines, shown_lines
from search.embedded.scoring import is_whole_word, symbol_terms, terms_of
from search.embedded.symbols import DefiningLines
from search.embedded.tree import Atom, FileRow, Tree
from search.engine import Definition, FileHit, Literal, Request, Symbol
from search.filters import NOTHING_KNOWN
from search.kinds import Kinds
from search.zoekt.states import State, States
from search.zoekt.view import REF, TAIL

COPIES = 100
LINES_RATED = 20
Row = dict[str, Any]


@dataclass(slots=True)
class Hit:
    """One content with its files, the best one first; `states` says of each repository what it was found in."""

    blob: str
    matches: Matches
    definitions: tuple[Definition, ...]
    rated: list[tuple[float, dict[str, float], FileRow]]
    states: dict[int, State]

    @property
    def order(self) -> tuple[float, int, bytes]:
        score, _, file = self.rated[0]
        return -score, file.repository_id, file.path


class Reading:
    """Files that satisfy the request, by content."""

    def __init__(self, request: Request, states: States) -> None:
        self.request, self.states = request, states
        self.tree = Tree(request.matcher)
        self.kinds = Kinds()

    def hit(self, content: bytes, rows: list[Row], found: Row) -> Hit | None:
        """`rows`: files of this content, of which `found` tells what Zoekt matched in it."""
        text = content.removesuffix(TAIL)
        known = {atom.number: atom.finder.occurs(text) for atom in self.tree.atoms}
        definitions = _definitions(found, self.tree.all_symbols)
        states = {row["RepositoryID"]: state for row in rows if (state := self.state(row)) is not None}
        held = [(row, states[row["RepositoryID"]]) for row in rows if row["RepositoryID"] in states]
        listed = (self.file(row, state, text, frozenset(definitions)) for row, state in held)
        files = [file for file in listed if self.tree.truth(file, known)]
        if not files:
            return None
        atoms = [atom for atom in self.tree.atoms if atom.positive and known[atom.number]]
        wanted = {each for symbol in self.tree.symbols for each in definitions.get(symbol, ())}
        shown = tuple(sorted(wanted, key=lambda each: (each.line, each.name)))
        if shown:
            atoms.append(Atom(-1, Literal(""), DefiningLines(shown), NOTHING_KNOWN, True))
        matches = find_lines(text, atoms, None)
        blob = hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
        return Hit(blob, matches, shown, self._rated(files, matches, shown, states), states)

    def state(self, row: Row) -> State | None:
        """None for a repository that the viewer may not read, or of which nobody knows what was indexed."""
        if row.get("RepositoryID", 0) not in self.request.repositories:
            return None
        record = self.states.get(row["RepositoryID"])
        return record.state(row.get("Version", "")) if record else None

    def file(self, row: Row, state: State, text: bytes | None, defines: frozenset[Symbol] = frozenset()) -> FileRow:
        """`text`: None where it is not known."""
        path = state.path(row["FileName"])
        names = [ref.name for ref in state.refs]
        numbers = sorted(int(name.removeprefix(REF)) for name in row.get("Branches") or [])
        refs = tuple(names[number] for number in numbers if number < len(names))
        told = state.languages.get(row["FileName"]) if text is None else None
        language = told or language_of(path.rpartition(b"/")[2].decode("utf-8", "replace"), text or b"")
        return FileRow(0, row["RepositoryID"], path, 0, refs, language, self.kinds.of(path), defines)

    def _rated(
        self, files: list[FileRow], matches: Matches, shown: tuple[Definition, ...], states: dict[int, State]
    ) -> list[tuple[float, dict[str, float], FileRow]]:
        whole = any(is_whole_word(_line(matches.text, start), matches.atoms) for start in matches.starts[:LINES_RATED])
        named = symbol_terms(shown, self.tree.symbols, matches.text)
        rated = []
        for file in files:
            default = states[file.repository_id].refs[0].name
            found = (len(matches.starts), whole)
            terms = terms_of(file, default, matches.atoms, found, self.request.ranks) | named
            rated.append((round(sum(terms.values()), 3), terms, file))
        return sorted(rated, key=lambda each: (-each[0], each[2].repository_id, each[2].path))

    def draw(self, hit: Hit) -> FileHit:
        score, terms, file = hit.rated[0]
        commits = {ref.name: ref.commit for ref in hit.states[file.repository_id].refs}
        copies = tuple((other.repository_id, other.path) for _, _, other in hit.rated[1 : COPIES + 1])
        return FileHit(
            repository_id=file.repository_id,
            path=file.path,
            blob=hit.blob,
            commit=commits[file.refs[0]] if file.refs else "",
            branches=file.refs,
            language=file.language,
            lines=shown_lines(hit.matches, self.request.lines, self.request.context),
            matches_in_file=len(hit.matches.starts),
            copies=copies,
            copy_count=len(hit.rated) - 1,
            score=score,
            terms=terms,
            definitions=hit.definitions,
        )


def _line(text: bytes, start: int) -> bytes:
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else None]


def _definitions(row: Row, wanted: set[Symbol]) -> dict[Symbol, list[Definition]]:
    """Definitions among what matched, for each symbol that was asked for."""
    found: dict[Symbol, list[Definition]] = {}
    for chunk in row.get("ChunkMatches") or [] if wanted else []:
        for place, info in zip(chunk["Ranges"] or [], chunk.get("SymbolInfo") or [], strict=False):
            for symbol in wanted:
                if info and _means(symbol, info["Sym"]):
                    each = Definition(info["Sym"], info["Kind"], place["Start"]["LineNumber"])
                    found.setdefault(symbol, []).append(each)
    return found


def _means(symbol: Symbol, name: str) -> bool:
    wanted = symbol.name
    if not symbol.case_sensitive:
        wanted, name = wanted.lower(), name.lower()
    return name == wanted if symbol.exact else name.startswith(wanted) if symbol.prefix else wanted in name


def counted(files: Iterable[FileRow]) -> tuple[int, dict[int, int], dict[str, int]]:
    """Files in all, by repository and by language."""
    listed = list(files)
    repositories = Counter(file.repository_id for file in listed)
    return len(listed), dict(repositories), dict(Counter(file.language for file in listed))
