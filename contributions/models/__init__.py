from contributions.models.opportunities import Opportunity, OpportunityQuerySet, StateError
from contributions.models.requests import ChangeRequest, ChangeRequestQuerySet, RequestVersion
from contributions.models.timeline import LONGEST_TEXT, TimelineEntry
from contributions.models.warranty import FollowUp, Warranty, WarrantyQuerySet

__all__ = [
    "LONGEST_TEXT",
    "ChangeRequest",
    "ChangeRequestQuerySet",
    "FollowUp",
    "Opportunity",
    "OpportunityQuerySet",
    "RequestVersion",
    "StateError",
    "TimelineEntry",
    "Warranty",
    "WarrantyQuerySet",
]
