"""Words as the catalog compares them: folded the same way when written and when asked, on every database."""

import re
import unicodedata
from dataclasses import dataclass

QUERY_CHARACTERS = 200
QUERY_WORDS = 12

_TOKEN = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
_NAMED = (
    (re.compile(r"(?<!\w)[cC]\+\+"), " cplusplus "),
    (re.compile(r"(?<!\w)[cC]#"), " csharp "),
    (re.compile(r"(?<!\w)[fF]#"), " fsharp "),
    (re.compile(r"(?<!\S)\.(?:net|NET|Net)(?!\w)"), " dotnet "),
)
# Words that say nothing in a question; dropped unless nothing else is asked.
FILLER = frozenset(
    "a already an and any anybody anyone are as at by do does for from has have how i in into is it of on or our some "  # noqa: SIM905
    "somebody someone something that the there this to we what where which who with".split()
)


@dataclass(frozen=True)
class Word:
    """One word asked for; `parts` are the pieces of a camel-case word, all of which will do as well."""

    text: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """What is asked: every word must occur, the last one as a beginning. `cut` tells that it was too long."""

    words: tuple[Word, ...]
    cut: bool = False


def _plain(text: str) -> str:
    for pattern, name in _NAMED:
        text = pattern.sub(name, text)
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)) if not text.isascii() else text
    return bare if bare.isascii() else _IDEOGRAPH.sub(r" \1 ", unicodedata.normalize("NFKC", bare))


def _parts(token: str) -> tuple[str, ...]:
    parts = _PART.findall(token)
    return tuple(part.casefold() for part in parts) if len(parts) > 1 and "".join(parts) == token else ()


def fold(text: str, limit: int = 10_000) -> str:
    """Words of the first `limit` characters, one blank between: no accents, no case, camel case also in pieces."""
    words: list[str] = []
    for token in _TOKEN.findall(_plain(text[:limit])):
        words.append(token.casefold())
        words.extend(_parts(token))
    return " ".join(words)[: 2 * limit]


def squeeze(text: str) -> str:
    """A name without separators: `ledger-core` and `Ledger Core` are both `ledgercore`."""
    return "".join(token.casefold() for token in _TOKEN.findall(_plain(text)))


def ask(text: str) -> Question:
    """Read what somebody typed. Anything is allowed; punctuation only separates."""
    tokens = _TOKEN.findall(_plain(text[:QUERY_CHARACTERS]))
    words = [Word(token.casefold(), _parts(token)) for token in tokens]
    telling = [word for word in words if word.text not in FILLER] or words
    cut = len(text) > QUERY_CHARACTERS or len(telling) > QUERY_WORDS
    return Question(tuple(dict.fromkeys(telling[:QUERY_WORDS])), cut)
