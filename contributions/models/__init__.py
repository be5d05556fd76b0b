from contributions.models.opportunities import Opportunity, OpportunityQuerySet, StateError
from contributions.models.requests import ChangeRequest, ChangeRequestQuerySet, RequestVersion
from contributions.models.timeline import LONGEST_TEXT, TimelineEntry
from contributions.models.warranty import FollowUp, Warranty, WarrantyQuerySet
from contributions.models.welcome import Guide, GuideQuerySet, LandingFigures

__all__ = [
    "LONGEST_TEXT",
    "ChangeRequest",
    "ChangeRequestQuerySet",
    "FollowUp",
    "Guide",
    "GuideQuerySet",
    "LandingFigures",
    "Opportunity",
    "OpportunityQuerySet",
    "RequestVersion",
    "StateError",
    "TimelineEntry",
    "Warranty",
    "WarrantyQuerySet",
]
