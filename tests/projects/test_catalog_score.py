"""Worked examples of the Repository Activity Score, each computed by hand from the formula."""

import datetime as dt

import pytest

from projects.catalog.score import ScoreTerms, activity_score

NOW = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


def score(updated=1000, created=1000, **terms):
    """Days since update and creation, and the other terms."""
    return activity_score(
        ScoreTerms(updated_at=NOW - dt.timedelta(days=updated), created_at=NOW - dt.timedelta(days=created), **terms),
        NOW,
    )


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, 0),  # 50 - 50
        ({"forks": 2}, 10),
        ({"subscribers": 7}, 7),
        ({"stars": 9}, 3),
        ({"open_issues": 10}, 2),
        ({"stars": 3, "forks": 1, "open_issues": 5, "subscribers": 1}, 8),  # 50+5+1+1+1 = 58
        ({"updated": 0}, 50),  # 50 * 2
        ({"updated": 50}, 25),  # 50 * 1.5
        ({"updated": 100}, 0),
        ({"updated": 0, "participation": [10] * 13}, 150),  # 50 * 2 * 2
        ({"participation": [10] * 13}, 50),
        ({"participation": [3] * 13}, 0),
        ({"participation": [5] * 13}, 14),  # 50 * 2/7 = 14.29
        ({"participation": [0] * 39 + [10] * 13}, 50),
        ({"participation": [100] * 39 + [0] * 13}, 0),  # only the last 13 weeks count
        ({"participation": [26]}, 0),  # 26/13 = 2 a week
        ({"updated": 0, "created": 0}, 1050),  # 100 + 1000
        ({"updated": 0, "created": 73}, 850),  # 100 + 1000 * 0.8
        ({"updated": 100, "created": 100}, 527),  # 50 + 726 * 265/365 = 577.1
        ({"description": "x" * 31}, 50),
        ({"description": "x" * 30}, 0),
        ({"motivation": "x" * 31, "description": "x" * 31}, 50),
        ({"guidelines": True}, 100),
        ({"forks": 1000}, 3803),  # 5050 -> 3000 + 100 ln 5050 = 3852.7
        ({"stars": 2}, 1),  # 0.67 rounds up
        ({"stars": 1}, 0),
        ({"open_issues": 5, "stars": 0}, 1),
        ({"updated": -5, "created": -5}, 1050),  # a clock ahead of ours counts as now
    ],
)
def test_worked_examples(terms, expected):
    assert score(**terms) == expected


def test_halves_round_up():
    assert score(updated=99) == 1  # 50 * 1.01 = 50.5
