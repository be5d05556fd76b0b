"""Hunks of a file as rows of a table: one column of text, or old and new beside each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from django.utils.safestring import SafeString, mark_safe

from gitstore.diffs import Hunk, Section
from source.diffs.lines import decoded, line_html, shown
from source.diffs.words import Span, differing

_NO_NEWLINE = '<span class="no-newline">No newline at the end</span>'


@dataclass(slots=True)
class Line:
    """One line on one side: number, text without its sign, words to mark, whether the file ends without newline."""

    number: int
    text: str
    spans: list[Span]
    ends: bool = False


@dataclass(slots=True)
class Block:
    """Lines that follow each other: both sides the same, or deleted ones and those added in their place."""

    same: bool
    old: list[Line]
    new: list[Line]


def blocks(hunk: Hunk) -> Iterator[Block]:
    """The lines of a hunk, grouped, with the words that differ found."""
    old, new = hunk.old_start, hunk.new_start
    block = Block(True, [], [])
    last: list[Line] = []
    for raw in hunk.lines:
        sign, text = raw[:1], decoded(raw[1:])
        if sign == b"\\":
            for line in last:
                line.ends = True
            continue
        same = sign == b" "
        if same != block.same or (sign == b"-" and block.new and not block.same):
            yield _marked(block)
            block = Block(same, [], [])
        last = []
        if sign != b"+":
            block.old.append(Line(old, text, []))
            last.append(block.old[-1])
            old += 1
        if sign != b"-":
            block.new.append(Line(new, text, []))
            last.append(block.new[-1])
            new += 1
    yield _marked(block)


def unified(sections: list[Section], anchor: str) -> SafeString:
    """Table rows with old number, new number, sign and text."""
    parts = []
    for section in sections:
        for hunk in section.hunks:
            parts.append(_head(hunk, 4))
            for block in blocks(hunk):
                if block.same:
                    parts += [_both(old, new, anchor) for old, new in zip(block.old, block.new, strict=True)]
                else:
                    parts += [
                        f'<tr class="del">{_number(line, anchor, "L")}<td class="n"></td>{_text(line, "del", "-")}</tr>'
                        for line in block.old
                    ]
                    parts += [
                        f'<tr class="add"><td class="n"></td>{_number(line, anchor, "R")}{_text(line, "ins", "+")}</tr>'
                        for line in block.new
                    ]
    return mark_safe("".join(parts))  # noqa: S308 (put together from escaped pieces)


def split(sections: list[Section], anchor: str) -> SafeString:
    """Table rows with number, sign and text of the old side, then of the new one."""
    parts = []
    for section in sections:
        for hunk in section.hunks:
            parts.append(_head(hunk, 6))
            for block in blocks(hunk):
                for old, new in zip_longest(block.old, block.new):
                    parts.append(f"<tr>{_side(old, anchor, block.same, 'L')}{_side(new, anchor, block.same, 'R')}</tr>")
    return mark_safe("".join(parts))  # noqa: S308 (put together from escaped pieces)


def _marked(block: Block) -> Block:
    if not block.same:
        for old, new in zip(block.old, block.new, strict=False):
            old.spans, new.spans = differing(old.text, new.text)
    return block


def _head(hunk: Hunk, columns: int) -> str:
    place = decoded(hunk.head[: len(hunk.head) - len(hunk.heading)] if hunk.heading else hunk.head)
    return f'<tr class="hunk"><td colspan="{columns}">{shown(place)}{line_html(decoded(hunk.heading))}</td></tr>'


def _both(old: Line, new: Line, anchor: str) -> str:
    text = line_html(new.text.removesuffix("\r"))
    end = _NO_NEWLINE if new.ends else ""
    return (
        f'<tr><td class="n" data-n="{old.number}"></td>{_number(new, anchor, "R")}<td class="s"></td>'
        f'<td class="c">{text}{end}</td></tr>'
    )


def _number(line: Line, anchor: str, side: str) -> str:
    return f'<td class="n" id="{anchor}{side}{line.number}" data-n="{line.number}"></td>'


def _text(line: Line, mark: str, sign: str, kind: str = "") -> str:
    end = _NO_NEWLINE if line.ends else ""
    html = line_html(line.text, line.spans, mark)
    return f'<td class="s{kind}">{sign}</td><td class="c{kind}">{html}{end}</td>'


def _side(line: Line | None, anchor: str, same: bool, side: str) -> str:
    if line is None:
        return '<td class="n gone"></td><td class="s gone"></td><td class="c gone"></td>'
    if same:
        line.text = line.text.removesuffix("\r")
        return _number(line, anchor, side) + _text(line, "ins", "")
    mark, sign, kind = ("del", "-", " del") if side == "L" else ("ins", "+", " add")
    return f'<td class="n{kind}" id="{anchor}{side}{line.number}" data-n="{line.number}"></td>' + _text(
        line, mark, sign, kind
    )
