"""Names and addresses of erased people within texts that are read from Git later: recognised by digest, replaced.

What is known of them are digests alone, as for identities. A name counts where its words follow each other (two or
more, without case and accents, in either order of first and last name), an address anywhere, a login after an `@`; a
name of one word only as the value of a trailer or before an erased address: anywhere else it may be any word.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any, TypeVar

from django.db import connection, transaction

from activity.models import ErasedText
from activity.people import key_of, pseudonym_address

Value = TypeVar("Value")
MOST_WORDS = 8  # of a name
_NAMED = {"name", "author", "tagger"}  # beside `email`
_WORD = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s.,'’-]{0,3}\Z")
_CONTACT = re.compile(
    r"(?<=: )([^<>\n:]{0,300}?)[ \t]*<([^<>\s]{1,300})>|^([^<>\n:]{1,300}?)[ \t]*<([^<>\s]{1,300})>[ \t]*$",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@`]{1,200}@[^\s<>()\[\]\"',;:@`]{1,200}")
_LOGIN = re.compile(r"(?<![\w@.])@([^\W_][\w-]{0,99})")
_TRAILER = re.compile(r"^([A-Za-z]+(?:-[A-Za-z]+)*-by:[ \t]*)([^\W_]+)(?=[ \t]*$)", re.MULTILINE | re.IGNORECASE)


@lru_cache(maxsize=50_000)
def _plain(word: str) -> tuple[str, str]:
    """The word as it is compared, and the beginning of its digest."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter)).casefold()
    return plain, _digest(plain)[:4]


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


class ErasedTexts:
    """What is known of the erased at this moment. `stamp` changes whenever it does; without any, nothing costs."""

    def __init__(self, rows: Iterable[tuple[str, int, str, int]] = ()) -> None:
        self.people: dict[str, int] = {}
        self.first: set[str] = set()
        lengths = set()
        for digest, words, first, person in rows:
            self.people[digest] = person
            if words > 1:
                self.first.add(first)
                lengths.add(words)
        self.lengths = sorted(lengths, reverse=True)
        self.stamp = len(self.people)

    def __bool__(self) -> bool:
        return bool(self.people)

    def text(self, text: str) -> str:
        """The text with pseudonyms; the same object where nobody is named."""
        if not self.people or not text:
            return text
        if "@" in text:
            text = _CONTACT.sub(self._contact, text)
            text = _ADDRESS.sub(self._address, text)
            text = _LOGIN.sub(self._login, text)
        if "-by:" in text.lower():
            text = _TRAILER.sub(self._trailer, text)
        return self._without_names(text) if self.lengths else text

    def contact(self, name: str, email: str) -> tuple[str, str]:
        """Name and address of an author; of somebody with another address the name stays unless it is an erased one."""
        person = self.people.get(key_of(name, email)) if self.people else None
        if person is None:
            return self.text(name), self.text(email)
        return _pseudonym(person), pseudonym_address(person)

    def within(self, value: Value) -> Value:
        """The same value: texts, and dataclasses, lists, tuples and mappings of texts."""
        return self._within(value) if self.people else value

    def _within(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, (list, tuple)):
            return type(value)(map(self._within, value))
        if isinstance(value, dict):
            return {key: self._within(one) for key, one in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            old = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            new = {name: self._within(one) for name, one in old.items()}
            for name in _NAMED & old.keys() if "email" in old else ():
                new[name], new["email"] = self.contact(old[name], old["email"])
            return value if new == old else dataclasses.replace(value, **new)
        return value

    def _contact(self, match: re.Match[str]) -> str:
        person = self.people.get(key_of(match[1] or match[3] or "", match[2] or match[4]))
        return match[0] if person is None else f"{_pseudonym(person)} <{pseudonym_address(person)}>"

    def _address(self, match: re.Match[str]) -> str:
        address = match[0].rstrip(".!?")
        person = self.people.get(key_of("", address))
        return match[0] if person is None else pseudonym_address(person) + match[0][len(address) :]

    def _login(self, match: re.Match[str]) -> str:
        person = self.people.get(_digest("@" + match[1].lower()))
        return match[0] if person is None else _pseudonym(person)

    def _trailer(self, match: re.Match[str]) -> str:
        person = self.people.get(_digest(_plain(match[2])[0]))
        return match[0] if person is None else match[1] + _pseudonym(person)

    def _without_names(self, text: str) -> str:
        if self.first.isdisjoint([_plain(word)[1] for word in _WORD.findall(text)]):
            return text
        words = list(_WORD.finditer(text))
        done, parts, place = 0, [], 0
        while place < len(words) - 1:
            found = self._name_at(text, words, place) if _plain(words[place][0])[1] in self.first else None
            if found is None:
                place += 1
                continue
            person, count = found
            parts += [text[done : words[place].start()], _pseudonym(person)]
            place += count
            done = words[place - 1].end()
        return "".join([*parts, text[done:]]) if parts else text

    def _name_at(self, text: str, words: list[re.Match[str]], place: int) -> tuple[int, int] | None:
        """Who is named by the words from here on, and by how many of them."""
        for count in self.lengths:
            part = words[place : place + count]
            if len(part) == count:
                person = self.people.get(_digest(" ".join(_plain(word[0])[0] for word in part)))
                gaps = pairwise(part)
                if person is not None and all(_GAP.match(text[one.end() : two.start()]) for one, two in gaps):
                    return person, count
        return None


@contextmanager
def nobody_storing() -> Iterator[None]:
    """A transaction for erasing that begins when nobody stores what was made before, and ends before others go on."""
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite has one writer at a time anyway
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE activity_erasedtext IN EXCLUSIVE MODE")
        yield


def erased_texts(*, storing: bool = False) -> ErasedTexts:
    """Everything about the erased, as the table has it now; one query. `storing`: until the end of the transaction."""
    if storing and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE activity_erasedtext IN ROW SHARE MODE")
    rows = ErasedText.objects.order_by().values_list("digest", "words", "first", "person_id")
    return ErasedTexts(rows)


def remember(
    person: int, *, keys: Iterable[str], names: Iterable[str], addresses: Iterable[str], logins: Iterable[str]
) -> ErasedTexts:
    """Recognise these from now on. `keys` are those of identities. Returns what knows this person alone."""
    rows = dict.fromkeys(keys, (0, ""))
    rows |= {key_of("", address): (0, "") for address in addresses}
    rows |= {_digest("@" + login.lower()): (0, "") for login in logins}
    for name in names:
        for words in _spellings(name):
            rows[_digest(" ".join(words))] = (len(words), _digest(words[0])[:4])
    known = [(digest, count, first, person) for digest, (count, first) in rows.items()]
    made = [ErasedText(digest=digest, words=count, first=first, person_id=pk) for digest, count, first, pk in known]
    ErasedText.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    return ErasedTexts(known)


def name_words(name: str) -> list[str]:
    """The words of a name as they are compared; none for what is no name or is too long."""
    words = [plain for word in _WORD.findall(name) if (plain := _plain(word)[0])]
    return words if len(words) <= MOST_WORDS and "@" not in name else []


def _spellings(name: str) -> list[list[str]]:
    words = name_words(name)
    if len(words) < 2:
        return [words] if words else []
    return [words, [words[-1], *words[:-1]]]


def _pseudonym(person: int) -> str:
    return f"Erased person {person}"
