"""Takes an erased person out of what the catalog keeps: what roles call them, known words, searches in vain."""

from collections.abc import Collection, Iterable

from projects.catalog import text
from projects.catalog.entries import refresh
from projects.catalog.words import fold
from projects.models import CatalogWord, Role, UnansweredSearch


def erase(called: Iterable[str], account_ids: Collection[int], project_ids: Iterable[int]) -> None:
    """After these accounts and projects were changed. `called`: the names, addresses and logins that are erased."""
    held = Role.objects.current().filter(user__in=account_ids).values_list("project_id", flat=True)
    refresh({*project_ids, *held})
    names = [words for words in (set(fold(one).split()) for one in called) if words]
    _forget_words(sorted(set().union(*names)))
    searched = UnansweredSearch.objects.values_list("pk", "text")
    told = [pk for pk, asked in searched if any(_names(words, set(asked.split())) for words in names)]
    UnansweredSearch.objects.filter(pk__in=told).delete()


def _names(words: set[str], asked: set[str]) -> bool:
    """A name of one word may be any word, so nothing else may have been asked for."""
    return words == asked if len(words) == 1 else words <= asked


def _forget_words(words: list[str]) -> None:
    """Those that no project has any more, where they could be taken for what is meant."""
    found = text.look_up([text.anywhere(word) for word in words])
    gone = [word for word, projects in zip(words, found, strict=True) if not projects]
    CatalogWord.objects.filter(word__in=gone).delete()
