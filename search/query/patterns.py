"""Whether a regular expression can be searched for in linear time, and if not, where and why. RE2 decides."""

import re

import re2

from search.query.tree import QueryError

_MEMORY = 8 * 1024 * 1024
_SPECIAL = re.compile(r"\\(?:k<|.)|\[\^?\]?|\]|\(\?(?:<?[=!]|>|\(|\||\#)|[*+?}]\+|.", re.DOTALL)
_LOOK = "Looking ahead or behind cannot be searched for in linear time. Ask for the parts apart, with AND and NOT."
_UNSUPPORTED = {
    "(?=": _LOOK,
    "(?!": _LOOK,
    "(?<=": _LOOK,
    "(?<!": _LOOK,
    "(?>": "Atomic groups are not supported; a plain group (?:…) finds at least as much.",
    "(?(": "Conditions are not supported.",
    "(?|": "Branch reset groups are not supported.",
    "(?#": "Comments are not supported in a regular expression.",
    "\\k<": "References back to a group cannot be searched for in linear time.",
    "\\C": "Single bytes cannot be searched for: files are searched as text.",
}
_WORDS = {
    "missing )": "A parenthesis is opened here and never closed.",
    "unexpected )": "This parenthesis closes nothing.",
    "missing ]": "A bracket is opened here and never closed.",
    "no argument for repetition operator": "There is nothing here to repeat.",
    "bad repetition operator": "Two repetitions follow each other.",
    "invalid repetition size": "A repetition may count to 1000 at most, also within another.",
    "invalid escape sequence": "This escape is not known.",
    "invalid character class range": "This range or class of characters is not known.",
    "invalid named capture group": "This name of a group is not valid.",
    "invalid perl operator": "This kind of group is not known.",
    "trailing \\": "A backslash stands at the end with nothing to escape.",
    "pattern too large - compile failed": "This regular expression is too large.",
}


def check(pattern: str, start: int) -> None:
    """Raises QueryError if the pattern, which begins at `start` of the typed text, cannot be used."""
    _refuse_unsupported(pattern, start)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise _explained(error, pattern, start) from None


def has_capital(pattern: str) -> bool:
    """Whether a capital letter stands in the pattern for itself: not in `\\W`, `\\pL` or the name of a group."""
    plain = re.sub(
        r"\\[pP](?:\{[^}]*\}|.)|\\.|\(\?P?<[^>]*>|\(\?[a-zA-Z-]*[:)]|\[:\^?\w+:\]", "", pattern, flags=re.DOTALL
    )
    return any(c.isupper() for c in plain)


def _refuse_unsupported(pattern: str, start: int) -> None:
    inside = False
    for found in _SPECIAL.finditer(pattern):
        piece = found[0]
        place = start + found.start(), start + found.end()
        if piece.startswith("["):
            inside = True
        elif piece == "]":
            inside = False
        elif inside:
            continue
        elif message := _UNSUPPORTED.get(piece):
            raise QueryError(message, *place)
        elif len(piece) == 2 and piece[0] == "\\" and piece[1] in "123456789":
            raise QueryError("References back to a group cannot be searched for in linear time.", *place)
        elif len(piece) == 2 and piece[1] == "+" and piece[0] != "\\":
            raise QueryError("A possessive repetition is not supported; leave out the second sign.", *place)


def _explained(error: re2.error, pattern: str, start: int) -> QueryError:
    raw = error.args[0] if error.args else ""
    told = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    kind, _, piece = told.partition(": ")
    begin, end = _place(kind, piece, pattern)
    message = _WORDS.get(kind, "This is not a regular expression that can be searched for.")
    return QueryError(message, start + begin, start + end)


def _place(kind: str, piece: str, pattern: str) -> tuple[int, int]:
    if kind in {"missing )", "unexpected )"}:
        at = _unpaired(pattern, kind == "missing )")
        return at, at + 1
    if kind == "missing ]":
        at = max(0, len(pattern) - len(piece)) if pattern.endswith(piece) else pattern.find("[")
        return at, at + 1
    if kind.startswith("trailing"):
        return len(pattern) - 1, len(pattern)
    at = pattern.find(piece) if piece else -1
    return (at, at + len(piece)) if at >= 0 else (0, len(pattern))


def _unpaired(pattern: str, opened: bool) -> int:
    """Where the innermost parenthesis without a partner stands: one that opens, or the first that closes nothing."""
    open_at: list[int] = []
    inside = False
    for found in _SPECIAL.finditer(pattern):
        piece = found[0]
        if piece.startswith("["):
            inside = True
        elif piece == "]":
            inside = False
        elif inside:
            continue
        elif piece.startswith("("):
            open_at.append(found.start())
        elif piece == ")":
            if not open_at and not opened:
                return found.start()
            if open_at:
                open_at.pop()
    return open_at[-1] if open_at else 0
