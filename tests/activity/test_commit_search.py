"""Commits by words, author, dates and project; held against a plain reading of the titles, and against a portal that
does not have the restricted project."""

import datetime as dt
import random
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import commit_words
from activity.commit_search import search_commits
from activity.models import Commit, History, Person
from projects.models import Access, Project
from tests.activity.histories import imported, planted
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def history(slug, titles, *, author="Ann Other <ann@example.org>", first=1_700_000_000, **fields):
    builder, project = planted(slug, **fields)
    for number, title in enumerate(titles):
        builder.commit({"a.txt": f"{slug}{number}"}, message=title, author=author, when=first + 60 * number)
    return imported(project)


def titles(page):
    return [hit.commit.title for hit in page.hits]


def walk(viewer, words, **options):
    """Titles of all pages."""
    found, after = [], None
    while True:
        page = search_commits(viewer, words, after=after, **options)
        found += titles(page)
        after = page.next
        if after is None:
            return found


def test_words_find(stranger):
    history(
        "a",
        ["retry: back off", "Retries the payment", "Adresse in München", "Rename getUserName()",
         "Fix src/parser.py, do not stop"],
    )  # fmt: skip
    both = ["Retries the payment", "retry: back off"]
    for words, expected in (
        *((words, both) for words in ("retry", "RETRIES", "retrying", "the retries")),
        *((words, both[:1]) for words in ("payment retries", "pay", "payments retr")),
        *((words, ["Adresse in München"]) for words in ("munchen", "MÜNCHEN", "Mün")),
        *((words, ["Rename getUserName()"]) for words in ("getUser", "renamed")),
        *((words, ["Fix src/parser.py, do not stop"]) for words in ("parser", "stopped", "src/parser.py", "fixes")),
        *((words, []) for words in ("nothing like this", "!!!", "arser", "pay retry")),
    ):
        assert titles(search_commits(stranger, words)) == expected, words


BODY = """Round totals half up

The ledger lost pennies whenever a Rechnung für München was split.
See src/parser.py: getUserName() was one of them.

Signed-off-by: Zacharias Quill <quill@example.org>
"""


def test_the_whole_message_is_searched(stranger):
    history("a", ["Round totals half up", BODY, f"Long {'x ' * 400}tail", f"Very long\n\n{'word ' * 9000} unreached"])
    whole, short = titles(search_commits(stranger, "round totals"))
    assert (whole, short) == ("Round totals half up", "Round totals half up")
    for words in ("ledger", "lost penny", "rounding pennies", "rechnung munchen", "half getUser", "src/parser.py"):
        assert len(search_commits(stranger, words).hits) == 1, words
    assert titles(search_commits(stranger, "tail"))[0].startswith("Long")
    for words in ("quill", "zacharias", "example", "unreached", "ledger nothing"):
        assert titles(search_commits(stranger, words)) == [], words


def test_messages_follow_the_branch(stranger, monkeypatch):
    monkeypatch.setattr("activity.messages.STORED", 2)
    builder, project = planted("a")
    first = builder.commit({"a": "1"}, message="One\n\nalpha shared")
    builder.commit({"a": "2"}, message="Two\n\nbeta shared")
    old = builder.commit({"a": "3"}, message="Three\n\ngamma shared")
    imported(project)
    assert walk(stranger, "shared") == ["Three", "Two", "One"]
    builder.set_ref("refs/heads/main", first)
    builder.commit({"a": "4"}, message="Four\n\ndelta shared")
    imported(project)
    assert walk(stranger, "shared") == ["Four", "One"]
    assert walk(stranger, "beta") == walk(stranger, "gamma") == []
    builder.set_ref("refs/heads/main", old)
    imported(project)
    assert walk(stranger, "shared") == ["Three", "Two", "One"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO commit_text (commit_text) VALUES ('integrity-check')")
            cursor.execute("SELECT count(*) FROM commit_text WHERE commit_text MATCH 'delta OR shared'")
            assert cursor.fetchone() == (3,)


def test_an_index_of_titles_becomes_one_of_messages(stranger):
    """As the migration leaves it: titles are found all along, and no word is there twice."""
    project = history("a", [f"Fix {number}\n\nbecause" for number in range(3)])
    pks = list(Commit.objects.values_list("pk", flat=True))
    commit_words.forget(pks)
    Commit.objects.update(words="")
    commit_words.store(pks)
    History.objects.update(words_to=0, titles_to=max(pks))
    assert len(walk(stranger, "fix")) == 3 and walk(stranger, "because") == []
    imported(project)
    assert walk(stranger, "because") == walk(stranger, "fix") == ["Fix 2", "Fix 1", "Fix 0"]
    if connection.vendor == "sqlite":
        commit_words.forget(pks)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM commit_text WHERE commit_text MATCH 'fix OR because'")
            assert cursor.fetchone() == (0,)


HOSTILE = [
    *('"', "'", "* AND", "NOT", "NEAR(a b)", "words:b", "(((", "^x", "a\x00b", "\\", "%", "_", "' OR 1=1 --", "&|!<->"),
    *(
        ":*",
        "ledger" * 2000,
        "x " * 5000,
        "\u202e\ufeff",
        "\ud7ff",
        "🦀",
        "{a}",
        "+-~",
        "\ue000r1",
        "\ue000",
        "x\udc80",
    ),
]


def test_any_text_is_allowed(stranger):
    project = history("a", ["Something"])
    for words in HOSTILE:
        assert titles(search_commits(stranger, words)) == []
        assert titles(search_commits(stranger, "something", author=words, after=words)) in ([], ["Something"])
        assert titles(search_commits(stranger, "something", projects=[project], after=words)) == ["Something"]


def test_a_commit_is_found_by_the_beginning_of_its_id(stranger):
    project = history("a", ["One", "Two"])
    oid = Commit.objects.get(title="One").oid
    assert titles(search_commits(stranger, oid[:9])) == ["One"]
    assert titles(search_commits(stranger, oid.upper())) == ["One"]
    assert titles(search_commits(stranger, oid, projects=[project], until=dt.date(2001, 1, 1))) == []


def test_author_dates_and_projects_narrow(stranger):
    ann = history("a", ["Fix one", "Fix two"])
    history("b", ["Fix three"], author="Bo <bo@example.org>", first=1_600_000_000)
    assert titles(search_commits(stranger, "fix")) == ["Fix two", "Fix one", "Fix three"]
    assert titles(search_commits(stranger, "fix", author="bo")) == ["Fix three"]
    assert titles(search_commits(stranger, "", author="ann oth")) == ["Fix two", "Fix one"]
    assert titles(search_commits(stranger, "", author="BO@example.org")) == ["Fix three"]
    assert titles(search_commits(stranger, "", author=Person.objects.get(name="Bo"))) == ["Fix three"]
    assert search_commits(stranger, "fix", author="nobody").unknown_author
    assert titles(search_commits(stranger, "fix", until=dt.date(2020, 9, 13))) == ["Fix three"]
    assert titles(search_commits(stranger, "", since=dt.date(2020, 9, 14))) == ["Fix two", "Fix one"]
    assert titles(search_commits(stranger, "fix", projects=[ann])) == ["Fix two", "Fix one"]
    assert titles(search_commits(stranger, "", projects=[ann], limit=1)) == ["Fix two"]
    assert titles(search_commits(stranger, "fix", projects=[])) == []


def test_a_mailmap_decides_whose_commit_it_is(stranger):
    builder, project = planted("a")
    builder.commit({".mailmap": "Bo Proper <bo@x.org> <bo@home.org>\n"}, message="Fix", author="b <bo@home.org>")
    imported(project)
    assert titles(search_commits(stranger, "fix", author="Bo Proper")) == ["Fix"]


def test_copies_are_one_hit(stranger):
    for slug in ("a", "b"):
        history(slug, ["Fix one"])
    first, second = Commit.objects.all()
    if first.oid != second.oid:  # the files differ by the name of the project
        Commit.objects.filter(pk=second.pk).update(oid=first.oid)
    (hit,) = search_commits(stranger, "fix").hits
    assert [project.slug for project in hit.projects] == ["a", "b"]


def test_the_index_follows_a_force_push(stranger):
    builder, project = planted("a")
    base = builder.commit({"a": "1"}, message="Base")
    builder.commit({"a": "2"}, message="Wrong turn")
    imported(project)
    assert titles(search_commits(stranger, "wrong")) == ["Wrong turn"]
    builder.set_ref("refs/heads/main", base)
    builder.commit({"a": "3"}, message="Right turn")
    imported(project)
    assert titles(search_commits(stranger, "wrong")) == []
    assert titles(search_commits(stranger, "turn")) == ["Right turn"]


WORDS = ["fix", "fixes", "parser", "retry", "retries", "the", "index", "Indexing", "load", "loaded"]


def plainly(viewer, word):
    """What a reading of all visible titles finds; the newest first."""
    stem = {"fixes": "fix", "retries": "retr", "retry": "retr", "indexing": "index", "loaded": "load"}
    beginning = stem.get(word.lower(), word.lower())
    rows = Commit.objects.visible_to(viewer).order_by("-authored_at", "-pk").values_list("title", flat=True)
    return [title for title in rows if any(one.startswith(beginning) for one in re.findall(r"\w+", title.lower()))]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_visible_is_as_without_the_restricted_project(seed, team):
    chance = random.Random(seed)
    owner, stranger = make_user("olga", team), make_user("sven")

    def some(number):
        return [" ".join(chance.choices(WORDS, k=3)) + f" {chance.random()}" for _ in range(number)]

    first = 1_700_000_000
    for slug in ("a", "b"):
        history(
            slug, some(12), first=first + chance.randrange(600), author=chance.choice(["Ann <a@x.org>", "Bo <b@x.org>"])
        )
    asked = [(word, chance.choice([None, "Ann", "Bo", "Cy"])) for word in WORDS]
    limit = chance.choice([1, 3, 50])

    def told():
        """The answers, and in how many steps they were found: time must not tell either."""
        with CaptureQueriesContext(connection) as captured:
            answers = [walk(stranger, word, author=author, limit=limit) for word, author in (*asked, ("", None))]
        return answers, len(captured)

    before = told()
    late = chance.choice([0, 9_000])
    secret = history(
        "secret", some(18), first=first + late, author="Cy <cy@x.org>", owner=team, visibility="restricted"
    )
    assert told() == before
    assert search_commits(stranger, "", author="Cy").unknown_author
    assert titles(search_commits(stranger, "", projects=[secret])) == []
    for viewer in (owner, stranger):
        assert [walk(viewer, word, limit=limit) for word in WORDS] == [plainly(viewer, word) for word in WORDS]
    Access.objects.create(project=secret, user=stranger)
    assert walk(stranger, "fix", limit=limit) == walk(owner, "fix", limit=limit) == plainly(owner, "fix")
    Project.objects.filter(pk=secret.pk).update(removed_at=dt.datetime.now(dt.UTC))
    assert told() == before


def test_common_words_are_walked_from_the_newest(stranger, monkeypatch):
    monkeypatch.setattr("activity.commit_words.FEW", 3)
    monkeypatch.setattr("activity.commit_words.WALKED", 2)
    history("a", [f"{('Add', 'FIXES', 'Bring a fíx', 'Fixture')[number % 4]} {number}" for number in range(20)])
    for often in (0, 99):  # with and without a look into the index after the first step
        monkeypatch.setattr("activity.commit_words.OFTEN", often)
        assert walk(stranger, "fixes 1") == ["FIXES 1"]
        numbers = [int(title.split()[-1]) for title in walk(stranger, "fix", limit=4)]
        assert numbers == [number for number in range(19, -1, -1) if number % 4]


def test_time_is_bounded_and_the_next_page_goes_on(stranger):
    history("a", [f"Fix {number}" for number in range(20)])
    found, after, pages = [], None, 0
    while pages == 0 or after:
        page = search_commits(stranger, "fix", after=after, limit=3, seconds=-1)
        found, after, pages = found + titles(page), page.next, pages + 1
    assert found == plainly(stranger, "fix")


def test_folders_have_the_commits_that_touch_them(stranger):
    builder, project = planted("mono")
    folder = Project.objects.create(slug="part", name="part", repository=project.repository, subdirectory="part")
    builder.commit({"part/a": "1"}, message="Fix part")
    builder.commit({"other": "1"}, message="Fix other")
    imported(project)
    assert titles(search_commits(stranger, "fix", projects=[folder])) == ["Fix part"]
    (hit,) = search_commits(stranger, "part").hits
    assert [one.slug for one in hit.projects] == ["mono", "part"]
