"""Repository Activity Score of the InnerSource Commons pattern of that name, in its version of August 2026."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY = timedelta(days=1)
_SOFT_TOP = 3000


@dataclass(frozen=True)
class ScoreTerms:
    """What the score is made of. `participation` has one number of commits for each week, the newest last."""

    updated_at: datetime
    created_at: datetime
    forks: int = 0
    subscribers: int = 0
    stars: int = 0
    open_issues: int = 0
    participation: Sequence[int] = ()
    description: str = ""
    motivation: str = ""
    guidelines: bool = False


def activity_score(terms: ScoreTerms, now: datetime) -> int:
    """Whole number from 0; above 3000 it grows by the logarithm only. Dates in the future count as now."""
    idle = max((now - terms.updated_at) / _DAY, 0.0)
    age = max((now - terms.created_at) / _DAY, 0.0)
    score = 50 + 5 * terms.forks + terms.subscribers + terms.stars / 3 + terms.open_issues / 5
    score *= 1 + (100 - min(idle, 100)) / 100
    if terms.participation:
        weekly = sum(terms.participation[-13:]) / 13
        score *= 1 + min(max(weekly - 3, 0), 7) / 7
    score += (1000 - 2.74 * min(idle, 365)) * (365 - min(age, 365)) / 365
    if len(terms.description) > 30 or len(terms.motivation) > 30:
        score += 50
    if terms.guidelines:
        score += 100
    if score > _SOFT_TOP:
        score = _SOFT_TOP + 100 * math.log(score)
    return math.floor(score - 50 + 0.5)
