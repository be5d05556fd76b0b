"""Commits become rows and sums; the oracle is git itself."""

import datetime as dt

import pytest

from activity.models import Commit, History, Participation, PersonDay
from tests.activity.histories import git, imported, numstat, our_shortlog, planted, rows, shortlog

pytestmark = pytest.mark.django_db


def check(project, *, lines=True):
    """Every figure of a whole-repository project against git."""
    repository = project.repository
    count = int(git(repository, "rev-list", "--count", "--no-merges", "HEAD"))
    merges = int(git(repository, "rev-list", "--count", "--merges", "HEAD"))
    assert project.commits_total == count
    days = PersonDay.objects.filter(project=project)
    assert sum(days.values_list("commits", flat=True)) == count
    assert sum(days.values_list("merges", flat=True)) == merges
    assert our_shortlog(repository) == shortlog(repository, "--no-merges")
    said = numstat(repository)
    stored = (
        Commit.objects.filter(repository=repository).contributions().values_list("oid", "files", "added", "removed")
    )
    assert {oid: row for oid, *row in map(list, stored)} == {oid: list(row) for oid, row in said.items()}
    assert by_day(days) == said_by_day(repository, said)
    for column, place in (("added", 1), ("removed", 2)):
        total = sum(row[place] for row in said.values())
        assert sum(days.values_list(column, flat=True)) == total
        assert sum(Participation.objects.filter(project=project).values_list(column, flat=True)) == total


def by_day(days):
    """(commits, added, removed) by day: every window is a sum of these."""
    found = {}
    for row in days.filter(commits__gt=0).values_list("day", "commits", "added", "removed"):
        found[row[0]] = [sum(pair) for pair in zip(found.get(row[0], (0, 0, 0)), row[1:], strict=True)]
    return found


def said_by_day(repository, said):
    found = {}
    for line in git(repository, "log", "--no-merges", "--format=%H %at", "HEAD").decode().splitlines():
        oid, _, at = line.partition(" ")
        day = dt.date(1970, 1, 1) + dt.timedelta(days=max(0, int(at or 0)) // 86_400)
        row = (1, *said[oid][1:])
        found[day] = [sum(pair) for pair in zip(found.get(day, (0, 0, 0)), row, strict=True)]
    return found


class TestImportHistory:
    def test_a_plain_history_agrees_with_git(self):
        builder, project = planted()
        builder.commit({"a.txt": "one\n", "src/b.py": "1\n2\n"})
        builder.commit({"a.txt": "two\n"}, author="Bo <bo@example.org>")
        builder.commit({"src/b.py": "1\n"}, author="Bo <bo@example.org>", committer="Ann <ann@example.org>")
        imported(project)
        check(project)
        assert project.contributors_total == 2
        newest = Commit.objects.order_by("-authored_at").first()
        assert (newest.title, newest.areas, newest.parents) == ("Change", "src", 1)
        assert (newest.author.name, newest.committer.name) == ("Bo", "Ann")
        assert History.objects.get().lines_left == 0

    def test_awkward_histories_agree_with_git(self):
        builder, project = planted()
        awkward(builder)
        imported(project)
        check(project)

    def test_a_second_import_writes_nothing(self, django_assert_num_queries):
        builder, project = planted()
        awkward(builder)
        imported(project)
        before = rows(project.repository)
        pks = list(PersonDay.objects.values_list("pk", flat=True))
        imported(project)
        assert rows(project.repository) == before
        assert list(PersonDay.objects.values_list("pk", flat=True)) == pks

    def test_step_by_step_gives_what_one_import_gives(self):
        builder, project = planted()
        awkward(builder, between=lambda: imported(project))
        stepwise = rows(imported(project).repository)
        History.objects.update(rules=0)
        imported(project)
        assert rows(project.repository) == stepwise
        check(project)


def awkward(builder, between=lambda: None):
    """One of everything that has ever broken a reader of histories."""
    first = builder.commit({"a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n", "docs/x.md": "x\n"}, message="Begin")
    between()
    builder.commit({"docs/x.md": None, "docs/sub/y/z/x.md": "x\n"}, message="Move")
    side = builder.commit({"side.txt": "s\n"}, branch="side", parents=[first], author="Bo, Jr. <bo@example.org>")
    other = builder.commit({"o": "o\n"}, branch="other", parents=[first], author='Q "uote" <q@x>')
    builder.commit({"side.txt": "s\n"}, parents=[builder.oid("refs/heads/main"), side], message="Merge side")
    between()
    root = builder.commit({"second/root.txt": "r\n"}, branch="root", parents=(), author="Ann <ANN@example.org>")
    builder.commit(
        {"o": "o\n", "second/root.txt": "r\n"},
        parents=[builder.oid("refs/heads/main"), other, root],
        message="Octopus",
    )
    between()
    builder.commit({}, message="Nothing at all")
    builder.commit({"a.txt": "1\n"}, when=0, message="1970")
    builder.commit({"b": "1\n"}, when=4294967295, message="2106", author="Bo, Jr. <bo@example.org>")
    builder.commit({"bin": b"\0\1\2" * 100}, message="Binary", author="Uni\u2028code \x1e <u@x>")
    between()
    builder.commit({"bin": ("100755", b"\0\1\2" * 100)}, message="Mode")
    builder.commit({"module": ("160000", first), "long": "line\n" * 50}, message="Submodule")
    builder.commit({"module": ("160000", side), "long": None, "docs/long": "line\n" * 49 + "end\n"}, message="Moved on")
    builder.commit({b"new\nline\t\xff": "n\n"}, message=b"\xff\xfe not text\n\nBody", author="No Mail <>")
    builder.commit({"a.txt": "2\n"}, message="x" * 1000, author=" <only@mail>")
    builder.commit(
        {"a.txt": "3\n"},
        message="Shared\n\nCo-authored-by: Bo, Jr. <bo@example.org>\nco-authored-by: Cy <cy@x>\nReviewed-by: Nobody\n",
    )
    between()
    latin = written(builder, AUTHORS[0], builder.oid("refs/heads/main"))
    raw = written(builder, AUTHORS[1], latin)
    builder.set_ref("refs/heads/main", written(builder, AUTHORS[2], raw))
    between()
    builder.commit({".mailmap": MAILMAP}, author="Bo <BO@example.org>")


MAILMAP = (
    "# people\nAnn Proper <ann@proper.example> <ann@example.org>\nbroken line\n"
    "Bo Junior <bo@example.org>\n<cy@proper.example> <cy@x>\n"
)

AUTHORS = (
    b"author J\xf6rg <j@x> 1600000000 +0530\ncommitter J\xf6rg <j@x> 1500000000 -0330\nencoding ISO-8859-1\n\n"
    b"\xdcber\n\nCo-authored-by: J\xf6rg Zwei <z@x>\n",
    b"author J\xf6rg <j@x> -5 +9999\ncommitter Somebody\n\nWithout date",
    b"author An <gle> Brackets <a<b>@x> 1600000000 +0000\ncommitter >Odd< <> 1600000001 +0000\n\nBrackets",
)


def written(builder, text, parent):
    """A commit with the files of main, written as it stands after its parents."""
    tree = builder.git("rev-parse", "main^{tree}").strip()
    body = b"tree %s\nparent %s\n%s" % (tree, parent.encode(), text)
    return builder.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=body).decode().strip()


@pytest.mark.parametrize(
    ("value", "name", "email"),
    [
        ("jane@x.example", "Jane Doe", "jane@x.example"),
        ("Jane D jane@x.example", "Jane Doe", "jane@x.example"),
        ("J. (JANE@x.example)", "Jane Doe", "jane@x.example"),
        ("Jane Doe <jane@x.example> (Acme)", "Jane Doe", "jane@x.example"),
        ("Jane Doe", "Jane Doe", ""),
        ("@jane", "@jane", ""),
    ],
)
def test_who_is_credited_by_a_line_without_brackets(db, value, name, email):
    builder, project = planted()
    builder.commit({"b": "1\n"}, author="Bo <bo@x.example>", message=f"x\n\nCo-authored-by: {value}\n")
    builder.commit({"b": "2\n"}, author="Jane Doe <jane@x.example>")
    imported(project)
    row = Participation.objects.get(project=project, coauthored=1)
    assert row.person.name == name
    assert row.commits == (1 if email else 0)
