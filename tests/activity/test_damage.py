"""Histories with faults: what can be read is imported, the rest is named."""

import pytest

from activity.commits import Reader
from activity.models import Commit, History, Identity, Person, PersonDay
from tests.activity.histories import imported, our_shortlog, planted, rows, shortlog
from tests.gitstore.test_history_bulk import hidden

pytestmark = pytest.mark.django_db


ANN, BO = b"Ann P <p@x> <ann@example.org>\n", b"Bo P <bp@x> <bo@x>\n"
# What somebody made of the file, and the lines of it that say nothing to git.
MAILMAPS = [
    (ANN + b"what is this\n# " + BO, [2]),
    (ANN.replace(b"\n", b"\r\n") + b"\r\nwhat\r\n" + BO, [3]),
    (b"\xef\xbb\xbf" + ANN + BO, []),
    (ANN + b"A\0" + BO + BO + b"what\n", [2]),
    (b"Ann <bo@x> <ann@example.org>\nBo <ann@example.org> <bo@x>\n", []),
    (
        b"Ann\n<ann@example.org>\nann@example.org\n<>\nAnn <> <ann@example.org>\n>\nAnn P <p@x> <bo\n" + BO,
        [*range(1, 8)],
    ),
    (b"Ann P <p@x> " + b"x" * 300_000 + b" <ann@example.org>\n" + BO, []),
    ((b"N <n@x> <%d@x>\n" * 20_000) % (*range(20_000),) + ANN, []),
    ("Ann P <p@x> <ann@example.org>\n".encode("utf-16"), [1]),
    (b"J\xf6rg <p@x> <ann@example.org>", []),
    (("120000", b"people"), [1]),
    (("160000", "1" * 40), []),
    (b"", []),
]


@pytest.fixture
def builder_of_three():
    """A builder, its project, and the middle one of three commits as a file of its own."""
    builder, project = planted()
    builder.commit({"a": "1\n"})
    bad = builder.commit({"a": "2\n"})
    builder.commit({"a": "3\n"}, parents=[bad])
    for pack in list((builder.path / "objects" / "pack").glob("*.pack")):
        data = pack.read_bytes()
        for file in (pack, pack.with_suffix(".idx"), pack.with_suffix(".rev")):
            file.unlink(missing_ok=True)
        builder.git("unpack-objects", "-q", stdin=data)
    return builder, project, bad


class TestDamage:
    def test_a_lost_commit_is_named_and_the_others_are_read(self):
        builder, project = planted()
        first = builder.commit({"a": "1\n"})
        lost = builder.commit({"a": "2\n"})
        builder.commit({"a": "3\n"}, parents=[lost, first])
        builder.commit({"a": "4\n"})
        hidden(builder, lost)
        imported(project)
        assert Commit.objects.count() == 3
        assert any(lost in place for place, _ in History.objects.get().problems)
        builder.commit({"a": "5\n"})
        imported(project)
        assert Commit.objects.count() == 4
        assert any(lost in place for place, _ in History.objects.get().problems)
        before = rows(project.repository)
        imported(project)
        assert rows(project.repository) == before

    def test_a_commit_that_is_there_again_is_read(self, builder_of_three):
        builder, project, bad = builder_of_three
        path = builder.path / "objects" / bad[:2] / bad[2:]
        away = path.rename(builder.path / "away")
        imported(project)
        assert Commit.objects.count() == 1
        away.rename(path)
        builder.commit({"a": "4\n"})
        imported(project)
        assert (Commit.objects.count(), project.commits_total, History.objects.get().problems) == (4, 4, [])

    @pytest.mark.parametrize(
        "spoil", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: data[:-9] + b"x" * 9]
    )
    def test_a_commit_that_is_cut_off_or_garbled(self, builder_of_three, spoil):
        builder, project, bad = builder_of_three
        path = builder.path / "objects" / bad[:2] / bad[2:]
        path.chmod(0o644)
        path.write_bytes(spoil(path.read_bytes()))
        imported(project)
        assert bad not in set(Commit.objects.values_list("oid", flat=True))
        assert Commit.objects.count() >= 1
        assert any(bad in place for place, _ in History.objects.get().problems)

    def test_replacements_in_a_circle_and_grafts_change_nothing(self):
        builder, project = planted()
        first = builder.commit({"a": "1\n"})
        second = builder.commit({"a": "2\n"})
        builder.commit({"a": "3\n"})
        builder.set_ref(f"refs/replace/{first}", second)
        builder.set_ref(f"refs/replace/{second}", first)
        (builder.path / "info").mkdir(exist_ok=True)
        (builder.path / "info" / "grafts").write_text(f"{first} {second}\n{second}\nnonsense\n")
        imported(project)
        assert set(Commit.objects.values_list("parents", flat=True)) == {0, 1}
        assert (project.commits_total, History.objects.get().problems) == (3, [])
        assert sum(added + removed for added, removed in PersonDay.objects.values_list("added", "removed")) == 5

    def test_lost_files_leave_their_commit_without_lines(self):
        builder, project = planted()
        builder.commit({"a": "1\n"})
        bad = builder.commit({"b": "lost\n"})
        builder.commit({"c": "3\n"})
        hidden(builder, builder.oid(f"{bad}:b"))
        imported(project)
        assert dict(Commit.objects.values_list("oid", "added"))[bad] is None
        assert sum(PersonDay.objects.values_list("added", flat=True)) == 2
        assert History.objects.get().problems == [[f"commit {bad}", "Its files cannot be compared."]]
        assert History.objects.get().lines_left == 0

    def test_broken_lines_of_a_mailmap_are_named_and_the_others_count(self):
        builder, project = planted()
        builder.commit({"people": "Ann P <p@x> <ann@example.org>\n"}, author="Bo <bo@x>")
        for content, broken in MAILMAPS:
            builder.commit({".mailmap": content})
            imported(project)
            said = [place.removeprefix(".mailmap, line ") for place, _ in History.objects.get().problems]
            assert (content[:90], list(map(int, said))) == (content[:90], broken)
            assert our_shortlog(project.repository) == shortlog(project.repository, "--no-merges")

    def test_an_emptied_repository(self):
        builder, project = planted()
        builder.commit({"a": "1\n"})
        imported(project)
        imported(project, commit="")
        assert not Commit.objects.exists() and not PersonDay.objects.exists()
        assert (project.commits_total, project.last_commit_at) == (0, None)
        imported(project)
        assert project.commits_total == 1


class TestMailmaps:
    def test_a_changed_mailmap_moves_commits_without_reading_them(self, monkeypatch):
        builder, project = planted()
        builder.commit({"a": "1\n"})
        builder.commit({"a": "2\n"}, author="Bo <bo@x>", message="B\n\nCo-authored-by: Ann <ann@example.org>")
        imported(project)
        read, store = [], Reader._store
        monkeypatch.setattr(Reader, "_store", lambda self, batch: read.append(len(batch)) or store(self, batch))
        builder.commit({".mailmap": "Bo <bo@x> <ann@example.org>\n"}, author="Cy <cy@x>")
        imported(project)
        assert read == [1]
        assert our_shortlog(project.repository) == shortlog(project.repository, "--no-merges")
        assert sum(PersonDay.objects.values_list("coauthored", flat=True)) == 0
        builder.commit({".mailmap": None}, author="Cy <cy@x>")
        imported(project)
        assert our_shortlog(project.repository) == shortlog(project.repository, "--no-merges")
        assert sum(PersonDay.objects.values_list("coauthored", flat=True)) == 1

    def test_a_changed_mailmap_speaks_for_the_commits_that_come_with_it(self):
        builder, project = planted()
        builder.commit({"a": "1\n"}, author="Bo <bo@x>")
        imported(project)
        builder.commit({".mailmap": "Bo Proper <bo@y> <bo@x>\n"}, author="Cy <cy@x>")
        builder.commit({"a": "2\n"}, author="Bo <bo@x>", message="B\n\nCo-authored-by: Bo <bo@x>")
        imported(project)
        assert our_shortlog(project.repository) == shortlog(project.repository, "--no-merges")

    def test_a_mailmap_speaks_for_its_own_repository_only(self):
        builder, one = planted("one")
        builder.commit({".mailmap": "Mallory <mallory@x> <bo@x>\n"}, author="Bo <bo@x>")
        other_builder, two = planted("two")
        other_builder.commit({"a": "1\n"}, author="Bo <bo@x>")
        imported(one), imported(two)
        assert our_shortlog(one.repository) == {b"Mallory <mallory@x>": 1}
        assert our_shortlog(two.repository) == {b"Bo <bo@x>": 1}


class TestErased:
    def test_a_pseudonym_survives_the_next_import(self):
        builder, project = planted()
        builder.commit({"a": "1\n"}, author="Bo <bo@x>")
        imported(project)
        person = Person.objects.get()
        person.name, person.erased_at = "Person 7", "2026-01-01T00:00Z"
        person.save()
        Identity.objects.update(name="Person 7", email="", raw=None)
        builder.commit({"a": "2\n"}, author="Bo <bo@x>")
        builder.commit({"a": "3\n"}, author="Bo Newname <BO@x>")
        builder.commit({".mailmap": "Bo Third <bo@y> <bo@x>\n"}, author="Ann <ann@x>")
        imported(project)
        names = " ".join(f"{one.name} {one.email}" for one in Identity.objects.all())
        assert "bo" not in names.lower()
        assert Person.objects.get(pk=person.pk).name == "Person 7"
