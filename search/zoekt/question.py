"""From a matcher to Zoekt's query language: at least the files that match, since what comes back is looked at again."""

from functools import cache

from search.embedded.atoms import by_line
from search.engine import AllOf, AnyOf, FileName, Folder, Literal, Matcher, NoneOf, Path, Regex, Repositories, Symbol
from search.filters import Contains, Every, Filter, filter_for
from search.syntax import is_odd

EVERY = "repo:^r"
NONE = "-repo:^r"
LONG_S = "\u017f"
MOST_S = 3  # of one word, that are spelt in both ways
SHORT = 2  # texts that Zoekt looks for by an expression, which knows all letters


def question(node: Matcher, *, careful: bool = False) -> str:
    """A query whose answer holds every file that satisfies the matcher; `careful`: without regular expressions."""
    if isinstance(node, AllOf):
        asked = [question(child, careful=careful) for child in node.children]
        return _joined([each for each in asked if each != EVERY], " ") or EVERY
    if isinstance(node, AnyOf):
        asked = [question(child, careful=careful) for child in node.children]
        return EVERY if EVERY in asked else _joined(asked, " or ") or NONE
    if isinstance(node, NoneOf):
        return f"-{_leaf(node.child, False, turned=True)}" if _is_same(node.child) else EVERY
    return _leaf(node, careful)


def is_exact(node: Matcher) -> bool:
    """Whether Zoekt's answer holds no other files than those that match."""
    if isinstance(node, AllOf | AnyOf):
        return all(map(is_exact, node.children))
    return _is_same(node.child if isinstance(node, NoneOf) else node)


def named(files: list[tuple[int, str]]) -> str:
    """The query for files by repository and name as Zoekt knows it."""
    return _joined([f'( repo:^r{pk}$ case:yes file:"^{_quoted(escaped(name))}$" )' for pk, name in files], " or ")


def _leaf(node: Matcher, careful: bool, *, turned: bool = False) -> str:
    if isinstance(node, Literal):
        return _literal("content", node.text, node.case_sensitive, turned=turned)
    if isinstance(node, Regex):
        return _expression("content", node.pattern, node.case_sensitive, careful)
    if isinstance(node, FileName) and node.regex:
        return EVERY  # its ends are not those of the path
    if isinstance(node, Path | FileName):
        ask = _expression("file", node.pattern, node.case_sensitive, careful) if node.regex else ""
        return ask or _literal("file", node.pattern, node.case_sensitive)
    if isinstance(node, Symbol):
        name = escaped(node.name)
        return _atom("sym", f"^{name}$" if node.exact else name, node.case_sensitive)
    if isinstance(node, Repositories | Folder):
        ids = node.ids if isinstance(node, Repositories) else [node.repository_id]
        return f"repo:^r({'|'.join(map(str, sorted(ids)))})$" if ids else NONE
    return EVERY


def _literal(field: str, text: str, case_sensitive: bool, *, turned: bool = False) -> str:
    """`turned`: what is found too much is not to be."""
    if not text or "\n" in text:
        return EVERY
    if case_sensitive:
        return _atom(field, escaped(text), True)
    if turned:  # with a part that is no literal Zoekt looks again, and does not take a dotted capital I for an i
        return _atom(field, f"{escaped(text)}(?:$)?", False)
    return _joined([_atom(field, each, False) for each in _spellings(text)], " or ")


def _spellings(text: str) -> list[str]:
    """Expressions that find a text without regard to case; Zoekt holds the long s and some others for letters apart."""
    spelt, seen = [""], 0
    for letter in text.replace(LONG_S, "s"):
        forms = [escaped(letter)]
        if not letter.isascii() and (letter in _odd() or is_odd(letter)):
            forms = ["."]
        elif letter in "sS" and len(text) > SHORT:
            seen += 1
            forms = [letter, LONG_S] if seen <= MOST_S else [f"[sS{LONG_S}]"]
        spelt = [start + form for start in spelt for form in forms]
    return spelt


def _expression(field: str, pattern: str, case_sensitive: bool, careful: bool) -> str:
    """The expression itself; what it must contain, where Zoekt holds other letters for the same, or refuses it."""
    folds = not case_sensitive or "(?" in pattern  # of a flag inside Zoekt loses sight
    if careful or (folds and (not pattern.isascii() or "\\x" in pattern)):
        return _contains(field, filter_for(pattern, ignore_case=not case_sensitive), not folds)
    return _atom(field, by_line(pattern) if field == "content" else pattern, not folds)


def _contains(field: str, wanted: Filter, case_sensitive: bool) -> str:
    if isinstance(wanted, Contains):
        return _literal(field, wanted.text, case_sensitive)
    asked = [_contains(field, part, case_sensitive) for part in wanted.parts]
    if isinstance(wanted, Every):
        return _joined([each for each in asked if each != EVERY], " ") or EVERY
    return EVERY if EVERY in asked else _joined(asked, " or ") or NONE


def _atom(field: str, pattern: str, case_sensitive: bool) -> str:
    return f'( case:{"yes" if case_sensitive else "no"} {field}:"{_quoted(pattern)}" )'


def _quoted(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace('"', '\\"')


def _joined(parts: list[str], joint: str) -> str:
    return f"( {joint.join(parts)} )" if len(parts) > 1 else "".join(parts)


def _is_same(node: Matcher) -> bool:
    """Whether Zoekt and we mean the same, so that it may be turned round."""
    if isinstance(node, Literal):
        return bool(node.text) and "\n" not in node.text and (node.case_sensitive or node.text.isascii())
    return isinstance(node, Repositories)


def escaped(text: str) -> str:
    """The expression of exactly this text."""
    return "".join("\\" + each if each in r"\.+*?()|[]{}^$" else each for each in text)


@cache
def _odd() -> frozenset[str]:
    """Letters that RE2 holds for the same as another one without case, and whose small forms differ."""
    found = set()
    for number in range(0x80, 0x1E944):
        letter = chr(number)
        small = letter.upper().lower()
        if len(letter.lower()) != 1 or len(small) != 1:
            found.add(letter)
        elif small != letter.lower():
            found.update((letter, small))
    return frozenset(found)
