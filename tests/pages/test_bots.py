"""Patterns of programs: looked at before they are saved, and every sum follows."""

import html

import pytest

from accounts.models import AuditEvent
from activity import bots
from activity.models import BotPattern, Identity, Participation, Person
from tests.activity.histories import imported, planted, rows

pytestmark = pytest.mark.django_db
PAGE = "/people/bots/"
FORM = {"pattern": "^release ", "field": "name", "meaning": "program"}


@pytest.fixture
def project(db):
    builder, made = planted("billing")
    for who in ("Ann <ann@x.example>", "Release Train <rel@x.example>", "Robot <robot@x.example>"):
        builder.commit({"a": f"{who}\n"}, author=who)
    return imported(made)


@pytest.fixture
def admin_client(client, administrator):
    client.force_login(administrator)
    return client


def humans():
    return set(Person.objects.humans().values_list("name", flat=True))


class TestPatterns:
    def test_looks_first_then_saves_and_all_figures_follow(self, admin_client, project):
        assert project.contributors_total == 2
        page = admin_client.post(PAGE, FORM)
        assert page.context["changed"] == 1
        assert "Release Train" in page.content.decode()
        assert not BotPattern.objects.exists()
        admin_client.post(PAGE, FORM | {"save": "yes"})
        project.refresh_from_db()
        assert (humans(), project.contributors_total) == ({"Ann"}, 1)
        builder, other = planted("other")
        builder.commit({"a": "1\n"}, author="RELEASE Bus <bus@x.example>")
        assert imported(other).contributors_total == 0
        admin_client.post(f"{PAGE}remove/", {"pattern": BotPattern.objects.get().pk})
        project.refresh_from_db()
        assert project.contributors_total == 2
        actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
        assert actions == ["bots.pattern_added", "bots.pattern_removed"]

    def test_built_in_ones_are_switched_off_and_on_again(self, admin_client, project):
        before = rows(project.repository)
        for key in ("word-name", "ending-address", "word-address"):
            admin_client.post(f"{PAGE}switch/", {"key": key, "on": "no"})
        assert humans() == {"Ann", "Release Train", "Robot"}
        for key in ("word-name", "ending-address", "word-address"):
            admin_client.post(f"{PAGE}switch/", {"key": key, "on": "yes"})
        assert rows(project.repository) == before
        assert admin_client.post(f"{PAGE}switch/", {"key": "nothing"}).status_code == 404
        assert admin_client.post(f"{PAGE}switch/", {"pattern": "77"}).status_code == 404

    def test_humans_all_the_same(self, admin_client, project):
        for field in ("name", "address"):
            admin_client.post(PAGE, {"pattern": "robot", "field": field, "meaning": "human", "save": "yes"})
        assert "Robot" in humans()

    @pytest.mark.parametrize(
        "pattern", ["", "(", "a*", "(?=x)", r"(a)\1", "x" * 201, "a{9999}", "|", "(((((a{99}){99}){99}){99}){99})"]
    )
    def test_what_cannot_be_used_is_refused_and_kept(self, admin_client, project, pattern):
        page = admin_client.post(PAGE, FORM | {"pattern": pattern, "save": "yes"})
        assert page.status_code == 422
        [reason] = page.context["form"].errors["pattern"]
        assert reason in html.unescape(page.content.decode())
        assert not BotPattern.objects.exists()

    def test_takes_linear_time(self, admin_client, project):
        builder, other = planted("other")
        builder.commit({"a": "1\n"}, author=f"{'a' * 300} <a@x.example>")
        imported(other)
        assert admin_client.post(PAGE, FORM | {"pattern": "(a+)+$x|((a*)*)*b", "save": "yes"}).status_code == 302
        rules = bots.Rules([bots.Pattern("name", "(a+)+$x")])
        assert not rules.is_bot("a" * 300, "")


class TestPersonKind:
    def test_a_decision_wins_over_patterns_until_it_is_taken_back(self, admin_client, project):
        ann = Identity.objects.get(email="ann@x.example").person
        url = f"/people/identities/{ann.pk}/kind/"
        admin_client.post(url, {"kind": "program"})
        project.refresh_from_db()
        assert project.contributors_total == 1
        bots.apply(lambda people: None)
        assert "Ann" not in humans()
        assert "Ann" in admin_client.get(PAGE).content.decode()
        admin_client.post(url, {"kind": "nonsense"})
        admin_client.post(url, {"kind": "patterns"})
        assert "Ann" in humans()
        assert Participation.objects.filter(person=ann).count() == 1


class TestErase:
    def test_asks_for_the_name_and_says_what_git_keeps(self, admin_client, project):
        ann = Identity.objects.get(email="ann@x.example").person
        url = f"/people/identities/{ann.pk}/erase/"
        assert "Git keeps what it has" in admin_client.get(url).content.decode()
        assert admin_client.post(url, {"name": "ann"}).status_code == 422
        assert Person.objects.get(pk=ann.pk).erased_at is None
        assert admin_client.post(url, {"name": " Ann "}).status_code == 302
        text = admin_client.get(f"/people/identities/{ann.pk}/").content.decode()
        assert "ann@x.example" not in text
        assert f"Erased person {ann.pk}" in text
        assert "erased already" in admin_client.get(url).content.decode()
        assert admin_client.post(url, {"name": f"Erased person {ann.pk}"}).status_code == 422


class TestPermission:
    def test_only_administrators(self, client, project, owner, administrator):
        ann = Identity.objects.get(email="ann@x.example").person
        posts = [PAGE, f"{PAGE}switch/", f"{PAGE}remove/"]
        posts += [f"/people/identities/{ann.pk}/{word}/" for word in ("kind", "erase")]
        assert {client.post(url).status_code for url in posts} == {302}
        client.force_login(owner)
        assert {client.post(url, FORM | {"save": "yes", "name": "Ann"}).status_code for url in posts} == {403}
        assert client.get(PAGE).status_code == client.get(posts[-1]).status_code == 403
        client.force_login(administrator)
        assert {client.get(url).status_code for url in posts[1:4]} == {405}
        assert client.get("/people/identities/999/erase/").status_code == 404
        assert client.post("/people/identities/999/kind/").status_code == 404
        assert not BotPattern.objects.exists()
