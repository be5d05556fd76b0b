from contributions.models.opportunities import Opportunity, OpportunityQuerySet, StateError
from contributions.models.timeline import TimelineEntry

__all__ = ["Opportunity", "OpportunityQuerySet", "StateError", "TimelineEntry"]
