"""A commit's message for people: its trailers apart, addresses and commits of the same repository as links."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from gitstore.objects import CommitObject
from source.names import shown_text

MAX_LOOKUPS = 20
MAX_SHOWN = 64 * 1024
_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}): (.{1,2000})\Z")
_LINKED = re.compile(r"https?://[^\s<>\"'`{}|\\^\x00-\x20\x7f-\xa0]+|(?<![\w@/.-])[0-9a-f]{7,64}(?![\w@/-])")
_TAIL = ".,;:!?)]"
FindCommit = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Message:
    """Title and body as HTML, and trailers (name, value as HTML) in their order; `cut` when it is longer than shown."""

    title: SafeString
    body: SafeString
    trailers: list[tuple[str, SafeString]]
    cut: bool


def read_message(commit: CommitObject, find: FindCommit) -> Message:
    """The message of a commit; `find` gives the address of a commit that exists, by id or its beginning."""
    body, trailers = _without_trailers(commit.body[:MAX_SHOWN])
    look = _Lookups(find)
    return Message(
        title=linked(commit.title[:2000], look),
        body=linked(body, look),
        trailers=[(name, linked(value, look)) for name, value in trailers],
        cut=len(commit.body) > MAX_SHOWN or len(commit.title) > 2000,
    )


def linked(text: str, find: FindCommit) -> SafeString:
    """Escaped text with links."""
    parts, place = [], 0
    for match in _LINKED.finditer(text):
        word = match[0]
        if word.startswith("http"):
            word = _trimmed(word)
            url = f'<a href="{escape(word)}" rel="nofollow noreferrer">{shown_text(word)}</a>'
        elif address := find(word):
            url = f'<a class="oid" href="{escape(address)}">{escape(word)}</a>'
        else:
            continue
        parts += [shown_text(text[place : match.start()]), url]
        place = match.start() + len(word)
    parts.append(shown_text(text[place:]))
    return mark_safe("".join(parts))  # noqa: S308 (put together from escaped pieces)


class _Lookups:
    """Asks for at most MAX_LOOKUPS commits, each once."""

    def __init__(self, find: FindCommit) -> None:
        self._find = find
        self._known: dict[str, str | None] = {}

    def __call__(self, word: str) -> str | None:
        if word not in self._known:
            if len(self._known) >= MAX_LOOKUPS:
                return None
            self._known[word] = self._find(word)
        return self._known[word]


def _trimmed(word: str) -> str:
    """An address without the full stop or bracket that ends the sentence around it."""
    while word and word[-1] in _TAIL:
        if word[-1] == ")" and word.count("(") >= word.count(")"):
            break
        word = word[:-1]
    return word


def _without_trailers(body: str) -> tuple[str, list[tuple[str, str]]]:
    rest, _, last = body.rstrip().rpartition("\n\n")
    matches = [_TRAILER.match(line.strip()) for line in last.split("\n")]
    found = [(match[1], match[2]) for match in matches if match is not None]
    return (rest, found) if found and len(found) == len(matches) else (body, [])
