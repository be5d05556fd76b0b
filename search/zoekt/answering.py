"""From Zoekt's files to an answer: each is looked at again with our own finders, so that both engines mean the same."""

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from projects.derive.language_rules import language_of
from search.embedded import texts
from search.embedded.lines import Matches, find_lines, shown_lines
from search.embedded.scoring import is_whole_word, symbol_term, terms_of
from search.embedded.symbols import DefiningLines
from search.embedded.tree import Atom, FileRow, Tree
from search.engine import Definition, FileHit, IndexedRef, Literal, Request, Symbol
from search.filters import NOTHING_KNOWN
from search.kinds import Kinds

COPIES = 100


@dataclass(slots=True)
class Hit:
    """One content with its files, the best one first."""

    blob: str
    matches: Matches
    definitions: tuple[Definition, ...]
    rated: list[tuple[float, dict[str, float], FileRow]]

    @property
    def order(self) -> tuple[float, int, bytes]:
        score, _, file = self.rated[0]
        return -score, file.repository_id, file.path


class Reading:
    """Files that satisfy the request, by content. `refs`: what is indexed, by repository."""

    def __init__(self, request: Request, refs: Mapping[int, tuple[IndexedRef, ...]]) -> None:
        self.request, self.refs = request, refs
        self.tree = Tree(request.matcher)
        self.kinds = Kinds()

    def hits(self, rows: list[dict[str, Any]]) -> list[Hit]:
        contents: dict[bytes, list[dict[str, Any]]] = {}
        for row in rows:
            if row.get("RepositoryID", 0) in self.request.repositories:
                contents.setdefault(base64.b64decode(row.get("Content") or ""), []).append(row)
        found = (self._hit(content, same) for content, same in contents.items())
        return sorted((hit for hit in found if hit is not None), key=lambda hit: hit.order)

    def _hit(self, content: bytes, rows: list[dict[str, Any]]) -> Hit | None:
        text = None if b"\0" in content or content.startswith(b"NOT-INDEXED: ") else texts.text_of(content)
        if text is None or texts.is_lfs_pointer(content):
            return None
        encoded = text.encode()
        known = {atom.number: atom.finder.occurs(encoded) for atom in self.tree.atoms}
        definitions = _definitions(rows, self.tree.all_symbols)
        files = [self._file(row, content, frozenset(definitions)) for row in rows]
        files = [file for file in files if self.tree.truth(file, known)]
        if not files:
            return None
        atoms = [atom for atom in self.tree.atoms if atom.positive and known[atom.number]]
        wanted = {each for symbol in self.tree.symbols for each in definitions.get(symbol, ())}
        shown = tuple(sorted(wanted, key=lambda each: (each.line, each.name)))
        if shown:
            atoms.append(Atom(-1, Literal(""), DefiningLines(shown), NOTHING_KNOWN, True))
        matches = find_lines(encoded, atoms, None)
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        return Hit(blob, matches, shown, self._rated(files, matches, shown))

    def _file(self, row: dict[str, Any], content: bytes, defines: frozenset[Symbol]) -> FileRow:
        repository = row["RepositoryID"]
        path = row["FileName"].encode()
        names = [ref.name for ref in self.refs.get(repository, ())]
        numbers = sorted(int(name[1:]) for name in row.get("Branches") or [])
        refs = tuple(names[number] for number in numbers if number < len(names))
        language = language_of(path.rpartition(b"/")[2].decode(), content)
        return FileRow(0, repository, path, 0, refs, language, self.kinds.of(path), defines)

    def _rated(
        self, files: list[FileRow], matches: Matches, shown: tuple[Definition, ...]
    ) -> list[tuple[float, dict[str, float], FileRow]]:
        lines = matches.text.split(b"\n") if matches.starts else []
        offsets = {matches.text.count(b"\n", 0, start) for start in matches.starts[:20]}
        whole = any(is_whole_word(lines[number], matches.atoms) for number in offsets)
        rated = []
        for file in files:
            default = self.refs[file.repository_id][0].name if self.refs.get(file.repository_id) else ""
            found = (len(matches.starts), whole)
            terms = terms_of(file, default, matches.atoms, found, self.request.ranks) | symbol_term(False, shown)
            rated.append((round(sum(terms.values()), 3), terms, file))
        return sorted(rated, key=lambda each: (-each[0], each[2].repository_id, each[2].path))

    def draw(self, hit: Hit) -> FileHit:
        score, terms, file = hit.rated[0]
        commits = {ref.name: ref.commit for ref in self.refs.get(file.repository_id, ())}
        copies = tuple((other.repository_id, other.path) for _, _, other in hit.rated[1 : COPIES + 1])
        return FileHit(
            repository_id=file.repository_id,
            path=file.path,
            blob=hit.blob,
            commit=commits.get(file.refs[0], "") if file.refs else "",
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


def _definitions(rows: list[dict[str, Any]], wanted: set[Symbol]) -> dict[Symbol, list[Definition]]:
    """Definitions among what matched, for each symbol that was asked for."""
    found: dict[Symbol, list[Definition]] = {}
    chunks = [chunk for row in rows[:1] for chunk in row.get("ChunkMatches") or []] if wanted else []
    for chunk in chunks:
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


def counted(hits: list[Hit]) -> tuple[int, dict[int, int], dict[str, int]]:
    """Files in all, by repository and by language."""
    files = [file for hit in hits for _, _, file in hit.rated]
    return (
        len(files),
        dict(Counter(file.repository_id for file in files)),
        dict(Counter(file.language for file in files)),
    )
