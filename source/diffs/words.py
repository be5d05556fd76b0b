"""Which words of a changed line differ from those of the line it replaces."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

Span = tuple[int, int]
LONGEST = 600  # characters of a line; longer ones are data rather than words
MAX_TOKENS = 160
ALIKE = 0.35  # share of characters in common below which marks only make noise
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def differing(old: str, new: str) -> tuple[list[Span], list[Span]]:
    """Spans (start, end) of the words only in the old line, and of those only in the new one.

    Nothing where the two lines have too little in common, or are too long.
    """
    if max(len(old), len(new)) > LONGEST or not old.strip() or not new.strip():
        return [], []
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle_before, middle_after = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(middle_before), len(middle_after)) > MAX_TOKENS:
        return [], []
    kept = _length(before[:start]) + _length(before[len(before) - end :] if end else [])
    matcher = SequenceMatcher(None, middle_before, middle_after, autojunk=False)
    steps = matcher.get_opcodes()
    kept += sum(_length(middle_before[a:b]) for kind, a, b, _, _ in steps if kind == "equal")
    if kept < ALIKE * max(len(old), len(new)):
        return [], []
    ours = [(a, b) for kind, a, b, _, _ in steps if kind != "equal" and a < b]
    theirs = [(a, b) for kind, _, _, a, b in steps if kind != "equal" and a < b]
    return _spans(before, start, ours), _spans(after, start, theirs)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _length(tokens: Sequence[str]) -> int:
    return sum(len(token) for token in tokens if not token.isspace())


def _spans(tokens: Sequence[str], shift: int, ranges: list[Span]) -> list[Span]:
    """Ranges of tokens behind the first `shift` as ranges of characters; neighbours become one."""
    places = [0]
    for token in tokens:
        places.append(places[-1] + len(token))
    spans: list[Span] = []
    for start, end in ranges:
        first, last = places[shift + start], places[shift + end]
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans
