"""Facts, lines and mailmaps in bulk, against git's own words."""

from collections import namedtuple

import pytest

from gitstore import facts, lines, mailmap
from gitstore.errors import Broken
from gitstore.records import Limits

LIMITS = Limits(seconds=60)


One = namedtuple(
    "One",
    "oid parents author authored_at author_zone committer committed_at committer_zone title trailers",
)


def each(parts):
    """Commits of columns, one by one."""
    for part in parts:
        columns = [getattr(part, name) for name in part.__slots__[:-1]]
        for place, values in enumerate(zip(*columns, strict=True)):
            yield One(*values, part.trailers.get(place, ()))


def read(origin, commit, known=()):
    return list(each(facts.read_facts(origin.path, commit, known, LIMITS)))


def count(origin, oids, folder=None):
    return {one.oid: one for part in lines.count_lines(origin.path, oids, LIMITS, folder) for one in part}


def hidden(origin, oid):
    """Take the object away; as if the disk had lost it."""
    for pack in list((origin.path / "objects" / "pack").glob("*.pack")):
        data = pack.read_bytes()
        for file in (pack, pack.with_suffix(".idx"), pack.with_suffix(".rev")):
            file.unlink(missing_ok=True)
        origin.git("unpack-objects", "-q", stdin=data)
    (origin.path / "objects" / oid[:2] / oid[2:]).unlink()


class TestReadFacts:
    def test_trailers_and_zones(self, origin):
        trailers = "Reviewed-by: Bo <bo@x>\nco-authored-by:  Cy  <cy@x> \nFixes: #1\nTested-by: Di\n"
        oid = origin.commit({"a": "1"}, message=f"Do\n\n{trailers}")
        one = read(origin, oid)[0]
        said = (("Reviewed-by", b"Bo", b"bo@x"), ("Co-authored-by", b"Cy", b"cy@x"), ("Tested-by", b"Di", b""))
        assert one.trailers == said
        assert (one.oid.hex(), one.parents, one.author, one.author_zone) == (oid, 0, (b"Ann", b"ann@example.org"), 0)

    def test_only_what_is_new(self, origin):
        old = origin.commit({"a": "1"})
        new = origin.commit({"a": "2"})
        assert [one.oid.hex() for one in read(origin, new, [old])] == [new]

    def test_replacements_and_grafts_are_ignored(self, origin):
        first = origin.commit({"a": "1"}, message="One")
        second = origin.commit({"a": "2"}, message="Two")
        third = origin.commit({"a": "3"}, message="Three")
        origin.git("replace", second, third)
        (origin.path / "info").mkdir(exist_ok=True)
        (origin.path / "info" / "grafts").write_text(f"{third} {first}\n")
        assert [one.title for one in read(origin, third)] == ["Three", "Two", "One"]

    def test_a_hole_is_told_and_walked_around(self, origin):
        first = origin.commit({"a": "1"})
        lost = origin.commit({"a": "2"})
        last = origin.commit({"a": "3"}, parents=[lost, first])
        hidden(origin, lost)
        with pytest.raises(Broken):
            read(origin, last)
        bad = []
        assert facts.walk_readable(origin.path, last, LIMITS, bad.append) == [last, first]
        assert bad == [lost]
        both = [one.oid.hex() for one in each(facts.read_facts_of(origin.path, [last, first], LIMITS))]
        assert both == [last, first]

    def test_a_title_of_megabytes(self, origin):
        oid = origin.commit({"a": "1"}, message="x" * 3_000_000)
        assert len(read(origin, oid)[0].title) == 3_000_000


class TestCountLines:
    def test_hostile_paths_renames_and_binary_files(self, origin):
        text = "".join(f"{number}\n" for number in range(50))
        first = origin.commit({b"new\nline\t\xff": text, "1\t2\tlib/x": "1\n", "top": "1\n"})
        second = origin.commit({b"new\nline\t\xff": None, "b/\x1e/moved/there": text + "more\n", "bin": b"\0" * 10})
        counted = count(origin, [first, second])
        assert counted[first][1:4] == (3, 52, 0)
        assert counted[second][1:4] == (2, 1, 0)
        assert counted[first].areas == ".//1\t2\tlib" and set(counted[second].areas.split("//")) == {"b/\x1e", "."}

    def test_within_a_folder(self, origin):
        first = origin.commit({"lib/a": "1\n", "lib/deep/er/b": "1\n", "top": "1\n"})
        assert count(origin, [first], b"lib")[first][1:] == (2, 2, 0, ".//deep/er")

    def test_commits_that_cannot_be_compared_leave_the_others_alone(self, origin):
        oids = [origin.commit({f"f{number}": f"{number}\n" * 9}) for number in range(12)]
        for number in (3, 4, 11):
            hidden(origin, origin.oid(f"{oids[number]}:f{number}"))
        counted = count(origin, oids)
        assert [counted[oid].added for oid in oids] == [9, 9, 9, None, None, 9, 9, 9, 9, 9, 9, None]


class TestMailmap:
    def test_equals_check_mailmap(self, origin):
        text = (
            b'# Names\nProper <p@x> <A@x>\nbroken\n<only@x> <b@x>\nNamed <n@x> Weird, "Jr" <c@x>\n <\nJ\xf6rg <j@x>\n'
            b"Somebody <s@x> <>\n"
        )
        commit = origin.commit({".mailmap": text})
        blob = mailmap.mailmap_blob(origin.path, commit, LIMITS)
        contacts = [
            (b"Ann", b"a@X"),
            (b"B", b"b@x"),
            (b'Weird, "Jr"', b"c@x"),
            (b"Other", b"c@x"),
            (b"J", b"J@x"),
            (b"", b""),
            (b"\xff", b"a@x"),
        ]
        said = dict(mailmap.proper_contacts(origin.path, blob, contacts, LIMITS))
        assert said == {
            (b"Ann", b"a@X"): (b"Proper", b"p@x"),
            (b"B", b"b@x"): (b"B", b"only@x"),
            (b'Weird, "Jr"', b"c@x"): (b"Named", b"n@x"),
            (b"J", b"J@x"): (b"J\xf6rg", b"J@x"),
            (b"", b""): (b"Somebody", b"s@x"),
            (b"\xff", b"a@x"): (b"Proper", b"p@x"),
        }
        assert [number for number, _ in mailmap.broken_lines(origin.path, blob, LIMITS)] == [3, 6]

    def test_no_mailmap(self, origin):
        assert mailmap.mailmap_blob(origin.path, origin.commit({"a": "1"}), LIMITS) == ""
