"""What this portal may fetch, from the settings; and what an error means for the queue."""

import logging
import re
import shutil
from pathlib import Path

from django.conf import settings

from common.secrets import Undecryptable
from gitstore.addresses import Address, AddressPolicy, CheckedAddress, check_address, parse_address
from gitstore.credentials import Credential
from gitstore.errors import GitError, Refused
from gitstore.records import Limits, RemoteState
from gitstore.remote import list_remote
from sync.queue import Failure

RULES = 7  # grows when the rules that read repositories change: every repository is then read again

logger = logging.getLogger(__name__)

ASK_SECONDS = 30
DISK_FREE_BYTES = 2 * 1024**3
DISK_FREE_SHARE = 0.05
DISK_FREE_ENOUGH = 20 * 1024**3

Answers = dict[tuple[str, int | None], tuple[str, ...]]


def address_policy() -> AddressPolicy:
    return AddressPolicy(
        protocols=frozenset(settings.GIT_PROTOCOLS),
        allowed_hosts=tuple(settings.GIT_ALLOWED_HOSTS),
        local_roots=tuple(settings.GIT_LOCAL_ROOTS),
    )


def check(text: str, answers: Answers | None = None) -> CheckedAddress:
    """The address, held against the settings and bound to what its name resolves to now; raises GitError.

    `answers` remembers name server answers, for callers that check many addresses within a minute.
    """
    address = parse_address(text)
    place = (address.host, address.port)
    known = answers.get(place) if answers is not None else None
    checked = check_address(address, address_policy(), (lambda _host, _port: known) if known else None)
    if answers is not None:
        answers[place] = checked.ips
    return checked


def ask(address: CheckedAddress, credential: Credential | None) -> RemoteState:
    """What the remote has now: one `git ls-remote`; raises GitError."""
    return list_remote(address, credential, Limits(seconds=ASK_SECONDS, refs=settings.GIT_MAX_REFS))


def host_of(url: str) -> str:
    """The host of a stored address; empty for a folder of this server."""
    try:
        return parse_address(url).host
    except Refused:
        return ""


def embedded(address: Address) -> Credential | None:
    """The secret that stood within an address."""
    if not address.secret:
        return None
    return Credential(
        kind="password" if address.username else "token", username=address.username, secret=address.secret
    )


def without_secret(text: str) -> str:
    """An address as typed, fit for showing: nothing of what stands in front of the host."""
    try:
        return parse_address(text).text
    except Refused:
        return re.sub(r"(?s)^(\w[\w+.-]*://)?.*@", r"\1", text)[:300]


def head_words(head: bytes | None) -> str:
    """The remote's HEAD as kept in a text column."""
    return (head or b"").decode("utf-8", "backslashreplace")[:500]


def failure(error: GitError) -> Failure:
    return Failure(error.code, error.message, error.hint, error.retry_soon)


def unexpected(error: Exception, doing: str) -> Failure:
    """For the log everything, for people nothing that could hold a secret or a path."""
    if isinstance(error, Undecryptable):
        return Failure("refused", "The stored secret cannot be opened.", "Enter the credential again.")
    logger.exception("Unexpected error while %s", doing)
    return Failure("internal", "The portal itself failed.", "The worker's log says more.", retry_soon=True)


def disk_problem(path: Path) -> Failure | None:
    """Words when the disk under `path` is too full to fetch more."""
    path.mkdir(parents=True, exist_ok=True)
    usage = shutil.disk_usage(path)
    if usage.free >= min(max(DISK_FREE_BYTES, usage.total * DISK_FREE_SHARE), DISK_FREE_ENOUGH):
        return None
    return Failure(
        "disk",
        "The disk that holds the mirrors is nearly full, so nothing new is fetched.",
        "Free some space; the next run goes on by itself.",
        retry_soon=True,
    )
