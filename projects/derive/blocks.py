"""Documents as a flat run of headings and paragraphs, enough to tell what comes first in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_LINE = 4_000
MAX_FRAGMENT = 6_000
_HTML_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b([^<>]{0,2000})>")
_ALT = re.compile(r"(?i)\balt\s{0,9}=\s{0,9}(\"[^\"]{0,300}\"|'[^']{0,300}')")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*")
_RST_LINK = re.compile(r"`([^`<>]{1,300}?)\s{0,9}<[^`<>]{1,500}>`__?|`([^`<>]{1,300})`__?|\b(https?://[^\s<>]{1,500})")
_RST_ROLE = re.compile(r":[a-z:]{1,30}:`~?([^`<]{1,200})(?:<[^`>]{0,300}>)?`")
_ASCIIDOC_NOISE = re.compile(
    r"//|:[\w!-]{1,60}:|(ifdef|ifndef|ifeval|endif|include|image|toc)::|\[[^\]]{0,200}\]$|[-=*_.]{4,}$"
)
_BULLET = re.compile(r"\s*([-*+•]|\(?[0-9a-zA-Z]{1,2}[.)])\s+\S")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (level from 1) or a paragraph (level 0): its text, that outside links, alternative texts of images."""

    level: int
    text: str
    unlinked: str = ""
    images: str = ""


def blocks_of(text: str, format: str, headings_only: bool = False) -> Iterator[Block]:
    """Headings and paragraphs in order; lists, tables, code and alerts are left out. Never raises on content."""
    if format == "markdown":
        return _markdown_headings(text) if headings_only else _markdown(text)
    return _lines(text, format)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")


def _markdown(text: str) -> Iterator[Block]:
    text = re.sub(r"\A---\n(?:[^\n]*\n){0,200}?---\n", "", text)
    nested: list[str] = []
    level = 0
    for token in _parser().parse(text):
        if token.type == "html_block" and not nested:
            yield from _html_blocks(token.content)
        elif token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type in ("bullet_list_open", "ordered_list_open", "table_open"):
            nested.append(token.type)
        elif token.type in ("bullet_list_close", "ordered_list_close", "table_close"):
            nested.pop()
        elif token.type == "inline" and (level or not nested):
            yield from _inline_blocks(token, level)


def _inline_blocks(token: Token, level: int) -> Iterator[Block]:
    """One block for a heading; a paragraph is cut at blank-ish lines of badges so that text below them still counts."""
    if not level and token.content.startswith("[!"):
        return
    shown, unlinked, images, depth = "", "", "", 0
    for child in token.children or ():
        if child.type == "link_open":
            depth += 1
        elif child.type == "link_close":
            depth -= 1
        elif child.type == "image":
            images += " " + child.content
        elif child.type == "html_inline":
            tag = _HTML_TAG.match(child.content)
            if tag and tag[2].lower() == "a":
                depth += -1 if tag[1] else 1
            elif tag and tag[2].lower() == "img":
                images += " " + _alt(tag[3])
        else:
            piece = " " if child.type in ("softbreak", "hardbreak") else child.content
            shown += piece
            unlinked += "" if depth > 0 else piece
    yield Block(level, shown, unlinked, images)


def _alt(attributes: str) -> str:
    found = _ALT.search(attributes)
    return found[1][1:-1] if found else ""


def _markdown_headings(text: str) -> Iterator[Block]:
    """Headings by a look at single lines: for long documents, where a whole parse would take seconds."""
    fence, previous = "", ""
    for raw in text.split("\n"):
        line = raw[:MAX_LINE].strip()
        if fence:
            fence = "" if line.startswith(fence) and not line.strip(fence[0]) else fence
        elif line.startswith(("```", "~~~")):
            fence = line[:3]
        elif line.startswith("#") and (match := re.match(r"(#{1,6})\s+(\S.*)", line)):
            yield from (Block(len(match[1]), block.text) for block in _markdown(match[2].rstrip("# ")))
        elif previous and line and not line.strip("="):
            yield from (Block(1, block.text) for block in _markdown(previous))
        previous = line


class _Html(HTMLParser):
    """Collects headings and paragraphs of a piece of raw HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.level = self.links = self.listed = 0
        self.hidden = ""
        self.parts: list[str] = []
        self.unlinked: list[str] = []
        self.images: list[str] = []

    def flush(self) -> None:
        text = "".join(self.parts)
        if text.strip() or (self.level and self.images):
            self.blocks.append(Block(self.level, text, "".join(self.unlinked), " ".join(self.images)))
        self.parts, self.unlinked, self.images = [], [], []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += 1
        elif tag == "img":
            self.images.append(dict(attrs).get("alt") or "")
        elif tag in ("ul", "ol", "table", "pre", "details", "svg"):
            self.flush()
            self.listed += 1
        elif tag in ("p", "div", "center", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr"):
            self.flush()
            self.level = int(tag[1]) if re.fullmatch(r"h[1-6]", tag) else 0
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.links = max(0, self.links - 1)
        elif tag in ("ul", "ol", "table", "pre", "details", "svg"):
            self.listed = max(0, self.listed - 1)
        elif tag in ("p", "div", "center", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"):
            self.flush()
            self.level = 0

    def handle_data(self, data: str) -> None:
        if self.listed or self.cdata_elem:
            return
        self.parts.append(data)
        if not self.links:
            self.unlinked.append(data)


def _html_blocks(fragment: str) -> list[Block]:
    parser = _Html()
    try:
        parser.feed(fragment[:MAX_FRAGMENT])
        parser.close()
    except (AssertionError, ValueError, IndexError):
        pass
    parser.flush()
    return [block for found in parser.blocks for block in _inside(found)]


def _inside(block: Block) -> Iterator[Block]:
    """Markdown written inside an HTML block (bold, links) loses its marks too."""
    if not re.search(r"[*`\[_]", block.text):
        yield block
        return
    for token in _parser().parse(block.text.strip()[:MAX_LINE]):
        if token.type == "inline":
            for inner in _inline_blocks(token, block.level):
                yield inner if block.unlinked.strip() else Block(inner.level, inner.text, "", inner.images)
            return


def _lines(text: str, format: str) -> Iterator[Block]:
    """reStructuredText, plain text and lesser markups: headings by underline or prefix, paragraphs by blank lines."""
    levels: dict[str, int] = {}
    for number, lines in enumerate(_paragraphs(text)):
        heading = _heading(lines, levels, format)
        if heading is None and number == 0 and _is_title(lines):
            heading = 1, lines[0].strip(), 1
        if heading is not None:
            yield Block(heading[0], _plain_inline(heading[1], format)[0])
        body = _body(lines[heading[2] if heading else 0 :], format, header=number == 0 and heading is not None)
        if body and not _is_markup(body, format):
            yield Block(0, *_plain_inline(" ".join(line.strip() for line in body), format))


def _body(lines: list[str], format: str, *, header: bool) -> list[str]:
    """Lines of prose: AsciiDoc puts author, attributes and comments among them."""
    if format != "asciidoc":
        return lines
    return [] if header else [line for line in lines if not _ASCIIDOC_NOISE.match(line)]


def _paragraphs(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines.append(line[:MAX_LINE].rstrip())
        elif lines:
            yield lines
            lines = []
    if lines:
        yield lines


def _heading(lines: list[str], levels: dict[str, int], format: str) -> tuple[int, str, int] | None:
    """Level, text and number of lines of a heading at the start of a paragraph."""
    marks = {"asciidoc": "=", "org": "*", "rdoc": "=", "creole": "=", "mediawiki": "="}.get(format)
    if marks and (match := re.match(rf"({re.escape(marks)}{{1,6}})\s+(\S.*)", lines[0])):
        return len(match[1]), match[2].strip(f" {marks}"), 1
    if format == "textile" and (match := re.match(r"h([1-6])\.\s+(\S.*)", lines[0])):
        return int(match[1]), match[2], 1
    for first in (0, 1):
        if len(lines) < first + 2 or (first and not _UNDERLINE.fullmatch(lines[0])):
            continue
        under = lines[first + 1]
        if _UNDERLINE.fullmatch(under) and not _UNDERLINE.fullmatch(lines[first]) and _fits(under, lines[first]):
            return levels.setdefault(f"{first}{under[0]}", len(levels) + 1), lines[first].strip(), first + 2
    return None


def _fits(under: str, title: str) -> bool:
    return len(under.strip()) >= min(len(title.strip()), 4) and len(title) < 200


def _is_title(lines: list[str]) -> bool:
    """A first line on its own that is short and does not end like a sentence."""
    line = lines[0].strip()
    return (
        len(lines) == 1
        and 2 <= len(line) <= 80
        and line[-1] not in ".:;,。："
        and not line.startswith((".", "[", "http", "<"))
    )


def _is_markup(lines: list[str], format: str) -> bool:
    """Directives, comments, lists, tables, indented blocks: not paragraphs."""
    first = lines[0]
    if first.startswith(
        ("..", "|", "+--", ">>>", "$ ", "#+", ":", "//", "image::", "ifdef::", "[[", "__ ", "```", "|_.")
    ):
        return True
    if format in ("rst", "asciidoc", "org") and first[:1] in " \t":
        return True
    if format == "asciidoc" and re.match(r"(image:|link:|toc::|include::|\[)", first):
        return True
    return bool(_BULLET.match(first) or _UNDERLINE.fullmatch(first))


def _plain_inline(text: str, format: str) -> tuple[str, str]:
    """Text without inline markup, and the same without what stands in links."""
    text = text[:MAX_LINE]
    if format == "asciidoc":
        text = re.sub(r"image:[^\s\[]{1,500}\[[^\]]{0,500}\]", "", text)
        unlinked = re.sub(r"(?:link:|https?:|\{[\w-]{1,60}\})[^\s\[]{0,500}\[([^\]]{0,500})\]", "", text)
        text = re.sub(r"(?:link:|https?:|\{[\w-]{1,60}\})[^\s\[]{0,500}\[([^\]]{0,500})\]", r"\1", text)
        return re.sub(r"[*_`+]{1,2}", "", text), unlinked
    if format == "org":
        unlinked = re.sub(r"\[\[[^\]]{1,500}\](?:\[[^\]]{0,500}\])?\]", "", text)
        return re.sub(r"\[\[([^\]]{1,500})\](?:\[([^\]]{0,500})\])?\]", lambda m: m[2] or "", text), unlinked
    if format != "rst":
        return text, re.sub(r"https?://\S{1,500}", "", text)
    text = re.sub(r"\|[^|\s][^|]{0,100}\|_{0,2}", "", _RST_ROLE.sub(r"\1", text))
    unlinked = _RST_LINK.sub("", text)
    text = _RST_LINK.sub(lambda found: found[1] or found[2] or found[3] or "", text)
    strip = re.compile(r"\*{1,2}|``?|(?<=\w)__?(?!\w)")
    return strip.sub("", text), strip.sub("", unlinked)
