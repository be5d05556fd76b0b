"""The list of open tasks: what each viewer sees, counts, order with its reason, filters, and bounded queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Team
from activity.models import Participation, Person
from contributions import opportunities
from contributions.fitting import marks_of
from contributions.models import Opportunity
from contributions.opportunities import STEPS
from contributions.opportunity_list import best_for
from projects.models import Access, Follow, Project, Star
from tests.conftest import make_user
from tests.contributions.tasks import make_project, make_task

pytestmark = pytest.mark.django_db
LIST = "/contribute/"


@pytest.fixture
def billing(team):
    return make_project("billing", team)


@pytest.fixture
def secret(team):
    return make_project("secret", team, visibility="restricted", language="COBOL")


def knows(user, project, commits=3):
    person, _ = Person.objects.get_or_create(user=user, defaults={"key": user.username, "name": user.name})
    Participation.objects.create(project=project, person=person, commits=commits)


def titles(response):
    return [one.title for one, _ in response.context["found"].lines]


def counts(response, key):
    group = next(group for group in response.context["found"].groups if group.facet.key == key)
    return {one.label: one.count for one in (*group.top, *group.more)}


class TestOpportunities:
    def test_only_what_one_can_take(self, client, billing, owner, stranger, team):
        shown = make_task(billing, owner, title="Free")
        for title, name in (("Gone", "withdraw"), ("Done", "land"), ("Busy", "take")):
            opportunities.advance(make_task(billing, owner, title=title), STEPS[name], stranger)
        make_task(make_project("old", team, lifecycle="archived"), title="Archived")
        make_task(make_project("removed", team, removed_at=billing.created_at), title="Removed")
        client.force_login(stranger)
        assert titles(client.get(LIST)) == ["Free"]
        assert counts(client.get(LIST), "team") == {"Payments": 1}
        opportunities.advance(shown, STEPS["take"], stranger)
        assert "No task is open" in client.get(LIST).content.decode()

    @pytest.mark.parametrize("who", ["owner", "administrator", "reader", "stranger", "anonymous"])
    def test_restricted_is_in_no_row_count_facet_or_filter(
        self, client, request, settings, secret, billing, owner, who
    ):
        settings.ANONYMOUS_READ = True
        mentor = make_user("hidden")
        make_task(billing, owner, title="Open to all")
        make_task(secret, owner, title="Whisper", languages=["COBOL"], skills=["spying"], kind="docs", mentor=mentor)
        reader = make_user("rita")
        Access.objects.create(project=secret, user=reader)
        if who != "anonymous":
            client.force_login(reader if who == "reader" else request.getfixturevalue(who))
        sees = who in ("owner", "administrator", "reader")
        values = ["language=COBOL", "skill=spying", "q=Whisper", f"mentor={mentor.pk}", "project=secret", "kind=docs"]
        for query in ["", *(f"?{value}" for value in values)]:
            response = client.get(f"{LIST}{query}")
            text = response.content.decode()
            assert ("Whisper" in titles(response)) == sees, query
            assert response.context["found"].total == 1 + sees
            assert ("Hidden" in text) == sees
            for key in ("language", "skill", "mentor"):
                assert bool({"COBOL", "spying", "Hidden"} & counts(response, key).keys()) == sees

    def test_a_value_of_hidden_tasks_looks_like_one_that_nobody_has(self, client, secret, billing, owner, stranger):
        make_task(billing, owner)
        make_task(secret, owner, languages=["COBOL"])
        client.force_login(stranger)
        hidden, unknown = (client.get(f"{LIST}?language={word}").content.decode() for word in ("COBOL", "NOBOL"))
        strip = [text.replace("COBOL", "X").replace("NOBOL", "X") for text in (hidden, unknown)]
        shown = [text.partition("<h1>")[2].partition("</main>")[0] for text in strip]
        assert shown[0] == shown[1] != ""

    def test_facets_combine_and_count_what_they_would_lead_to(self, client, billing, owner, other_team, stranger):
        routes = make_project("routes", other_team, language="Go")
        make_task(billing, owner, title="A", languages=["Python"], effort="hour")
        make_task(billing, owner, title="B", languages=["Python", "SQL"], effort="day", good_first=True)
        make_task(routes, owner, title="C", languages=["Go"], effort="day", mentor=owner)
        client.force_login(make_user("nina"))
        response = client.get(f"{LIST}?language=Python&effort=day")
        assert titles(response) == ["B"]
        assert counts(response, "language") == {"Python": 1, "SQL": 1, "Go": 1}
        assert counts(response, "effort") == {"An hour": 1, "A day": 1}
        assert counts(response, "team") == {"Payments": 1}
        assert sorted(titles(client.get(f"{LIST}?language=Python&language=Go"))) == ["A", "B", "C"]
        assert titles(client.get(f"{LIST}?first=yes")) == ["B"]
        assert titles(client.get(f"{LIST}?team={other_team.pk}")) == ["C"]
        assert titles(client.get(f"{LIST}?mentor={owner.pk}")) == ["C"]
        assert titles(client.get(f"{LIST}?project=routes")) == ["C"]
        assert "No open task has all of this" in client.get(f"{LIST}?language=Go&first=yes").content.decode()

    def test_what_the_viewer_knows_comes_first_and_says_why(self, client, billing, owner, other_team, stranger):
        third = Team.objects.create(slug="third", name="Third")
        web = make_project("web", third, language="TypeScript")
        other = make_project("other", third, language="Go")
        make_task(billing, owner, title="Knows the language", languages=["TypeScript"])
        make_task(web, owner, title="Knows the project", languages=["CSS"])
        make_task(other, owner, title="Starred", languages=["Go"])
        make_task(make_project("far", third, language=""), owner, title="Newest", languages=[])
        mine = make_project("mine", other_team)
        make_task(mine, owner, title="Of their own team", languages=["TypeScript"], good_first=True)
        knows(stranger, web)
        knows(stranger, mine)
        Star.objects.create(project=other, user=stranger)
        Follow.objects.create(project=billing, user=owner)
        client.force_login(stranger)
        lines = [(one.title, why) for one, why in client.get(LIST).context["found"].lines]
        assert lines == [
            ("Knows the project", "You have 3 commits here"),
            ("Knows the language", "You know TypeScript from Web"),
            ("Starred", "You starred the project"),
            ("Newest", ""),
            ("Of their own team", "In a project that you look after"),
        ]
        best = best_for(stranger, Project.objects.visible_to(stranger), marks_of(stranger), 5)
        assert [one.title for one, _ in best] == ["Knows the project", "Knows the language", "Starred"]
        newest = client.get(f"{LIST}?sort=newest")
        assert titles(newest)[:2] == ["Of their own team", "Newest"]

    def test_a_project_that_one_may_no_longer_read_is_not_named(self, client, billing, secret, owner, stranger):
        make_task(billing, owner, languages=["COBOL"])
        knows(stranger, secret)
        client.force_login(stranger)
        text = client.get(LIST).content.decode()
        assert "Secret" not in text and "You know" not in text

    def test_sorts_by_deadline_and_effort(self, client, billing, owner):
        make_task(billing, owner, title="Whenever", effort="more")
        make_task(billing, owner, title="Late", effort="hour", deadline="2099-05-01")
        make_task(billing, owner, title="Soon", effort="week", deadline="2099-04-01")
        client.force_login(owner)
        Opportunity.objects.update(stamp=7)
        assert titles(client.get(f"{LIST}?sort=deadline")) == ["Soon", "Late", "Whenever"]
        assert titles(client.get(f"{LIST}?sort=effort")) == ["Late", "Soon", "Whenever"]

    def test_edits_and_steps_show_at_once(self, client, billing, owner, stranger):
        task = make_task(billing, owner, title="First", languages=["Python"])
        client.force_login(stranger)
        assert counts(client.get(LIST), "language") == {"Python": 1}
        before = {name: getattr(task, name) for name in opportunities.EDITABLE}
        task.languages, task.title = ["Go"], "Second"
        opportunities.edit(task, before, owner)
        assert counts(client.get(LIST), "language") == {"Go": 1}
        assert titles(client.get(LIST)) == ["Second"]
        Project.objects.update(owner=None)
        assert counts(client.get(LIST), "team") == {}

    @pytest.mark.parametrize(
        "query",
        [
            *("?page=0", "?page=99999999999", "?page=x", "?sort=evil", "?mentor=x", "?team=-1", "?q=%00"),
            *("?language=%00", "?q=" + "x" * 5000, "?project=%00", f"?team={2**70}"),
            "?" + "&".join(f"skill={n}" for n in range(100)),
        ],
    )
    def test_nonsense_in_the_address_is_harmless(self, client, billing, owner, query):
        make_task(billing, owner)
        client.force_login(owner)
        assert client.get(f"{LIST}{query}").status_code == 200

    def test_pages(self, client, billing, owner):
        for number in range(27):
            make_task(billing, title=f"Task {number}")
        client.force_login(owner)
        first, second = (client.get(f"{LIST}?sort=newest&page={page}") for page in (1, 2))
        assert len(titles(first)) == 25 and titles(second) == ["Task 1", "Task 0"]
        assert "27" in first.content.decode()

    def test_as_many_queries_for_twenty_tasks_as_for_two(
        self, client, billing, owner, stranger, django_assert_num_queries
    ):
        def fill(number, begin):
            for n in range(begin, begin + number):
                project = make_project(f"p{n}", billing.owner)
                make_task(project, mentor=make_user(f"m{n}"), skills=[f"s{n}"])

        fill(2, 0)
        client.force_login(stranger)
        client.get(LIST)
        with CaptureQueriesContext(connection) as two:
            client.get(LIST)
            number = len(two)
        fill(18, 2)
        client.get(LIST)
        with django_assert_num_queries(number):
            client.get(LIST)
        assert 0 < number <= 12

    def test_anonymous_sees_what_the_setting_allows(self, client, settings, billing, owner):
        make_task(billing, owner)
        assert client.get(LIST).status_code == 302
        settings.ANONYMOUS_READ = True
        text = client.get(LIST).content.decode()
        assert "Say what went wrong" in text and "csrfmiddlewaretoken" not in text

    def test_scripts_in_titles_and_skills_are_words(self, client, billing, owner, stranger):
        make_task(billing, owner, title="<script>alert(1)</script>", skills=["<b>x</b>"])
        client.force_login(stranger)
        text = client.get(LIST).content.decode()
        assert "<script>alert(1)" not in text and "<b>x</b>" not in text
        assert reverse("contributions:opportunity", args=[Opportunity.objects.get().pk]) in text
