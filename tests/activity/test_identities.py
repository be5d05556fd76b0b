"""Merging people and undoing it: figures move without reading git, and come back exactly."""

import random
import shutil
import threading

import pytest
from django.db import connection, connections

from accounts.models import AuditEvent
from activity import days, identities
from activity.identities import IdentityError
from activity.models import Identity, KeptApart, Merge, Participation, Person, PersonDay
from projects.models import Project
from tests.activity.histories import imported, planted, rows
from tests.conftest import make_user
from tests.patience import patiently

ANN, BO, CY = "Ann <ann@x.example>", "Bo <bo@x.example>", "Cy <cy@x.example>"
WHO = [ANN, BO, CY, "Di <di@x.example>", "Eve <eve@x.example>", "deploy[bot] <d@x.example>"]


def history(slug="billing", seed=1, people=WHO):
    """Commits by everybody, some with co-authors, in the top and in a folder."""
    chance = random.Random(seed)
    builder, project = planted(slug)
    Project.objects.create(slug=f"{slug}-lib", name="lib", repository=project.repository, subdirectory="lib")
    for number in range(24):
        author, other = chance.choice(people), chance.choice(people)
        words = f"Change {number}\n\nCo-authored-by: {other}\n" if chance.random() < 0.5 else f"Change {number}"
        builder.commit({chance.choice(["a", "lib/b", "lib/c/d"]): f"{number}\n" * 3}, message=words, author=author)
    return imported(project)


def person(email):
    return Identity.objects.get(email=email).person


def everything():
    return [rows(project.repository) for project in Project.objects.filter(subdirectory="").order_by("pk")]


def sums(slug="billing"):
    found = Participation.objects.filter(project__slug=slug)
    return {row.person.name: (row.commits, row.coauthored, row.added) for row in found.select_related("person")}


@pytest.mark.django_db
class TestMerge:
    def test_moves_all_figures_without_reading_git(self, administrator):
        project = history()
        before, contributors = sums(), project.contributors_total
        shutil.rmtree(project.repository.mirror_path)
        identities.merge(person("ann@x.example").pk, person("bo@x.example").pk, administrator, reason="Married")
        after = sums()
        (name,) = set(after) & {"Ann", "Bo"}  # that of the newest commit
        assert after[name][0] == before["Ann"][0] + before["Bo"][0]
        assert after[name][2] == before["Ann"][2] + before["Bo"][2]
        assert after[name][1] <= before["Ann"][1] + before["Bo"][1]  # sharing with oneself gives nothing
        assert {other: after[other] for other in ("Cy", "Di")} == {other: before[other] for other in ("Cy", "Di")}
        project.refresh_from_db()
        assert project.contributors_total == contributors - 1
        event = AuditEvent.objects.get(action="person.merged")
        assert (event.target_name, event.changes["into"], event.changes["reason"]) == (
            "Ann",
            [None, "Bo"],
            [None, "Married"],
        )

    def test_what_is_imported_later_follows(self, administrator):
        project = history()
        identities.merge(person("ann@x.example").pk, person("bo@x.example").pk, administrator)
        builder, other = planted("other")
        builder.commit({"a": "1"}, author="Ann the Second <ANN@x.example>")
        imported(other)
        assert Participation.objects.get(project=other).person == person("bo@x.example")
        assert project.pk != other.pk

    @pytest.mark.parametrize("seed", range(6))
    def test_any_order_of_merges_and_undos_comes_back_to_the_same_rows(self, administrator, seed):
        history("billing", seed)
        history("shop", seed + 100, WHO[1:])
        before, chance = everything(), random.Random(seed)
        people = list(Person.objects.order_by("pk").values_list("pk", flat=True))
        for _ in range(9):
            still = list(Merge.objects.open().values_list("pk", flat=True))
            if still and chance.random() < 0.35:
                identities.undo(chance.choice(still), administrator)
            else:
                one, two = chance.sample(people, 2)
                if identities.standing(one) != identities.standing(two):
                    identities.merge(one, two, administrator)
            self.check_sums()
        still = list(Merge.objects.open().values_list("pk", flat=True))
        chance.shuffle(still)
        for pk in still:
            identities.undo(pk, administrator)
        assert everything() == before
        assert not Person.objects.exclude(merged_into=None).exists()

    def check_sums(self):
        """What is stored is what adding everything up anew gives; and totals never move."""
        stored = everything()
        for project in Project.objects.all():
            days.rebuild_sums(project)
        assert everything() == stored
        assert not Identity.objects.exclude(person__merged_into=None).exists()
        assert not Person.objects.exclude(merged_into__merged_into=None).exists()
        for project in Project.objects.all():
            written = PersonDay.objects.filter(project=project).values_list("commits", flat=True)
            assert sum(written) == project.commits_total

    def test_a_chain_may_be_taken_apart_in_the_middle(self, administrator):
        history()
        a, b, c = (person(f"{name}@x.example") for name in ("ann", "bo", "cy"))
        first = identities.merge(a.pk, b.pk, administrator)
        identities.merge(b.pk, c.pk, administrator)
        assert person("ann@x.example") == c
        identities.undo(first.pk, administrator, "Not the same")
        assert [person(f"{name}@x.example") for name in ("ann", "bo", "cy")] == [a, c, c]
        identities.merge(a.pk, b.pk, administrator)  # whoever was merged stands for whom it was merged into
        assert person("ann@x.example") == c
        identities.undo(Merge.objects.open().get(person=b).pk, administrator)
        assert [person(f"{name}@x.example") for name in ("ann", "bo", "cy")] == [c, b, c]

    def test_undoing_takes_along_what_was_merged_before(self, administrator):
        history()
        a, b, c = (person(f"{name}@x.example") for name in ("ann", "bo", "cy"))
        identities.merge(a.pk, b.pk, administrator)
        later = identities.merge(b.pk, c.pk, administrator)
        identities.undo(later.pk, administrator)
        assert [person(f"{name}@x.example") for name in ("ann", "bo", "cy")] == [b, b, c]

    def test_refuses_what_cannot_be(self, administrator):
        history()
        a, b = person("ann@x.example"), person("bo@x.example")
        row = identities.merge(a.pk, b.pk, administrator)
        for call in (
            lambda: identities.merge(a.pk, b.pk, administrator),
            lambda: identities.merge(a.pk, a.pk, administrator),
            lambda: identities.merge(a.pk, 0, administrator),
            lambda: identities.merge(2**70, a.pk, administrator),
            lambda: (identities.undo(row.pk, administrator), identities.undo(row.pk, administrator)),
            lambda: identities.undo(2**40, administrator),
        ):
            with pytest.raises(IdentityError):
                call()

    def test_an_account_goes_along_and_comes_back(self, administrator):
        history()
        a, b, c = (person(f"{name}@x.example") for name in ("ann", "bo", "cy"))
        ann, bo = make_user("ann"), make_user("bo")
        Person.objects.filter(pk=a.pk).update(user=ann)
        first = identities.merge(a.pk, b.pk, administrator)
        second = identities.merge(b.pk, c.pk, administrator)
        assert identities.person_of(ann) == Person.objects.get(user=ann) == c
        identities.undo(first.pk, administrator)
        assert Person.objects.get(user=ann) == a
        identities.undo(second.pk, administrator)
        assert Person.objects.get(user=ann) == a
        Person.objects.filter(pk=b.pk).update(user=bo)
        identities.merge(a.pk, b.pk, administrator)  # each keeps its own
        assert identities.person_of(ann) == identities.person_of(bo) == b

    def test_what_an_import_left_behind_is_straightened(self, administrator):
        history()
        a, b = person("ann@x.example"), person("bo@x.example")
        identities.merge(a.pk, b.pk, administrator)
        before = everything()
        Identity.objects.filter(email="ann@x.example").update(person=a)
        assert identities.straighten() == 1
        assert everything() == before
        assert identities.straighten() == 0


@pytest.mark.django_db
class TestKeepApart:
    def test_is_remembered_until_taken_back(self, administrator):
        history()
        a, b = person("ann@x.example"), person("bo@x.example")
        row = identities.keep_apart(b.pk, a.pk, administrator, "Twins")
        assert identities.keep_apart(a.pk, b.pk, administrator).pk == row.pk
        assert identities.were_told_apart(a, b)
        identities.allow_again(row.pk, administrator)
        assert not identities.were_told_apart(a, b)
        with pytest.raises(IdentityError):
            identities.allow_again(row.pk, administrator)
        assert AuditEvent.objects.filter(action__startswith="person.kept_apart").count() == 2
        assert not KeptApart.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_merges_in_both_directions_at_once_leave_one_person(self, db):
        history()
        a, b, c = (person(f"{name}@x.example").pk for name in ("ann", "bo", "cy"))
        outcomes = self.at_once([(a, b), (b, a), (a, c), (c, b)])
        assert outcomes.count("done") == 2
        assert len({person(f"{name}@x.example").pk for name in ("ann", "bo", "cy")}) == 1
        for row in list(Merge.objects.open()):
            identities.undo(row.pk, None)
        assert len({person(f"{name}@x.example").pk for name in ("ann", "bo", "cy")}) == 3

    def at_once(self, pairs):
        outcomes, start = [], threading.Barrier(len(pairs))

        def work(one, two):
            try:
                start.wait()
                patiently(identities.merge, one, two, None)
                outcomes.append("done")
            except IdentityError:
                outcomes.append("refused")
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == len(pairs), connection.vendor
        return outcomes
