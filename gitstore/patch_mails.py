"""Patches as people send them: `git format-patch` mails (one or many), saved mails, plain `git diff` text.

Only taken apart here; `gitstore.patches` holds them against a repository.
"""

import base64
import binascii
import email
import email.header
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from gitstore.diffs import FileChange, FilePatch, counted_patch, split_files, unquoted
from gitstore.errors import GitError

MAX_BYTES = 2 * 1024**2
MAX_PATCHES = 100
MAX_FILES = 3000
MAX_INFLATED = 16 * 1024**2
_MBOX = re.compile(rb"^From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}[^\n]*\n", re.MULTILINE)
_HEADER = re.compile(rb"(?:From|Subject|Date|Message-Id|MIME-Version|Content-Type|To|Return-Path|Received): ", re.I)
_DIFF = re.compile(rb"^(?:diff --git |--- [^\n]*\n\+\+\+ )", re.MULTILINE)
_END_OF_MESSAGE = re.compile(rb"^---[ \t]*$", re.MULTILINE)
_SIGNATURE = re.compile(rb"\n-- \n[^+\-@\\ ][^\n]*\n*\Z")
_TAG = re.compile(r"\A(?:\s*(?:\[[^\]]{0,60}\]|re:|fwd:)\s*)+", re.IGNORECASE)
_IN_BODY = re.compile(r"(From|Subject|Date): (.*)")
_INFLATED = re.compile(rb"^(?:literal|delta) (\d{1,18})$", re.MULTILINE)
_MODE = re.compile(rb"(old mode|new mode|deleted file mode|new file mode) (\d{6})")
_INDEX = re.compile(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d{6}))?")
_SIMILAR = re.compile(rb"(?:dis)?similarity index (\d{1,3})%")


class BadPatch(GitError):
    """What was given is no patch, or one that the portal does not take. Nothing was looked at in a repository."""

    code = "patch"


@dataclass(frozen=True, slots=True)
class PatchMail:
    """One patch: its message as the commit would have it, author as "Name <address>" or empty, unified text."""

    author: str
    message: str
    diff: bytes

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]


def read_patches(data: bytes) -> tuple[PatchMail, ...]:
    """The patches in what somebody gave, in order; cover letters are left out. Raises BadPatch."""
    if len(data) > MAX_BYTES:
        raise BadPatch(
            f"The patch has {len(data) / 1024**2:.1f} MB; at most {MAX_BYTES // 1024**2} MB are taken.",
            "Push it as a branch and offer the branch, or split it.",
        )
    if not data.strip():
        raise BadPatch("The patch is empty.", "Make one with `git format-patch origin/HEAD --stdout`.")
    mails = [mail for part in _mails(data) if (mail := _mail(part)) is not None]
    if not mails:
        raise BadPatch("There is no change in it.", "Give the output of “git format-patch” or “git diff”.")
    if len(mails) > MAX_PATCHES:
        raise BadPatch(f"It holds {len(mails)} patches; at most {MAX_PATCHES} are taken.", "Offer a branch instead.")
    for mail in mails:
        _check_files(mail)
    return tuple(mails)


def with_cr(diff: bytes) -> bytes:
    """The same change for files whose lines end with CR LF."""
    lines = diff.split(b"\n")
    inside = False
    for place, line in enumerate(lines):
        inside = line.startswith(b"@@ ") or (inside and line[:1] in (b" ", b"+", b"-"))
        if inside and not line.startswith(b"@@ ") and not line.endswith(b"\r"):
            lines[place] = line + b"\r"
    return b"\n".join(lines)


def without_cr(diff: bytes) -> bytes:
    """Lines as they were before somebody's editor, mail program or browser ended them with CR LF."""
    return diff.replace(b"\r\n", b"\n")


def patched_files(diff: bytes) -> list[tuple[FileChange, FilePatch]]:
    """The files of a unified text with what happens to each, as its own lines tell; object ids may be short, or empty.

    A file without a line `diff --git` before it is left out.
    """
    return [(_change(text), counted_patch(text)) for text in split_files(diff) if text.startswith(b"diff --git ")]


def touched_paths(diff: bytes) -> frozenset[bytes]:
    """Every path that a unified text names, before and after. Raises BadPatch where one cannot be read."""
    found = {path for change, _ in patched_files(diff) for path in (change.old_path, change.path)}
    for line in re.findall(rb"^(?:---|\+\+\+) ([^\n]+)$", diff[: diff.find(b"diff --git ")], re.MULTILINE):
        path = _name(line)
        if path:
            found.add(path)
    return frozenset(found)


def _mails(data: bytes) -> Iterator[bytes]:
    lead = len(data) - len(data.lstrip())
    starts = [match.start() for match in _MBOX.finditer(data) if _begins(data, match.start(), lead)]
    if not starts:
        yield data
        return
    if len(starts) > MAX_PATCHES + 1:  # and a cover letter
        raise BadPatch(f"It holds {len(starts)} mails; at most {MAX_PATCHES} are taken.", "Offer a branch instead.")
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        yield data[data.find(b"\n", start) + 1 : end]


def _begins(data: bytes, start: int, lead: int) -> bool:
    """Whether a line like the first of a mail stands where one may: first of all, or after an empty line."""
    return start <= lead or data[max(0, start - 4) : start].replace(b"\r", b"").endswith(b"\n\n")


def _mail(part: bytes) -> PatchMail | None:
    text = part.lstrip(b"\r\n \t\xef\xbb\xbf") if not part.startswith((b"diff", b"---")) else part
    if not _HEADER.match(text):
        return _plain(text)
    head, body = re.split(rb"\r?\n\r?\n", text, maxsplit=1) if re.search(rb"\r?\n\r?\n", text) else (text, b"")
    mail = email.message_from_bytes(head.replace(b"\r\n", b"\n") + b"\n\n")
    body = _body(mail, body, text)
    if (found := _DIFF.search(body)) is None:
        return None
    cut = _END_OF_MESSAGE.search(body, 0, found.start())
    words = _decode(body[: cut.start() if cut else found.start()], mail.get_content_charset())
    author, subject, words = _in_body(words, _header(mail, "From"), _header(mail, "Subject"))
    subject = _TAG.sub("", " ".join(subject.split()))
    return PatchMail(_author(author), f"{subject}\n\n{words}".strip(), _tidy(body[found.start() :]))


def _plain(text: bytes) -> PatchMail | None:
    found = _DIFF.search(text)
    if found is None:
        return None
    words = _decode(text[: found.start()], None).strip()
    return PatchMail("", words[:2000], _tidy(text[found.start() :]))


def _tidy(diff: bytes) -> bytes:
    first = diff[: diff.find(b"\n")]
    diff = without_cr(diff) if first.endswith(b"\r") else diff
    return _SIGNATURE.sub(b"\n", diff if diff.endswith(b"\n") else diff + b"\n")


def _body(mail: Message, body: bytes, text: bytes) -> bytes:
    if mail.get_content_maintype() == "multipart":
        parts = [
            part.get_payload(decode=True) for part in email.message_from_bytes(text).walk() if not part.is_multipart()
        ]
        return b"\n".join(part for part in parts if isinstance(part, bytes))
    encoding = str(mail.get("Content-Transfer-Encoding", "")).strip().lower()
    try:
        if encoding == "base64":
            return base64.b64decode(body)
        return quopri.decodestring(body) if encoding == "quoted-printable" else body
    except binascii.Error as error:
        raise BadPatch("The mail's content is damaged: it is no base64 text.", "Attach the patch as a file.") from error


def _header(mail: Message, name: str) -> str:
    """A header with its encoded words read, however wrong they are."""
    parts = []
    for piece, charset in email.header.decode_header(mail.get(name, "")):
        parts.append(piece if isinstance(piece, str) else _decode(piece, charset))
    return "".join(parts).replace("\n", " ").replace("\x00", "").strip()


def _in_body(words: str, author: str, subject: str) -> tuple[str, str, str]:
    """Author, subject and message, when the message itself begins with headers, as forwarded patches do."""
    lines = words.strip("\n").split("\n")
    while lines and (match := _IN_BODY.fullmatch(lines[0].strip())):
        author = match[2] if match[1] == "From" else author
        subject = match[2] if match[1] == "Subject" else subject
        lines.pop(0)
    return author, subject, "\n".join(lines).strip()


def _author(text: str) -> str:
    name, address = parseaddr(text)
    return (f"{name} <{address}>" if name and address else text)[:300]


def _decode(text: bytes, charset: str | None) -> str:
    text = without_cr(text)
    for name in (charset or "utf-8", "utf-8"):
        try:
            return text.decode(name).replace("\x00", "")
        except (LookupError, ValueError):
            continue
    return text.decode("latin-1").replace("\x00", "")


def _check_files(mail: PatchMail) -> None:
    inflated = sum(int(size) for size in _INFLATED.findall(mail.diff))
    if inflated > MAX_INFLATED:
        raise BadPatch("Its binary files are too large.", "Push it as a branch and offer the branch.")
    paths = touched_paths(mail.diff)
    if len(paths) > MAX_FILES:
        raise BadPatch(f"It touches {len(paths):,} files; at most {MAX_FILES:,} are taken.", "Offer a branch instead.")
    for path in sorted(paths):
        if is_forbidden(path):
            shown = path.decode("utf-8", "replace")[:200]
            raise BadPatch(
                f"It touches “{shown}”, which is outside the files of a repository.",
                "Make the patch with `git format-patch` in a clone.",
            )


def is_forbidden(path: bytes) -> bool:
    """Whether a path leaves the tree or lies in a `.git` folder, also as other file systems spell it."""
    names = path.split(b"/")
    plain = (name.rstrip(b". ").lower() for name in names)
    return any(name in (b"", b".", b"..") for name in names) or any(name in (b".git", b"git~1") for name in plain)


def _change(text: bytes) -> FileChange:
    lines = text.split(b"\n")
    head = lines[0][len(b"diff --git ") :]
    old = new = _same_name(head)
    modes: dict[bytes, int] = {}
    status, similarity, index = "M", 0, (0, 0)
    ids = ("", "")
    for line in lines[1:]:
        if line.startswith((b"@@ ", b"GIT binary patch", b"Binary files ")):
            break
        if match := _MODE.fullmatch(line):
            modes[match[1]] = int(match[2], 8)
            status = {b"new": "A", b"del": "D"}.get(match[1][:3], status) if b"file" in match[1] else status
        elif match := _SIMILAR.fullmatch(line):
            similarity = int(match[1])
        elif line.startswith((b"rename from ", b"copy from ")):
            status, old = ("R" if line.startswith(b"r") else "C"), unquoted(line.partition(b" from ")[2])
        elif line.startswith((b"rename to ", b"copy to ")):
            new = unquoted(line.partition(b" to ")[2])
        elif line.startswith(b"--- "):
            old = _name(line[4:]) or old
        elif line.startswith(b"+++ "):
            new = _name(line[4:]) or new
        elif match := _INDEX.fullmatch(line):
            index = (int(match[3] or b"0", 8),) * 2
            ids = (_oid(match[1]), _oid(match[2]))
    old_mode = modes.get(b"old mode", modes.get(b"deleted file mode", index[0] or 0o100644))
    new_mode = modes.get(b"new mode", modes.get(b"new file mode", index[1] or 0o100644))
    old_mode, new_mode = (0 if status == "A" else old_mode), (0 if status == "D" else new_mode)
    old, new = (new if status == "A" else old), (old if status == "D" else new)
    return FileChange(old_mode, new_mode, ids[0], ids[1], status, similarity, old, new, lines[0])


def _oid(digits: bytes) -> str:
    return digits.decode("ascii") if digits.strip(b"0") else ""


def _same_name(head: bytes) -> bytes:
    """The path in `a/PATH b/PATH` where both are the same; empty where they differ."""
    if head.startswith(b'"'):
        end = re.match(rb'"(?:[^"\\]|\\.)*"', head)
        return _name(end[0]) if end else b""
    half = (len(head) - 1) // 2
    one, other = head[:half], head[half + 1 :]
    return _name(one) if one[2:] == other[2:] else b""


def _name(text: bytes) -> bytes:
    """A path without its `a/` or `b/`; empty for /dev/null."""
    text = text.rstrip(b"\r\t") if text.startswith(b'"') else text.split(b"\t")[0].rstrip(b"\r")
    path = unquoted(text)
    if path == b"/dev/null":
        return b""
    return path.partition(b"/")[2] if b"/" in path else path
