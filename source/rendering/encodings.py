"""What encoding a file is in and how its lines end; nothing here trusts what the file says."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

SAMPLE = 32 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# Encodings of many bytes a character reject most of what is not theirs, so they are asked strictly and in this order.
_WIDE = {"utf-8": "UTF-8", "euc_jp": "EUC-JP", "cp932": "Shift-JIS", "gb18030": "GB18030", "euc_kr": "EUC-KR"}
_WIDE |= {"big5": "Big5"}
_NARROW = {"cp1252": "Windows-1252", "latin-1": "ISO 8859-1", "cp1251": "Windows-1251", "koi8_r": "KOI8-R"}
_NARROW |= {"cp1250": "Windows-1250", "iso8859_2": "ISO 8859-2", "cp1253": "Windows-1253", "cp866": "CP866"}
_LEGACY = {**_WIDE, **_NARROW}
_LABELS = {"cp932": "shift_jis", "cp1252": "windows-1252", "cp1251": "windows-1251", "cp1250": "windows-1250"}
_LABELS |= {"cp1253": "windows-1253", "latin-1": "iso-8859-1", "utf-8-sig": "utf-8", "euc_jp": "euc-jp"}
_LABELS |= {"koi8_r": "koi8-r", "iso8859_2": "iso-8859-2", "cp866": "ibm866", "euc_kr": "euc-kr"}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_HIGH = re.compile(rb"[\x80-\xff]+")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and the encoding: as Python calls it, as people do."""

    text: str
    codec: str
    name: str


def label(codec: str) -> str:
    """The encoding as browsers call it."""
    return _LABELS.get(codec, codec)


def decode(content: bytes) -> Decoded | None:
    """The text of a file; None when no encoding makes text of it."""
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _tried(content, codec, name)
    if b"\0" in content[:8000]:
        return _unmarked(content)
    return _tried(content, "utf-8", "UTF-8") or _legacy(content)


def line_ends(text: str) -> str:
    """LF, CRLF, CR or mixed; empty for a text of one line."""
    crlf = text.count("\r\n")
    lf = text.count("\n") - crlf
    cr = text.count("\r") - crlf
    kinds = [name for name, count in (("LF", lf), ("CRLF", crlf)) if count]
    if not kinds:
        return "CR" if cr else ""
    return kinds[0] if len(kinds) == 1 else "mixed"


def split_lines(text: str) -> list[str]:
    """Lines as Git counts them: a lone carriage return ends one only where nothing else does."""
    if line_ends(text) == "CR":
        text = text.replace("\r", "\n")
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def _tried(content: bytes, codec: str, name: str) -> Decoded | None:
    try:
        text = content.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None
    return Decoded(text, codec, name) if _is_text(text) else None


def _is_text(text: str) -> bool:
    return len(_CONTROL.findall(text[: 4 * SAMPLE])) <= len(text[: 4 * SAMPLE]) // 100


def _unmarked(content: bytes) -> Decoded | None:
    """UTF-16 without a mark: every other byte of mostly western text is NUL."""
    head = content[:400]
    if head.count(0) * 3 <= len(head):
        return None
    codec = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    return _tried(content, codec, "UTF-16")


def _legacy(content: bytes) -> Decoded | None:
    guessed = _guess(_sample(content))
    for codec in (*([guessed] if guessed else []), "cp1252", "latin-1"):
        found = _tried(content, codec, _LEGACY[codec])
        if found is not None:
            return found
    return None


def _sample(content: bytes) -> bytes:
    """Lines that hold something else than ASCII, since only they say anything."""
    lines = [line for line in content[: 64 * SAMPLE].split(b"\n") if not line.isascii()]
    return b"\n".join(lines)[:SAMPLE]


def _guess(sample: bytes) -> str | None:
    wide = [codec for codec in _WIDE if codec != "utf-8" and _reads(sample, codec)]
    if wide:
        return max(wide, key=lambda codec: _likelihood(sample, codec))
    best = from_bytes(sample, steps=5, chunk_size=512, cp_isolation=list(_NARROW), preemptive_behaviour=False).best()
    return best.encoding if best is not None and best.encoding in _LEGACY and _foreign(sample) else None


def _foreign(sample: bytes) -> bool:
    """Whether whole words are not ASCII, rather than letters with accents among others."""
    runs = _HIGH.findall(sample)
    return sum(map(len, runs)) >= 3 * len(runs)


def _reads(sample: bytes, codec: str) -> bool:
    """Whether the sample is East Asian text in this encoding: such letters come in runs, accents alone."""
    runs = _NOT_ASCII.findall(_east(sample, codec))
    letters = "".join(runs)
    return len(letters) >= 2 * len(runs) > 0 and sum(map(_is_east, letters)) * 10 >= len(letters) * 9


def _east(sample: bytes, codec: str) -> str:
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(sample)
    except UnicodeDecodeError:
        return ""


def _is_east(c: str) -> bool:
    if "\uff61" <= c <= "\uff9f":  # half-width kana, which many other encodings look like
        return False
    return c >= "\u2e80" and unicodedata.category(c) in ("Lo", "Po", "Ps", "Pe", "Lm", "So", "Nl")


def _likelihood(sample: bytes, codec: str) -> float:
    """Kana in a Japanese encoding settle it; else the share of letters that are common."""
    letters = "".join(_NOT_ASCII.findall(_east(sample, codec)))
    kana = sum(1 for c in letters if "\u3041" <= c <= "\u30ff") / len(letters)
    if codec in ("euc_jp", "cp932") and kana > 0.15:
        return 1 + kana
    good = sum(1.0 for c in letters if "\u3001" <= c <= "\u30ff" or "\uac00" <= c <= "\ud7a3")
    return (good + sum(0.6 for c in letters if _is_common(c))) / len(letters)


def _is_common(c: str) -> bool:
    """Ideographs of the first level of GB 2312, which are the frequent ones."""
    if not "\u4e00" <= c <= "\u9fff":
        return False
    try:
        return b"\xb0" <= c.encode("gb2312")[:1] <= b"\xd7"
    except UnicodeEncodeError:
        return False
