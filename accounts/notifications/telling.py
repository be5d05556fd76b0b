"""The one door: what somebody is told is written as rows, and nothing is sent here."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction

from accounts.models import KindChoice, Mail, Notification, User
from accounts.models.notices import Way
from accounts.notifications.kinds import kind_of

BATCH = 500
LONGEST_TEXT = 2000


def notify(
    recipients: Iterable[User],
    kind: str,
    title: str,
    url: str,
    reason: str,
    *,
    project: models.Model | None = None,
    text: str = "",
    actor: User | None = None,
) -> int:
    """Tell people something; how many are told. A few statements, whatever their number, in the caller's transaction.

    `title` is a whole sentence without a full stop ("Sam offers a change to Billing: Round up"), `url` a path within
    the portal, `reason` completes "You get this because …" ("you maintain Billing"), `text` is plain and optional.
    Nobody is told of what they did (`actor`), twice by one call, or of a `project` they may not read.
    Raises KeyError for an unknown kind and ValueError for an address outside.
    """
    way = kind_of(kind).way
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("A notification leads to a path within the portal.")
    people = {user.pk: user for user in recipients if user.is_active and (actor is None or user.pk != actor.pk)}
    told = _readers(list(people.values()), project)
    with transaction.atomic():
        chosen = _choices([user.pk for user in told], kind)
        rows = [
            Notification(
                user=user,
                kind=kind,
                title=_line(title, 300),
                text=text.replace("\0", "")[:LONGEST_TEXT],
                url=url[:1000],
                reason=_line(reason, 200),
                project_id=project.pk if project else None,
                actor=actor,
                way=chosen.get(user.pk, way),
            )
            for user in told
        ]
        rows = [row for row in rows if row.way != Way.NEVER]
        _queue_mails(row for row in rows if row.way == Way.NOW and row.user.email)
        Notification.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)


def _queue_mails(rows: Iterable[Notification]) -> None:
    wanted = list(rows)
    mails = Mail.objects.bulk_create([Mail(user=row.user) for row in wanted], batch_size=BATCH)
    for row, mail in zip(wanted, mails, strict=True):
        row.mail = mail


def _readers(people: Sequence[User], project: models.Model | None) -> list[User]:
    """Of these people those who may read the project; all of them where it is internal."""
    if project is None or not people:
        return list(people)
    projects: Any = type(project)._default_manager
    if projects.internal().live().filter(pk=project.pk).exists():
        return list(people)
    return [user for user in people if projects.visible_to(user).filter(pk=project.pk).exists()]


def _choices(users: Sequence[int], kind: str) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for start in range(0, len(users), BATCH):
        rows = KindChoice.objects.filter(kind=kind, user__in=users[start : start + BATCH])
        chosen.update(rows.values_list("user_id", "way"))
    return chosen


def _line(text: str, longest: int) -> str:
    words = " ".join(text.replace("\0", "").split())
    return words if len(words) <= longest else words[: longest - 1] + "…"
