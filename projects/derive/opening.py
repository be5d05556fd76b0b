"""What a document says first: its title, the sentence that tells what the thing is, and its headings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from projects.derive.blocks import Block, blocks_of
from projects.derive.lifecycle import stated_lifecycle

OPENING_CHARACTERS = 48 * 1024
MAX_HEADINGS = 200
MAX_SECTIONS = 4
FIRST_PARAGRAPHS = 5
MAX_TITLE = 100
MAX_TAGLINE = 280
MIN_SENTENCE = 20
_WORD = re.compile(r"[^\W_]")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PICTOGRAPH = re.compile(r"[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+|:[a-z0-9_+-]{2,30}:")
_GENERIC_TITLE = re.compile(
    r"(?i)\W*(read ?me([. ](md|txt|rst))?|documentation|home|index|overview|introduction|description|summary"
    r"|about( (this|the) (project|repo|repository))?"
    r"|repository|welcome)\W*"
)
_PRACTICAL = re.compile(
    r"""(?ix)\W* (\d+\W+)? (
      (table\ of\ )?contents | toc | index | install\w* | set\ ?up | getting\ started | get\ started
    | quick[\ -]?start\w* | usage
    | using\b.* | how\ to\b.* | requirements? | prerequisites? | dependenc\w+ | build\w* | compil\w+ | run\w*
    | licen[cs]\w* | copyright | contribut\w+ | (\w+\ )?sponsor\w* | supporting\b.* | backers? | donat\w+ | support
    | change\ ?log | releases? | release\ notes | what'?s\ new | news | status | badges? | links | authors? | credits?
    | thanks | acknowledge?ments? | code\ of\ conduct | security | contact\w* | community | screenshots? | demos?
    | faqs? | questions? | issues? | stay\ in\ touch | docs | documentation | examples? | tests? | testing
    | development | developing | roadmap | stargazers | star\ history | translations? | languages? | versions?
    | history | references? | see\ also | tl;?dr | in\ case\b.*
    | 安装 | 使用 | 许可证? | 目录 | 快速开始 | 贡献 | 文档 | インストール | 使い方 | ライセンス | 目次
    | instalación | instalação | installieren | inhalt\w* | sommaire | licencia | lizenz | licença | uso | utilisation
    )\b.*"""
)
_ASIDE = re.compile(
    r"""(?ix)\W* (notes? | warnings? | important | attention | caution | notice | deprecat\w+ | tip | update | news
    | disclaimer | announcement | heads[\ -]up | todo | fixme | 注意 | 警告 | 重要 | 最新) \b \s* [:!：\-–—]
    | .{0,60}\b (is|are) \ (still\ |now\ |officially\ |currently\ )? (a\ )?
      (work[\ -]in[\ -]progress | wip\b | deprecated | unmaintained | archived | no\ longer
      | under\ (\w+\ )?development)"""
)
_NOTE = re.compile(r"(?i)\W*(notes?|warnings?|important|attention|caution|notice|tip|注意|警告|重要)\b\s*[:!：\-–—]")
_REFERRAL = re.compile(
    r"""(?ix)\W* (please\ )? (
      (see|check\ out|visit|click|go\ to|head\ over|follow|join|read|refer\ to|download|try) \b .* (here|docs
        |documentation|website|wiki|page|presentation|app|demo|blog|guide|manual|section|below|slides)\b
      | .{0,80}\b(is|are|can\ be)\ (available|located|found|hosted)\ (here|at|on|in)\b
    | for\ (more|further|questions|support|help|information|details|documentation)\b
    | ((this|the)\ )?readme\b | (this|the)\ (document|file|page)\b
    | .{0,120}\bfollow\ (me|us)\ on\b
    | looking\ for\b | want\ to\b | if\ you\b | click\ here )"""
)
_CREDIT = re.compile(
    r"""(?ix)\W* (copyright | \(c\) | © | licen[cs]ed?\b | version\b | authors?\b | maintainers?\b | build\ status
    | special\ thanks | maintained\ by | created\ by | by\ @ | status: | last\ (updated|change) | date: | sponsor
    | supported\ by)"""
)
_LANGUAGES = re.compile(
    r"""(?ix) (read|view|available|this|see|translat)\w*\b .{0,60} \b
      (other|another|different|multiple|following)\ languages?
    | \W* (languages? | translations? | translated\ (into|to) | other\ languages? | table\ of\ contents
    | 语言 | 多语言 | 言語) \s* [:：]"""
)
# "Name is deprecated", "Name - what it does": the name alone is the title.
_TELLING_TITLE = re.compile(
    r"(?i)^(\S{2,40}?)(?: is (?:a|an|the|in|no longer|now|deprecated)\b.*| +[-–—] .{12,}|: .{12,})$"
)
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]?(?=\s)|[。！？]")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: level from 1, text without markup."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Title, tagline and lifecycle ("" where there is none) and the headings in order."""

    title: str
    tagline: str
    headings: tuple[Heading, ...]
    lifecycle: str = ""


def read_opening(text: str, format: str) -> Opening:
    """Title, tagline and headings of a document; time linear in its length."""
    first = list(blocks_of(text[:OPENING_CHARACTERS], format))
    blocks = first if len(text) <= OPENING_CHARACTERS else blocks_of(text, format, headings_only=True)
    title = _title(first)
    return Opening(title, _tagline(first), tuple(_headings(blocks)), stated_lifecycle(first, title))


def _headings(blocks: Iterable[Block]) -> Iterator[Heading]:
    named = ((block.level, tidy(block.text)) for block in blocks if block.level)
    for level, text in islice(((level, text) for level, text in named if text), MAX_HEADINGS):
        yield Heading(level, text[:120])


def _title(blocks: list[Block]) -> str:
    """The first heading, when it stands above all others and the text has not begun to tell something before it."""
    for block in blocks:
        if not block.level:
            if _tells(block, tidy(block.text)) and not _ASIDE.match(tidy(block.text)):
                return ""
            continue
        text = tidy(block.text or re.sub(r"(?i)\b(logo|banner|icon|header|image)\b", "", block.images)).rstrip(":#= ")
        if not text or not _WORD.search(text) or _GENERIC_TITLE.fullmatch(text):
            continue
        if not _stands_above(block, text, blocks) or (block.level > 1 and _PRACTICAL.fullmatch(text)):
            return ""
        text = re.sub(r"(?i)^welcome to (the )?|^about (?-i:(?=[A-Z]\S*$))", "", text)
        return shorten(_TELLING_TITLE.sub(r"\1", text), MAX_TITLE)
    return ""


def _stands_above(heading: Block, text: str, blocks: list[Block]) -> bool:
    """Whether a heading is of the whole: the highest, or the first of its like where the text below it takes it up."""
    if heading.level == 1 or sum(0 < other.level <= heading.level for other in blocks) == 1:
        return True
    below = next((block.text for block in blocks[1:] if not block.level and block.text.strip()), "")
    return heading is blocks[0] and text.rsplit(maxsplit=1)[-1].lower() in below.lower().split()[:3]


def _tagline(blocks: list[Block]) -> str:
    """The first paragraph that tells something; "Name is a …" goes first when it comes soon."""
    title = _title(blocks).lower()
    telling = list(islice(_telling(blocks, title), FIRST_PARAGRAPHS))
    named = [text for text in telling if title and re.match(rf"{re.escape(title)} is an? ", text.lower())]
    plain = [text for text in telling if not _ASIDE.match(text)]
    states = [text for text in telling if not _NOTE.match(text)]
    return shorten(_without_lead(next(iter([*named, *plain, *states]), "")), MAX_TAGLINE)


def _telling(blocks: list[Block], title: str) -> Iterator[str]:
    """Paragraphs of the first sections that are not about practical matters."""
    practical = passed = 0
    for block in blocks:
        text = tidy(block.text)
        if block.level:
            passed += 1
            if passed > MAX_SECTIONS:
                return
            if not practical or block.level <= practical:
                practical = block.level if block.level > 1 and _PRACTICAL.fullmatch(text) else 0
        elif not practical and _tells(block, text) and text.lower() != title:
            yield text


def _without_lead(text: str) -> str:
    """A paragraph that leads over to a list ("…, such as:") ends with the sentence before."""
    if not text.endswith((":", "：")):
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() >= MIN_SENTENCE]
    return text[: ends[-1]] if ends else text.rstrip(":： ")


def _tells(block: Block, text: str) -> bool:
    """Whether a paragraph says something: enough words that are not links, badges, credits or a choice of languages."""
    unlinked = weight(tidy(block.unlinked))
    if weight(text) < (40 if text.endswith(":") else 12) or unlinked < 10 or unlinked < 0.25 * weight(text):
        return False
    if text.count("|") + text.count("•") + text.count("·") + text.count(" / ") >= 3 and weight(text) < 160:
        return False
    if _LANGUAGES.match(text) or _REFERRAL.match(text):
        return False
    if re.fullmatch(r"[\w ]{2,30}[:：]\s*[\w.+-]+", text):
        return False
    return not (_CREDIT.match(text) and len(text) < 120)


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
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit + 1) if match.end() >= MIN_SENTENCE]
    if ends:
        return text[: ends[-1]].rstrip()
    cut = text.rfind(" ", limit // 2, limit)
    return text[: cut if cut > 0 else limit - 1].rstrip(" ,;:-") + "…"
