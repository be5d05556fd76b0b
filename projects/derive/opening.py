"""What a document says first: its title, the sentence that tells what the thing is, and its headings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from projects.derive.blocks import Block, blocks_of

OPENING_CHARACTERS = 48 * 1024
MAX_HEADINGS = 200
MAX_TITLE = 100
MAX_TAGLINE = 280
_WORD = re.compile(r"[^\W_]")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PICTOGRAPH = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+|:[a-z0-9_+-]{2,30}:")
_GENERIC_TITLE = re.compile(
    r"(?i)\W*(read ?me([. ](md|txt|rst))?|documentation|home|index|overview|introduction|about)\W*"
)
_PRACTICAL = re.compile(
    r"(?i)\W*(\d+\W+)?((table of )?contents|toc|index|install\w*|set ?up|getting started|quick ?start\w*|usage|how to (use|install|build|run)|"
    r"requirements?|prerequisites?|dependenc\w+|build\w*|compil\w+|running|licen[cs]\w*|copyright|contribut\w+|sponsors?\w*|backers?|donat\w+|"
    r"support( us)?|change ?log|release( notes|s)?|what'?s new|news|status|badges?|links|authors?|credits?|acknowledge?ments?|"
    r"code of conduct|security|contact\w*|community|screenshots?|demos?|faq|stargazers.*|star history|translations?|languages?|安装|使用|许可证?|目录|快速开始|"
    r"インストール|使い方|ライセンス|目次|instalación|inhalt|inhaltsverzeichnis|installation.*|sommaire|licencia|lizenz)\b.*"
)
_ASIDE = re.compile(
    r"(?i)\W*(notes?|warnings?|important|attention|caution|notice|deprecat\w+|tip|update|news|disclaimer|announcement|heads[- ]up|"
    r"todo|fixme|注意|警告|重要)\b\s*[:!：\-–—]"
)
_CREDIT = re.compile(
    r"(?i)\W*(copyright|\(c\)|©|licen[cs]ed?\b|version\b|authors?\b|maintainers?\b|build status|by @|status:|last (updated|change)|date:)"
)
_LANGUAGES = re.compile(
    r"(?i)(read|view|available|this|see|translat)\w*\b.{0,60}\b(other|another|different|multiple|following) languages?|"
    r"\W*(languages?|translations?|translated (into|to)|other languages?|table of contents|语言|多语言|言語)\s*[:：]"
)
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]?(?=\s)|[。！？]")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: level from 1, text without markup."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Title and tagline ("" where there is none) and the headings in order."""

    title: str
    tagline: str
    headings: tuple[Heading, ...]


def read_opening(text: str, format: str) -> Opening:
    """Title, tagline and headings of a document; time linear in its length."""
    first = list(blocks_of(text[:OPENING_CHARACTERS], format))
    blocks = first if len(text) <= OPENING_CHARACTERS else blocks_of(text, format, headings_only=True)
    return Opening(_title(first), _tagline(first), tuple(_headings(blocks)))


def _headings(blocks: Iterable[Block]) -> Iterator[Heading]:
    count = 0
    for block in blocks:
        text = tidy(block.text)
        if block.level and text and count < MAX_HEADINGS:
            count += 1
            yield Heading(block.level, text[:120])


def _title(blocks: list[Block]) -> str:
    headings = [block for block in blocks if block.level]
    best = [block for block in headings if block.level == 1][:2] + headings[:1]
    for block in best:
        text = tidy(block.text or re.sub(r"(?i)\b(logo|banner|icon|header|image)\b", "", block.images)).rstrip(":#= ")
        if text and _WORD.search(text) and not _GENERIC_TITLE.fullmatch(text) and not _PRACTICAL.fullmatch(text):
            return shorten(text, MAX_TITLE)
    return ""


def _tagline(blocks: list[Block]) -> str:
    practical, aside = 0, ""
    title = next((tidy(block.text).lower() for block in blocks if block.level), "")
    for block in blocks:
        if block.level:
            if not practical or block.level <= practical:
                practical = block.level if block.level > 1 and _PRACTICAL.fullmatch(tidy(block.text)) else 0
            continue
        text = tidy(block.text)
        if practical or not _tells(block, text) or text.lower() == title:
            continue
        if not _ASIDE.match(text):
            return shorten(text, MAX_TAGLINE)
        aside = aside or text
    return shorten(aside, MAX_TAGLINE)


def _tells(block: Block, text: str) -> bool:
    """Whether a paragraph says something: enough words that are not links, badges, credits or a choice of languages."""
    unlinked = weight(tidy(block.unlinked))
    if weight(text) < 12 or unlinked < 10 or unlinked < 0.25 * weight(text):
        return False
    if text.count("|") + text.count("•") + text.count("·") + text.count(" / ") >= 3 and weight(text) < 160:
        return False
    return not (_LANGUAGES.match(text) or (_CREDIT.match(text) and len(text) < 120))


def weight(text: str) -> int:
    """Letters and digits, characters of scripts without spaces counted three times."""
    return len(_WORD.findall(text)) + 2 * len(_WIDE.findall(text))


def tidy(text: str) -> str:
    """One line without pictographs and doubled spaces."""
    return re.sub(r"\s+([,.;:!?])(?=\s|$)", r"\1", " ".join(_PICTOGRAPH.sub(" ", text).split())).strip(" -–—|·•")


def shorten(text: str, limit: int) -> str:
    """Whole sentences up to `limit` characters where that leaves something, else whole words and an ellipsis."""
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit + 1) if match.end() >= limit // 5]
    if ends:
        return text[: ends[-1]].rstrip()
    cut = text.rfind(" ", limit // 2, limit)
    return text[: cut if cut > 0 else limit - 1].rstrip(" ,;:-") + "…"
