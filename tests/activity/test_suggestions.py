"""Who may be one person: which names are alike, what was decided, and that time grows with people only."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import identities, suggestions
from activity.models import ExcludedTerm, Identity, Participation, Person
from projects.models import Project, Repository

pytestmark = pytest.mark.django_db


def person(name, *emails, commits=0, **fields):
    number = Person.objects.count()
    made = Person.objects.create(key=f"k{number}", name=name, **fields)
    for at, email in enumerate(emails):
        Identity.objects.create(digest=f"{number}-{at}", key=made.key, name=name, email=email, person=made)
    if commits:
        repository, _ = Repository.objects.get_or_create(address_key="x", defaults={"clone_url": "https://x.example/x"})
        project, _ = Project.objects.get_or_create(slug="x", defaults={"name": "x", "repository": repository})
        Participation.objects.create(project=project, person=made, commits=commits)
    return made


def found():
    names = dict(Person.objects.values_list("pk", "name"))
    return [(names[one.person], names[one.into], one.sure) for one in suggestions.suggestions()]


class TestWords:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Zoë Müller", "zoe mueller"),
            ("Müller, Zoë", "Zoë Müller"),
            ("zoe.muller", "Zoe MULLER"),
            ("Łukasz Øster", "lukasz oster"),
            ("Ann Lee (Contractor)", "Ann Lee"),
            ("Ann-Marie Lee", "ann marie lee"),
            ("Ann Lee 2", "Ann Lee"),
            ("ＡＮＮ Lee", "Ann Lee"),
        ],
    )
    def test_variants_are_alike(self, one, other):
        assert suggestions.words_of(one) == suggestions.words_of(other)

    @pytest.mark.parametrize("hostile", ["", ",", "\0", "((((", "[" * 3000, "é" * 3000, "a," * 900, "\u202eAnn"])
    def test_hostile_names_do_no_harm(self, hostile):
        suggestions.words_of(hostile)


class TestSuggestions:
    def test_the_same_name_at_one_domain_comes_first(self):
        person("Ann Lee", "ann@x.example", commits=9)
        person("Lee, Ann", "alee@x.example", commits=3)
        person("ann.lee", "ann@home.example", commits=1)
        person("A. Lee", "al@x.example")
        assert found() == [("Lee, Ann", "Ann Lee", 4), ("ann.lee", "Ann Lee", 3), ("A. Lee", "Ann Lee", 2)]

    def test_names_of_one_word_initials_of_two_and_programs_are_left_alone(self):
        person("ann", "ann@x.example")
        person("Ann", "ann@y.example")
        person("A. Lee", "a1@x.example")
        person("Ann Lee", "a2@x.example")
        person("Adam Lee", "a3@x.example")
        person("Build Agent", "b1@x.example", is_bot=True)
        person("Build Agent", "b2@x.example")
        person("J. D.", "jd@x.example")
        person("J D", "jd2@x.example")
        assert found() == []

    def test_an_address_that_is_a_name_counts_as_one(self):
        person("Ann Lee", "a@home.example", commits=2)
        person("alee", "ann.lee@x.example")
        assert found() == [("alee", "Ann Lee", 3)]

    def test_excluded_terms_say_nothing(self):
        person("Build Server", "one@x.example")
        person("Build Server", "two@x.example")
        assert len(found()) == 1
        ExcludedTerm.objects.create(term="build server")
        assert found() == []
        ExcludedTerm.objects.update(term="two")
        assert found() == []

    def test_what_was_rejected_does_not_come_back_by_another_way(self, administrator):
        one = person("Ann Lee", "a1@x.example", commits=9)
        two = person("Ann Lee", "a2@x.example", commits=5)
        three = person("Ann Lee", "a3@x.example", commits=1)
        identities.keep_apart(two.pk, one.pk, administrator)
        assert [(one_.person, one_.into) for one_ in suggestions.suggestions()] == [(three.pk, one.pk)]
        identities.merge(three.pk, two.pk, administrator)
        assert found() == []

    def test_undoing_offers_it_again(self, administrator):
        one, two = person("Ann Lee", "a1@x.example", commits=9), person("Ann Lee", "a2@x.example")
        row = identities.merge(two.pk, one.pk, administrator)
        assert found() == []
        identities.undo(row.pk, administrator)
        assert len(found()) == 1

    def test_queries_do_not_grow_and_a_name_of_thousands_is_no_matter(self):
        counted = []
        for number in (2, 600):
            for at in range(number):
                person("Same Name", f"s{number}-{at}@d{at % 3}.example")
            with CaptureQueriesContext(connection) as queries:
                assert suggestions.suggestions()
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 6
