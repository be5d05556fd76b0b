"""How good a hit is, as a sum of named terms."""

import math
import re
from collections.abc import Iterable, Mapping

from search.embedded.symbols import DefiningLines
from search.embedded.tree import Atom, FileRow
from search.engine import Definition, Literal, Symbol
from search.kinds import DOCUMENTATION, FOREIGN, TEST

WHOLE_WORD = 3.0
NAME_IS, NAME_HAS, PATH_HAS = 4.0, 2.0, 0.5
DEFINITION, TOP_LEVEL = 4.0, 1.4
AS_TYPED, WHOLE_NAME = 3.0, 1.5
PROJECT = 2.0
MANY_LINES = 1.0
OTHER_BRANCH = -1.0
KINDS = {TEST: ("test code", -2.0), DOCUMENTATION: ("documentation", -1.0), FOREIGN: ("vendored or generated", -4.0)}
_WORD = re.compile(rb"\w", re.ASCII)


def terms_of(
    file: FileRow, default_ref: str, atoms: list[Atom], found: tuple[int, bool], ranks: Mapping[int, float]
) -> dict[str, float]:
    """Terms by name. `found`: number of matching lines, and whether an atom is somewhere a word of its own."""
    lines, whole = found
    terms: dict[str, float] = {}
    if whole:
        terms["whole word"] = WHOLE_WORD
    if lines > 1:
        terms["matching lines"] = round(min(MANY_LINES, math.log2(lines) / 6), 3)
    if name := _name_term(file.path, atoms):
        terms["file name"] = name
    if rank := ranks.get(file.repository_id, 0.0):
        terms["project"] = round(PROJECT * min(max(rank, 0.0), 1.0), 3)
    if file.kind in KINDS:
        words, value = KINDS[file.kind]
        terms[words] = value
    if default_ref not in file.refs:
        terms["other branch"] = OTHER_BRANCH
    return terms


def symbol_terms(definitions: tuple[Definition, ...], wanted: Iterable[Symbol], text: bytes) -> dict[str, float]:
    """For a file with this text that defines these of the names wanted: the whole name as it was typed comes before one
    in other capitals, that before a longer name; and what begins its line before what is defined within something."""
    if not definitions:
        return {}
    terms = {"symbol definition": DEFINITION}
    typed = {each.name for each in wanted}
    small = {name.lower() for name in typed}
    best = [each for each in definitions if each.name in typed]
    if best:
        terms["name as typed"] = AS_TYPED
    elif best := [each for each in definitions if each.name.lower() in small]:
        terms["whole name"] = WHOLE_NAME
    if any(text[start : start + 1].strip() for start in DefiningLines(tuple(best or definitions)).lines(text)):
        terms["top level"] = TOP_LEVEL
    return terms


def _name_term(path: bytes, atoms: list[Atom]) -> float:
    lowered = path.decode("utf-8", "replace").lower()
    name = lowered.rpartition("/")[2]
    best = 0.0
    for atom in atoms:
        if not isinstance(atom.leaf, Literal) or len(atom.leaf.text) < 2:
            continue
        wanted = atom.leaf.text.lower()
        if wanted in (name, name.partition(".")[0]):
            return NAME_IS
        best = max(best, NAME_HAS if wanted in name else PATH_HAS if wanted in lowered else 0.0)
    return best


def is_whole_word(line: bytes, atoms: list[Atom]) -> bool:
    """Whether a match in this line begins and ends where words do."""
    for atom in atoms:
        for low, high in atom.finder.marks(line):
            if not (_joins(line, low) or _joins(line, high)):
                return True
    return False


def _joins(line: bytes, at: int) -> bool:
    """Whether the characters on both sides of this place belong to one word."""
    return 0 < at < len(line) and bool(_WORD.match(line, at - 1) and _WORD.match(line, at))
