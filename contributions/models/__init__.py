from contributions.models.opportunities import Opportunity, OpportunityQuerySet, StateError
from contributions.models.recognition import LONGEST_THANKS, Manager, Nomination, Thanks, ThanksQuerySet
from contributions.models.requests import ChangeRequest, ChangeRequestQuerySet, RequestVersion
from contributions.models.starters import StarterScan, StarterTask, StarterTaskQuerySet
from contributions.models.timeline import LONGEST_TEXT, TimelineEntry
from contributions.models.warranty import FollowUp, Warranty, WarrantyQuerySet
from contributions.models.welcome import Guide, GuideQuerySet, LandingFigures

__all__ = [
    "LONGEST_TEXT",
    "LONGEST_THANKS",
    "ChangeRequest",
    "ChangeRequestQuerySet",
    "FollowUp",
    "Guide",
    "GuideQuerySet",
    "LandingFigures",
    "Manager",
    "Nomination",
    "Opportunity",
    "OpportunityQuerySet",
    "RequestVersion",
    "StarterScan",
    "StarterTask",
    "StarterTaskQuerySet",
    "StateError",
    "Thanks",
    "ThanksQuerySet",
    "TimelineEntry",
    "Warranty",
    "WarrantyQuerySet",
]
