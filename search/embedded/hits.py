"""Hits of a window: rated first, all of them; drawn with their lines when they are on the page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from search.embedded.lines import Matches, find_lines, shown_lines
from search.embedded.scanning import Found
from search.embedded.scoring import is_whole_word, symbol_terms, terms_of
from search.embedded.symbols import DefiningLines
from search.embedded.tree import Atom, FileRow, Tree
from search.engine import Definition, FileHit, Literal, Request
from search.filters import NOTHING_KNOWN

if TYPE_CHECKING:
    from search.embedded.answering import Part

COPIES = 100
LINES_RATED = 20
LINES_COUNTED = 64  # more do not make a hit better; all are counted of those on the page


@dataclass(slots=True)
class Candidate:
    """A content with its files, the best one first, its matching lines and the terms of its score."""

    found: Found
    files: list[tuple["Part", FileRow]]
    matches: Matches
    terms: dict[str, float]
    score: float
    definitions: tuple[Definition, ...] = ()

    @property
    def order(self) -> tuple[float, int, bytes]:
        _, file = self.files[0]
        return -self.score, file.repository_id, file.path


def rate(tree: Tree, request: Request, part: "Part", found: Found, files: list[tuple["Part", FileRow]]) -> Candidate:
    """Find the matching lines of a content and the best of its files."""
    atoms = [atom for atom in tree.atoms if atom.positive and found.known.get(atom.number)]
    asked = [each for each in tree.symbols if any(each in file.defines for _, file in files)]
    definitions = part.definitions(found.blob, asked) if asked else ()
    if definitions:
        atoms.append(Atom(-1, Literal(""), DefiningLines(definitions), NOTHING_KNOWN, True))
    text = b"" if not atoms else found.text if found.text is not None else part.text(found.blob)
    matches = find_lines(text, atoms, LINES_COUNTED)
    whole = any(is_whole_word(_line(text, start), atoms) for start in matches.starts[:LINES_RATED])
    words = [] if definitions else part.defined(found.blob, atoms)
    named = symbol_terms(definitions or part.definitions(found.blob, words), asked or words, text)
    rated = []
    for owner, file in files:
        default, _ = owner.refs(file.repository_id)
        terms = terms_of(file, default, atoms, (len(matches.starts), whole), request.ranks) | named
        rated.append((round(sum(terms.values()), 3), terms, owner, file))
    rated.sort(key=lambda each: (-each[0], each[3].repository_id, each[3].path))
    score, terms = rated[0][:2]
    return Candidate(found, [(owner, file) for _, _, owner, file in rated], matches, terms, score, definitions)


def draw(request: Request, candidate: Candidate) -> FileHit:
    owner, file = candidate.files[0]
    matches = candidate.matches
    if len(matches.starts) >= LINES_COUNTED:
        matches = find_lines(matches.text, matches.atoms, None)
    default, commits = owner.refs(file.repository_id)
    branches = tuple(sorted(file.refs, key=lambda name: name != default))
    copies = tuple((other.repository_id, other.path) for _, other in candidate.files[1 : COPIES + 1])
    return FileHit(
        repository_id=file.repository_id,
        path=file.path,
        blob=candidate.found.oid.hex(),
        commit=commits.get(branches[0], "") if branches else "",
        branches=branches,
        language=file.language,
        lines=shown_lines(matches, request.lines, request.context),
        matches_in_file=len(matches.starts),
        copies=copies,
        copy_count=len(candidate.files) - 1,
        score=candidate.score,
        terms=candidate.terms,
        definitions=candidate.definitions,
    )


def _line(text: bytes, start: int) -> bytes:
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else None]
