"""Laws of flow, over random organisations: whatever teams, owners and commits there are."""

import datetime as dt
import random
import shutil
from collections import Counter

import pytest
from django.utils import timezone

from accounts.models import Membership, PastParent, Team, User
from activity import identities, models
from activity.flow.figures import team_sums
from activity.flow.refresh import refresh_flow
from activity.models import Commit, FlowWeek, Identity, Kind, Person, PersonDay, TeamWeek, Trailer
from gitstore.fastimport import FastImport, Modify
from projects.models import PastOwner, Project
from tests.activity.histories import imported, planted
from tests.activity.test_flow import check_sums, everything
from tests.projects.planting import signature

pytestmark = pytest.mark.django_db
SEEDS = range(2)
LONG = 500  # days
PEOPLE = [(f"P{n}", f"p{n}@example.com") for n in range(7)] + [("renovate[bot]", "renovate[bot]@example.com")]


class Organisation:
    """Teams in a tree that changed, people who moved, projects that changed hands, commits with co-authors."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.today = timezone.now().astimezone(dt.UTC).date()
        self.teams = [Team.objects.create(slug=f"t{n}", name=f"T{n}") for n in range(5)]
        for number, team in enumerate(self.teams[1:], start=1):
            team.parent = self.random.choice([None, *self.teams[:number]])
            team.save()
            if self.random.random() < 0.5:
                was = self.random.choice([None, *self.teams[:number]])
                PastParent.objects.create(team=team, parent=was, ended_on=self.day())
        for who in PEOPLE[:-2]:  # of two nobody knows the team
            self.place(who)
        self.projects = [self.project(f"project{n}") for n in range(3)]

    def day(self):
        return self.today - dt.timedelta(days=self.random.randrange(1, LONG))

    def place(self, who):
        turn = self.day()
        Membership.objects.create(team=self.random.choice(self.teams), email=who[1], ended_on=turn)
        if self.random.random() < 0.7:
            later = turn + dt.timedelta(days=self.random.choice([0, 20]))
            Membership.objects.create(team=self.random.choice(self.teams), email=who[1], started_on=later)

    def project(self, slug):
        builder, project = planted(slug, owner=self.random.choice([None, *self.teams]))
        if self.random.random() < 0.5:
            PastOwner.objects.create(project=project, team=self.random.choice(self.teams), ended_on=self.day())
        shutil.rmtree(builder.path)
        with FastImport(builder.path) as stream:
            for number in range(25):
                named = [self.random.choice(PEOPLE) for _ in range(self.random.choice([0, 0, 1, 2]))]
                trailers = "".join(f"\nCo-authored-by: {name} <{email}>" for name, email in named)
                who = signature(self.random.choice(PEOPLE), self.random.uniform(0, LONG))
                text = f"Change {number} of {slug}\n{trailers}"
                stream.commit("main", text, who, changes=[Modify(b"notes.txt", f"{slug} {number}\n".encode())])
        return project

    def read(self, projects=None):
        for project in projects or self.projects:
            imported(project)


def by_hand():
    """Contributions by (team, owner, class), each commit classified by itself, day after day."""
    found = Counter()
    for commit in Commit.objects.filter(precedence=None, parents__lte=1).select_related("author__person"):
        project = Project.objects.get(repository=commit.repository)
        day = commit.author_time.astimezone(dt.UTC).date()
        named = Trailer.objects.filter(commit=commit, key=Trailer.Key.CO_AUTHORED_BY)
        sharing = {row.identity.person for row in named.select_related("identity__person")} - {commit.author.person}
        for person in [commit.author.person, *sharing]:
            team, owner = team_on(person, day), owner_on(project, day)
            found[team or 0, owner or 0, int(class_of(person, team, owner, day))] += 1
    return found


def owner_on(project, day):
    for past in project.past_owners.order_by("ended_on"):
        if day < past.ended_on:
            return past.team_id
    return project.owner_id


def team_on(person, day):
    emails = Identity.objects.filter(person=person).values("email")
    for row in Membership.objects.filter(email__in=emails):
        if (row.started_on is None or row.started_on <= day) and (row.ended_on is None or day < row.ended_on):
            return row.team_id
    return None


def class_of(person, team, owner, day):
    if person.is_bot:
        return Kind.BOT
    if not team or not owner:
        return Kind.UNMAPPED
    return Kind.INSIDE if team in above(owner, day) or owner in above(team, day) else Kind.OUTSIDE


def above(team, day):
    """The team and all above it on that day."""
    found = []
    while team and team not in found:
        found.append(team)
        past = PastParent.objects.filter(team=team, ended_on__gt=day).order_by("ended_on").first()
        team = past.parent_id if past else Team.objects.get(pk=team).parent_id
    return found


def stored():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (FlowWeek, TeamWeek, models.TeamStanding, models.Standing)
    ]


@pytest.fixture(params=SEEDS)
def organisation(request):
    return Organisation(request.param)


class TestMatrix:
    def test_is_what_classifying_each_commit_gives(self, organisation):
        organisation.read()
        weeks = Counter()
        rows = FlowWeek.objects.values_list("team", "owner", "kind", "commits", "coauthored")
        for team, owner, kind, commits, shared in rows:
            weeks[team, owner, kind] += commits + shared
        assert weeks == by_hand()
        check_sums()

    def test_rows_and_columns_add_up_to_the_total(self, organisation):
        organisation.read()
        viewer = User.objects.create(username="viewer")
        total = sum(PersonDay.objects.values_list("commits", flat=True))
        total += sum(PersonDay.objects.values_list("coauthored", flat=True))
        assert total
        flow = team_sums(viewer, ("team", "owner", "kind"), None)
        for column in ("team", "owner", "kind", "week"):
            sums = team_sums(viewer, (column,), None)
            assert sum(sums.values()) == total
            if column != "week":
                place = ("team", "owner", "kind").index(column)
                for (value,), number in sums.items():
                    assert number == sum(n for key, n in flow.items() if key[place] == value)


class TestNothingChanges:
    def test_by_a_second_sync(self, organisation):
        organisation.read()
        before = stored()
        organisation.read()
        assert stored() == before
        models.FlowState.objects.update(inputs="")
        assert refresh_flow() == set()
        assert stored() == before

    def test_by_a_new_name(self, organisation):
        organisation.read()
        before = stored()
        for team in organisation.teams:
            team.name, team.description = f"Renamed {team.pk}", "Otherwise"
            team.save()
        refresh_flow()
        assert stored() == before

    def test_by_a_mirror_of_the_same_repository(self, organisation):
        organisation.read()
        viewer = User.objects.create(username="viewer")
        before = [+team_sums(viewer, columns, None) for columns in (("team", "owner", "kind"), ("week", "kind"))]
        original = organisation.random.choice(organisation.projects)
        builder, copy = planted("copy", owner=organisation.random.choice(organisation.teams))
        shutil.rmtree(builder.path)
        shutil.copytree(original.repository.mirror_path, builder.path)
        imported(copy)
        assert [
            +team_sums(viewer, columns, None) for columns in (("team", "owner", "kind"), ("week", "kind"))
        ] == before

    def test_by_the_order_of_syncs(self, organisation):
        organisation.read()
        before = everything()
        for model in (
            *(
                models.FlowState,
                TeamWeek,
                models.KindWeek,
                models.TeamStanding,
                models.StandingStart,
                FlowWeek,
                models.Standing,
                PersonDay,
                models.Participation,
            ),
            *(models.PersonArea, Trailer, Commit, models.History, Identity, Person),
        ):
            model.objects.all().delete()
        organisation.read(reversed(organisation.projects))
        assert everything() == before

    def test_by_merging_and_undoing(self, organisation):
        organisation.read()
        before = everything()
        editor = User.objects.create(username="editor")
        people = list(Person.objects.filter(is_bot=False).order_by("key"))
        one, two, three = organisation.random.sample(people, 3)
        merges = [identities.merge(one.pk, two.pk, editor), identities.merge(two.pk, three.pk, editor)]
        assert everything() != before
        check_sums()
        organisation.random.shuffle(merges)
        for merge in merges:
            identities.undo(merge.pk, editor)
            check_sums()
        assert everything() == before
