"""Telling programs from people by name and address: built-in patterns, which administrators change and add to.

Patterns are searched for in any case, by an engine whose time is linear in the text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import re2
from django.db import transaction

from activity.bulk import lists
from activity.models import BotPattern, Identity, Person

MOST = 200  # patterns of administrators
MEMORY = 1 << 20
NAME, ADDRESS = BotPattern.Field.NAME, BotPattern.Field.ADDRESS
PROGRAM, HUMAN = BotPattern.Meaning.PROGRAM, BotPattern.Meaning.HUMAN
_KNOWN = (
    "dependabot|renovate|greenkeeper|snyk-bot|github-actions|gitlab-ci|semantic-release-bot|pre-commit-ci|"
    "allcontributors|mergify|codecov|pyup-bot|imgbot|imgbotapp|goreleaser|hugoreleaser|semantic-release"
)
_WORD = r"(?:^|[\s._+-])(?:bot|robot|autoroll(?:er)?|auto-?update)(?:$|[@._-])"


class PatternError(Exception):
    """The pattern cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern in force or switched off. `key` names a built-in one, `pk` the row of a stored one."""

    field: str
    pattern: str
    meaning: str = PROGRAM
    key: str = ""
    pk: int | None = None
    is_on: bool = True


BUILT_IN = (
    Pattern(NAME, r"\[bot\]", key="marked-name"),  # forges mark applications so
    Pattern(ADDRESS, r"\[bot\]", key="marked-address"),
    Pattern(NAME, rf"^(?:{_KNOWN})(?:$|[\s@\[._-])", key="known-name"),
    Pattern(ADDRESS, rf"^(?:\d+\+)?(?:{_KNOWN})(?:$|[\s@\[._-])", key="known-address"),
    # Surnames too, so only when nothing else is said.
    Pattern(NAME, "^(?:jenkins|weblate|bors|github|gitlab|web-flow|root|ci|build)$", key="tool-name"),
    Pattern(NAME, _WORD, key="word-name"),
    Pattern(ADDRESS, _WORD, key="word-address"),
    Pattern(ADDRESS, "^[a-z0-9]+-?bot@", key="ending-address"),
    Pattern(ADDRESS, r"^noreply@(?:github|gitlab)\.com$", key="forge-address"),
    Pattern(ADDRESS, "^(?:ci|build|builder|automation|jenkins)@", key="machine-address"),
    # Names that end like a bot.
    Pattern(ADDRESS, r"^(?:[a-z]+\.)?(?:abbot|talbot|cabot)@", HUMAN, key="human-address"),
)


class Rules:
    """The patterns in force, ready to judge."""

    def __init__(self, patterns: Iterable[Pattern] = BUILT_IN) -> None:
        self._searches: dict[tuple[str, str], list[Callable[[str], object]]] = {}
        grouped: dict[tuple[str, str], list[str]] = {}
        for one in patterns:
            if one.is_on:
                grouped.setdefault((one.field, one.meaning), []).append(one.pattern)
        for key, together in grouped.items():
            self._searches[key] = [one.search for one in _compiled_together(tuple(together))]

    def is_bot(self, name: str, email: str) -> bool:
        """Whether a pattern calls the name, or the address, a program and none calls it a human all the same."""
        return any(
            self._matches(field, PROGRAM, text) and not self._matches(field, HUMAN, text)
            for field, text in ((NAME, name), (ADDRESS, email))
        )

    def _matches(self, field: str, meaning: str, text: str) -> bool:
        return any(search(text) is not None for search in self._searches.get((field, meaning), ()))


def patterns() -> list[Pattern]:
    """Built-in ones, as they were changed, then those of administrators."""
    rows = list(BotPattern.objects.all())
    changed = {row.key: row for row in rows if row.key}
    found = [_stored(changed[one.key]) if one.key in changed else one for one in BUILT_IN]
    return found + [_stored(row) for row in rows if not row.key]


def rules() -> Rules:
    """What is in force now: one query, so ask once for many identities."""
    return Rules(patterns())


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> "re2._Regexp":
    """Raises PatternError for one that the engine does not understand or that would match everybody."""
    options = re2.Options()
    options.log_errors, options.case_sensitive, options.max_mem = False, False, MEMORY
    try:
        expression = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        words = error.args[0] if error.args else ""
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        raise PatternError(f"This is no pattern that can be used: {text[:200]}") from error
    if expression.search("") is not None:
        raise PatternError("This matches everybody, also an empty name.")
    return expression


@lru_cache(maxsize=100)
def _compiled_together(patterns: tuple[str, ...]) -> "list[re2._Regexp]":
    """Few expressions that find what any of these finds: one call for each pattern would take most of the time."""
    alone = [compiled(pattern) for pattern in patterns]
    try:
        return [compiled("|".join(f"(?:{pattern})" for pattern in patterns))]
    except PatternError:  # too large together
        return alone


def changes(judge: Rules) -> dict[int, bool]:
    """Whom these rules would call a program (True) or a human (False) other than now. One query.

    Somebody is a program who is one under every identity. Nobody is judged whom somebody decided on, or who is erased.
    """
    now: dict[int, bool] = {}
    then: dict[int, bool] = {}
    rows = Identity.objects.filter(person__bot_chosen=False, person__erased_at=None).order_by()
    for person, name, email, bot in rows.values_list("person", "name", "email", "person__is_bot").iterator():
        now[person] = bot
        then[person] = then.get(person, True) and judge.is_bot(name, email)
    return {person: bot for person, bot in then.items() if now[person] != bot}


def apply(reattribute: Callable[[set[int]], None]) -> int:
    """Judge everybody anew and bring all sums in line; how many changed."""
    changed = changes(rules())
    with transaction.atomic():
        for bot in (True, False):
            for part in lists(pk for pk, value in changed.items() if value is bot):
                Person.objects.filter(pk__in=part).update(is_bot=bot)
        for part in lists(changed, 5000):
            reattribute(set(part))
    return len(changed)


def _stored(row: BotPattern) -> Pattern:
    return Pattern(row.field, row.pattern, row.meaning, row.key or "", row.pk, row.is_on)
