"""Addresses that stop mails with one click, and that are good for nothing else."""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import KindChoice, User
from accounts.models.notices import Way
from accounts.notifications.kinds import KINDS

SALT = "accounts.notifications.stop"
DIGEST = "digest"  # all that comes in the daily mail


@dataclass(frozen=True, slots=True)
class Stop:
    """Whose mails of which kind, or of all kinds of the daily mail, a link stops."""

    user: User
    what: str

    @property
    def words(self) -> str:
        return "the daily mail" if self.what == DIGEST else f"mails about {KINDS[self.what].label}"


def stop_url(user: User, what: str) -> str:
    """The whole address; `what` is the name of a kind or `DIGEST`."""
    token = signing.dumps([user.pk, what], salt=SALT)
    return str(settings.BASE_URL) + reverse("notifications:stop", args=[token])


def read_stop(token: str) -> Stop | None:
    """None when the address was not made here, or the account or kind is gone."""
    try:
        pk, what = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return Stop(user, what) if user and (what == DIGEST or what in KINDS) else None


def stop_mails(stop: Stop) -> None:
    """From now on these come to the portal only; mails of them that wait are not sent."""
    if stop.what != DIGEST:
        choose(stop.user, stop.what, Way.HERE)
        return
    chosen = chosen_ways(stop.user)
    for kind in KINDS.values():
        if chosen[kind.name] == Way.DAILY:
            choose(stop.user, kind.name, Way.HERE)


def choose(user: User, kind: str, way: str) -> None:
    KindChoice.objects.update_or_create(user=user, kind=kind, defaults={"way": way})


def chosen_ways(user: User) -> dict[str, str]:
    """How this person hears of each kind today, by its name; one query."""
    chosen = dict(KindChoice.objects.filter(user=user).values_list("kind", "way"))
    return {kind.name: chosen.get(kind.name, kind.way) for kind in KINDS.values()}
