"""Feeds are read by programs that cannot sign in: their addresses carry a signed token that is good for feeds alone."""

from django.core import signing

from accounts.models import FeedKey, User, record_event
from accounts.models.notices import new_nonce

SALT = "accounts.feeds"


def feed_token(user: User) -> str:
    """The person's token of today; one query."""
    key = FeedKey.objects.filter(user=user).first()
    return _signer().sign(f"{user.pk}.{key.nonce if key else ''}")


def feed_reader(token: str) -> User | None:
    """Whose token it is, while it is in force and the account active; two queries."""
    try:
        pk, nonce = _signer().unsign(token).split(".", 1)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=int(pk), is_active=True).select_related("feed_key").first()
    if user is None:
        return None
    return user if nonce == (user.feed_key.nonce if hasattr(user, "feed_key") else "") else None


def renew_feed_token(user: User) -> None:
    """From now on the addresses given out before lead nowhere."""
    FeedKey.objects.update_or_create(user=user, defaults={"nonce": new_nonce()})
    record_event(user, "feeds.renewed", user)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=SALT)
