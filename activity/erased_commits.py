"""Taking an erased person out of what is stored of commits: titles, words of messages, names without an address."""

import re
from collections.abc import Collection, Iterable

from django.db.models import Q

from activity import commit_words
from activity.bulk import lists, update_rows
from activity.erased_texts import ErasedTexts, name_words
from activity.models import Commit, History, Identity, Person
from activity.models.history import TITLE

_RUN = re.compile(r"[a-z0-9]+")
_FOREIGN = r"[^ -~]"  # what a database may compare otherwise than we do: looked at one by one


def rewrite(erased: ErasedTexts, names: Iterable[str], others: Iterable[str]) -> int:
    """The number of commits that named the person. `others`: addresses and logins. Call it within a transaction."""
    known = [words for name in names if len(words := name_words(name)) > 1]
    found = Q(title__regex=_FOREIGN)
    for run in {_longest_run(text) for text in [*map(" ".join, known), *others]}:
        found |= Q(title__icontains=run) | Q(words__contains=run)
    changed = []
    rows = Commit.objects.filter(found).order_by().values_list("pk", "repository_id", "title", "words")
    for pk, repository, title, text in rows.iterator(chunk_size=2000):
        fresh = erased.text(title)[:TITLE], _without(text, known)
        if fresh != (title, text):
            changed.append((*fresh, pk, repository))
    _store(changed)
    _rewrite_problems(erased)
    _rewrite_names(erased)
    return len(changed)


def _longest_run(text: str) -> str:
    return max(_RUN.findall(text.lower()), key=len, default="")


def _without(words: str, names: Iterable[Collection[str]]) -> str:
    """Words of a message without those of a name that are all among them: which of them stood together is not known."""
    listed = words.split(" ")
    plain = {word: " ".join(name_words(word)) for word in listed} if words else {}
    known = set(plain.values())
    gone = {word for name in names if known.issuperset(name) for word in name}
    return " ".join(word for word in listed if plain[word] not in gone) if gone else words


def _store(changed: list[tuple[str, str, int, int]]) -> None:
    indexed = {
        repository: max(words, titles)
        for repository, words, titles in History.objects.values_list("repository_id", "words_to", "titles_to")
    }
    for part in lists(changed):
        pks = [pk for _, _, pk, repository in part if pk <= indexed.get(repository, 0)]
        commit_words.forget(pks)
        update_rows(Commit, ("title", "words"), [row[:3] for row in part])
        commit_words.store(pks)


def _rewrite_problems(erased: ErasedTexts) -> None:
    for history in History.objects.exclude(problems=[]).only("pk", "problems"):
        problems = erased.within(history.problems)
        if problems != history.problems:
            History.objects.filter(pk=history.pk).update(problems=problems)


def _rewrite_names(erased: ErasedTexts) -> None:
    """Of identities without an address, and of those who are nothing else."""
    for row in Identity.objects.filter(email="").exclude(name="").only("pk", "name", "key").iterator():
        shown = erased.text(row.name)
        if shown != row.name:
            Identity.objects.filter(pk=row.pk).update(name=shown, raw=None)
            Person.objects.filter(key=row.key).update(name=shown)
