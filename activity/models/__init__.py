"""What happened: commits, the people behind them, and sums by day."""

from activity.models.fields import OidField
from activity.models.flow import (
    FlowState,
    FlowWeek,
    FlowWeekQuerySet,
    Kind,
    KindWeek,
    Standing,
    StandingStart,
    TeamStanding,
    TeamWeek,
)
from activity.models.history import Commit, CommitQuerySet, FolderCommit, History, Trailer
from activity.models.merging import AddressClaim, BotPattern, ExcludedTerm, KeptApart, Merge, PeopleClock
from activity.models.people import ErasedText, Identity, MailmapEntry, Person, PersonQuerySet
from activity.models.sums import Participation, PersonArea, PersonDay, PersonDayQuerySet, Precedence, PrecedenceProject

__all__ = [
    "AddressClaim",
    "BotPattern",
    "Commit",
    "CommitQuerySet",
    "ErasedText",
    "ExcludedTerm",
    "FlowState",
    "FlowWeek",
    "FlowWeekQuerySet",
    "FolderCommit",
    "History",
    "Identity",
    "KeptApart",
    "Kind",
    "KindWeek",
    "MailmapEntry",
    "Merge",
    "OidField",
    "Participation",
    "PeopleClock",
    "Person",
    "PersonArea",
    "PersonDay",
    "PersonDayQuerySet",
    "PersonQuerySet",
    "Precedence",
    "PrecedenceProject",
    "Standing",
    "StandingStart",
    "TeamStanding",
    "TeamWeek",
    "Trailer",
]
