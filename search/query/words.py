"""Where the pieces of a query begin and end: words, phrases, regular expressions. Each piece is read once, forwards."""

import re
from dataclasses import dataclass

from search.query.tree import QueryError

_BLANKS = re.compile(r"\s*")
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_IN_PATTERN = re.compile(r"\\.|[^\\/\[]+|/|\[\^?\]?|\\", re.DOTALL)
_IN_CLASS = re.compile(r"(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_PLAIN = re.compile(r'[^\s"()]+')
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass
class Reader:
    """A place in the typed text. `groups` counts the parentheses that are open there."""

    text: str
    at: int = 0
    groups: int = 0

    def skip_blanks(self) -> bool:
        """Go to the next piece; False at the end."""
        found = _BLANKS.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def ends(self, at: int) -> bool:
        """Whether a piece may end here: at a blank, at the end, before the parenthesis of a group."""
        return at >= len(self.text) or self.text[at].isspace() or (self.groups > 0 and self.text[at] == ")")

    def phrase(self, also: str = "") -> str | None:
        """The phrase that begins here, if it stands alone (or `also` follows). Raises QueryError if it never ends."""
        found = _PHRASE.match(self.text, self.at)
        if found is None:
            raise self._never_closed()
        if not self.ends(found.end()) and self.text[found.end()] not in also:
            return None
        self.at = found.end()
        return _ESCAPED.sub(r"\1", found[1])

    def pattern(self) -> str | None:
        """The regular expression between slashes that begins here; None if these slashes are those of a path."""
        end = self._slash(classes=True) or self._slash(classes=False)
        if end is None or end == self.at + 1 or not self.ends(end + 1):
            return None
        regex = self.text[self.at + 1 : end]
        self.at = end + 1
        return regex

    def word(self, stop: str = "") -> str:
        """What stands here up to a blank: paired parentheses and quotes within belong to it."""
        start, depth, text = self.at, 0, self.text
        while self.at < len(text) and not text[self.at].isspace() and (text[self.at] not in stop):
            c = text[self.at]
            if c == '"':
                found = _PHRASE.match(text, self.at)
                self.at = found.end() if found else self.at + 1
                continue
            if c == ")" and depth == 0 and self.groups:
                break
            depth += (c == "(") - (c == ")" and depth > 0)
            if c in "()" or stop:
                self.at += 1
            elif found := _PLAIN.match(text, self.at):
                self.at = found.end()
        return text[start : self.at]

    def _slash(self, classes: bool) -> int | None:
        """Where the next slash stands that is neither escaped nor, unless told otherwise, in a class."""
        at = self.at + 1
        while at < len(self.text):
            found = _IN_PATTERN.match(self.text, at)
            if found is None:
                return None
            if found[0] == "/":
                return at
            at = found.end()
            if classes and found[0].startswith("["):
                closed = _IN_CLASS.match(self.text, at)
                if closed is None:
                    return None
                at = closed.end()
        return None

    def _never_closed(self) -> QueryError:
        rest = self.text[self.at + 1 :]
        escaped = rest.replace("\\", "\\\\").replace('"', '\\"')
        before = self.text[: self.at]
        suggestions = (f'{before}"{rest}"', f'{before}"\\"{escaped}"') if rest else (f'{before}"\\""',)
        message = 'This quote is never closed. To search for a quote itself, write \\" between quotes.'
        return QueryError(message, self.at, self.at + 1, suggestions)


def quoted(text: str) -> str:
    """The text as a phrase of the query language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
