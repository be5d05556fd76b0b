"""Cleaners for values that people type or files declare: plain text of bounded length, web addresses, topics."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

MAX_TOPICS = 20
MAX_TOPIC = 63
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TOPIC = re.compile(r"[^\w.+#-]+", re.UNICODE)


def _plain(value: Any) -> str:
    text = str(value).encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", text)


def clean_line(limit: int) -> Callable[[Any], str]:
    """A cleaner for one line of text of at most `limit` characters."""

    def clean(value: Any) -> str:
        text = " ".join(_plain(value).split())
        if len(text) > limit:
            raise ValidationError(f"This is {len(text)} characters long; at most {limit} fit.")
        return text

    return clean


def clean_prose(limit: int) -> Callable[[Any], str]:
    """A cleaner for several lines of text of at most `limit` characters."""

    def clean(value: Any) -> str:
        text = _plain(value).replace("\r\n", "\n").strip()
        if len(text) > limit:
            raise ValidationError(f"This is {len(text)} characters long; at most {limit} fit.")
        return text

    return clean


def clean_link(value: Any) -> str:
    """A web address: http or https, with a host and without a password."""
    text = _plain(value).strip()
    if not text:
        return ""
    if len(text) > 1000:
        raise ValidationError(f"This is {len(text)} characters long; at most 1000 fit.")
    try:
        parts = urlsplit(text)
        host = parts.hostname
        secret = parts.password
    except ValueError as error:
        raise ValidationError("This is not a web address.") from error
    if parts.scheme not in {"http", "https"} or not host or any(char.isspace() for char in text):
        raise ValidationError("Give a web address that begins with https:// or http://.")
    if secret is not None:
        raise ValidationError("Take the password out of the address: everybody who reads the page would see it.")
    return text


def clean_flag(value: Any) -> bool:
    """Yes or no, also as files spell it."""
    if isinstance(value, str):
        return value.strip().lower() in {"true", "yes", "on", "1"}
    return bool(value)


def clean_topics(value: Any) -> list[str]:
    """Lower-case words, sorted, each once; a text is split at commas and spaces. At most 20 of 63 characters."""
    words = re.split(r"[,;\s]+", value) if isinstance(value, str) else [str(word) for word in value]
    topics = {_TOPIC.sub("-", _plain(word).strip().lower()).strip("-.")[: MAX_TOPIC + 1] for word in words} - {""}
    if any(len(topic) > MAX_TOPIC for topic in topics):
        raise ValidationError(f"A topic has at most {MAX_TOPIC} characters.")
    if len(topics) > MAX_TOPICS:
        raise ValidationError(f"These are {len(topics)} topics; at most {MAX_TOPICS} fit.")
    return sorted(topics)
