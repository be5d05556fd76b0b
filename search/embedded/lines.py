"""The matching lines of one file, with what stands around them."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice

from search.embedded.tree import Atom
from search.engine import Line

LONGEST = 2_000
BEFORE_MARK = 200


@dataclass(slots=True)
class Matches:
    """Where matching lines of a text begin, in bytes and in order."""

    text: bytes
    starts: list[int]
    atoms: list[Atom]


def find_lines(text: bytes, atoms: list[Atom], most: int | None) -> Matches:
    """Lines with at least one of the atoms; no more than the first `most` of each atom."""
    if len(atoms) == 1:
        return Matches(text, list(islice(atoms[0].finder.lines(text), most)), atoms)
    starts: set[int] = set()
    for atom in atoms:
        starts.update(islice(atom.finder.lines(text), most))
    return Matches(text, sorted(starts), atoms)


def shown_lines(matches: Matches, most: int | None, context: int) -> tuple[Line, ...]:
    """The first `most` matching lines (all for None) with `context` lines around each, none twice."""
    chosen = matches.starts[:most]
    text = matches.text
    lines: dict[int, Line] = {}
    number, counted = 1, 0
    matching = set(matches.starts) if context else set(chosen)
    for start in chosen:
        number += text.count(b"\n", counted, start)
        counted = start
        for at, begin in _around(text, start, context):
            if number + at not in lines:
                lines[number + at] = _line(matches, begin, number + at, is_match=begin in matching)
    return tuple(lines[each] for each in sorted(lines))


def _around(text: bytes, start: int, context: int) -> list[tuple[int, int]]:
    """(offset in lines, beginning in bytes) of the lines around the one that begins at `start`."""
    found = [(0, start)]
    begin = start
    for back in range(1, context + 1):
        if begin == 0:
            break
        begin = text.rfind(b"\n", 0, begin - 1) + 1
        found.append((-back, begin))
    begin = start
    for ahead in range(1, context + 1):
        begin = text.find(b"\n", begin) + 1
        if begin == 0 or begin == len(text):
            break
        found.append((ahead, begin))
    return found


def _line(matches: Matches, begin: int, number: int, *, is_match: bool) -> Line:
    end = matches.text.find(b"\n", begin)
    raw = matches.text[begin : end if end >= 0 else None]
    if not is_match and len(raw) <= LONGEST:
        return Line(number, raw.decode().removesuffix("\r"))
    marks = _marks(raw, matches.atoms) if is_match else []
    if not raw.isascii():
        marks = _in_characters(raw, marks)
    text = raw.decode().removesuffix("\r")
    marks = [(low, min(high, len(text))) for low, high in marks if low < len(text)]
    if len(text) <= LONGEST:
        return Line(number, text, tuple(marks), is_match)
    low = max(0, (marks[0][0] if marks else 0) - BEFORE_MARK)
    high = min(len(text), low + LONGEST)
    cut = tuple((max(a, low) - low, min(b, high) - low) for a, b in marks if a < high and b > low)
    return Line(number, text[low:high], cut, is_match, low, len(text) - high)


def _marks(raw: bytes, atoms: list[Atom]) -> list[tuple[int, int]]:
    """Matches of all atoms in one line, joined where they overlap."""
    found = sorted(mark for atom in atoms for mark in atom.finder.marks(raw))
    joined: list[tuple[int, int]] = []
    for low, high in found:
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _in_characters(raw: bytes, marks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    if not marks:
        return []
    starts = [at for at, byte in enumerate(raw) if byte & 0xC0 != 0x80]
    return [(bisect_left(starts, low), bisect_left(starts, high)) for low, high in marks]
