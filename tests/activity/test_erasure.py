"""Erasing a person: a pseudonym everywhere, the same figures, for ever."""

import html
import re

import pytest

from accounts import teams
from accounts.models import AuditEvent, Membership, Notification, User
from accounts.notifications import notify
from activity import erasure, identities
from activity.erased_texts import ErasedTexts, remember
from activity.identities import IdentityError
from activity.models import AddressClaim, Identity, KeptApart, Merge, Participation, Person, PersonDay
from projects import verbs
from projects.catalog.query import CatalogQuery
from projects.catalog.selection import select
from projects.models import CatalogWord, Project, Repository, UnansweredSearch
from tests.activity.histories import imported, planted
from tests.conftest import make_user

pytestmark = pytest.mark.django_db
NAME, EMAIL = "Zoë Quietly", "zoe@x.example"


@pytest.fixture
def world(db):
    builder, project = planted("billing")
    for number in range(3):
        builder.commit({"a": f"{number}\n"}, author=f"{NAME} <{EMAIL}>")
    builder.commit({"b": "1\n"}, author="Zoe Q <7+zoeq@users.noreply.forge.example>")
    builder.commit({"c": "1\n"}, author="Bo <bo@x.example>", message=f"x\n\nCo-authored-by: {NAME} <{EMAIL}>\n")
    return builder, imported(project)


def person(email):
    return Identity.objects.filter(email=email).first().person


def texts():
    """Everything about people that the portal's tables hold, as one text."""
    tables = [Person, Identity, AuditEvent, Merge, KeptApart, AddressClaim, Membership, Notification, User]
    tables += [CatalogWord, UnansweredSearch]
    return "\n".join(str(row) for table in tables for row in table.objects.values()).lower()


def found(words):
    ids = select(CatalogQuery(text=words), User.objects.get(is_superuser=True)).ids
    return [Project.objects.get(pk=pk).slug for pk in ids]


def figures():
    return sorted(PersonDay.objects.values_list("person", "day", "commits", "coauthored", "added", "removed"))


class TestErase:
    def test_no_trace_stays_and_no_figure_moves(self, world, team, administrator):
        zoe, other = person(EMAIL), person("7+zoeq@users.noreply.forge.example")
        Membership.objects.create(email=EMAIL, name=NAME, team=team)
        Membership.objects.create(login="zoeq", name="Zoe Q", team=team, is_primary=False)
        identities.keep_apart(zoe.pk, person("bo@x.example").pk, administrator, f"{NAME} is not Bo, wrote {EMAIL}")
        identities.merge(other.pk, zoe.pk, administrator, reason="Zoe Q told me")
        AddressClaim.objects.create(user=administrator, email=EMAIL)
        notify([administrator], "thanks", f"{NAME} thanks you", "/projects/", "Zoe Q told them", text=f"Mail {EMAIL}")
        before, contributors = figures(), Participation.objects.count()
        erased = erasure.erase(other.pk, administrator)
        assert (erased, erased.name) == (zoe, f"Erased person {zoe.pk}")
        left = texts()
        for word in ("zoë", "zoe q", "quietly", "zoeq", EMAIL):
            assert word not in left, word
        assert (figures(), Participation.objects.count()) == (before, contributors)
        line = teams.Timeline.load()
        emails = Identity.objects.filter(person=zoe).values_list("email", flat=True)
        assert line.of(None, emails).teams == (team.pk,)

    def test_survives_syncs_new_names_and_a_new_mailmap(self, world, administrator):
        builder, project = world
        erased = erasure.erase(person(EMAIL).pk, administrator)
        builder.commit({"d": "1\n"}, author=f"Another Name <{EMAIL.upper()}>")
        builder.commit(
            {".mailmap": f"Proper Name <{EMAIL}>\nZoe Best <{EMAIL}> Bo <bo@x.example>\n"}, author="Cy <c@x.example>"
        )
        imported(project)
        names = set(Identity.objects.filter(person=erased).values_list("name", "email"))
        assert names == {(f"Erased person {erased.pk}", f"erased-{erased.pk}@erased.invalid")}
        assert "zoe best" not in texts()
        assert "another name" not in texts()
        builder.commit({".mailmap": None}, author="Cy <c@x.example>")
        imported(project)
        assert "zoë" not in texts()
        row = Participation.objects.get(person=erased)
        assert row.commits == 4

    def test_names_that_a_mailmap_replaces_go_too(self, world, administrator):
        builder, project = world
        builder.commit({"e": "1\n"}, author="Zoe Former <former@home.example>")
        builder.commit({".mailmap": f"{NAME} <{EMAIL}> <former@home.example>\n"}, author="Cy <c@x.example>")
        imported(project)
        before = figures()
        erased = erasure.erase(person(EMAIL).pk, administrator)
        assert "former" not in texts()
        builder.commit({".mailmap": f"# Again\n{NAME} <{EMAIL}> <former@home.example>\n"}, author="Cy <c@x.example>")
        imported(project)
        left = texts()
        assert "former" not in left and "quietly" not in left
        assert Participation.objects.get(person=erased).commits == 4
        assert [row for row in figures() if row[0] == erased.pk] == [row for row in before if row[0] == erased.pk]

    def test_an_account_goes_too_and_its_team_keeps_the_figures(self, world, administrator, team):
        user = make_user("zoe", team)
        User.objects.filter(pk=user.pk).update(email=EMAIL, name=NAME)
        notify([user], "thanks", "Bo thanks you", "/projects/", "you helped")
        before = teams.Timeline.load().of(None, [EMAIL])
        erased = erasure.erase(person(EMAIL).pk, administrator)
        user.refresh_from_db()
        assert (user.is_active, user.email, user.name) == (False, "", erased.name)
        assert erased.user == user
        assert not user.notifications.exists() and not user.mails.exists()
        assert teams.Timeline.load().of(erased.user_id, []) == before
        assert "zoë" not in texts()

    def test_nor_does_the_catalog_find_what_they_look_after(self, world, administrator):
        user, project = make_user("zoeq"), Project.objects.get(slug="billing")
        User.objects.filter(pk=user.pk).update(email=EMAIL, name=NAME)
        verbs.give_role(project, user, "owner", administrator)
        kept = ["quietly shared code", "wordy"]
        UnansweredSearch.objects.bulk_create(UnansweredSearch(text=text) for text in [*kept, "zoe quietly thanks"])
        assert found("quietly") == found("quietlx") == found("zoeq") == ["billing"]
        erasure.erase(person(EMAIL).pk, administrator)
        assert found("quietly") == found("quietlx") == found("zoeq") == []
        assert not CatalogWord.objects.filter(word__in=["quietly", "zoeq"]).exists()
        assert CatalogWord.objects.filter(word="billing").exists()
        assert sorted(UnansweredSearch.objects.values_list("text", flat=True)) == kept

    def test_is_done_once_and_never_undone(self, world, administrator):
        zoe, other = person(EMAIL), person("7+zoeq@users.noreply.forge.example")
        row = identities.merge(other.pk, zoe.pk, administrator)
        erasure.erase(zoe.pk, administrator)
        bo = person("bo@x.example")
        for call in (
            lambda: erasure.erase(other.pk, administrator),
            lambda: erasure.erase(10**9, administrator),
            lambda: identities.undo(row.pk, administrator),
            lambda: identities.merge(bo.pk, zoe.pk, administrator),
            lambda: identities.merge(zoe.pk, bo.pk, administrator),
            lambda: identities.link_account(zoe.pk, administrator, None, Merge.Ground.CLAIM),
        ):
            with pytest.raises(IdentityError):
                call()

    def test_an_administrator_is_not_erased_by_the_way(self, world, administrator):
        User.objects.filter(pk=administrator.pk).update(email=EMAIL)
        with pytest.raises(IdentityError, match="administrator"):
            erasure.erase(person(EMAIL).pk, administrator)
        assert Identity.objects.filter(email=EMAIL).exists()


class TestScrubber:
    def test_leaves_words_of_others_alone(self):
        known = erasure.Known([], ["Ann", "Ann Lee"], ["ann@x.example"], [])
        scrub = erasure.Scrubber(known, "P")
        assert scrub.text("ann") == "P"
        assert scrub.value({"ann@x.example": [None, "by ANN LEE, at <ann@x.example>."]}) == {
            "P": [None, "by P, at <P>."]
        }
        assert scrub.text("Ann said: Annual, joann@x.example") == "Ann said: Annual, joann@x.example"


class TestTexts:
    @pytest.fixture
    def known(self, world):
        pk = person(EMAIL).pk
        return pk, remember(pk, keys=[], names=["Will", NAME, "Jo De La Cruz"], addresses=[EMAIL], logins=["zoeq"])

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("by zoe  QUIETLY's", "by PP's"),
            ("Quietly, Zoë", "PP"),
            ("Merge branch 'zoe-quietly/fix' of Jo de la Cruz", "Merge branch 'PP/fix' of PP"),
            ("a\nzoe\nquietly b", "a\nPP b"),
            ("see <ZOE@x.example>, or zoe@x.example.", "see <AA>, or AA."),
            ("@zoeq and @zoeqs, a@zoeq", "PP and @zoeqs, a@zoeq"),
            ("x\n\nAcked-by: will\nSigned-off-by: Z. <zoe@x.example>", "x\n\nAcked-by: PP\nSigned-off-by: PP <AA>"),
        ],
    )
    def test_names_in_many_spellings(self, known, text, said):
        pk, erased = known
        assert erased.text(text) == said.replace("PP", f"Erased person {pk}").replace(
            "AA", f"erased-{pk}@erased.invalid"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Will it work? I will.",
            "Zoe did it quietly",
            "zoe_quietly()",
            "Zoe. \n\n\n Quietly",
            "joe.zoe@x.example",
            "zoe@x.example.org",
            "Quiet Zoë",
            "",
        ],
    )
    def test_what_others_wrote_stays(self, known, text):
        assert known[1].text(text) == text
        assert ErasedTexts().text(text) is text


class TestEverywhere:
    """Every address that leads anywhere from the pages of a project, looked at for traces."""

    MESSAGE = (
        f"Thank {NAME} for it\n\nAsked by QUIETLY, Zoe and @zoeq, see zoe@x.example.\nzoë\nquietly wrote:\nwordy\n\n"
        f"Reviewed-by: {NAME} <{EMAIL}>\nTested-by: Zoe <{EMAIL}>\nReported-by: Zoë Quietly\n"
    )
    TRACES = re.compile(r"(?<![\w-])zo[eë](?![\w-])|zoeq|quietly|zoe@x|zo=C3", re.IGNORECASE)
    PAGES = (
        *("tree/main/", "blame/main/e", "commits/main/", "commits/main/e", "branches/", "tags/", "lasts/main/?wait=1"),
        *("blob/main/e", "compare/v1...side", "activity/?window=0", "activity/?window=0&csv=contributors", "feed/"),
    )

    @pytest.fixture
    def shown(self, world, client, administrator):
        builder, project = world
        builder.commit({"e": "1\n"}, author=f"Zoë <{EMAIL}>", message=self.MESSAGE)
        builder.commit({"e": "2\n"}, author="Cy <c@x.example>", message=self.MESSAGE)
        tagger = ("-c", f"user.name={NAME}", "-c", f"user.email={EMAIL}")
        builder.git(*tagger, "tag", "-a", "-m", f"{NAME}'s", "v1", "main")
        builder.commit({"f": "2\n"}, branch="side", author=f"{NAME} <{EMAIL}>", message=f"Merge {EMAIL}")
        client.force_login(administrator)
        return builder, self.synced(builder, project), client

    def synced(self, builder, project):
        Repository.objects.update(head_commit=builder.oid(b"refs/heads/main"))
        return imported(project)

    def traces(self, client, builder):
        """Addresses whose answers name the person, of all that are met."""
        oids = builder.git("rev-list", "--all").decode().split()
        waiting = [f"/projects/billing/{place}" for place in self.PAGES]
        waiting += [f"/projects/billing/commit/{oid}{form}" for oid in oids for form in ("", ".patch", ".diff")]
        waiting += [f"/projects/billing/refs/main/?q={oid[:9]}" for oid in oids]
        for word in ("wordy", "thank", "billing"):
            waiting += [f"/search/?q={word}&type={kind}" for kind in ("commits", "people", "projects", "code")]
            waiting += [f"/search/palette/?q={word}", f"/search/suggestions/?q={word}", f"/people/?q={word}"]
        waiting += ["/people/identities/", "/people/", "/insights/", "/teams/"]
        seen, found = set(), set()
        while waiting and len(seen) < 150:
            url = waiting.pop(0)
            if url not in seen:
                seen.add(url)
                response = client.get(url)
                assert response.status_code < 500, url
                text = b"".join(response if response.streaming else [response.content]).decode()
                found |= {url} if self.TRACES.search(text) else set()
                links = re.findall(r'href="(/(?:projects/billing|people|insights)/[^"#]*)"', text)
                waiting += [html.unescape(link) for link in links if "archive" not in link]
        return found

    def test_no_page_feed_table_or_search_names_the_person(self, shown, administrator):
        builder, project, client = shown
        before = self.traces(client, builder)
        for page in (*self.PAGES[:7], "activity/?window=0", "activity/?window=0&csv=contributors"):
            assert f"/projects/billing/{page}" in before, page
        sums = figures()
        erasure.erase(person(EMAIL).pk, administrator)
        erasure.erase(person("7+zoeq@users.noreply.forge.example").pk, administrator)
        assert self.traces(client, builder) == set()
        builder.commit({"g": "1\n"}, author=f"{NAME} <{EMAIL}>", message=self.MESSAGE)
        self.synced(builder, project)
        assert self.traces(client, builder) == set()
        assert [row for row in figures() if row in sums] == sums and len(figures()) > len(sums)
        for word in ("quietly", "zoe+quietly"):
            assert b"/commit/" not in client.get(f"/search/?q={word}&type=commits").content
        assert b"/commit/" in client.get("/search/?q=wordy+thank&type=commits").content
