"""Judged questions: good answers come first, and the order is the same on every database."""

from pathlib import Path

import pytest

from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import Project
from tests.projects.judged import judged, plant, precision

pytestmark = pytest.mark.django_db
# Written once, compared on SQLite and on PostgreSQL: words, then all that is found in its order.
ORDER = Path(__file__).with_name("judged_order.txt")


@pytest.fixture
def ask(administrator):
    plant()
    slugs = dict(Project.objects.values_list("pk", "slug"))
    return lambda words: [slugs[pk] for pk in select(CatalogQuery(text=words), administrator).ids]


def test_what_is_relevant_comes_first(ask):
    scores = {words: precision(ask(words), relevant) for words, relevant in judged()}
    assert len(scores) >= 60
    assert {words: score for words, score in scores.items() if score == 0} == {}
    assert sum(scores.values()) / len(scores) >= 0.95


def test_questions_that_nothing_was_tuned_on_are_answered_too(administrator):
    """What is asserted is a floor; `bench/catalog.py` says the figure."""
    plant("heldout")
    slugs = dict(Project.objects.values_list("pk", "slug"))
    scores = []
    for words, relevant in judged("heldout"):
        assert set(relevant) <= set(slugs.values()), words
        scores.append(precision([slugs[pk] for pk in select(CatalogQuery(text=words), administrator).ids], relevant))
    assert len(scores) >= 60
    assert sum(scores) / len(scores) >= 0.8


def test_the_order_is_the_same_on_every_database(ask):
    lines = [f"{words} | {', '.join(ask(words))}" for words, _ in judged()]
    assert lines == ORDER.read_text(encoding="utf-8").splitlines()
