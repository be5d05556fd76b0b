from accounts.models.mail import Mail, MailRow
from accounts.models.notices import FeedKey, KindChoice, Notification, NotificationQuerySet
from accounts.models.people import (
    AuditEvent,
    DismissedTeam,
    Membership,
    MembershipQuerySet,
    PastParent,
    Team,
    TeamImport,
    TeamQuerySet,
    TeamsClock,
    User,
    record_event,
    slug_validator,
)

__all__ = [
    "AuditEvent",
    "DismissedTeam",
    "FeedKey",
    "KindChoice",
    "Mail",
    "MailRow",
    "Membership",
    "MembershipQuerySet",
    "Notification",
    "NotificationQuerySet",
    "PastParent",
    "Team",
    "TeamImport",
    "TeamQuerySet",
    "TeamsClock",
    "User",
    "record_event",
    "slug_validator",
]
