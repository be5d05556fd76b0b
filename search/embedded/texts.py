"""A file's content as the index holds it: UTF-8, cut into pieces of whole lines, compressed."""

import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache

import zstandard

from source.rendering.encodings import decode

PIECE_BYTES = 20 * 1024
LEVEL = 3
_thread = threading.local()  # making a packer or unpacker costs as much as using it on a piece
LFS = b"version https://git-lfs.github.com/spec/"


class Spoilt(sqlite3.DatabaseError):
    """What was packed does not pass its checksum."""


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


def cut(data: bytes) -> Iterator[bytes]:
    """A text cut after newlines into parts of about `PIECE_BYTES` at most, unless a line is longer; never none."""
    start = 0
    while True:
        end = _cut(data, start)
        yield data[start:end]
        if end >= len(data):
            return
        start = end


def _cut(data: bytes, start: int) -> int:
    if len(data) - start <= PIECE_BYTES:
        return len(data)
    end = data.rfind(b"\n", start, start + PIECE_BYTES) + 1
    if end <= start:
        end = data.find(b"\n", start + PIECE_BYTES) + 1
    return end or len(data)


def pack(data: bytes) -> bytes:
    packer = getattr(_thread, "packer", None)
    if packer is None:
        packer = _thread.packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    packed: bytes = packer.compress(data)
    return packed


def unpack(packed: bytes) -> bytes:
    """Raises Spoilt when it is not what was packed."""
    unpacker = getattr(_thread, "unpacker", None)
    if unpacker is None:
        unpacker = _thread.unpacker = zstandard.ZstdDecompressor()
    try:
        data: bytes = unpacker.decompress(packed)
    except zstandard.ZstdError as error:
        raise Spoilt(str(error)) from error
    return data


def condensed(data: bytes) -> str:
    """A shorter text with the same trigrams, but for those across the ends of lines: each line once. Reading it costs
    the index of trigrams the less."""
    return alike(b"\n".join(dict.fromkeys(data.split(b"\n"))).decode())


def alike(text: str) -> str:
    """The text with letters replaced where SQLite does not know that two are the same without case."""
    if text.isascii():
        return text
    table = _unlike()
    for letter in table.keys() & set(text):
        text = text.replace(letter, table[letter])
    return text


@cache
def _unlike() -> dict[str, str]:
    """Letters by those that stand for them; none of the latter is replaced itself."""
    table = {}
    for number in range(0x25C, 0x1E944):
        character = chr(number)
        small = character.upper().lower()
        if small != character and len(small) == 1:
            table[character] = small
    return table


def unicode_version() -> str:
    """The index depends on the letters Python knows."""
    return unicodedata.unidata_version
