"""A file's content as the index holds it: UTF-8, cut into pieces of whole lines, compressed."""

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import zstandard

from search.embedded.shard import Spoilt
from source.rendering.encodings import decode

_thread = threading.local()  # making an unpacker costs as much as unpacking a piece

PIECE_BYTES = 32 * 1024
LEVEL = 3
LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a text; `first_line` counts from 1. `packed` is compressed UTF-8."""

    first_line: int
    text: str
    packed: bytes


def text_of(content: bytes) -> str | None:
    """The text of a file, or None when it is none. A byte order mark is not part of it."""
    if not content:
        return ""
    found = decode(content)
    return found.text if found is not None else None


def why_not(content: bytes) -> str:
    """Reason for a file that has no text."""
    return "binary" if b"\0" in content[:8000] else "undecodable"


def is_lfs_pointer(content: bytes) -> bool:
    return content.startswith(LFS) and len(content) < 1024


def pieces(text: str) -> Iterator[Piece]:
    """The text cut after newlines into pieces of about `PIECE_BYTES` at most, unless a line is longer; never none."""
    data = text.encode()
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    line = 1
    start = 0
    while True:
        end = _cut(data, start)
        part = data[start:end]
        yield Piece(line, part.decode(), packer.compress(part))
        if end >= len(data):
            return
        line += part.count(b"\n")
        start = end


def _cut(data: bytes, start: int) -> int:
    if len(data) - start <= PIECE_BYTES:
        return len(data)
    end = data.rfind(b"\n", start, start + PIECE_BYTES) + 1
    if end <= start:
        end = data.find(b"\n", start + PIECE_BYTES) + 1
    return end or len(data)


def unpack(packed: bytes) -> bytes:
    """Raises Spoilt when it is not what was packed."""
    try:
        return _unpacker().decompress(packed)
    except zstandard.ZstdError as error:
        raise Spoilt(str(error)) from error


def _unpacker() -> zstandard.ZstdDecompressor:
    found = getattr(_thread, "unpacker", None)
    if found is None:
        found = _thread.unpacker = zstandard.ZstdDecompressor()
    return found


def alike(text: str) -> str:
    """The text with letters replaced where SQLite does not know that two are the same without case."""
    return text if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    table = {}
    for number in range(0x25C, 0x1E944):
        character = chr(number)
        small = character.upper().lower()
        if small != character and len(small) == 1:
            table[number] = small
    return table


def unicode_version() -> str:
    """The index depends on the letters Python knows."""
    return unicodedata.unidata_version
