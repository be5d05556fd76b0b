"""Who hears of what happens to an opportunity."""

from accounts.models import User
from contributions.models import Opportunity


def posted(opportunity: Opportunity, poster: User) -> None:
    """Followers of the project hear of a new task."""


def commented(opportunity: Opportunity, author: User, text: str) -> None:
    """Everybody who takes part hears of a comment."""


def advanced(opportunity: Opportunity, step: str, actor: User | None, taker: User | None, text: str) -> None:
    """Everybody who takes part hears of a change of state; `taker` had the task before."""
