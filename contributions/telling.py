"""Who is told what about requests."""

from accounts.models import User
from contributions.models import ChangeRequest, FollowUp, RequestVersion


def offered(request: ChangeRequest) -> None:
    """Maintainers: somebody would like to change something."""


def answered(request: ChangeRequest, actor: User, to: str, words: str) -> None:
    """The author: what was decided."""


def withdrawn(request: ChangeRequest, actor: User) -> None:
    """Maintainers: nothing to do any more."""


def commented(request: ChangeRequest, actor: User, words: str) -> None:
    """The author, or the maintainers when the author speaks."""


def offered_again(request: ChangeRequest, version: RequestVersion, actor: User) -> None:
    """Maintainers: there is another version."""


def landed(request: ChangeRequest, actor: User | None) -> None:
    """Both sides: it is in."""


def warranty_waived(request: ChangeRequest, actor: User) -> None:
    """The author: no more duties."""


def warranty_ended(request: ChangeRequest, words: str) -> None:
    """Both sides."""


def follow_up(request: ChangeRequest, found: FollowUp) -> None:
    """Both sides: a later commit takes it back or changes it."""
