"""What a content defines, as the indexes of symbols have it."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.engine import Definition
from source.rendering import outline

# Their headings and selectors are not what people mean by a symbol.
_PROSE = {"Markdown", "reStructuredText", "TeX", "AsciiDoc", "CSS", "SCSS", "Less", "Pod", "Man"}


@dataclass(frozen=True, slots=True)
class Named:
    """`looked` is False where Universal Ctags is not installed; `failed` where it died on the content."""

    definitions: tuple[Definition, ...] = ()
    looked: bool = True
    failed: bool = False


def names_of(texts: Sequence[bytes], language: str) -> list[Named]:
    """Definitions in each of these UTF-8 texts of one language, in the order of lines."""
    if not outline.installed():
        return [Named(looked=False)] * len(texts)
    if language in _PROSE or not outline.supported(language):
        return [Named()] * len(texts)
    return [
        Named(failed=True) if found is None else Named(tuple(Definition(s.name, s.kind, s.line) for s in found))
        for found in outline.definitions(texts, language)
    ]
