"""Counts from the index against plain counting over the rows of the database, on random catalogs."""

import random
from collections import Counter

import pytest
from django.utils import timezone

from accounts.models import Team
from projects.catalog import refresh
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import Project
from tests.projects.catalog_data import make_project

pytestmark = pytest.mark.django_db

CHOICES = {
    "team": ["payments", "logistics", "data"],
    "language": ["Python", "Go", "Rust"],
    "topic": ["http", "db", "cli", "web"],
    "licence": ["MIT", "Apache-2.0"],
    "lifecycle": ["production", "experimental", "deprecated", "archived"],
    "welcomes": ["yes"],
    "activity": ["30d", "90d", "year", "older", "none"],
    "readiness": ["high", "middle", "low"],
}


def values_of(project, now):
    """The values a project has in each facet, read from its own tables."""
    return {
        "team": {project.owner.slug} if project.owner else set(),
        "language": {language.name for language in project.languages.all()},
        "topic": {topic.name for topic in project.topics.all()},
        "licence": {licence.spdx for licence in project.licences.all()},
        "lifecycle": {project.lifecycle} - {""},
        "welcomes": {"yes"} if project.welcomes else set(),
        "activity": activity(project, now),
        "readiness": {"high" if project.readiness >= 80 else "middle" if project.readiness >= 50 else "low"},
    }


def activity(project, now):
    if project.last_commit_at is None:
        return {"none"}
    days = (now - project.last_commit_at).total_seconds() / 86400
    spans = {name for name, span in {"30d": 30, "90d": 90, "year": 365}.items() if days <= span}
    return spans if days <= 365 else {"older"}


def expected(user, query, now):
    projects = Project.objects.visible_to(user).prefetch_related("languages", "topics", "licences", "owner")
    rows = [(project.pk, values_of(project, now)) for project in projects]

    def fits(values, without=None):
        return all(values[key] & set(chosen) for key, chosen in query.selected.items() if key != without)

    ids = {pk for pk, values in rows if fits(values)}
    counts = {key: Counter(v for _, values in rows if fits(values, key) for v in values[key]) for key in CHOICES}
    return len(rows), ids, counts


def shuffle(chance, project, teams):
    """Give a project random facts."""
    project.owner = chance.choice([*teams, None])
    project.visibility = chance.choice(["internal", "internal", "restricted"])
    project.lifecycle = chance.choice([*CHOICES["lifecycle"], ""])
    project.welcomes = chance.random() < 0.4
    project.readiness = chance.randrange(101)
    project.removed_at = timezone.now() if chance.random() < 0.1 else None
    project.save()


@pytest.mark.parametrize("seed", range(6))
def test_counts_and_results_agree_with_plain_counting(
    seed, owner, stranger, administrator, team, other_team, monkeypatch
):
    if seed % 2:  # as where so many are found that sets are cut instead of looking at each project
        monkeypatch.setattr("projects.catalog.index.FEW", 0)
    chance = random.Random(seed)
    teams = [team, other_team, Team.objects.create(slug="data", name="Data")]
    projects = [
        make_project(
            topics=chance.sample(CHOICES["topic"], chance.randrange(4)),
            languages=chance.sample(CHOICES["language"], chance.randrange(3)),
            licence=chance.choice([*CHOICES["licence"], ""]),
            days_ago=chance.choice([None, 1, 29.9, 30.1, 89, 91, 364, 366, 900]),
        )
        for _ in range(40)
    ]
    for _ in range(4):
        changed = chance.sample(projects, 15)
        for project in changed:
            shuffle(chance, project, teams)
        refresh([project.pk for project in changed])
        for user in (owner, stranger, administrator):
            self_check(chance, user, projects)


def self_check(chance, user, projects):
    refresh([project.pk for project in projects if project.pk % 7 == 0])
    refresh([project.pk for project in projects])
    selected = {
        key: tuple(chance.sample(values, min(len(values), chance.randrange(1, 3))))
        for key, values in CHOICES.items()
        if chance.random() < 0.3
    }
    now = timezone.now()
    total, ids, counts = expected(user, CatalogQuery(selected=selected), now)
    # A value that nobody visible has filters nothing, except in facets whose values are fixed.
    query = CatalogQuery(selected=selected)
    selection = select(query, user, now)
    if selection.ignored:
        for key, value in selection.ignored:
            query = query.without(key, value)
        total, ids, counts = expected(user, query, now)
    assert selection.total == total
    assert set(selection.ids) == ids
    assert len(selection.ids) == len(ids)
    for group in selection.groups:
        found = {value.value: value.count for value in group.values if value.count}
        assert found == dict(counts[group.facet.key]), group.facet.key
