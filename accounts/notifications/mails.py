"""From notifications to mails, one at once or a day's together. Whether they may be read is asked on sending."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import mailing
from accounts.models import Mail, Notification
from accounts.models.notices import Way
from accounts.notifications.kinds import KINDS
from accounts.notifications.stopping import DIGEST, chosen_ways, stop_url

SHOWN = 50
DIGESTS = 500  # people a run
MAILED = {Way.NOW, Way.DAILY}


def send_due() -> int:
    """Mail all that is due; how many mails went out."""
    return mailing.send_due(Mail.objects.select_related("user"), compose, Mail.State.DROPPED)


def gather_digests(now: dt.datetime | None = None) -> int:
    """A mail for everybody whose day of notifications is complete; how many. Missed hours are made up for."""
    before = digest_moment(now or timezone.now())
    waiting = Notification.objects.filter(way=Way.DAILY, mail=None, created_at__lt=before)
    people = list(waiting.order_by("user").values_list("user", flat=True).distinct()[:DIGESTS])
    return sum(_gather(user, before) for user in people)


def digest_moment(now: dt.datetime) -> dt.datetime:
    """The last time daily mails were due, in the portal's time zone."""
    local = timezone.localtime(now)
    moment = local.replace(hour=settings.DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return moment if moment <= local else moment - dt.timedelta(days=1)


def _gather(user: int, before: dt.datetime) -> bool:
    with transaction.atomic():
        mail = Mail.objects.create(user_id=user, is_digest=True)
        mine = Notification.objects.filter(user=user, way=Way.DAILY, mail=None, created_at__lt=before)
        if mine.update(mail=mail):
            return True
        mail.delete()  # another worker was faster
    return False


def compose(mail: Mail) -> EmailMultiAlternatives | None:
    """The mail in words; None when its notifications may not be read any more, or nobody wants them by mail."""
    user = mail.user
    if not user.is_active or not user.email:
        return None
    ways = chosen_ways(user)
    rows = Notification.objects.visible_to(user).filter(mail=mail).order_by("created_at", "pk")
    if mail.is_digest:
        rows = rows.unread()
    wanted = [row for row in rows if ways.get(row.kind) in MAILED]
    if not wanted:
        return None
    what = DIGEST if mail.is_digest else wanted[0].kind
    stop = stop_url(user, what)
    context = _context(mail, wanted, stop)
    name = "digest" if mail.is_digest else "notification"
    message = EmailMultiAlternatives(
        subject=context["subject"],
        body=render_to_string(f"accounts/mail/{name}.txt", context),
        to=[user.email],
        headers={
            "Message-ID": f"<notification-{mail.pk}-{int(mail.created_at.timestamp())}@{_host()}>",
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(render_to_string(f"accounts/mail/{name}.html", context), "text/html")
    return message


def _context(mail: Mail, wanted: Sequence[Notification], stop: str) -> dict[str, Any]:
    lines = [_line(row) for row in wanted[:SHOWN]]
    number = len(wanted)
    subject = lines[0]["title"] if number == 1 else f"{number} things you asked to hear of"
    return {
        "subject": subject,
        "lines": lines,
        "more": number - len(lines),
        "name": mail.user.display_name,
        "stop": stop,
        "choices": settings.BASE_URL + reverse("notifications:choices"),
        "all": settings.BASE_URL + reverse("notifications:notifications"),
    }


def _line(row: Notification) -> dict[str, str]:
    return {
        "title": row.title,
        "text": row.text,
        "url": settings.BASE_URL + row.get_absolute_url(),
        "reason": row.reason,
        "label": KINDS[row.kind].label,
        "choice": f"{settings.BASE_URL}{reverse('notifications:choices')}#kind-{row.kind}",
    }


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"
