"""The search page through its addresses."""

import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape, strip_tags

from activity.models import Commit, Identity, Participation, Person
from projects import catalog
from projects.models import Project, Topic
from search.embedded.engine import EmbeddedEngine
from search.engine import Line, Note
from search.found.lines import marked
from search.models import IndexState, SkippedFile
from tests.search.contract import build, plan

__all__ = ["build"]

pytestmark = pytest.mark.django_db


# What was typed: words of the message, the place that it points at, and some of what is offered instead.
MISTAKES = {
    "x (foo": ("never closed", "(", ["x (foo)", 'x "(foo"']),
    "a )": ("closes nothing", ")", ['a ")"']),
    '"foo': ("never closed", '"', ['"foo"']),
    "/(/": ("never closed", "(", ['"("']),
    "foo /[a/ bar": ("", "[", ['foo "[a" bar']),
    "/(?<=a)b/": ("linear time", "(?<=", ['"(?<=a)b"']),
    "/a(?!b)/": ("linear time", "(?!", ['"a(?!b)"']),
    r"/(a)\1/": ("", r"\1", []),
    "x" * 10_000: ("2,000 characters; this one has 10,000", "x" * 119 + "…", []),
    "a " * 5_000: ("2,000 characters; this one has 10,000", None, []),
    "a\0b": ("NUL", "\0", ["ab"]),
    "lang:klingon x": ("language is not known", "klingon", ["lang:Kotlin x"]),
    "lang:pyhton x": ("language is not known", "pyhton", ["lang:Python x"]),
    "project:legder x": ("No project that you may see", "legder", ["project:ledger x"]),
    "project:nope x": ("No project that you may see", "nope", []),
    "repo:nope x": ("No repository", "nope", []),
    "team:paymets x": ("No team", "paymets", ["team:payments x"]),
    "topic:nope x": ("No", "nope", []),
    "x count:-1": ("number from 1 to 500", "-1", ["x count:50"]),
    "x count:many": ("number from 1 to 500", "many", ["x count:50"]),
    "x count:0": ("number from 1 to 500", "0", []),
    "type:kode x": ("type: takes code", "kode", ["type:code x"]),
    "x case:maybe": ("case: takes", "maybe", ["x case:yes"]),
    "a OR": ("", "OR", []),
    "NOT": ("", "NOT", []),
    "(case:yes a)": ("", None, []),
}
BAD = list(MISTAKES)
KINDS = ["", "projects", "code", "symbols", "people", "commits", "nonsense"]


@pytest.mark.parametrize("text", BAD)
def test_a_bad_query_keeps_what_was_typed_and_points_at_the_place(client_of, stranger, company, text):
    client = client_of(stranger)
    response = client.get("/search/", {"q": text})
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="search-mistake"' in page and 'aria-describedby="search-mistake"' in page
    assert f'value="{escape(text)}"' in page
    words, place, instead = MISTAKES[text]
    mistake = response.context["mistake"]
    assert words in mistake.message
    assert place in (None, mistake.place)
    if len(text) < 100:
        assert mistake.before + mistake.place + mistake.after == text
    offered = dict(mistake.suggestions)
    assert set(instead) <= set(offered), offered
    for other, url in offered.items():
        assert client.get(url).status_code == 200, other
    lines = client.get("/search/file/", {"q": text, "project": "ledger", "path": "main.py"})
    assert lines.status_code == 422 and lines.context["mistake"] == mistake
    assert f'value="{escape(text)}"' in lines.content.decode()


def test_odd_characters_of_a_mistake_are_shown_not_obeyed(client_of, stranger, company):
    page = client_of(stranger).get("/search/", {"q": "x \u202efoo\0 (<b>"}).content.decode()
    place = page[page.index('class="search-place"') :].partition("</pre>")[0]
    assert "\u202e" not in place and "\0" not in place and "U+202E" in place and "&lt;b&gt;" in place


def test_unknown_operators_are_text_with_a_hint(client_of, stranger, company):
    client = client_of(stranger)
    for text, instead in {
        "langauge:go x": "language:go x",
        "ext:py x": "file:*.py x",
        "org:pay x": "team:pay x",
    }.items():
        response = client.get("/search/", {"q": text})
        assert response.status_code == 200 and "There is no operator" in text_of(response)
        assert [[other for other, _ in offered] for _, offered in response.context["hints"]] == [[instead]]


def test_what_takes_other_engines_for_ever_is_answered(client_of, stranger, company, monkeypatch, tmp_path, build):
    """The embedded engine itself, on a line that makes an expression of this kind back-track without end."""
    made = EmbeddedEngine(tmp_path / "index", 1, file_bytes=1024**2)
    made.index(plan(build("1.git", {"a.txt": "a" * 50_000 + "!\n"}), company["ledger"].repository_id))
    monkeypatch.setattr("search.engines.chosen", lambda: made)
    for text, count in (("/(a+)+$/", 0), ("/(a+)+!$/", 1), ("/(a|a)*$/ file:a.txt", 1), ("(a+)+$", 0)):
        response = client_of(stranger).get("/search/", {"q": text})
        assert (response.status_code, len(response.context["files"])) == (200, count), text
        assert response.context["answer"].total_is_exact


@pytest.mark.parametrize("kind", KINDS)
def test_every_tab_takes_every_query(client_of, stranger, kind):
    client = client_of(stranger)
    assert client.get("/search/", {"q": "/(a+)+$/", "type": kind}).status_code == (422 if kind == "symbols" else 200)
    for text in ("", "-word lang:go", "a OR b", "<script> unknown:x"):
        assert client.get("/search/", {"q": text, "type": kind}).status_code == 200, text
    for text in BAD[::5]:
        assert client.get("/search/", {"q": text, "type": kind}).status_code == 422, text
    for more in ({"after": "nonsense", "page": "9999999999"}, {"page": "-1", "all": "1", "since": "never"}):
        assert client.get("/search/", {"q": "word", "type": kind, **more}).status_code == 200, more


def text_of(response):
    return re.sub(r"\s+", " ", strip_tags(unescape(response.content.decode()))).strip()


class TestCode:
    def test_lines_are_marked_and_lead_to_the_indexed_commit(self, client_of, stranger, company):
        response = client_of(stranger).get("/search/", {"q": "retry_ledger"})
        page = response.content.decode()
        assert "def <mark>retry_ledger</mark>():" in page
        assert f'href="/projects/ledger/blob/{"a" * 40}/src/main.py#L2"' in page
        assert "1 file in 1 repository" in text_of(response)

    def test_documents_lead_to_their_source(self, client_of, stranger, company, plain_engine):
        plain_engine.add(company["ledger"], b"docs/README.md", "# needle\n")
        page = client_of(stranger).get("/search/", {"q": "needle"}).content.decode()
        assert f"blob/{'a' * 40}/docs/README.md?plain=1#L1" in page

    def test_markup_and_odd_characters_of_files_are_shown_not_obeyed(self, client_of, stranger, company, plain_engine):
        plain_engine.add(company["ledger"], b"a<b>.js", "<script>needle</script>\u202e\0\n")
        page = client_of(stranger).get("/search/", {"q": "needle"}).content.decode()
        assert "&lt;script&gt;<mark>needle</mark>&lt;/script&gt;" in page
        assert "\u202e" not in page and "\0" not in page
        assert "a&lt;b&gt;.js" in page

    def test_long_lines_are_cut_around_what_was_found(self, client_of, stranger, company, plain_engine):
        plain_engine.add(company["ledger"], b"min.js", "x" * 100_000 + "needle" + "y" * 100_000)
        page = client_of(stranger).get("/search/", {"q": "needle"}).content.decode()
        assert "x<mark>needle</mark>y" in page
        assert len(page) < 60_000

        plain_engine.add(company["ledger"], b"wide.py", "\t" + "z" * 150 + " other_needle " + "z" * 30)
        wide = client_of(stranger).get("/search/", {"q": "other_needle"}).context["files"][0].lines[0].html
        assert wide.startswith("…") and wide.index("<mark>") < 80
        cut = Line(1, "left needle", ((5, 11),), is_match=True, cut_before=900, cut_after=7)
        assert marked(cut) == "…left <mark>needle</mark>…"
        assert marked(Line(1, " " * 70 + "needle", ((70, 76),), is_match=True)).startswith(" " * 70)

    def test_copies_are_folded_and_named(self, client_of, stranger, company):
        response = client_of(stranger).get("/search/", {"q": "licence"})
        assert "Also in 1 other place, unchanged" in text_of(response)
        assert len(response.context["files"]) == 1

    def test_where_nothing_is_found_other_questions_are_offered(self, client_of, stranger, company, plain_engine):
        client = client_of(stranger)

        def offered(text, kind=""):
            response = client.get("/search/", {"q": text, "type": kind})
            return {words: client.get(url) for words, url in response.context["wider"]}

        several = offered('retry_ledger AND "retry fleet" common_word lang:python')
        assert set(several) == {
            "without lang:python", "one of the words", "in names of files", "in messages of commits"
        }  # fmt: skip
        assert several["one of the words"].context["q"] == (
            '(retry_ledger OR "retry fleet" OR common_word) lang:python'
        )
        assert len(several["one of the words"].context["files"]) == 2
        assert offered("COMMON_WORD")["in capital or small letters"].context["files"]
        assert offered("main.py")["in names of files"].context["files"]
        assert offered("comm.*_word lang:python")["as a regular expression"].context["files"]
        assert "as a regular expression" not in {*offered("zz.*("), *offered('"zz.*"'), *offered("zz.*", "symbols")}
        assert offered("common_word", "symbols")["anywhere in code"].context["files"]
        assert all(page.status_code == 200 for page in offered("a /b/ -c (d OR e) nothing file:x count:3").values())
        assert "No symbol is called this" in text_of(client.get("/search/", {"q": "common_word", "type": "symbols"}))

    def test_facets_narrow_and_widen(self, client_of, stranger, company):
        client = client_of(stranger)
        response = client.get("/search/", {"q": "common_word"})
        groups = {
            label: [(value.value, value.count) for value, _, _ in rows] for label, rows, _ in response.context["groups"]
        }
        assert groups == {
            "Project": [("fleet", 1), ("ledger", 1)],
            "Language": [("Python", 2)],
            "Team": [("logistics", 1), ("payments", 1)],
        }
        (_, url, _) = response.context["groups"][0][1][1]
        narrower = client.get(url)
        assert [file.project.slug for file in narrower.context["files"]] == ["ledger"]
        (_, url, leave_out) = narrower.context["groups"][0][1][0]
        assert leave_out == "" and len(client.get(url).context["files"]) == 2

    def test_facets_leave_out_and_take_back(self, client_of, stranger, company):
        client = client_of(stranger)
        for typed in ("common_word", "common_word OR licence"):
            (_, _, leave_out) = client.get("/search/", {"q": typed}).context["groups"][0][1][1]
            rest = client.get(leave_out)
            assert rest.context["q"].endswith(" -project:ledger")
            assert {file.project.slug for file in rest.context["files"]} == {"fleet"}
            ((given, take_back),) = rest.context["left_out_here"]
            assert (given.name, given.value) == ("project", "ledger")
            assert {file.project.slug for file in client.get(take_back).context["files"]} >= {"ledger"}
        everything = client.get("/search/", {"q": "common_word NOT lang:Python"})
        ((_, take_back),) = everything.context["left_out_here"]
        assert "take back" in text_of(everything) and client.get(take_back).context["q"] == "common_word"

    def test_a_facet_narrows_every_alternative(self, client_of, stranger, company):
        client = client_of(stranger)
        response = client.get("/search/", {"q": "retry_ledger OR retry_fleet"})
        (_, url, _) = response.context["groups"][0][1][0]
        assert len(client.get(url).context["files"]) == 1

    def test_operators_and_their_negation(self, client_of, stranger, company):
        client = client_of(stranger)

        def found(text):
            response = client.get("/search/", {"q": f"common_word {text}"})
            assert response.status_code == 200, (text, response.context["mistake"])
            return sorted(file.project.slug for file in response.context["files"])

        for text, slugs in {
            "project:ledger": ["ledger"],
            "project:l*": ["ledger"],
            "-project:Ledger": ["fleet"],
            "project:ledger,fleet": ["fleet", "ledger"],
            "repo:git.example/led": ["ledger"],
            "repo:/^fl..t$/": ["fleet"],
            "-repo:fleet": ["ledger"],
            "team:payments": ["ledger"],
            "NOT team:Payments": ["fleet"],
            "topic:fleet-topic": ["fleet"],
            "-topic:fleet-topic": ["ledger"],
            "lang:py": ["fleet", "ledger"],
            "-lang:py": [],
            "path:src/*.py": ["fleet", "ledger"],
            "path:/main.py": [],
            "path:/src": ["fleet", "ledger"],
            "-path:src": [],
            "file:main.p?": ["fleet", "ledger"],
            "file:main.p": ["fleet", "ledger"],
            "file:n.p?": [],
            r"path:/^src\/ma/": ["fleet", "ledger"],
            "branch:mai*": ["fleet", "ledger"],
            "-branch:main": [],
            "archived:yes": [],
            "archived:no": ["fleet", "ledger"],
            "-archived:no": [],
            "case:yes Common_word": [],
            "case:no COMMON_WORD": ["fleet", "ledger"],
            "COMMON_word": [],
            "/COMMON/": [],
            "/retry_(fleet|x)/": ["fleet"],
            "(team:payments OR topic:fleet-topic) -retry_ledger": ["fleet"],
            "count:1": ["ledger"],
            "sym:retry_led": ["ledger"],
            "-sym:retry_led": ["fleet"],
        }.items():
            assert found(text) == slugs, text
        names = client.get("/search/", {"q": "type:file main"})
        assert [file.path for file in names.context["files"]] == [b"src/main.py"] * 2
        symbols = client.get("/search/", {"q": "retry_fl", "type": "symbols"})
        assert [file.project.slug for file in symbols.context["files"]] == ["fleet"]
        assert symbols.context["exactly"] == ('"retry_fl"', "/search/?q=%22retry_fl%22&type=symbols")

    def test_a_folder_of_a_repository_is_a_project(self, client_of, stranger, company, planted_project, plain_engine):
        whole = company["ledger"]
        planted_project("books", whole.owner, subdirectory="books", repository=whole.repository)
        plain_engine.add(whole, b"books/a.py", "common_word = 1\n")
        response = client_of(stranger).get("/search/", {"q": "common_word project:books"})
        assert [(file.project.slug, file.path) for file in response.context["files"]] == [("books", b"books/a.py")]
        rest = client_of(stranger).get("/search/", {"q": "common_word team:payments -project:books"})
        assert [file.path for file in rest.context["files"]] == [b"src/main.py"]

    def test_pages_follow_and_the_total_is_told_apart(self, client_of, stranger, company):
        client = client_of(stranger)
        first = client.get("/search/", {"q": "import count:1"})
        assert "At least" in text_of(first)
        second = client.get(first.context["next_url"])
        assert {file.project.slug for page in (first, second) for file in page.context["files"]} == {"ledger", "fleet"}
        assert second.context["next_url"] == ""
        counted = client.get("/search/counts/", {"q": "import count:1"})
        assert text_of(counted).endswith("2 files in 2 repositories")
        assert "At least" not in text_of(client.get("/search/", {"q": "import count:1", "all": "1"}))

    def test_all_lines_of_a_file(self, client_of, stranger, company, plain_engine):
        plain_engine.add(company["ledger"], b"many \xc3\xa4.txt", "needle\n" * 30)
        client = client_of(stranger)
        found = client.get("/search/", {"q": "needle"}).context["files"][0]
        assert (len(found.lines), found.more) == (3, 27)
        whole = client.get(found.more_url)
        assert whole.content.decode().count("<mark>needle</mark>") == 30
        part = client.get(found.more_url, headers={"HX-Request": "true"}).content.decode()
        assert part.startswith("<div") and part.count("<mark>") == 30

    def test_what_is_partial_is_said_in_words(self, client_of, stranger, company, plain_engine):
        plain_engine.notes = (Note("time", "Stopped after 2 seconds, having looked at 3 of 7 parts."),)
        state = IndexState.objects.create(
            repository=company["ledger"].repository,
            engine="embedded-1",
            commit="b" * 40,
            skipped_total=3,
            skipped_counts={"binary": 2, "large": 1},
            indexed_at=timezone.now(),
        )
        SkippedFile.objects.create(state=state, path="logo.png", reason="binary", size_bytes=2048, ref="main")
        client = client_of(stranger)
        said = text_of(client.get("/search/", {"q": "common_word"}))
        assert "Stopped after 2 seconds, having looked at 3 of 7 parts." in said
        assert "1 of 2 repositories searched" in said
        assert "1 at an older commit" in said
        assert "3 files not indexed" in said
        assert "Ledger" in text_of(client.get("/search/indexed/"))
        listed = text_of(client.get("/search/indexed/ledger/"))
        assert "Binary: 2" in listed and "logo.png" in listed and "2.0 KiB" in listed
        assert client.get("/search/indexed/fleet/").status_code == 200

    def test_another_engine_says_so_and_has_indexed_nothing_yet(
        self, client_of, stranger, company, plain_engine, settings
    ):
        for project in (company["ledger"], company["fleet"]):
            IndexState.objects.create(repository=project.repository, engine="embedded-1", commit="b" * 40)
        plain_engine.notes = (Note("failed", "The search server does not answer."),)
        client = client_of(stranger)
        assert "all 2 repositories searched" in text_of(client.get("/search/", {"q": "common_word"}))
        settings.SEARCH_ENGINE = "zoekt"
        said = text_of(client.get("/search/", {"q": "found_nowhere"}))
        assert "0 of 2 repositories searched, the others are not indexed yet" in said
        assert "The search server does not answer." in said and "No file has all of this" not in said
        assert "No answer" in said and "answered by Zoekt" not in said
        plain_engine.notes = (Note("difference", "Otherwise."),)
        said = text_of(client.get("/search/", {"q": "found_nowhere"}))
        assert "answered by Zoekt, which differs in a few things" in said and "Otherwise." in said
        assert 'id="user-content-the-engine-zoekt"' in client.get("/search/help/").content.decode()

    def test_the_number_of_queries_does_not_grow(
        self, client_of, stranger, company, planted_project, plain_engine, django_assert_max_num_queries
    ):
        client = client_of(stranger)
        client.get("/search/", {"q": "common_word"})
        for number in range(15):
            more = planted_project(f"more-{number}", company["fleet"].owner)
            plain_engine.add(more, b"a.py", f"common_word {number}\n")
        with django_assert_max_num_queries(22):
            assert len(client.get("/search/", {"q": "common_word team:logistics"}).context["files"]) == 16


class TestOthers:
    def test_projects_by_words_and_operators(self, client_of, stranger, company):
        client = client_of(stranger)

        def found(text):
            lines = client.get("/search/", {"q": text, "type": "projects"}).context["lines"]
            return {project.slug for project, _ in lines}

        assert found("ledger") == {"ledger"}
        assert found("team:payments") == {"ledger"}
        assert found("-team:payments") == {"fleet"}
        assert found("ledger OR fleet") == {"ledger", "fleet"}
        assert found("lang:python -ledger") == {"fleet"}
        assert found("type:repo fleet") == {"fleet"}

    def test_what_says_nothing_about_projects_is_left_out_aloud(self, client_of, stranger, company):
        said = text_of(client_of(stranger).get("/search/", {"q": "ledger path:src", "type": "projects"}))
        assert "Left out here: path:src" in said

    def test_projects_of_the_same_words_stand_above_the_files(self, client_of, stranger, company):
        assert [p.slug for p in client_of(stranger).get("/search/", {"q": "ledger"}).context["projects_like"]] == [
            "ledger"
        ]

    def test_before_anything_was_asked(self, client_of, stranger, company):
        client = client_of(stranger)
        for kind in ("projects", "code", "symbols", "people"):
            opening = client.get("/search/", {"type": kind})
            assert "Try" in text_of(opening)
            for _, _, url in opening.context["examples"]:
                assert client.get(url).context["tab"].key == kind, url

    def test_commits_and_people(self, client_of, stranger, company):
        client = client_of(stranger)
        ann = Person.objects.create(key="k", name="Ann")
        Participation.objects.create(project=company["ledger"], person=ann, commits=2)
        author = Identity.objects.create(digest="d", key="k", name="Ann", email="a@x.org", person=ann)
        for number in range(2):
            Commit.objects.create(
                repository=company["ledger"].repository, oid=f"{number}" * 40, title=f"Change {number}",
                author=author, raw_author=author, committer=author, raw_committer=author,
                authored_at=1_700_000_000 + number, committed_at=1_700_000_000, author_zone=0, committer_zone=0,
                parents=1,
            )  # fmt: skip
        assert [row["commit"].title for row in client.get("/search/", {"type": "commits"}).context["commits"]] == [
            "Change 1", "Change 0"
        ]  # fmt: skip
        for narrowed, count in (({"author": "ann"}, 2), ({"author": "bo"}, 0), ({"until": "2023-01-01"}, 0)):
            page = client.get("/search/", {"type": "commits", "q": "", **narrowed})
            assert len(page.context["commits"]) == count, narrowed
        assert client.get("/search/", {"q": "fix", "type": "commits", "author": "nobody"}).status_code == 200
        assert "is no date" in text_of(client.get("/search/", {"q": "fix", "type": "commits", "since": "yesterday"}))
        assert client.get("/search/", {"q": "sam", "type": "people"}).status_code == 200


def every_answer(client):
    """What one viewer is told by every part of search that could know of a project."""
    queries = ["common_word", "licence", "retry_vault", "vault", "-ledger", "lang:rust", "NOT lang:python", "a OR b"]
    queries += [
        "topic:vault-topic",
        "project:vault",
        "project:v*",
        "repo:git",
        "repo:vault",
        "-project:vault x",
        "team:payments",
    ]
    for text in queries:
        kinds = ("code", "symbols", "projects", "people", "commits") if text in queries[3:6] else ("code", "projects")
        for kind in kinds:
            yield (text, kind), client.get("/search/", {"q": text, "type": kind})
        yield (text, "counts"), client.get("/search/counts/", {"q": text})
        yield (text, "more"), client.get("/search/file/", {"q": text, "project": "vault", "path": "secret.rs"})
    for text in ("v", "va", "vault", "project:", "project:v", "repo:", "topic:v", "topic:", "lang:", "lang:r", "team:"):
        yield (text, "suggestions"), client.get("/search/suggestions/", {"q": text})
    yield "indexed", client.get("/search/indexed/")
    yield "vault", client.get("/search/indexed/vault/")


def told(response):
    """The answer without what differs from one request to the next."""
    page = re.sub(r'csrfmiddlewaretoken" value="[^"]+|"X-CSRFToken": "[^"]+', "", response.content.decode())
    return response.status_code, page


def test_a_restricted_project_is_as_if_it_were_not_there(client_of, stranger, company, plain_engine):
    IndexState.objects.create(
        repository=company["vault"].repository,
        engine="embedded-1",
        commit="d" * 40,
        skipped_total=9,
        indexed_at=timezone.now(),
    )
    client = client_of(stranger)

    def all_told():
        """Every answer with the number of queries that it took: time must not tell either."""
        counts, told_before = [], {}
        with CaptureQueriesContext(connection) as captured:
            for name, response in every_answer(client):
                counts.append((name, len(captured)))
                told_before[name] = told(response)
        return told_before, counts

    all_told()  # what a process keeps is in its caches now
    with_it, queries = all_told()
    vault = company["vault"]
    plain_engine.files = {place: text for place, text in plain_engine.files.items() if place[0] != vault.repository_id}
    Project.objects.filter(pk=vault.pk).delete()
    vault.repository.delete()
    Topic.objects.filter(name="vault-topic").delete()
    catalog.refresh([vault.pk])
    all_told()
    without_it, queries_without = all_told()
    assert queries == queries_without
    for name, answer in with_it.items():
        assert answer == without_it[name], name
    assert not any("vault" in page and "vault" not in str(name) for name, (_, page) in with_it.items())


def test_the_owner_finds_the_restricted_project(client_of, owner, company):
    client = client_of(owner)
    found = client.get("/search/", {"q": "common_word"}).context["files"]
    assert {file.project.slug for file in found} == {"ledger", "fleet", "vault"}
    offers = client.get("/search/suggestions/", {"q": "project:v"}).json()["offers"]
    assert [offer["text"] for offer in offers] == ["vault "]


class TestSuggestions:
    @pytest.mark.parametrize(
        ("text", "offers"),
        [
            ("pro", ["project:"]),
            ("x -la", ["lang:"]),
            ("lang:py", ["Python "]),
            ("lang:rust,py", ["Python "]),
            ("case:", ["yes ", "no ", "auto "]),
            ("team:pay", ["payments "]),
            ("project:fl", ["fleet "]),
            ("fle", ["project:fleet "]),
            ("topic:l", ["ledger-topic "]),
            ("nope:x", []),
            ('"a phrase', []),
            ("", []),
        ],
    )
    def test_what_is_offered(self, client_of, stranger, company, text, offers):
        found = client_of(stranger).get("/search/suggestions/", {"q": text}).json()
        assert [offer["text"] for offer in found["offers"]] == offers

    def test_only_what_stands_before_the_cursor_is_completed(self, client_of, stranger, company):
        found = client_of(stranger).get("/search/suggestions/", {"q": "lang:py team:pay", "at": "7"}).json()
        assert (found["start"], found["offers"][0]["text"]) == (5, "Python ")

    def test_any_text_is_taken(self, client_of, stranger, company):
        for text in ("\0", "project:\0", "x" * 5_000, "lang:%", "project:_", 'topic:"', "repo:\\"):
            assert client_of(stranger).get("/search/suggestions/", {"q": text, "at": "99999"}).status_code == 200
