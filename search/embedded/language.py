"""The language of a file, as the code pages name it."""

from projects.derive import language_rules

LOOKED_AT = 64 * 1024


def language_of(name: str, head: bytes) -> str:
    """Language of a file with this name and beginning; empty where unknown."""
    guess = language_rules.detect(name, head[:LOOKED_AT])
    return _likeliest(guess)


def _likeliest(guess: language_rules.Guess) -> str:
    if len(guess) < 2:
        return guess[0] if guess else ""
    popular = language_rules.tables()["popular"]
    return max(guess, key=lambda name: (name in popular, -guess.index(name)))
