"""Why a project is in a result, in words for people."""

from projects.catalog.relevance import Answer
from projects.catalog.text import ALIKE, BEGINNING
from projects.catalog.words import Question

_PLACES = {
    "n": "name or address",
    "t": "topics or packages",
    "s": "first line",
    "h": "headings of the README",
    "p": "team or people",
    "l": "languages or licence",
    "r": "README",
}


def reason(question: Question, answer: Answer, project_id: int) -> str:
    """Such as `“ledger” in the name or address, “retries” in the README`; empty without words."""
    places: dict[str, list[str]] = {}
    missing = []
    for word, level in zip(question.words, answer.levels(project_id), strict=True):
        if level is None:
            missing.append(f"“{word.text}”")
            continue
        shown = f"“{word.text}…”" if level.manner == BEGINNING else f"“{word.text}”"
        shown = f"a word like {shown}" if level.manner == ALIKE else shown
        places.setdefault(level.part, []).append(shown)
    parts = [f"{_and(places[part])} in the {place}" for part, place in _PLACES.items() if part in places]
    if missing:
        parts.append(f"without {_and(missing)}")
    return ", ".join(parts)


def _and(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
