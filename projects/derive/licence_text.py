"""Licence texts made comparable, and their fingerprints.

The normalisation follows licensee and the SPDX matching guidelines: what may differ between two copies of a licence
(title, copyright lines, layout, quotes, spelling) goes; what is left is compared as a set of words, kept as hashes.
"""

import base64
import json
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent / "tables"
MAX_TEXT = 64 * 1024

RULE = re.compile(r"^[ \t]*[=\-*]{3,}[ \t]*$", re.MULTILINE)
HEADING = re.compile(r"^[ \t]*#+", re.MULTILINE)
LINK = re.compile(r"\[([^\]\n]{1,300})\]\([^)\n]{1,300}\)")
COMMENT = re.compile(r"^[ \t]*(?:/[/*]|\*|/)[/*]?", re.MULTILINE)
LISTED = re.compile(r"^[ \t]*(?:\d\.|\*)[ \t]+([^\n])", re.MULTILINE)
DASHES = re.compile(r"(?<!^)[—–-]+(?!$)", re.MULTILINE)
QUOTES = re.compile(r"[`'\"‘“’”]")
SPAN = re.compile(r"[_*~]{1,20}([^\n]{0,300}?)[_*~]{1,20}")
BULLET = re.compile(r"\n\n[ \t]*(?:[*-]|\(?[\da-z]{1,2}[).])[ \t]+")
BORDER = re.compile(r"^[*-]([^\n]*?)[*-]$", re.MULTILINE)
BLOCK = re.compile(r"^[ \t]*>", re.MULTILINE)
END_OF_TERMS = re.compile(r"^[ \t#*_]*end of (?:the )?terms and conditions[ \t#*_]*$", re.MULTILINE)
COPYRIGHT = re.compile(r"[_*\- \t]*(?:copyright|\(c\)|©)", re.IGNORECASE)
ALL_RIGHTS = re.compile(r"[ \t]*all rights reserved\.?[ \t]*$", re.IGNORECASE)
VERSION = re.compile(r"[ \t]*version", re.IGNORECASE)
URL = re.compile(r"[ \t]*https?://[^ \n]+$", re.IGNORECASE)
DEVELOPED_BY = re.compile(r"\Adeveloped by:.{0,1000}?\n\n", re.DOTALL)
CC0_PARTS = re.compile(
    r"^[ \t]*creative commons legal code[ \t]*$|for more information, please see\s{0,20}\S{0,200}zero\S*"
    r"|creative commons corporation.{0,2000}?\n\n",
    re.MULTILINE | re.DOTALL,
)
CC_PARTS = re.compile(
    r"the\s{1,20}text\s{1,20}of\s{1,20}the\s{1,20}creative\s{1,20}commons.{0,2000}?public\s{1,20}domain\s{1,20}dedication."
    r"|wiki.creativecommons.org",
    re.DOTALL,
)
UNLICENSE_PART = re.compile(r"for more information, please[^\n]{0,300}unlicense\S*")
WORD = re.compile(r"(?:[\w/-](?:'s|(?<=s)')?)+")
# Spellings the SPDX matching guidelines hold equal.
PAIRS = """
    acknowledgment:acknowledgement analogue:analog analyse:analyze artefact:artifact authorisation:authorization
    authorised:authorized calibre:caliber cancelled:canceled capitalisations:capitalizations catalogue:catalog
    categorise:categorize centre:center emphasised:emphasized favour:favor favourite:favorite fulfil:fulfill
    fulfilment:fulfillment initialise:initialize judgment:judgement labelling:labeling labour:labor licence:license
    maximise:maximize modelled:modeled modelling:modeling offence:offense optimise:optimize organisation:organization
    organise:organize practise:practice programme:program realise:realize recognise:recognize signalling:signaling
    sub-license:sublicense utilisation:utilization whilst:while wilful:wilfull non-commercial:noncommercial cent:percent
    owner:holder
"""
SPELLINGS = {"sub license": "sublicense"} | {pair.split(":")[0]: pair.split(":")[1] for pair in PAIRS.split()}
SPELLING = re.compile(r"\b(?:" + "|".join(sorted(SPELLINGS, key=len, reverse=True)) + ")")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One known licence: hashes of its words, their length as text, and how many characters may vary freely."""

    spdx: str
    words: frozenset[int]
    length: int
    leeway: int

    def likeness(self, words: frozenset[int], length: int) -> float:
        """Dice coefficient of the word sets, a little less for a difference in length; 0 to 1."""
        common = len(self.words & words)
        penalty = max(0, abs(self.length - length) - self.leeway) // 4
        return min(1.0, 2 * common / (len(self.words) + len(words) + penalty)) if common else 0.0


class _PlainText(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.parts.append("\n\n" if tag in ("p", "div", "h1", "h2", "h3", "li", "br", "tr") else "")


def strip_html(text: str) -> str:
    parser = _PlainText()
    parser.feed(text)
    return "".join(parser.parts)


@cache
def tables() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((TABLES / "licences.json").read_text())
    return loaded


@cache
def title_pattern(titles: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a line that begins with one of these titles; none for no titles."""
    return re.compile(r"[ \t]*\(?(?:the )?(?:" + "|".join(map(re.escape, titles)) + r")(?!\w)" if titles else r"(?!)")


def normalise(text: str, titles: Iterable[str]) -> str:
    """Lower case text of the terms alone. `titles` (lower case) are removed where the text begins with one."""
    title = title_pattern(tuple(titles))
    text = squeeze(RULE.sub(" ", text[:MAX_TEXT].replace("\r\n", "\n").lstrip("\ufeff")))
    lines = text.split("\n")
    if len(lines) > 1 and all(COMMENT.match(line) for line in lines):
        text = COMMENT.sub(" ", text)
    text = LINK.sub(r"\1", squeeze(HEADING.sub(" ", text))).lower()
    text = without_opening(text, title, VERSION)
    text = DASHES.sub("-", LISTED.sub(r"- \1", text).replace("http:", "https:").replace("&", "and"))
    text = SPELLING.sub(lambda found: SPELLINGS[found[0]], QUOTES.sub("'", text))
    text = re.sub(r"\)\s{1,20}\(", ")(", BULLET.sub("\n\n- ", SPAN.sub(r"\1", text)))
    text = BORDER.sub(r"\1", without_extras(text))
    text = BLOCK.sub(" ", without_opening(text, title, VERSION, URL, COPYRIGHT, ALL_RIGHTS))
    text = END_OF_TERMS.split(DEVELOPED_BY.sub(" ", text.strip(), count=1), maxsplit=1)[0]
    return " ".join(text.replace("(including the next paragraph)", " ").split())


def squeeze(text: str) -> str:
    return re.sub(r" {2,}", " ", text).strip()


def without_opening(text: str, *openings: re.Pattern[str]) -> str:
    """Text without leading lines that match one of `openings` (and blank lines between them)."""
    lines = text.split("\n")
    start = 0
    while start < len(lines) and (not lines[start].strip() or any(each.match(lines[start]) for each in openings)):
        start += 1
    return "\n".join(lines[start:])


def without_extras(text: str) -> str:
    """Text without the notices some bodies put around their licences."""
    if "creative commons" in text:
        text = CC_PARTS.sub(" ", text)
    if "associating cc0" in text:
        text = CC0_PARTS.sub(" ", text)
    return UNLICENSE_PART.sub(" ", text) if "unlicense" in text else text


def is_copyright_only(text: str) -> bool:
    """Whether every line is a copyright notice."""
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and all(COPYRIGHT.match(line) for line in lines)


def hashed(words: Iterable[str]) -> frozenset[int]:
    return frozenset(struct.unpack("<I", blake2b(word.encode(), digest_size=4).digest())[0] for word in words)


def words_of(normalised: str) -> set[str]:
    return set(WORD.findall(normalised))


def pack(words: frozenset[int]) -> str:
    """Hashes as text for the table."""
    return base64.b85encode(struct.pack(f"<{len(words)}I", *sorted(words))).decode()


def unpack(packed: str) -> frozenset[int]:
    raw = base64.b85decode(packed)
    return frozenset(struct.unpack(f"<{len(raw) // 4}I", raw))


@cache
def fingerprints() -> tuple[Fingerprint, ...]:
    """All known licences."""
    rows = tables()["licences"].items()
    return tuple(Fingerprint(spdx, unpack(row[2]), row[0], row[1]) for spdx, row in rows)


def likest(text: str) -> Iterator[tuple[str, float]]:
    """SPDX ids with their likeness (0 to 1) to `text`, best first; exact equality of all words is 1."""
    normalised = normalise(text, tables()["titles"])
    words = hashed(words_of(normalised))
    scored = [(each.likeness(words, len(normalised)), each) for each in fingerprints()]
    for score, each in sorted(scored, key=lambda pair: (-pair[0], pair[1].spdx)):
        yield each.spdx, 1.0 if words == each.words else min(score, 0.9999)
