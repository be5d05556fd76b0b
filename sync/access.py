"""May the portal read this address? Answered in plain words, before anything is registered."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from gitstore.addresses import parse_address
from gitstore.credentials import Credential as GitCredential
from gitstore.errors import Broken, Busy, GitError, LimitExceeded, NotFound, Refused, Unreachable
from sync import policy

HINTS: tuple[tuple[type[GitError], str], ...] = (
    (NotFound, "Check the spelling. Many servers also say this when the credential may not read the repository."),
    (LimitExceeded, "An administrator can raise the limits in the settings."),
    (Busy, "The server asks to slow down. Try again in some minutes."),
    (Unreachable, "Check the name of the server, and whether the portal's machine can reach it."),
    (Broken, "The address answers, but not as a Git repository. Copy the address your server offers for cloning."),
    (
        Refused,
        "Give a credential that may read the repository, or ask an administrator whether the address is allowed.",
    ),
)


@dataclass(frozen=True)
class AccessReport:
    """Whether reading works; `refs` and `head` (the default branch's name) only when it does."""

    ok: bool
    words: str
    hint: str = ""
    refs: int = 0
    head: str = ""


def check_access(address_text: str, credential: GitCredential | None = None, *, by: User | None = None) -> AccessReport:
    """Ask the remote for its refs and tell in plain words what came of it; never raises for a bad address."""
    try:
        address = parse_address(address_text)
        if address.is_local and by is not None and not by.is_administrator:
            return AccessReport(False, "Only administrators may register folders of the server.")
        state = policy.ask(policy.check(address.text), credential or policy.embedded(address))
    except GitError as error:
        return AccessReport(False, error.message, error.hint or hint_for(error))
    except Exception as error:
        failure = policy.unexpected(error, "checking access to an address")
        return AccessReport(False, failure.message, failure.hint)
    if state.refs > settings.GIT_MAX_REFS:
        words = f"The repository has {state.refs:,} branches and tags; {settings.GIT_MAX_REFS:,} are allowed."
        return AccessReport(False, words, hint_for(LimitExceeded(words)))
    head = policy.head_words(state.head).removeprefix("refs/heads/")
    if not state.refs:
        return AccessReport(True, "The repository can be read. It is empty so far.", head=head)
    return AccessReport(True, "The repository can be read.", refs=state.refs, head=head)


def hint_for(error: GitError) -> str:
    """What to do about an error that brings no advice of its own."""
    return next((hint for kind, hint in HINTS if isinstance(error, kind)), "")
