"""Reading content that nobody vouches for: listing folders, decoding text, loading YAML, JSON and TOML with bounds.

Everything here turns bad content into `Unreadable` with plain words; readers turn that into a `Problem` and go on.
"""

import codecs
import json
import posixpath
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from gitstore.records import TreeEntry
from gitstore.snapshot import Snapshot

MAX_LISTED = 5_000
MAX_DEPTH = 50
MAX_ALIASES = 20
MAX_YAML_EVENTS = 50_000
MAX_DOTS_IN_LINE = 500
VENDORED = frozenset(
    b"node_modules vendor vendors third_party third-party thirdparty bower_components testdata fixtures fixture "
    b"__fixtures__ __tests__ __mocks__ test tests spec specs example examples sample samples demo demos template "
    b"templates skeleton site-packages dist build target .git .venv venv".split()
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a maintainer may want to mend: the file it is in and what is wrong, in plain words."""

    path: str
    message: str


class Unreadable(Exception):
    """Content that cannot be used; the message is shown to maintainers."""


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded content: `encoding` as Python names it, `truncated` when only the beginning was kept."""

    text: str
    encoding: str
    truncated: bool = False


def display_path(path: bytes) -> str:
    """A path for tables and people: UTF-8, anything else and control characters written as escapes."""
    text = path.decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\n", "\\n"))


def entries_in(snapshot: Snapshot, directory: bytes = b"") -> list[TreeEntry]:
    """Files and links directly in `directory` ("" is the root), at most 5,000; jumps over subfolders in Git's order."""
    prefix = directory + b"/" if directory else b""
    entries = snapshot.entries
    found: list[TreeEntry] = []
    position = bisect_left(entries, prefix, key=lambda entry: entry.path)
    while position < len(entries) and entries[position].path.startswith(prefix) and len(found) < MAX_LISTED:
        name, slash, _ = entries[position].path[len(prefix) :].partition(b"/")
        if slash:
            position = bisect_left(entries, prefix + name + b"0", lo=position + 1, key=lambda entry: entry.path)
        else:
            found.append(entries[position])
            position += 1
    return found


def has_folder(snapshot: Snapshot, directory: bytes) -> bool:
    """Whether any file lies below `directory`."""
    position = bisect_left(snapshot.entries, directory + b"/", key=lambda entry: entry.path)
    return position < len(snapshot.entries) and snapshot.entries[position].path.startswith(directory + b"/")


def is_own(path: bytes) -> bool:
    """False for files in folders that hold other people's code, fixtures, examples or templates."""
    return not any(part.lower() in VENDORED for part in path.split(b"/")[:-1])


def resolve_link(snapshot: Snapshot, entry: TreeEntry) -> TreeEntry | None:
    """The file a symbolic link names, one hop and only within the tree; the entry itself when it is a plain file."""
    if not entry.is_symlink:
        return entry if entry.type == "blob" else None
    target = snapshot.read(entry, 4096)
    if not target or target.startswith(b"/") or b"\0" in target:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    if path.startswith((b"../", b"/")) or path in (b"..", b"."):
        return None
    found = snapshot.find(path)
    return found if found is not None and found.type == "blob" and not found.is_symlink else None


def read_bytes(snapshot: Snapshot, entry: TreeEntry, limit: int) -> bytes:
    """Content of a file or of the file a link names. Raises Unreadable when too large or not a file in this tree."""
    target = resolve_link(snapshot, entry)
    if target is None:
        raise Unreadable("is a link that does not name a file of this repository")
    content = snapshot.read(target, limit)
    if content is None:
        raise Unreadable(f"is larger than {_human(limit)}, so it was not read")
    return content


def read_text(snapshot: Snapshot, entry: TreeEntry, limit: int) -> str:
    """Like read_bytes, decoded."""
    return decode(read_bytes(snapshot, entry, limit)).text


def decode(content: bytes, keep: int | None = None) -> Text:
    """Text of bytes (the first `keep` of them): UTF-8, UTF-16 with or without mark, else Windows-1252 or Latin-1.

    Raises Unreadable for binary content. Characters that no table can store are replaced.
    """
    truncated = keep is not None and len(content) > keep
    head = content[:keep] if truncated else content
    for encoding in _candidates(head):
        try:
            text = codecs.getincrementaldecoder(encoding)("strict").decode(head, final=not truncated)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text)) > len(text) // 100:
            raise Unreadable("is a binary file")
        return Text(clean(text), encoding, truncated)
    raise Unreadable("is a binary file")


def _candidates(head: bytes) -> Iterator[str]:
    if head.startswith(codecs.BOM_UTF8):
        yield "utf-8-sig"
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "utf-16"
    elif head[:400].count(0) * 3 > len(head[:400]):
        yield "utf-16-le" if head[1:400:2].count(0) > head[0:400:2].count(0) else "utf-16-be"
    yield from ("utf-8", "cp1252", "latin-1")


def clean(text: str) -> str:
    """Text without NUL, lone surrogates and other characters that databases refuse; line ends become "\\n"."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))


def load_json(text: str) -> Any:
    """Plain Python values of a JSON text. Raises Unreadable."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except RecursionError as error:
        raise Unreadable("is nested too deeply to be read") from error
    except ValueError as error:
        raise Unreadable(f"is not valid JSON: {_short(error)}") from error


def load_toml(text: str) -> dict[str, Any]:
    """Plain Python values of a TOML text. Raises Unreadable."""
    if any(line.count(".") > MAX_DOTS_IN_LINE for line in text.split("\n") if len(line) > MAX_DOTS_IN_LINE):
        raise Unreadable("has a key with too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise Unreadable("is nested too deeply to be read") from error
    except ValueError as error:
        raise Unreadable(f"is not valid TOML: {_short(error)}") from error


def load_yaml(text: str) -> list[Any]:
    """Documents of a YAML text: dicts, lists, strings only (1.0 stays "1.0", tags are ignored). Raises Unreadable."""
    try:
        _check_yaml(text)
        return [document for document in yaml.load_all(text, Loader=yaml.CBaseLoader) if document not in ("", None)]
    except yaml.YAMLError as error:
        raise Unreadable(f"is not valid YAML: {_short(error)}") from error
    except (RecursionError, ValueError, TypeError) as error:
        raise Unreadable("has YAML that cannot be read") from error


def _check_yaml(text: str) -> None:
    """Walk the events, which costs no recursion and no expansion, before anything is built of them."""
    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CBaseLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > MAX_DEPTH:
            raise Unreadable("is nested too deeply to be read")
        if aliases > MAX_ALIASES:
            raise Unreadable(f"has more than {MAX_ALIASES} YAML aliases, so it was not read")
        if count > MAX_YAML_EVENTS:
            raise Unreadable("has too many values to be read")


def _short(error: Exception) -> str:
    return clean(" ".join(str(error).split()))[:200]


def _human(size: int) -> str:
    return f"{size // 1024**2} MB" if size >= 1024**2 else f"{size // 1024} KB"
