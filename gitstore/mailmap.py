"""The .mailmap of a commit: Git itself says who somebody properly is."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gitstore.facts import Contact, check_oid, contact
from gitstore.process import run_git
from gitstore.records import Limits

PATH = ".mailmap"
BATCH = 2000
SHOWN = 20
_LINE = re.compile(rb"([^<]*)<[^>]+>(?:[^<]*|[^<]*(<)[^>]*>.*)", re.DOTALL)
_FORM = "Not of the form `Name <address>` or `Name <address> Other name <other address>`."


def mailmap_blob(git_dir: Path, commit: str, limits: Limits) -> str:
    """Object id of the file, empty where there is none."""
    row = run_git(["ls-tree", "-z", check_oid(commit), "--", PATH], git_dir=git_dir, limits=limits)
    words = row.partition(b"\t")[0].split(b" ")
    return words[2].decode("ascii") if len(words) == 3 and words[1] == b"blob" else ""


def proper_contacts(
    git_dir: Path, blob: str, contacts: Sequence[Contact], limits: Limits
) -> Iterator[tuple[Contact, Contact]]:
    """Those of `contacts` that the mailmap in this blob changes, each with what it becomes: `git check-mailmap`."""
    config = [("mailmap.blob", check_oid(blob)), ("mailmap.file", "")]
    for start in range(0, len(contacts), BATCH):
        asked = contacts[start : start + BATCH]
        data = b"".join(b"%s <%s>\n" % pair for pair in asked)
        answer = run_git(["check-mailmap", "--stdin"], git_dir=git_dir, limits=limits, config=config, input=data)
        for before, line in zip(asked, answer.split(b"\n"), strict=False):
            after = contact(line)
            if after != contact(b"%s <%s>" % before):
                yield before, after


def broken_lines(git_dir: Path, blob: str, limits: Limits) -> list[tuple[int, str]]:
    """Line numbers, with words, of what Git skips in silence; the first twenty."""
    text = run_git(["cat-file", "blob", check_oid(blob)], git_dir=git_dir, limits=limits)
    return list(_broken(text.split(b"\n")))[:SHOWN]


def _broken(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if b"\0" in text:
            yield number, "Git reads nothing from here on, because of a zero byte."
            return
        if not text or text.startswith(b"#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            yield number, _FORM
        elif not match[1].strip() and not match[2]:
            yield number, "Changes nobody: it has one address and no name."
