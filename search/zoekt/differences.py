"""What Zoekt does otherwise than the embedded engine, said with the answers it concerns; docs/search.md lists all."""

import re
from collections.abc import Iterator
from dataclasses import replace

from search.engine import AllOf, Answer, AnyOf, Matcher, NoneOf, Note, Regex, Symbol

SYMBOLS = "Zoekt decides what a symbol is and where it begins: it may know other ones than the outline of a file shows."
LETTERS = "In expressions without regard to case Zoekt does not find the long s (\u017f) for s."


def differences(matcher: Matcher, answer: Answer) -> Answer:
    """The answer with what may be otherwise in it."""
    leaves = list(_leaves(matcher))
    words = []
    if any(isinstance(leaf, Symbol) for leaf in leaves):
        words.append(SYMBOLS)
    if any(_may_fold(leaf) for leaf in leaves):
        words.append(LETTERS)
    return replace(answer, notes=(*answer.notes, *(Note("difference", each) for each in words)))


def _leaves(node: Matcher) -> Iterator[Matcher]:
    if isinstance(node, AllOf | AnyOf):
        for child in node.children:
            yield from _leaves(child)
    elif isinstance(node, NoneOf):
        yield from _leaves(node.child)
    else:
        yield node


def _may_fold(leaf: Matcher) -> bool:
    """Whether an expression has an s of its own: one that is no part of an escape."""
    return isinstance(leaf, Regex) and not leaf.case_sensitive and "s" in re.sub(r"\\.", "", leaf.pattern).lower()
