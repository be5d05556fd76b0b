"""A matcher made ready: its atoms numbered, and its truth for one file told from what is known so far."""

import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import re2

from search.embedded.atoms import Finder, filter_of, finder_for
from search.engine import (
    AllOf,
    AnyOf,
    BadPattern,
    Branch,
    FileName,
    Folder,
    Language,
    Literal,
    Matcher,
    NoneOf,
    Path,
    Regex,
    Repositories,
    Symbol,
)
from search.filters import Filter

Truth = bool | None  # None: not known yet


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file as the index has it. `refs`: short names of its branches, the first of the repository's first."""

    pk: int
    repository_id: int
    path: bytes
    blob: int
    refs: tuple[str, ...]
    language: str
    kind: int
    defines: frozenset[Symbol] = frozenset()  # of those asked for


@dataclass(slots=True)
class Atom:
    """One atom of content. `positive`: its lines are worth showing, since it does not stand under NOT."""

    number: int
    leaf: Literal | Regex
    finder: Finder
    filter: Filter
    positive: bool


class Tree:
    """Raises BadPattern when it is made."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.atoms: list[Atom] = []
        self.symbols: list[Symbol] = []  # those whose lines are worth showing
        self.all_symbols: set[Symbol] = set()
        self._numbers: dict[Matcher, int] = {}
        self._tests: dict[Matcher, Callable[[FileRow], bool]] = {}
        self._collect(matcher, positive=True)

    @cached_property
    def asks_about_files(self) -> bool:
        """Whether anything but content matters."""
        return bool(self._tests)

    @cached_property
    def single(self) -> Atom | None:
        """The only atom, where content is all that is asked about and it must be there."""
        return self.atoms[0] if self.matcher in self._numbers else None

    @cached_property
    def needed(self) -> list[Atom]:
        """Those that must be in the content, whatever else is true."""
        leaves = required(self.matcher)
        return [self.atoms[number] for leaf, number in self._numbers.items() if leaf in leaves]

    def truth(self, file: FileRow, known: Mapping[int, bool]) -> Truth:
        """Of the whole for one file, with those atoms that are known."""
        return self._truth(self.matcher, file, known)

    def _collect(self, node: Matcher, positive: bool) -> None:
        if isinstance(node, AllOf | AnyOf):
            for child in node.children:
                self._collect(child, positive)
        elif isinstance(node, NoneOf):
            self._collect(node.child, not positive)
        elif isinstance(node, Literal | Regex):
            self._add_atom(node, positive)
        else:
            if isinstance(node, Symbol):
                self.all_symbols.add(node)
                self.symbols += [node] if positive else []
            self._tests.setdefault(node, _test(node))

    def _add_atom(self, leaf: Literal | Regex, positive: bool) -> None:
        number = self._numbers.setdefault(leaf, len(self.atoms))
        if number == len(self.atoms):
            self.atoms.append(Atom(number, leaf, finder_for(leaf), filter_of(leaf), positive))
        elif positive:
            self.atoms[number].positive = True

    def number(self, leaf: Matcher) -> int:
        return self._numbers[leaf]

    def _truth(self, node: Matcher, file: FileRow, known: Mapping[int, bool]) -> Truth:
        if isinstance(node, AllOf):
            return _least(self._truth(child, file, known) for child in node.children)
        if isinstance(node, AnyOf):
            negated = (_not(self._truth(child, file, known)) for child in node.children)
            return _not(_least(negated))
        if isinstance(node, NoneOf):
            return _not(self._truth(node.child, file, known))
        if isinstance(node, Literal | Regex):
            return known.get(self._numbers[node])
        return self._tests[node](file)


def required(matcher: Matcher) -> Sequence[Matcher]:
    """Parts that must be true for the whole to be."""
    if isinstance(matcher, AllOf):
        return [leaf for child in matcher.children for leaf in required(child)]
    return [matcher]


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _least(truths) -> Truth:  # type: ignore[no-untyped-def]
    """False if one is, else unknown if one is, else True."""
    answer: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            answer = None
    return answer


def _test(node: Matcher) -> Callable[[FileRow], bool]:
    if isinstance(node, Repositories):
        ids = node.ids
        return lambda file: file.repository_id in ids
    if isinstance(node, Folder):
        repository, start = node.repository_id, node.prefix.strip(b"/")
        start = start + b"/" if start else b""
        return lambda file: file.repository_id == repository and file.path.startswith(start)
    if isinstance(node, Language):
        wanted = node.name.casefold()
        return lambda file: file.language.casefold() == wanted
    if isinstance(node, Branch):
        pattern = re.compile(fnmatch.translate(node.name.replace("[", "[[]")))
        return lambda file: any(pattern.match(name) for name in file.refs)
    if isinstance(node, Path | FileName):
        return _path_test(node)
    return lambda file: node in file.defines


def _path_test(node: Path | FileName) -> Callable[[FileRow], bool]:
    holds = text_test(node)
    if isinstance(node, FileName):
        return lambda file: holds(file.path.rpartition(b"/")[2].decode("utf-8", "replace"))
    return lambda file: holds(file.path.decode("utf-8", "replace"))


def text_test(node: Path | FileName) -> Callable[[str], bool]:
    """Whether a path or name passes. Raises BadPattern."""
    if node.regex or (not node.case_sensitive and not node.pattern.isascii()):
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = node.case_sensitive
        try:
            found = re2.compile(node.pattern if node.regex else re2.escape(node.pattern), options)
        except (re2.error, UnicodeEncodeError) as error:
            raise BadPattern(str(error)) from None
        return lambda text: found.search(text) is not None
    if node.case_sensitive:
        return lambda text: node.pattern in text
    small = node.pattern.lower()
    return lambda text: small in text.lower()
